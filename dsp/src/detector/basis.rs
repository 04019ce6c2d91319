//! The shapes that the noise may have across the band: a slope and harmonics.

/// Harmonics that the noise's shape has at least: features down to a quarter of the band.
pub(super) const MIN_HARMONICS: usize = 4;

/// And at most, beside a pole; a search through more would cost as much as the transforms.
const MAX_HARMONICS: usize = 16;

/// Powers averaged for each harmonic: the more there are, the fainter the shapes that show. At 200 kHz there are six, and sixteen
/// for five chunks together.
const LOOKS_PER_HARMONIC: f64 = 6_000.0;

/// A constant and a slope, which come before the harmonics.
pub(super) const STRAIGHT: usize = 2;

/// Orthonormal shapes over a pass-band, which is much the same from chunk to chunk: to make them costs as much as a transform.
#[derive(Debug)]
pub(super) struct HarmonicBasis {
    /// Whether each block lies in the pass-band.
    pub inside: Vec<bool>,
    /// The values of each shape at the blocks.
    values: Vec<Vec<f64>>,
    /// Sums of each shape over the blocks before, for each shape one more than blocks.
    pub sums: Vec<Vec<f64>>,
}

impl HarmonicBasis {
    /// Shapes of length 1 and at right angles over the blocks that are inside, zero elsewhere: constant, slope, then cosine and
    /// sine of once, twice, ... around the band, as many as show in blocks that are the mean of `looks` powers each.
    pub(super) fn new(inside: Vec<bool>, looks: f64) -> Self {
        let harmonics = harmonics(looks * inside.len() as f64);
        let mut shapes: Vec<Vec<f64>> = Vec::new();
        for number in 0..STRAIGHT + 2 * harmonics {
            let at = |at: usize| value(number, (at as f64 + 0.5) / inside.len() as f64);
            let mut shape: Vec<f64> = inside
                .iter()
                .enumerate()
                .map(|(block, inside)| if *inside { at(block) } else { 0.0 })
                .collect();
            for earlier in &shapes {
                let part = dot(earlier, &shape);
                for (value, other) in shape.iter_mut().zip(earlier) {
                    *value -= part * other;
                }
            }
            let length = dot(&shape, &shape).sqrt();
            // Too small a pass-band for this shape: what is left of it is rounding errors.
            if length > 1e-3 {
                for value in &mut shape {
                    *value /= length;
                }
                shapes.push(shape);
            }
        }
        Self {
            inside,
            sums: shapes.iter().map(|shape| running_sums(shape)).collect(),
            values: shapes,
        }
    }

    /// How much of each shape is in these values, 0 outside the pass-band.
    pub(super) fn coefficients(&self, values: &[f64]) -> Vec<f64> {
        self.values.iter().map(|shape| dot(shape, values)).collect()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number; the conversion saturates"
)]
fn harmonics(looks: f64) -> usize {
    ((looks / LOOKS_PER_HARMONIC) as usize).clamp(MIN_HARMONICS, MAX_HARMONICS)
}

/// A shape's value at a place from 0 to 1.
fn value(number: usize, place: f64) -> f64 {
    let angle = std::f64::consts::TAU * (number / 2) as f64 * place;
    match number {
        0 => 1.0,
        1 => place - 0.5,
        cosine if cosine.is_multiple_of(2) => angle.cos(),
        _ => angle.sin(),
    }
}

/// Sums of the values before each place, and of all.
fn running_sums(values: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    let mut sum = 0.0;
    for value in values {
        sum += value;
        sums.push(sum);
    }
    sums
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
