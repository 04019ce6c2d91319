use super::lag_sums::TOLERANCE;
use super::*;

#[test]
fn two_equal_lags_have_half_their_distance_as_deviation() {
    let mut correlation = vec![0.1_f32; 500];
    correlation[0] = 1.0;
    correlation[300] = -1.0;
    let found = of_lags(&correlation, 1e6);
    assert_eq!(found.lags, 2);
    assert!(found.certain && (found.std - 150.0).abs() < 1e-9);
}

#[test]
fn a_lag_at_the_threshold_is_uncertain() {
    let mut correlation = vec![0.0_f32; 500];
    correlation[0] = 1.0;
    correlation[77] = 0.1_f32.sqrt();
    assert!(!of_lags(&correlation, 1e6).certain);
}

#[test]
fn one_lag_at_the_threshold_among_thousands_makes_no_difference() {
    let mut correlation: Vec<f32> = (0..20_001).map(|lag| (lag as f32 * 0.7).cos()).collect();
    let clear = of_lags(&correlation, 1e6);
    assert!(clear.certain);
    let outside = correlation.iter().position(|lag| lag.abs() < 0.3).unwrap();
    correlation[outside] = 0.1_f32.sqrt();
    let unclear = of_lags(&correlation, 1e6);
    assert!(unclear.certain && (unclear.std / clear.std - 1.0).abs() < TOLERANCE);
    // Many such lags, or one among few others, make a difference.
    let many: Vec<f32> = (0..20_001)
        .map(|lag| if lag % 9 == 4 { 0.1_f32.sqrt() } else { 1.0 })
        .collect();
    assert!(!of_lags(&many, 1e6).certain);
    let mut few = vec![0.0_f32; 20_001];
    few[..300].fill(1.0);
    few[15_000] = 0.1_f32.sqrt();
    assert!(!of_lags(&few, 1e6).certain);
}

#[test]
fn the_spread_of_silence_is_zero() {
    let found = of_lags(&[0.0; 100], 1.0);
    assert_eq!(found.lags, 0);
    assert_eq!(found.std, 0.0);
}
