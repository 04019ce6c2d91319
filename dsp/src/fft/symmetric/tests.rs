use pulp::x86::{V3, V4};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex64;

use super::*;
use crate::test_signals::Random;

/// Collects the bins, or those of rows that may contain a larger one.
struct Collected {
    bins: Vec<Option<f32>>,
    larger_than: f32,
}

fn lanes<S: Lanes>(register: &S::f32s) -> &[f32] {
    bytemuck::cast_slice(std::slice::from_ref(register))
}

impl<S: Lanes> Bins<S> for Collected {
    fn may_matter(&self, _: S, bounds: S::f32s) -> bool {
        let level = SCALE as f32 * self.larger_than;
        lanes::<S>(&bounds).iter().any(|bound| *bound > 0.99 * level * level)
    }

    fn add(&mut self, _: S, bins: [S::f32s; 2], numbers: [S::f32s; 2]) {
        for (bins, numbers) in bins.iter().zip(&numbers) {
            for (bin, number) in lanes::<S>(bins).iter().zip(lanes::<S>(numbers)) {
                if *bin != 0.0 {
                    #[expect(clippy::cast_sign_loss, reason = "numbers of bins")]
                    let before = self.bins[*number as usize].replace(bin / SCALE as f32);
                    assert_eq!(before, None, "{number} comes twice");
                }
            }
        }
    }
}

/// Powers of noise, of a line in weak noise, of a band in weak noise.
fn spectra(n: usize) -> [Vec<f32>; 3] {
    let mut random = Random(7);
    let mut of = |density: &dyn Fn(usize) -> f64| {
        let powers = (0..n).map(|k| -density(k) * random.uniform().max(1e-300).ln());
        powers.map(|power| power as f32).collect()
    };
    [
        of(&|_| 1.0),
        of(&|k| if k == n / 7 { 1e3 * n as f64 } else { 1.0 }),
        of(&|k| if k < n / 16 { 1e3 } else { 1.0 }),
    ]
}

fn exact(powers: &[f32]) -> Vec<f64> {
    let mut bins: Vec<_> = powers
        .iter()
        .map(|power| Complex64::new(f64::from(*power), 0.0))
        .collect();
    FftPlanner::new().plan_fft_forward(powers.len()).process(&mut bins);
    bins.iter().take(powers.len() / 2 + 1).map(|bin| bin.re).collect()
}

fn check<S: Lanes>(simd: S) {
    for n in [
        1_024, 1_600, 2_025, 2_400, 9_600, 10_000, 20_250, 40_000, 46_875, 409_600,
    ] {
        let mut plan = Symmetric::new(simd, n).unwrap();
        for (kind, powers) in spectra(n).into_iter().enumerate() {
            let exact = exact(&powers);
            // All rows; those with a bin of a third; those that could exceed bin 0.
            for level in [0.0, 0.3, 2.0] {
                let mut found = Collected {
                    bins: vec![None; n / 2 + 1],
                    larger_than: (level * exact[0]) as f32,
                };
                plan.process(&powers, exact[0], &mut found);
                for (k, (bin, exact_bin)) in found.bins.iter().zip(&exact).enumerate() {
                    let size = exact_bin.abs() / exact[0];
                    let error = bin.map(|bin| (f64::from(bin) - exact_bin).abs() / exact[0]);
                    let is_right = error.map_or(level > 0.0 && size < level && k > 0, |error| error < 7e-7);
                    assert!(is_right, "bin {k} of {n}: {bin:?}, not {exact_bin}; {level}");
                }
                let left_out = found.bins.iter().filter(|bin| bin.is_none()).count();
                // No row of noise exceeds bin 0.
                assert!(kind > 0 || level < 2.0 || left_out == n / 2, "{n}: {left_out}");
            }
        }
    }
}

#[test]
fn every_bin_comes_once_or_is_too_small() {
    if let Some(simd) = V4::try_new() {
        check(simd);
    }
    if let Some(simd) = V3::try_new() {
        check(simd);
    }
}
