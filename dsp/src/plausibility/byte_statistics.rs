//! Statistics of bytes: which kinds of numbers they can be.

use std::num::NonZero;

/// What is usual for components of samples: recorders scale to 1, and a few do not.
const USUAL: std::ops::Range<f64> = 1e-7..100.0;
/// The share of numbers that has to be usual: of arbitrary bits one in ten is.
const MOST: f64 = 0.99;
/// Where more are zero, the rest proves little.
const FEWEST_NONZERO: f64 = 0.25;
/// The share of each sign where both occur.
const EACH_SIGN: f64 = 0.02;
/// Bits of entropy of bytes that are as good as uniform (8192 of them have 7.98), and of bytes that are not.
const UNIFORM_BITS: f64 = 7.9;
const CONCENTRATED_BITS: f64 = 7.3;
/// The lower bytes of numbers that fill their mantissa; 8 where they do so evenly.
const MANTISSA_BITS: f64 = 5.5;

/// Bytes read as floating-point numbers of `WIDTH` bytes.
pub(crate) struct Floats {
    numbers: usize,
    nonzero: usize,
    /// Of these, the ones at even places: I, or the lower halves of wider numbers.
    nonzero_even: usize,
    usual: usize,
    negative: usize,
    lowest: [Histogram; 2],
}

/// Reads little-endian numbers of 4 or 8 bytes.
pub(crate) fn floats<const WIDTH: usize>(bytes: &[u8]) -> Floats {
    let mut seen = Floats {
        numbers: 0,
        nonzero: 0,
        nonzero_even: 0,
        usual: 0,
        negative: 0,
        lowest: Default::default(),
    };
    for (place, number) in bytes.as_chunks::<WIDTH>().0.iter().enumerate() {
        let number = number.as_slice();
        let value = if let Some(single) = number.as_array::<4>() {
            f64::from(f32::from_le_bytes(*single))
        } else if let Some(double) = number.as_array::<8>() {
            f64::from_le_bytes(*double)
        } else {
            return seen;
        };
        seen.numbers += 1;
        seen.nonzero += usize::from(value != 0.0);
        seen.nonzero_even += usize::from(value != 0.0 && place % 2 == 0);
        seen.usual += usize::from(USUAL.contains(&value.abs()));
        seen.negative += usize::from(value < 0.0);
        for (histogram, byte) in seen.lowest.iter_mut().zip(number) {
            histogram.add(*byte);
        }
    }
    seen
}

impl Floats {
    /// Whether these are components of samples.
    pub(crate) fn are_samples(&self) -> bool {
        self.nonzero as f64 >= FEWEST_NONZERO * self.numbers as f64 && self.usual as f64 >= MOST * self.nonzero as f64
    }

    /// Whether I is missing altogether, as the lower halves of doubles are that were integers or single-precision numbers of few digits.
    pub(crate) fn lack_every_other(&self) -> bool {
        self.nonzero_even == 0
    }

    /// Whether they swing around zero: integers that stay in one place can have the exponents of floats throughout.
    pub(crate) fn have_both_signs(&self) -> bool {
        let part = EACH_SIGN * self.nonzero as f64;
        self.negative as f64 >= part && (self.nonzero - self.negative) as f64 >= part
    }

    /// Whether the two lowest bytes are arbitrary, or none at all, as in numbers that were integers. Integers that keep to two
    /// levels do not fill them.
    pub(crate) fn have_mantissas(&self) -> bool {
        let is_filled = |seen: &Histogram| seen.entropy_bits() >= MANTISSA_BITS || seen.share(0) >= MOST;
        self.lowest.iter().all(is_filled)
    }
}

/// How often each byte occurs.
#[derive(Debug, Clone)]
struct Histogram {
    counts: [u32; 256],
    total: u32,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: [0; 256],
            total: 0,
        }
    }
}

impl Histogram {
    fn add(&mut self, byte: u8) {
        self.counts[usize::from(byte)] += 1;
        self.total += 1;
    }

    fn share(&self, byte: u8) -> f64 {
        f64::from(self.counts[usize::from(byte)]) / f64::from(self.total.max(1))
    }

    /// Share of the bytes that are so.
    fn share_of(&self, is: impl Fn(u8) -> bool) -> f64 {
        (0..=u8::MAX)
            .filter(|byte| is(*byte))
            .map(|byte| self.share(byte))
            .sum()
    }

    fn entropy_bits(&self) -> f64 {
        let total = f64::from(self.total.max(1));
        let used = self.counts.iter().filter_map(|count| NonZero::new(*count));
        used.map(|count| f64::from(count.get()) / total)
            .map(|share| -share * share.log2())
            .sum()
    }

    /// Half of the sum of all differences of shares: 0 for the same distribution, 1 for two that have nothing in common.
    fn distance(&self, other: &Self) -> f64 {
        (0..=u8::MAX)
            .map(|byte| (self.share(byte) - other.share(byte)).abs())
            .sum::<f64>()
            / 2.0
    }
}

/// Bytes at even places, and at odd ones.
pub(crate) struct Histograms {
    even: Histogram,
    odd: Histogram,
    same: f64,
}

impl Histograms {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let (mut even, mut odd, mut same) = (Histogram::default(), Histogram::default(), 0_usize);
        let pairs = bytes.as_chunks::<2>().0;
        for [first, second] in pairs {
            even.add(*first);
            odd.add(*second);
            same += usize::from(first == second);
        }
        Self {
            even,
            odd,
            same: same as f64 / pairs.len().max(1) as f64,
        }
    }

    /// Lower bytes of 16-bit integers are arbitrary, upper ones are not.
    pub(crate) fn are_words(&self) -> bool {
        self.even.entropy_bits() >= UNIFORM_BITS && self.odd.entropy_bits() <= CONCENTRATED_BITS
    }

    pub(crate) fn are_swapped_words(&self) -> bool {
        self.odd.entropy_bits() >= UNIFORM_BITS && self.even.entropy_bits() <= CONCENTRATED_BITS
    }

    /// Whether both places hold the same kind of thing, I and Q of 8 bits, as the halves of 16-bit integers never do: unless
    /// they are 8 bits put there twice.
    pub(crate) fn are_bytes(&self) -> bool {
        let entropy = self.even.entropy_bits();
        (2.0..UNIFORM_BITS - 0.1).contains(&entropy) && self.even.distance(&self.odd) < 0.2 && self.same < 0.5
    }

    /// Whether more of them are near 128 than near 0 and 255.
    pub(crate) fn are_around_the_middle(&self) -> bool {
        self.share_of(|byte| (64..192).contains(&byte)) > 0.5
    }

    /// Whether nothing is near zero and most is far from it, read as signed bytes. Clipping leaves 3 % near zero even where it
    /// cuts off nine tenths of the amplitude.
    pub(crate) fn avoid_zero_as_signed(&self) -> bool {
        self.avoid(|byte| byte.cast_signed().unsigned_abs())
    }

    /// The same read as unsigned bytes around 127.5.
    pub(crate) fn avoid_zero_as_unsigned(&self) -> bool {
        self.avoid(|byte| if byte < 128 { 127 - byte } else { byte - 128 })
    }

    fn avoid(&self, size: impl Fn(u8) -> u8) -> bool {
        self.share_of(|byte| size(byte) < 24) < 0.001 && self.share_of(|byte| size(byte) >= 64) > 0.5
    }

    fn share_of(&self, is: impl Fn(u8) -> bool) -> f64 {
        f64::midpoint(self.even.share_of(&is), self.odd.share_of(&is))
    }
}
