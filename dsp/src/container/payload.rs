use std::borrow::Cow;

/// What comes out of a container.
#[derive(Debug, PartialEq)]
pub(crate) enum Payload<'a> {
    /// Bytes of samples, not necessarily whole ones.
    Samples(Cow<'a, [u8]>),
    /// So many samples were lost between the last that came out, which was whole, and the next.
    Lost(u64),
}
