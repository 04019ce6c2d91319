//! Reads the samples of a dataset that has other bytes too: `core:header_bytes` before captures,
//! and `core:trailing_bytes` at the end.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::payload::Payload;
use crate::error::Error;
use crate::format::SampleFormat;
use crate::input::Sigmf;
use crate::input::sigmf::bad;

/// What interrupts the samples.
#[derive(Debug, Clone, Copy)]
enum Interruption {
    /// Bytes of a header.
    Header(u64),
    /// Number of lost samples.
    Lost(u64),
}

/// Reads a dataset as it arrives.
#[derive(Debug)]
pub(crate) struct NonConformingDataset {
    /// Bytes of samples before each interruption.
    interruptions: VecDeque<(u64, Interruption)>,
    /// Bytes of samples so far.
    taken: u64,
    /// Bytes of a header that are still to be skipped.
    skip: u64,
    /// Bytes to the trailing bytes, or to the end. `None` if the length is unknown.
    left: Option<u64>,
}

impl NonConformingDataset {
    /// `with_losses`: whether to return [`Payload::Lost`] too.
    pub(crate) fn new(
        meta: &Sigmf,
        format: SampleFormat,
        dataset_bytes: Option<u64>,
        with_losses: bool,
    ) -> Result<Self, Error> {
        let sample_bytes = format.sample_bytes() as u64;
        let headers = meta.headers().map(|(at, bytes)| (at, Interruption::Header(bytes)));
        let losses = if with_losses { meta.losses() } else { Vec::new() };
        let losses = losses
            .iter()
            .map(|gap| (gap.at_sample, Interruption::Lost(gap.lost_samples)));
        let mut interruptions: Vec<(u64, Interruption)> = headers
            .chain(losses)
            .map(|(sample, what)| (sample.saturating_mul(sample_bytes), what))
            .collect();
        interruptions.sort_by_key(|(at, _)| *at);
        let left = match (meta.trailing_bytes(), dataset_bytes) {
            (0, None) => None,
            (trailing, Some(bytes)) => Some(bytes.checked_sub(trailing).ok_or_else(|| {
                bad(format!(
                    "core:trailing_bytes is {trailing}, the dataset has {bytes} bytes in all"
                ))
            })?),
            (_, None) => {
                return Err(bad(
                    "core:trailing_bytes cannot be used because the dataset's length is unknown",
                ));
            }
        };
        Ok(Self {
            interruptions: interruptions.into(),
            taken: 0,
            skip: 0,
            left,
        })
    }

    /// See [`crate::container::Container::decode`].
    pub(crate) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Option<Payload<'a>> {
        loop {
            let within = self
                .left
                .map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
            if within == 0 {
                // After the samples.
                *input = &[];
                return None;
            }
            let available = input.len().min(within);
            if available == 0 {
                return None;
            }
            if self.skip > 0 {
                let header = available.min(usize::try_from(self.skip).unwrap_or(usize::MAX));
                self.skip -= header as u64;
                self.advance(input, header);
                continue;
            }
            let wanted = match self.interruptions.front().copied() {
                Some((at, what)) if at <= self.taken => {
                    self.interruptions.pop_front();
                    match what {
                        Interruption::Header(bytes) => self.skip = bytes,
                        Interruption::Lost(samples) => return Some(Payload::Lost(samples)),
                    }
                    continue;
                }
                Some((at, _)) => usize::try_from(at - self.taken).unwrap_or(usize::MAX),
                None => usize::MAX,
            };
            let payload = self.advance(input, available.min(wanted));
            self.taken += payload.len() as u64;
            return Some(Payload::Samples(Cow::Borrowed(payload)));
        }
    }

    fn advance<'a>(&mut self, input: &mut &'a [u8], bytes: usize) -> &'a [u8] {
        let (taken, rest) = input.split_at(bytes);
        *input = rest;
        if let Some(left) = &mut self.left {
            *left -= bytes as u64;
        }
        taken
    }

    /// Refuses a dataset that ends inside a header.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        match self.skip {
            0 => Ok(()),
            missing => Err(bad(format!(
                "the dataset ends inside the core:header_bytes of a capture, {missing} bytes too early"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of the specification: two captures of `cu8`, each after a header of four bytes.
    fn decoded(dataset: &[u8], trailing: u64, step: usize) -> (Vec<u8>, Vec<u64>, Result<(), Error>) {
        let json = format!(
            "{{\"global\": {{\"core:datatype\": \"cu8\", \"core:trailing_bytes\": {trailing}}}, \"captures\": [
               {{\"core:sample_start\": 0, \"core:global_index\": 0, \"core:header_bytes\": 4}},
               {{\"core:sample_start\": 5, \"core:global_index\": 7, \"core:header_bytes\": 4}}]}}"
        );
        let meta = Sigmf::parse(json.as_bytes()).unwrap();
        let mut decoder =
            NonConformingDataset::new(&meta, SampleFormat::Cu8, Some(dataset.len() as u64), true).unwrap();
        let (mut samples, mut lost) = (Vec::new(), Vec::new());
        for mut piece in dataset.chunks(step) {
            while let Some(payload) = decoder.decode(&mut piece) {
                match payload {
                    Payload::Samples(bytes) => samples.extend_from_slice(&bytes),
                    Payload::Lost(count) => lost.push(count),
                }
            }
        }
        (samples, lost, decoder.finish())
    }

    #[test]
    fn headers_and_trailing_bytes_are_left_out_for_any_division_of_the_bytes() {
        let dataset: Vec<u8> = [&[0xff; 4][..], &[1; 10], &[0xff; 4], &[2; 6], &[0xee; 3]].concat();
        for step in 1..=dataset.len() {
            let (samples, lost, end) = decoded(&dataset, 3, step);
            assert_eq!(samples, [[1; 10].as_slice(), &[2; 6]].concat(), "in steps of {step}");
            assert_eq!((lost, end), (vec![2], Ok(())));
        }
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let (_, _, end) = decoded(&[0xff; 3], 0, 2);
        assert!(end.unwrap_err().to_string().contains("1 bytes too early"));
        let meta = Sigmf::parse(b"{\"global\": {\"core:datatype\": \"cu8\", \"core:trailing_bytes\": 9}}").unwrap();
        let of = |bytes| {
            NonConformingDataset::new(&meta, SampleFormat::Cu8, bytes, false)
                .unwrap_err()
                .to_string()
        };
        assert!(of(Some(8)).contains("the dataset has 8 bytes in all"));
        assert!(of(None).contains("length is unknown"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_numbers_are_read_or_refused(
            starts in prop::collection::vec(any::<u64>(), 0..6),
            globals in prop::collection::vec(any::<u64>(), 6),
            headers in prop::collection::vec(any::<u64>(), 6),
            offset: u64,
            trailing: u64,
        ) {
            let captures: Vec<String> = starts.iter().zip(&globals).zip(&headers).map(|((start, global), header)| format!(
                "{{\"core:sample_start\": {start}, \"core:global_index\": {global}, \"core:header_bytes\": {header}}}"
            )).collect();
            let json = format!(
                "{{\"global\": {{\"core:datatype\": \"ci16_le\", \"core:offset\": {offset}, \
                 \"core:trailing_bytes\": {trailing}}}, \"captures\": [{}]}}",
                captures.join(",")
            );
            if let Ok(meta) = Sigmf::parse(json.as_bytes()) {
                prop_assert!(meta.losses().iter().all(|gap| gap.lost_samples > 0));
                let _ = NonConformingDataset::new(&meta, SampleFormat::Ci16Le, Some(1000), false);
            }
        }
    }
}
