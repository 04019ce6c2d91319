use std::borrow::Cow;

/// What a container returns.
#[derive(Debug, PartialEq)]
pub(crate) enum Payload<'a> {
    /// Bytes of samples, not necessarily whole ones.
    Samples(Cow<'a, [u8]>),
    /// Number of samples that were lost here. The sample before it is whole.
    Lost(u64),
}
