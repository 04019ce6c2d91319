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

fn overview(rate: f64, chunk: usize, samples: &[Complex32]) -> Overview {
    let mut builder = OverviewBuilder::new(rate, chunk);
    let mut position = 0;
    for piece in samples.chunks(chunk) {
        builder.add_samples(position, piece);
        position += piece.len() as u64;
    }
    builder.finish()
}

/// What a level of `db` dBFS/Hz all over the band is as a power.
fn band_power_db(densities_db: &[f32], bin_hz: f64) -> f64 {
    let sum: f64 = densities_db.iter().map(|db| power(*db)).sum();
    10.0 * (sum * bin_hz).log10()
}

#[test]
fn white_noise_reads_its_density_in_every_part_of_the_picture() {
    // Rates of the slowest and the fastest receivers. The mean of 400,000 exponential powers is right to 0.007 dB. A single
    // bin is the mean of 390 half-overlapping spectra or more: 0.23 dB; five of that.
    for rate in [8_000.0, 200_000.0, 20e6] {
        for power_dbfs in [-200.0, -40.0, 20.0] {
            let chunk = crate::timeline::chunk_samples(rate).min(CHUNK);
            let samples = noise(400_000, 10.0_f64.powf(power_dbfs / 10.0), 7);
            let seen = overview(rate, chunk, &samples);
            let density = power_dbfs - 10.0 * rate.log10();
            let of_spectrum = band_power_db(&seen.spectrum.mean_db, seen.spectrum.bin_hz);
            assert!((of_spectrum - power_dbfs).abs() < 0.1, "{rate} {of_spectrum}");
            for db in &seen.spectrum.mean_db {
                assert!((f64::from(*db) - density).abs() < 1.15, "{rate} {db} {density}");
            }
            let cells = &seen.waterfall.cells_db;
            let mean = cells.iter().map(|db| power(*db)).sum::<f64>() / cells.len() as f64;
            assert!((10.0 * mean.log10() - density).abs() < 0.1, "{rate} {mean:e} {density}");
            let columns = seen.profile.columns.iter().flatten();
            let mean = columns.clone().map(|levels| power(levels.mean_db)).sum::<f64>() / columns.count() as f64;
            assert!((10.0 * mean.log10() - power_dbfs).abs() < 0.1, "{rate} {mean:e}");
        }
    }
}

#[test]
fn a_tone_integrates_to_its_power_at_its_place_on_a_bin_or_between_two() {
    for frequency_hz in [-60_000.0, -97.65625, 0.0, 12_345.0, 99_000.0] {
        let seen = overview(RATE, CHUNK, &tone(80_000, RATE, frequency_hz, 0.1));
        let spectrum = &seen.spectrum;
        // The parts of the window's main lobe that are farther than 1.5 bins away are cut off nowhere.
        let level = band_power_db(&spectrum.mean_db, spectrum.bin_hz);
        assert!((level + 20.0).abs() < 0.1, "{frequency_hz}: {level}");
        let strongest = |db: &[f32]| {
            let pairs = db.iter().copied().enumerate();
            pairs.max_by(|a, b| a.1.total_cmp(&b.1)).expect("some").0
        };
        let bin = strongest(&spectrum.mean_db);
        let found = spectrum.first_hz + bin as f64 * spectrum.bin_hz;
        assert!((found - frequency_hz).abs() <= 0.51 * spectrum.bin_hz, "{found}");
        let fall = &seen.waterfall;
        let column = strongest(&fall.cells_db[..fall.columns]) as f64;
        let from = fall.lower_edge_hz + column * fall.column_hz;
        let slack = spectrum.bin_hz;
        assert!(
            from - slack <= frequency_hz && frequency_hz <= from + fall.column_hz + slack,
            "{from}"
        );
        // In the picture too positive frequencies are at the right.
        let x = strongest(&fall.raster(seen.samples, 1_000, 1).collect::<Vec<_>>()) as f64;
        assert!((x - (frequency_hz + 100_000.0) / 200.0).abs() <= 2.0, "{x}");
    }
}

#[test]
fn a_burst_is_where_it_was_however_often_the_resolution_was_halved() {
    // From a second to ten minutes.
    let quiet = noise(CHUNK, 1e-6, 3);
    let burst = tone(CHUNK, RATE, 30_000.0, 0.5);
    for chunks in [5_u64, 100, 3_000] {
        let mut builder = OverviewBuilder::new(RATE, CHUNK);
        let on = chunks * 3 / 5;
        for chunk in 0..chunks {
            let samples = if chunk == on { &burst } else { &quiet };
            builder.add_samples(chunk * CHUNK as u64, samples);
        }
        let seen = builder.finish();
        assert_eq!(seen.duration_s(), chunks as f64 * 0.2);
        assert!(seen.waterfall.rows() <= MAX_ROWS && seen.profile.columns.len() <= 4096);
        let heights = 500;
        let pixels: Vec<f32> = seen.waterfall.raster(seen.samples, 1, heights).collect();
        let strongest = (0..heights)
            .max_by(|a, b| pixels[*a].total_cmp(&pixels[*b]))
            .expect("some") as f64;
        let middle = (on as f64 + 0.5) / chunks as f64 * heights as f64;
        let half = 0.5 / chunks as f64 * heights as f64 + 1.0;
        assert!(
            (strongest + 0.5 - middle).abs() <= half,
            "{chunks}: {strongest} {middle}"
        );
        let columns = &seen.profile.columns;
        let highest = |at: &usize| columns[*at].expect("no gap").mean_db;
        let loudest = (0..columns.len())
            .max_by(|a, b| highest(a).total_cmp(&highest(b)))
            .expect("some");
        let column = loudest as u64 * seen.profile.column_samples..(loudest as u64 + 1) * seen.profile.column_samples;
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
fn rows_end_up_the_same_as_if_their_length_had_been_known() {
    let seen = overview(RATE, CHUNK, &noise(2_400_000, 1.0, 11));
    let fall = &seen.waterfall;
    assert_eq!(fall.row_samples, 4 * 1024);
    assert_eq!(fall.columns, 1024);
    let total: f64 = fall.cells_db.iter().map(|db| power(*db)).sum::<f64>() / fall.cells_db.len() as f64;
    let mean: f64 = seen.spectrum.mean_db.iter().map(|db| power(*db)).sum::<f64>() / 2048.0;
    // The last row may hold fewer spectra, which count more in the mean of rows.
    assert!((total / mean - 1.0).abs() < 2e-3, "{total} {mean}");
    // Four spectra of half-overlapping Hann windows, two bins of each: the scatter of a row's cells.
    let row = &fall.cells_db[10 * 1024..11 * 1024];
    let powers = || row.iter().map(|db| power(*db) / mean);
    let variance = powers().map(|power| (power - 1.0).powi(2)).sum::<f64>() / 1024.0;
    assert!((0.1..0.35).contains(&variance), "{variance}");
}

#[test]
fn what_was_not_recorded_is_blank_and_everything_else_keeps_its_time() {
    let samples = noise(2 * CHUNK, 1.0, 5);
    for gap in [3_000_u64, 40_000, 123_457, 50_000_000, 1 << 50] {
        let mut builder = OverviewBuilder::new(RATE, CHUNK);
        builder.add_samples(0, &samples);
        let after = samples.len() as u64 + gap;
        builder.add_samples(after, &samples);
        let seen = builder.finish();
        assert_eq!(seen.samples, after + samples.len() as u64);
        let fall = &seen.waterfall;
        assert!(fall.rows() <= MAX_ROWS);
        for row in 0..fall.rows() as u64 {
            let cells = &fall.cells_db[usize::try_from(row).expect("small") * 1024..][..1024];
            let begin = fall.first_row_at + row * fall.row_samples;
            let end = begin + fall.row_samples;
            let blank = cells.iter().all(|cell| cell.is_nan());
            if begin >= samples.len() as u64 + 1024 && end + 1024 <= after {
                assert!(blank, "{gap}: row {row}");
            }
            if end + 1024 <= samples.len() as u64 || begin >= after + 1024 && end + 1024 < seen.samples {
                assert!(cells.iter().all(|cell| cell.is_finite()), "{gap}: row {row}");
            }
        }
        let recorded = seen.profile.columns.iter().flatten().count() as u64;
        let width = seen.profile.column_samples;
        let least = 2 * samples.len() as u64 / width;
        assert!(
            (least.max(2)..=least + 4).contains(&recorded),
            "{gap}: {recorded} {least}"
        );
        // A gap of noise adds nothing: the spectrum is that of what was recorded.
        let level = band_power_db(&seen.spectrum.mean_db, seen.spectrum.bin_hz);
        assert!(level.abs() < 0.1, "{level}");
    }
}

#[test]
fn pieces_shorter_than_a_spectrum_leave_the_waterfall_empty_but_have_a_level() {
    let mut builder = OverviewBuilder::new(RATE, CHUNK);
    for piece in 0..10 {
        builder.add_samples(piece * 10_000, &noise(500, 1.0, 1 + piece));
    }
    let seen = builder.finish();
    assert!(seen.spectrum.mean_db.is_empty());
    assert!(seen.waterfall.raster(seen.samples, 10, 10).all(f32::is_nan));
    assert!(seen.profile.columns.iter().flatten().count() > 10);
    assert_eq!(seen.colour_range_db(), (-300.0, -280.0));
}

#[test]
fn how_samples_are_handed_over_changes_nothing() {
    let samples = noise(100_000, 1.0, 9);
    let whole = overview(RATE, 100_000, &samples);
    for piece in [1_777, 40_000] {
        let mut builder = OverviewBuilder::new(RATE, 100_000);
        for (index, piece_of) in samples.chunks(piece).enumerate() {
            builder.add_samples((index * piece) as u64, piece_of);
        }
        let seen = builder.finish();
        assert_eq!(seen.spectrum, whole.spectrum);
        assert_eq!(seen.waterfall, whole.waterfall);
        for (one, other) in seen
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
    let seen = overview(RATE, CHUNK, &vec![Complex32::ZERO; 2 * CHUNK]);
    assert!(seen.waterfall.cells_db.iter().all(|cell| *cell == -300.0));
    assert!(
        seen.profile
            .columns
            .iter()
            .flatten()
            .all(|levels| levels.mean_db == -300.0)
    );
    assert_eq!(seen.colour_range_db(), (-300.0, -280.0));
}

#[test]
fn colours_start_below_the_noise_and_are_not_decided_by_one_strong_line() {
    let mut samples = noise(400_000, 1e-8, 4);
    let mut seen = overview(RATE, CHUNK, &samples);
    let density = -80.0 - 53.01;
    seen.annotations.noise_db_hz = Some(density);
    let (low, high) = seen.colour_range_db();
    assert!((density - 15.0..density - 3.0).contains(&low), "{low}");
    assert!((20.0..25.0).contains(&(high - low)), "{low} {high}");

    // A carrier 80 dB over all the noise, 112 dB over that in its bin.
    for (sample, carrier) in samples.iter_mut().zip(tone(400_000, RATE, 0.0, 1.0)) {
        *sample += carrier;
    }
    let mut seen = overview(RATE, CHUNK, &samples);
    seen.annotations.noise_db_hz = Some(density);
    let (low, high) = seen.colour_range_db();
    assert!((density - 15.0..density - 3.0).contains(&low), "{low}");
    assert!((high - low - 80.0).abs() < 1e-9, "{low} {high}");
}
