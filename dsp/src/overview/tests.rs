use std::f64::consts::TAU;

use super::waterfall::MAX_ROWS;
use super::*;
use crate::decibel::power;
use crate::test_signals::Random;

const RATE: f64 = 200_000.0;
const CHUNK: usize = 40_000;

fn noise(n: usize, power: f64, seed: u64) -> Vec<Complex32> {
    let mut random = Random(seed);
    let sample = |_| {
        let (re, im) = random.noise(power);
        Complex32::new(re as f32, im as f32)
    };
    (0..n).map(sample).collect()
}

fn tone(n: usize, rate: f64, frequency_hz: f64, amplitude: f64) -> Vec<Complex32> {
    let sample = |i| {
        let (sin, cos) = (TAU * frequency_hz * i as f64 / rate).sin_cos();
        Complex32::new((amplitude * cos) as f32, (amplitude * sin) as f32)
    };
    (0..n).map(sample).collect()
}

fn overview_of(rate: f64, chunk: usize, samples: &[Complex32]) -> Overview {
    let mut builder = OverviewBuilder::new(rate, chunk);
    let mut position = 0;
    for piece in samples.chunks(chunk) {
        builder.add_samples(position, piece);
        position += piece.len() as u64;
    }
    builder.finish()
}

/// Power of the whole band.
fn band_power_db(densities_db: &[f32], bin_hz: f64) -> f64 {
    let sum: f64 = densities_db.iter().map(|db| power(*db)).sum();
    10.0 * (sum * bin_hz).log10()
}

#[test]
fn white_noise_reads_its_density_in_every_part_of_the_picture() {
    // Rates of the slowest and the fastest receivers. The mean of 400,000 exponential powers has a
    // deviation of 0.007 dB. A bin is the mean of at least 390 half-overlapping spectra: 0.23 dB.
    // Five times that.
    for rate in [8_000.0, 200_000.0, 20e6] {
        for power_dbfs in [-200.0, -40.0, 20.0] {
            let chunk = crate::timeline::Grid::default().chunk_samples(rate).min(CHUNK);
            let samples = noise(400_000, 10.0_f64.powf(power_dbfs / 10.0), 7);
            let overview = overview_of(rate, chunk, &samples);
            let density = power_dbfs - 10.0 * rate.log10();
            let of_spectrum = band_power_db(&overview.spectrum.mean_db, overview.spectrum.bin_hz);
            assert!((of_spectrum - power_dbfs).abs() < 0.1, "{rate} {of_spectrum}");
            for db in &overview.spectrum.mean_db {
                assert!((f64::from(*db) - density).abs() < 1.15, "{rate} {db} {density}");
            }
            let cells = &overview.waterfall.cells_db;
            let mean = cells.iter().map(|db| power(*db)).sum::<f64>() / cells.len() as f64;
            assert!((10.0 * mean.log10() - density).abs() < 0.1, "{rate} {mean:e} {density}");
            let columns = overview.profile.columns.iter().flatten();
            let mean = columns.clone().map(|levels| power(levels.mean_db)).sum::<f64>() / columns.count() as f64;
            assert!((10.0 * mean.log10() - power_dbfs).abs() < 0.1, "{rate} {mean:e}");
        }
    }
}

#[test]
fn a_tone_has_its_power_and_place_on_a_bin_and_between_two() {
    for frequency_hz in [-60_000.0, -97.65625, 0.0, 12_345.0, 99_000.0] {
        let overview = overview_of(RATE, CHUNK, &tone(80_000, RATE, frequency_hz, 0.1));
        let spectrum = &overview.spectrum;
        // The sum over all bins contains the whole main lobe of the window.
        let level = band_power_db(&spectrum.mean_db, spectrum.bin_hz);
        assert!((level + 20.0).abs() < 0.1, "{frequency_hz}: {level}");
        let strongest = |db: &[f32]| {
            let pairs = db.iter().copied().enumerate();
            pairs.max_by(|a, b| a.1.total_cmp(&b.1)).expect("some").0
        };
        let bin = strongest(&spectrum.mean_db);
        let found = spectrum.first_hz + bin as f64 * spectrum.bin_hz;
        assert!((found - frequency_hz).abs() <= 0.51 * spectrum.bin_hz, "{found}");
        let fall = &overview.waterfall;
        let column = strongest(&fall.cells_db[..fall.columns]) as f64;
        let from = fall.lower_edge_hz + column * fall.column_hz;
        let slack = spectrum.bin_hz;
        assert!(
            from - slack <= frequency_hz && frequency_hz <= from + fall.column_hz + slack,
            "{from}"
        );
        // Positive frequencies are on the right of the picture too.
        let x = strongest(&fall.raster(overview.samples, 1_000, 1).collect::<Vec<_>>()) as f64;
        assert!((x - (frequency_hz + 100_000.0) / 200.0).abs() <= 2.0, "{x}");
    }
}

#[test]
fn a_burst_keeps_its_place_when_the_resolution_is_halved() {
    // From one second to ten minutes.
    let quiet = noise(CHUNK, 1e-6, 3);
    let burst = tone(CHUNK, RATE, 30_000.0, 0.5);
    for chunks in [5_u64, 100, 3_000] {
        let mut builder = OverviewBuilder::new(RATE, CHUNK);
        let on = chunks * 3 / 5;
        for chunk in 0..chunks {
            let samples = if chunk == on { &burst } else { &quiet };
            builder.add_samples(chunk * CHUNK as u64, samples);
        }
        let overview = builder.finish();
        assert_eq!(overview.duration_s(), chunks as f64 * 0.2);
        assert!(overview.waterfall.rows() <= MAX_ROWS && overview.profile.columns.len() <= 4096);
        let heights = 500;
        let pixels: Vec<f32> = overview.waterfall.raster(overview.samples, 1, heights).collect();
        let strongest = (0..heights)
            .max_by(|a, b| pixels[*a].total_cmp(&pixels[*b]))
            .expect("some") as f64;
        let middle = (on as f64 + 0.5) / chunks as f64 * heights as f64;
        let half = 0.5 / chunks as f64 * heights as f64 + 1.0;
        assert!(
            (strongest + 0.5 - middle).abs() <= half,
            "{chunks}: {strongest} {middle}"
        );
        let columns = &overview.profile.columns;
        let highest = |at: &usize| columns[*at].expect("no gap").mean_db;
        let loudest = (0..columns.len())
            .max_by(|a, b| highest(a).total_cmp(&highest(b)))
            .expect("some");
        let column =
            loudest as u64 * overview.profile.column_samples..(loudest as u64 + 1) * overview.profile.column_samples;
        let burst = on * CHUNK as u64..(on + 1) * CHUNK as u64;
        assert!(
            column.start < burst.end && burst.start < column.end,
            "{column:?} {burst:?}"
        );
        let levels = columns[loudest].expect("no gap");
        assert!((f64::from(levels.highest_db) + 6.02).abs() < 0.01, "{levels:?}");
    }
}

#[test]
fn halved_rows_have_the_right_length_and_power() {
    let overview = overview_of(RATE, CHUNK, &noise(2_400_000, 1.0, 11));
    let fall = &overview.waterfall;
    assert_eq!(fall.row_samples, 4 * 1024);
    assert_eq!(fall.columns, 1024);
    let total: f64 = fall.cells_db.iter().map(|db| power(*db)).sum::<f64>() / fall.cells_db.len() as f64;
    let mean: f64 = overview.spectrum.mean_db.iter().map(|db| power(*db)).sum::<f64>() / 2048.0;
    // The last row may have fewer spectra, which then have more weight in the mean of rows.
    assert!((total / mean - 1.0).abs() < 2e-3, "{total} {mean}");
    // The scatter of a row's cells: two bins of four half-overlapping Hann windows.
    let row = &fall.cells_db[10 * 1024..11 * 1024];
    let powers = || row.iter().map(|db| power(*db) / mean);
    let variance = powers().map(|power| (power - 1.0).powi(2)).sum::<f64>() / 1024.0;
    assert!((0.1..0.35).contains(&variance), "{variance}");
}

#[test]
fn gaps_are_blank_and_everything_else_keeps_its_time() {
    let samples = noise(2 * CHUNK, 1.0, 5);
    for gap in [3_000_u64, 40_000, 123_457, 50_000_000, 1 << 50] {
        let mut builder = OverviewBuilder::new(RATE, CHUNK);
        builder.add_samples(0, &samples);
        let after = samples.len() as u64 + gap;
        builder.add_samples(after, &samples);
        let overview = builder.finish();
        assert_eq!(overview.samples, after + samples.len() as u64);
        let fall = &overview.waterfall;
        assert!(fall.rows() <= MAX_ROWS);
        for row in 0..fall.rows() as u64 {
            let cells = &fall.cells_db[usize::try_from(row).expect("small") * 1024..][..1024];
            let begin = fall.first_row_at + row * fall.row_samples;
            let end = begin + fall.row_samples;
            let blank = cells.iter().all(|cell| cell.is_nan());
            if begin >= samples.len() as u64 + 1024 && end + 1024 <= after {
                assert!(blank, "{gap}: row {row}");
            }
            if end + 1024 <= samples.len() as u64 || begin >= after + 1024 && end + 1024 < overview.samples {
                assert!(cells.iter().all(|cell| cell.is_finite()), "{gap}: row {row}");
            }
        }
        let recorded = overview.profile.columns.iter().flatten().count() as u64;
        let width = overview.profile.column_samples;
        let least = 2 * samples.len() as u64 / width;
        assert!(
            (least.max(2)..=least + 4).contains(&recorded),
            "{gap}: {recorded} {least}"
        );
        // A gap adds nothing to the spectrum.
        let level = band_power_db(&overview.spectrum.mean_db, overview.spectrum.bin_hz);
        assert!(level.abs() < 0.1, "{level}");
    }
}

#[test]
fn pieces_shorter_than_a_spectrum_have_a_level_but_no_waterfall() {
    let mut builder = OverviewBuilder::new(RATE, CHUNK);
    for piece in 0..10 {
        builder.add_samples(piece * 10_000, &noise(500, 1.0, 1 + piece));
    }
    let overview = builder.finish();
    assert!(overview.spectrum.mean_db.is_empty());
    assert!(overview.waterfall.raster(overview.samples, 10, 10).all(f32::is_nan));
    assert!(overview.profile.columns.iter().flatten().count() > 10);
    assert_eq!(overview.colour_range_db(), (-300.0, -280.0));
}

#[test]
fn the_size_of_the_pieces_does_not_matter() {
    let samples = noise(100_000, 1.0, 9);
    let whole = overview_of(RATE, 100_000, &samples);
    for piece in [1_777, 40_000] {
        let mut builder = OverviewBuilder::new(RATE, 100_000);
        for (index, piece_of) in samples.chunks(piece).enumerate() {
            builder.add_samples((index * piece) as u64, piece_of);
        }
        let overview = builder.finish();
        assert_eq!(overview.spectrum, whole.spectrum);
        assert_eq!(overview.waterfall, whole.waterfall);
        for (one, other) in overview
            .profile
            .columns
            .iter()
            .flatten()
            .zip(whole.profile.columns.iter().flatten())
        {
            assert_eq!((one.lowest_db, one.highest_db), (other.lowest_db, other.highest_db));
            assert!((one.mean_db - other.mean_db).abs() < 1e-4);
        }
    }
}

#[test]
fn silence_has_a_finite_level_and_a_colour_range() {
    let overview = overview_of(RATE, CHUNK, &vec![Complex32::ZERO; 2 * CHUNK]);
    assert!(overview.waterfall.cells_db.iter().all(|cell| *cell == -300.0));
    assert!(
        overview
            .profile
            .columns
            .iter()
            .flatten()
            .all(|levels| levels.mean_db == -300.0)
    );
    assert_eq!(overview.colour_range_db(), (-300.0, -280.0));
}

#[test]
fn colours_start_below_the_noise_and_ignore_one_strong_line() {
    let mut samples = noise(400_000, 1e-8, 4);
    let mut overview = overview_of(RATE, CHUNK, &samples);
    let density = -80.0 - 53.01;
    overview.annotations.noise_db_hz = Some(density);
    let (low, high) = overview.colour_range_db();
    assert!((density - 15.0..density - 3.0).contains(&low), "{low}");
    assert!((20.0..25.0).contains(&(high - low)), "{low} {high}");

    // A carrier 80 dB above all the noise, 112 dB above the noise in its bin.
    for (sample, carrier) in samples.iter_mut().zip(tone(400_000, RATE, 0.0, 1.0)) {
        *sample += carrier;
    }
    let mut overview = overview_of(RATE, CHUNK, &samples);
    overview.annotations.noise_db_hz = Some(density);
    let (low, high) = overview.colour_range_db();
    assert!((density - 15.0..density - 3.0).contains(&low), "{low}");
    assert!((high - low - 80.0).abs() < 1e-9, "{low} {high}");
}
