//! Runs of identical samples.

use rustfft::num_complex::Complex32;

/// A chunk in which fewer than one of this many samples is a repetition contains no long run: half
/// a millisecond of 200.
const FEW: usize = 400;

/// The current run, and the longest one.
#[derive(Debug, Default)]
pub(super) struct Runs {
    last: Option<Complex32>,
    /// Length of the run that ends with the last sample.
    current: usize,
    longest: usize,
}

impl Runs {
    /// Adds a chunk. `repeats` is the number of its samples that equal the one before.
    pub(super) fn add(&mut self, samples: &[Complex32], repeats: usize) {
        if repeats < samples.len() / FEW {
            // Runs inside the chunk are too short. Only those at its ends can be part of a longer
            // run.
            let head = samples.iter().take_while(|sample| Some(**sample) == self.last).count();
            self.current += head;
            self.longest = self.longest.max(self.current);
            let Some(last) = samples.last() else { return };
            let tail = samples.iter().rev().take_while(|sample| *sample == last).count();
            self.current = if tail == samples.len() {
                self.current.max(tail)
            } else {
                tail
            };
            self.last = Some(*last);
            self.longest = self.longest.max(tail);
            return;
        }
        for sample in samples {
            if self.last == Some(*sample) {
                self.current += 1;
            } else {
                self.current = 1;
                self.last = Some(*sample);
            }
            self.longest = self.longest.max(self.current);
        }
    }

    /// Ends the current run: the next chunk does not follow the last one.
    pub(super) fn interrupt(&mut self) {
        self.last = None;
        self.current = 0;
    }

    /// Length of the longest run in samples; 1 if no sample repeats the one before.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// The state at the start of the next segment.
    pub(super) fn carried_over(&self) -> Self {
        Self {
            last: self.last,
            current: self.current,
            longest: 0,
        }
    }
}
