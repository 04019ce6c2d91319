//! Counts the values of an integer format that are in use.

use rustfft::num_complex::Complex32;

use crate::format::SampleFormat;

/// Counting ends at this number, which is enough for every receiver.
const ENOUGH: usize = 256;

/// Samples between two checks whether enough codes are counted.
const BLOCK: usize = 4096;

/// The codes of I and of Q.
#[derive(Debug, Default)]
pub(super) struct Codes {
    components: [CodeSet; 2],
}

#[derive(Debug, Default)]
struct CodeSet {
    /// One bit for each code.
    bits: Vec<u64>,
    count: usize,
}

impl Codes {
    /// Adds the codes of samples, if the format has codes.
    pub(super) fn add(&mut self, samples: &[Complex32], format: SampleFormat) {
        let Some((scale, lowest)) = format.codes() else {
            return;
        };
        for block in samples.chunks(BLOCK) {
            if self.components.iter().all(|codes| codes.count >= ENOUGH) {
                return;
            }
            for sample in block {
                self.components[0].add((sample.re - lowest) * scale);
                self.components[1].add((sample.im - lowest) * scale);
            }
        }
    }

    /// The smaller count of both components, at most [`ENOUGH`]. `None` if the format has no codes.
    pub(super) fn used(&self) -> Option<usize> {
        let used = self.components.iter().map(|codes| codes.count).min()?;
        (used > 0).then_some(used.min(ENOUGH))
    }
}

impl CodeSet {
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
