//! The complex transform, in single precision.
//!
//! Our own transform does it on machines with AVX-512 or AVX2, at lengths without prime factors
//! above five; `rustfft` does all others. Its two halves, of columns and of rows, are also those of
//! the transform of the power spectrum, [`symmetric`].

#[cfg(target_arch = "x86_64")]
mod butterfly;
#[cfg(target_arch = "x86_64")]
mod four_step;
#[cfg(target_arch = "x86_64")]
mod mixed_radix;
pub(crate) mod real;
#[cfg(target_arch = "x86_64")]
pub(crate) mod symmetric;

use std::sync::Arc;

#[cfg(target_arch = "x86_64")]
use pulp::Arch;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftNum, FftPlanner, FftPlannerScalar, FftPlannerSse};

use crate::simd::instruction_set::InstructionSet;
#[cfg(target_arch = "x86_64")]
use crate::simd::instruction_set::arch;
#[cfg(target_arch = "x86_64")]
use four_step::FourStep;

/// Plan and buffers for one length: `X[k] = sum x[j] exp(-2 pi i j k / n)`, not scaled.
pub(crate) struct Transform(Kind);

enum Kind {
    /// Used where the machine has AVX-512 and the length has a plan.
    #[cfg(target_arch = "x86_64")]
    Avx512(Box<FourStep<V4>>),
    /// Used where the machine has AVX2 and the length has a plan.
    #[cfg(target_arch = "x86_64")]
    Avx2(Box<FourStep<V3>>),
    Any {
        plan: Arc<dyn Fft<f32>>,
        scratch: Vec<Complex32>,
    },
}

/// The plan of `rustfft` for `n` numbers, with the instructions in use.
pub(crate) fn any_length<T: FftNum>(n: usize) -> Arc<dyn Fft<T>> {
    if cfg!(target_arch = "x86_64") && InstructionSet::in_use() == InstructionSet::Baseline {
        return match FftPlannerSse::new() {
            Ok(mut planner) => planner.plan_fft_forward(n),
            Err(()) => FftPlannerScalar::new().plan_fft_forward(n),
        };
    }
    FftPlanner::new().plan_fft_forward(n)
}

impl Transform {
    /// Plans for `n` numbers.
    pub(crate) fn new(n: usize) -> Self {
        #[cfg(target_arch = "x86_64")]
        let own = match arch() {
            Arch::V4(simd) => FourStep::new(simd, n).map(|plan| Kind::Avx512(Box::new(plan))),
            Arch::V3(simd) => FourStep::new(simd, n).map(|plan| Kind::Avx2(Box::new(plan))),
            _ => None,
        };
        #[cfg(not(target_arch = "x86_64"))]
        let own = None;
        Self(own.unwrap_or_else(|| {
            let plan = any_length(n);
            Kind::Any {
                scratch: vec![Complex32::default(); plan.get_immutable_scratch_len()],
                plan,
            }
        }))
    }

    /// Transforms `input` to `output`. Both must have the planned length.
    pub(crate) fn process(&mut self, input: &[Complex32], output: &mut [Complex32]) {
        match &mut self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(plan) => plan.process(input, output),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(plan) => plan.process(input, output),
            Kind::Any { plan, scratch } => plan.process_immutable_with_scratch(input, output, scratch),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustfft::num_complex::Complex64;

    #[cfg(target_arch = "x86_64")]
    use super::symmetric::Symmetric;
    use super::*;
    use crate::estimators::spectral_shape::{SPREAD, SPURS};
    use crate::test_signals::{KINDS, Random, signal};

    #[test]
    fn errors_are_within_their_bounds_at_any_length_with_every_set_of_instructions() {
        let wide = |x: &Complex32| Complex64::new(f64::from(x.re), f64::from(x.im));
        let mut random = Random(5);
        for n in [
            1, 2, 7, 64, 256, 1_600, 1_601, 2_400, 4_050, 9_600, 10_000, 19_207, 20_000, 38_400, 40_000, 50_000,
            409_600,
        ] {
            let mut plans = InstructionSet::ALL.map(|set| {
                set.limit();
                Transform::new(n)
            });
            let mut bins = vec![Complex32::new(f32::NAN, 0.0); n];
            for kind in 0..KINDS {
                let samples = signal(kind, n, 1.0, 40.0, &mut random);
                let mut exact: Vec<_> = samples.iter().map(wide).collect();
                FftPlanner::new().plan_fft_forward(n).process(&mut exact);
                let largest = exact.iter().map(|bin| bin.norm()).fold(0.0, f64::max);
                let mean_square = exact.iter().map(Complex64::norm_sqr).sum::<f64>() / n as f64;
                let bound = SPREAD * mean_square.sqrt() + SPURS * largest;
                for plan in &mut plans {
                    plan.process(&samples, &mut bins);
                    for (k, (bin, exact)) in bins.iter().zip(&exact).enumerate() {
                        let error = (wide(bin) - exact).norm();
                        assert!(error <= bound, "bin {k} of {n}, kind {kind}: {bin}, not {exact}");
                    }
                }
            }
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn every_usual_rate_has_a_plan_where_the_machine_has_vector_registers() {
        for rate_hz in [
            8_000, 12_000, 48_000, 96_000, 192_000, 200_000, 250_000, 1_024_000, 2_000_000, 2_400_000, 20_000_000,
        ] {
            let n = rate_hz / 5;
            if let Some(simd) = V4::try_new() {
                assert!(
                    FourStep::new(simd, n).is_some() && Symmetric::new(simd, n).is_some(),
                    "{n}"
                );
            }
            if let Some(simd) = V3::try_new() {
                assert!(
                    FourStep::new(simd, n).is_some() && Symmetric::new(simd, n).is_some(),
                    "{n}"
                );
            }
        }
        assert!(matches!(Transform::new(1_601).0, Kind::Any { .. }));
    }
}
