use super::*;

const LOOKS: f64 = 78.0;

/// A normal variable exceeds this with a probability of 1 in 3 million.
const DEVIATIONS: f64 = 5.0;

/// The baseline of 512 blocks with exactly these densities.
fn baseline(density: impl Fn(f64) -> f64) -> Baseline {
    let densities: Vec<f64> = (0..512).map(|at| density(f64::from(at) / 512.0)).collect();
    fitted(&densities, &mut None)
}

fn fitted(densities: &[f64], known: &mut Option<Arc<HarmonicBasis>>) -> Baseline {
    Baseline::new(Rc::new(LogDensities::of(densities, LOOKS)), known)
}

fn stands_out_anywhere(baseline: &Baseline, width: usize) -> bool {
    (0..512).any(|first| baseline.stands_out(first, width, DEVIATIONS).is_some())
}

#[test]
fn a_step_is_found_with_its_height_and_width_and_a_slope_is_not() {
    let step = |x: f64| if (0.3..0.3625).contains(&x) { 1.25 } else { 1.0 };
    let slope = |x: f64| (1.5 * (std::f64::consts::TAU * x).sin()).exp();
    let both = |x: f64| step(x) * slope(x);
    let found = baseline(step).stands_out(512 * 3 / 10 + 9, 20, DEVIATIONS).unwrap();
    assert_eq!((found.first, found.width), (154, 32));
    assert!((found.height - 1.25_f64.ln()).abs() < 1e-9, "{found:?}");
    let found = baseline(both).stands_out(154, 32, DEVIATIONS).unwrap();
    assert!((found.height - 1.25_f64.ln()).abs() < 0.02, "{found:?}");
    for width in [1, 5, 31, 100, 250] {
        assert!(!stands_out_anywhere(&baseline(slope), width), "{width}");
    }
}

#[test]
fn a_basis_is_replaced_for_another_pass_band() {
    let mut known = None;
    let flat = vec![1.0; 512];
    let mut edges = flat.clone();
    edges[..50].fill(1e-6);
    for densities in [&flat, &flat, &edges, &flat] {
        let again = fitted(densities, &mut known);
        let new = fitted(densities, &mut None);
        assert_eq!(again.basis.inside, new.basis.inside);
        assert_eq!(again.basis.sums, new.basis.sums);
        assert_eq!(again.coefficients, new.coefficients);
    }
}

#[test]
fn a_wide_step_is_distinguished_from_shapes_of_its_height() {
    // A quarter of the band is 25 % above the rest. A cosine, a slope and a parabola look like
    // that.
    let step = |x: f64| if (0.3..0.56).contains(&x) { 1.25 } else { 1.0 };
    assert!(stands_out_anywhere(&baseline(step), 120));
    for size in [0.05, 0.1, 0.2, 0.4] {
        let cosine = |x: f64| (size * (std::f64::consts::TAU * x).cos()).exp();
        let slope = |x: f64| (size * x).exp();
        let parabola = |x: f64| (-4.0 * size * (x - 0.5).powi(2)).exp();
        for shape in [&cosine as &dyn Fn(f64) -> f64, &slope, &parabola] {
            let baseline = baseline(shape);
            for width in [20, 60, 120, 160, 250] {
                assert!(!stands_out_anywhere(&baseline, width), "{size} {width}");
            }
        }
    }
}

#[test]
fn a_pole_near_the_circle_is_coloured_noise_and_a_band_on_it_is_found() {
    // Four harmonics leave 3 dB of the peak.
    let pole = |x: f64| 1.0 / (1.81 - 1.8 * (std::f64::consts::TAU * (x - 0.37)).cos());
    let both = |x: f64| pole(x) * if (0.52..0.58).contains(&x) { 2.0 } else { 1.0 };
    for width in [4, 10, 31, 60, 120, 250] {
        assert!(!stands_out_anywhere(&baseline(pole), width), "{width}");
    }
    assert!(stands_out_anywhere(&baseline(both), 30));
}

#[test]
fn a_hump_of_half_the_band_and_the_end_of_the_pass_band_are_no_signals() {
    let hump = |x: f64| 1.0 / (1.25 - (std::f64::consts::TAU * (x - 0.5)).cos());
    let pass_band = |x: f64| if (0.1..0.9).contains(&x) { 1.0 } else { 1e-6 };
    for shape in [&hump as &dyn Fn(f64) -> f64, &pass_band] {
        for width in [4, 10, 31, 60] {
            assert!(!stands_out_anywhere(&baseline(shape), width), "{width}");
        }
    }
}

#[test]
fn the_distance_of_a_wide_band_from_smooth_noise_is_as_documented() {
    // A band of 12.5 kHz 6 dB below the noise in one chunk: the part of it that harmonics cannot
    // explain, in standard deviations.
    let distance = |rate: f64, harmonics: usize| {
        let (count, looks) = (500, rate / 5.0 / 500.0);
        let width = crate::detector::reference_cells::rounded(count as f64 * 12_500.0 / rate);
        let baseline = Baseline::new(Rc::new(LogDensities::of(&vec![1.0; count], looks)), &mut None);
        let mut regression = Regression::new(baseline.band_sums((count - width) / 2, width).0, width);
        for part in baseline
            .parts((count - width) / 2, width)
            .take(STRAIGHT + 2 * harmonics)
        {
            regression.subtract(part, 0.0);
        }
        (1.0 + 10_f64.powf(-0.6)).ln() * (regression.free * looks).sqrt()
    };
    for (rate, expected) in [
        (48_000.0, [6.4, 4.1, 3.5, 3.5]),
        (50_000.0, [6.6, 4.2, 3.5, 3.5]),
        (96_000.0, [8.8, 7.2, 5.7, 4.6]),
        (200_000.0, [10.1, 9.3, 8.6, 7.8]),
    ] {
        for (harmonics, expected) in (1..).zip(expected) {
            let distance = distance(rate, harmonics);
            assert!((distance - expected).abs() < 0.05, "{rate} Hz, {harmonics}: {distance}");
        }
    }
}
