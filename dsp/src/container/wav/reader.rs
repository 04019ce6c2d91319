/// Takes bytes from the input, and gathers headers that arrive in pieces.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The bytes of an incomplete header.
    gathered: Vec<u8>,
    /// Bytes of the object so far.
    pub(super) position: u64,
}

impl Reader {
    /// Up to `most` bytes from the front of the input.
    pub(super) fn take<'a>(&mut self, input: &mut &'a [u8], most: u64) -> &'a [u8] {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (now, later) = input.split_at(most.min(input.len()));
        *input = later;
        self.position += now.len() as u64;
        now
    }

    /// `wanted` bytes, once all of them have arrived.
    pub(super) fn gather(&mut self, input: &mut &[u8], wanted: usize) -> Option<Vec<u8>> {
        let piece = self.take(input, (wanted - self.gathered.len()) as u64);
        self.gathered.extend_from_slice(piece);
        (self.gathered.len() == wanted).then(|| std::mem::take(&mut self.gathered))
    }

    /// The next byte, gathered or in the input.
    pub(super) fn peek(&self, input: &[u8]) -> Option<u8> {
        self.gathered.first().or(input.first()).copied()
    }

    /// The bytes of the header that is incomplete.
    pub(super) fn incomplete(&self) -> &[u8] {
        &self.gathered
    }
}
