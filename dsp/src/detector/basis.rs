//! Basis functions for the shape of the noise across the band: a slope and harmonics.

/// Least number of harmonics: shapes down to a quarter of the band.
pub(super) const MIN_HARMONICS: usize = 4;

/// Largest number of harmonics. A search with more would cost as much as the transforms.
const MAX_HARMONICS: usize = 16;

/// Averaged powers per harmonic: the more there are, the fainter are the visible shapes. At 200 kHz
/// this gives six harmonics, and sixteen for five chunks together.
const LOOKS_PER_HARMONIC: f64 = 6_000.0;

/// Number of shapes before the harmonics: a constant and a slope.
pub(super) const STRAIGHT: usize = 2;

/// Orthonormal shapes over a pass-band. They cost as much as a transform, so they are kept: the
/// pass-band is mostly the same from chunk to chunk.
#[derive(Debug)]
pub(super) struct HarmonicBasis {
    /// Whether each block is in the pass-band.
    pub inside: Vec<bool>,
    /// The values of each shape at the blocks.
    values: Vec<Vec<f64>>,
    /// Running sums of each shape: for each block the sum before it, and the sum of all.
    pub sums: Vec<Vec<f64>>,
}

impl HarmonicBasis {
    /// Shapes that are orthonormal over the blocks inside the pass-band, and zero outside:
    /// constant, slope, then cosine and sine of one, two, ... periods per band. Their number
    /// depends on the `looks` of a block.
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
            // In a pass-band too small for this shape only rounding errors remain of it.
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

    /// Coefficients of each shape in these values, which are 0 outside the pass-band.
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

/// The sum of the values before each index, and of all.
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
