//! Runs of identical samples.

use rustfft::num_complex::Complex32;

/// Repetitions in a chunk, as a part of it, below which no long run can lie inside: half a millisecond of the 200.
const FEW: usize = 400;

/// The run at hand, and the longest so far.
#[derive(Debug, Default)]
pub(super) struct Runs {
    last: Option<Complex32>,
    /// Samples equal to the last one, at the end of what was seen, itself included.
    current: usize,
    longest: usize,
}

impl Runs {
    /// Looks at a chunk in which so many samples repeat the one before.
    pub(super) fn add(&mut self, samples: &[Complex32], repeats: usize) {
        if repeats < samples.len() / FEW {
            // What lies inside is too short to matter: only the ends can belong to a longer run.
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

    /// The next chunk does not follow on this one: no run goes from one into the other.
    pub(super) fn interrupt(&mut self) {
        self.last = None;
        self.current = 0;
    }

    /// Length of the longest run in samples: 1 if no sample repeats the one before.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// What the next segment has to know.
    pub(super) fn carried_over(&self) -> Self {
        Self {
            last: self.last,
            current: self.current,
            longest: 0,
        }
    }
}
