//! Small recordings.

use fastrand::Rng;

/// Low, so that a second is 96 KB and hundreds of recordings take little time.
pub(crate) const SAMPLE_RATE_HZ: f64 = 12_000.0;
/// Samples of one second.
pub(crate) const SAMPLES: usize = 12_000;

/// A second of a tone at 1 kHz, 20 dB over noise, as `cf32_le`.
pub(crate) fn tone() -> Vec<u8> {
    tone_of(1, SAMPLES)
}

/// This number of samples of the tone, in noise of this seed.
pub(crate) fn tone_of(seed: u64, samples: usize) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed);
    let mut noise = || (rng.f32() + rng.f32() + rng.f32() - 1.5) * 0.1;
    let samples = (0..samples).map(|n| {
        let (sin, cos) = (std::f64::consts::TAU * 1_000.0 * n as f64 / SAMPLE_RATE_HZ).sin_cos();
        #[expect(clippy::cast_possible_truncation, reason = "the format is cf32")]
        let carrier = (cos as f32, sin as f32);
        (carrier.0 + noise(), carrier.1 + noise())
    });
    to_bytes(samples)
}

/// The tone with one sample replaced.
pub(crate) fn tone_with(index: usize, sample: (f32, f32)) -> Vec<u8> {
    let mut bytes = tone();
    bytes[index * 8..][..8].copy_from_slice(&to_bytes([sample]));
    bytes
}

/// The tone as 16-bit integers, `ci16_le`.
pub(crate) fn tone_ci16() -> Vec<u8> {
    let floats = tone();
    let values = floats.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    #[expect(clippy::cast_possible_truncation, reason = "the format has 16 bits")]
    values
        .flat_map(|value| ((value * 8_000.0) as i16).to_le_bytes())
        .collect()
}

/// A `NumPy` file: magic, version 1.0, header padded to 64 bytes, data.
pub(crate) fn npy(descr: &str, samples: usize, data: &[u8]) -> Vec<u8> {
    let dictionary = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({samples},), }}");
    let header = format!("{dictionary:<117}\n");
    [
        b"\x93NUMPY\x01\x00".as_slice(),
        &118_u16.to_le_bytes(),
        header.as_bytes(),
        data,
    ]
    .concat()
}

/// Samples as `cf32_le`.
pub(crate) fn to_bytes(samples: impl IntoIterator<Item = (f32, f32)>) -> Vec<u8> {
    samples
        .into_iter()
        .flat_map(|(i, q)| [i.to_le_bytes(), q.to_le_bytes()].concat())
        .collect()
}
