//! Statistics of bytes, which show the kinds of numbers that they can be.

use std::num::NonZero;

/// Usual sizes of the components of samples. Most recorders scale to 1.
const USUAL: std::ops::Range<f64> = 1e-7..100.0;
/// The part of the numbers that must have a usual size. Of arbitrary bits, one in ten has.
const MOST: f64 = 0.99;
/// The part of the numbers that must not be zero. With fewer, the others prove little.
const MIN_NONZERO: f64 = 0.25;
/// The part of the numbers that each sign must have.
const EACH_SIGN: f64 = 0.02;
/// Least entropy of bytes that count as uniform, in bits (8192 uniform bytes have 7.98).
const UNIFORM_BITS: f64 = 7.9;
/// Largest entropy of bytes that count as not uniform.
const CONCENTRATED_BITS: f64 = 7.3;
/// Least entropy of the lower bytes of numbers that fill their mantissa. Uniform ones have 8.
const MANTISSA_BITS: f64 = 5.5;

/// Counts over bytes that are read as floating-point numbers.
pub(crate) struct Floats {
    numbers: usize,
    nonzero: usize,
    /// Numbers at even places that are not zero: I, or the lower halves of wider numbers.
    nonzero_even: usize,
    usual: usize,
    negative: usize,
    /// Histograms of the two lowest bytes.
    lowest: [Histogram; 2],
}

/// Reads little-endian numbers of 4 or 8 bytes.
pub(crate) fn floats<const WIDTH: usize>(bytes: &[u8]) -> Floats {
    let mut floats = Floats {
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
            return floats;
        };
        floats.numbers += 1;
        floats.nonzero += usize::from(value != 0.0);
        floats.nonzero_even += usize::from(value != 0.0 && place % 2 == 0);
        floats.usual += usize::from(USUAL.contains(&value.abs()));
        floats.negative += usize::from(value < 0.0);
        for (histogram, byte) in floats.lowest.iter_mut().zip(number) {
            histogram.add(*byte);
        }
    }
    floats
}

impl Floats {
    /// Whether these can be components of samples.
    pub(crate) fn are_samples(&self) -> bool {
        self.nonzero as f64 >= MIN_NONZERO * self.numbers as f64 && self.usual as f64 >= MOST * self.nonzero as f64
    }

    /// Whether all numbers at even places are zero. So are the lower halves of doubles that were
    /// converted from integers, or from single-precision numbers of few digits.
    pub(crate) fn lack_every_other(&self) -> bool {
        self.nonzero_even == 0
    }

    /// Whether both signs occur. Integers of nearly one value can look like floats, but of one
    /// sign.
    pub(crate) fn have_both_signs(&self) -> bool {
        let part = EACH_SIGN * self.nonzero as f64;
        self.negative as f64 >= part && (self.nonzero - self.negative) as f64 >= part
    }

    /// Whether each of the two lowest bytes has many values, or is zero as in numbers that were
    /// integers. Integers that alternate between two levels have few values there.
    pub(crate) fn have_mantissas(&self) -> bool {
        let is_filled = |bytes: &Histogram| bytes.entropy_bits() >= MANTISSA_BITS || bytes.share(0) >= MOST;
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
        Self::EMPTY
    }
}

impl Histogram {
    const EMPTY: Self = Self {
        counts: [0; 256],
        total: 0,
    };

    fn add(&mut self, byte: u8) {
        self.counts[usize::from(byte)] += 1;
        self.total += 1;
    }

    fn share(&self, byte: u8) -> f64 {
        f64::from(self.counts[usize::from(byte)]) / f64::from(self.total.max(1))
    }

    /// Part of the bytes for which `is` holds.
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

    /// Half of the sum of all differences of shares: 0 for equal distributions, 1 for distributions
    /// without a common value.
    fn distance(&self, other: &Self) -> f64 {
        (0..=u8::MAX)
            .map(|byte| (self.share(byte) - other.share(byte)).abs())
            .sum::<f64>()
            / 2.0
    }
}

/// Histograms of the bytes at each of four places: of the bytes of 32-bit numbers, or of I and Q of
/// 16 bits.
pub(crate) struct Places([Histogram; 4]);

impl Places {
    /// Entropy, in bits, by which the upper bytes of integers are below the lower ones. Of noise at
    /// -9 dBFS it is 0.4.
    const LESS_BITS: f64 = 0.1;

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut places = [const { Histogram::EMPTY }; 4];
        for number in bytes.as_chunks::<4>().0 {
            for (histogram, byte) in places.iter_mut().zip(number) {
                histogram.add(*byte);
            }
        }
        Self(places)
    }

    /// Which places have bytes that are less uniform than those of the most uniform place.
    pub(crate) fn less_uniform(&self) -> [bool; 4] {
        let entropies = self.0.each_ref().map(Histogram::entropy_bits);
        let largest = entropies.iter().fold(0.0, |largest: f64, bits| largest.max(*bits));
        entropies.map(|bits| bits < largest - Self::LESS_BITS)
    }
}

/// Histograms of the bytes at even and at odd places.
pub(crate) struct Histograms {
    even: Histogram,
    odd: Histogram,
    /// Part of the pairs whose two bytes are equal.
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

    /// Whether these can be 16-bit integers, little-endian: only the lower bytes are uniform.
    pub(crate) fn are_words(&self) -> bool {
        self.even.entropy_bits() >= UNIFORM_BITS && self.odd.entropy_bits() <= CONCENTRATED_BITS
    }

    /// Whether these can be 16-bit integers, big-endian.
    pub(crate) fn are_swapped_words(&self) -> bool {
        self.odd.entropy_bits() >= UNIFORM_BITS && self.even.entropy_bits() <= CONCENTRATED_BITS
    }

    /// Whether both places have about the same distribution, as I and Q of 8 bits. The halves of
    /// 16-bit integers have not, unless both halves are the same 8 bits.
    pub(crate) fn are_bytes(&self) -> bool {
        let entropy = self.even.entropy_bits();
        (2.0..UNIFORM_BITS - 0.1).contains(&entropy) && self.even.distance(&self.odd) < 0.2 && self.same < 0.5
    }

    /// Whether more bytes are near 128 than near 0 and 255.
    pub(crate) fn are_around_the_middle(&self) -> bool {
        self.share_of(|byte| (64..192).contains(&byte)) > 0.5
    }

    /// Whether, as signed bytes, none is near zero and most are far from it. Even a signal of which
    /// clipping removes nine tenths of the amplitude has 3 % near zero.
    pub(crate) fn avoid_zero_as_signed(&self) -> bool {
        self.avoid(|byte| byte.cast_signed().unsigned_abs())
    }

    /// The same for unsigned bytes around 127.5.
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
