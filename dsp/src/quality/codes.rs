//! How many values of an integer format are in use.

use rustfft::num_complex::Complex32;

use crate::format::SampleFormat;

/// Counting ends here: so many are not too few.
const ENOUGH: usize = 256;

/// Samples looked at before it is asked whether there are enough.
const BLOCK: usize = 4096;

/// Codes seen so far, of I and of Q.
#[derive(Debug, Default)]
pub(super) struct Codes {
    components: [Seen; 2],
}

#[derive(Debug, Default)]
struct Seen {
    /// One bit a code.
    bits: Vec<u64>,
    count: usize,
}

impl Codes {
    /// Counts the codes of samples of this format, if it has any.
    pub(super) fn add(&mut self, samples: &[Complex32], format: SampleFormat) {
        let Some((scale, lowest)) = format.codes() else {
            return;
        };
        for block in samples.chunks(BLOCK) {
            if self.components.iter().all(|seen| seen.count >= ENOUGH) {
                return;
            }
            for sample in block {
                self.components[0].add((sample.re - lowest) * scale);
                self.components[1].add((sample.im - lowest) * scale);
            }
        }
    }

    /// The smaller of both counts, at most [`ENOUGH`]; `None` if the format has no codes.
    pub(super) fn used(&self) -> Option<usize> {
        let used = self.components.iter().map(|seen| seen.count).min()?;
        (used > 0).then_some(used.min(ENOUGH))
    }
}

impl Seen {
    fn add(&mut self, code: f32) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "codes are whole numbers from 0 to 65,535; the conversion saturates"
        )]
        let code = usize::from(code.round() as u16);
        let (word, bit) = (code / 64, 1 << (code % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        self.count += usize::from(self.bits[word] & bit == 0);
        self.bits[word] |= bit;
    }
}
