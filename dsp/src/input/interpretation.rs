use serde::Serialize;

use super::hints::{Hint, Hints};
use super::sample_rate::{DEFAULT, DEFAULT_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use crate::error::Error;
use crate::format::SampleFormat;
use crate::format::claim::FormatClaim;
use crate::timeline::Grid;

/// How the bytes of a recording are read, with the sources.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interpretation {
    /// The container: `none`, `npy`, `wav`, `rf64`, `bw64`, `wave64`, `kiwi wav`, `sdriq`,
    /// `rtl_tcp` or `sigmf`; `array` for samples in memory.
    pub container: &'static str,
    /// Layout of a sample.
    #[serde(rename = "iq_format")]
    pub format: SampleFormat,
    /// Source of the layout.
    #[serde(rename = "iq_format_source")]
    pub format_source: &'static str,
    /// The formula that scales a stored component, see [`SampleFormat::scale`].
    #[serde(rename = "iq_scale")]
    pub scale: &'static str,
    /// Complex samples per second. Of real samples, half of the rate that the source names.
    pub sample_rate_hz: f64,
    /// Source of the rate.
    pub sample_rate_source: &'static str,
}

impl Interpretation {
    /// Takes format and rate from the header, else from the strongest hint, else from the defaults.
    pub(crate) fn settle(
        container: &'static str,
        header_format: Option<Hint<SampleFormat>>,
        header_rate: Option<Hint<f64>>,
        hints: &Hints,
    ) -> Result<Self, Error> {
        let format = match header_format {
            Some(format) => format,
            None => named_format(hints)?.unwrap_or(Hint {
                value: SampleFormat::Cf32Le,
                source: DEFAULT,
            }),
        };
        let format = refined(format, hints);
        let rate = header_rate.or_else(|| hints.rates_hz.first().copied()).unwrap_or(Hint {
            value: DEFAULT_SAMPLE_RATE_HZ,
            source: DEFAULT,
        });
        let real_per_complex = if format.value.is_real() { 2.0 } else { 1.0 };
        let min_hz = real_per_complex * MIN_SAMPLE_RATE_HZ;
        if !(min_hz..=MAX_SAMPLE_RATE_HZ).contains(&rate.value) {
            return Err(Error::SampleRate {
                rate_hz: rate.value,
                source_of_rate: rate.source,
                min_hz,
                max_hz: MAX_SAMPLE_RATE_HZ,
            });
        }
        Ok(Self {
            container,
            format: format.value,
            format_source: format.source,
            scale: format.value.scale(),
            sample_rate_hz: rate.value / real_per_complex,
            sample_rate_source: rate.source,
        })
    }

    /// Samples of the object for each complex sample that is measured: 2 for real samples, else 1.
    pub(crate) fn stored_per_sample(&self) -> u64 {
        if self.format.is_real() { 2 } else { 1 }
    }

    /// Number of whole samples that fit into [`crate::CHUNK_MS`].
    #[must_use]
    pub fn chunk_samples(&self) -> usize {
        Grid::default().chunk_samples(self.sample_rate_hz)
    }
}

/// 16-bit integers on the scale that a hint names. No header and no `SigMF` type has a scale, so a
/// hint for `sc16q11` does not contradict them.
fn refined(format: Hint<SampleFormat>, hints: &Hints) -> Hint<SampleFormat> {
    let is_scale = |hint: &&Hint<FormatClaim>| hint.value == FormatClaim::Samples(SampleFormat::Sc16Q11);
    match hints.formats.iter().find(is_scale) {
        Some(hint) if format.value == SampleFormat::Ci16Le => Hint {
            value: SampleFormat::Sc16Q11,
            source: hint.source,
        },
        _ => format,
    }
}

/// The format that the strongest hint names. If that format is not read, the weaker hints do not
/// count.
fn named_format(hints: &Hints) -> Result<Option<Hint<SampleFormat>>, Error> {
    for Hint { value, source } in &hints.formats {
        match value {
            FormatClaim::Samples(value) => return Ok(Some(Hint { value: *value, source })),
            FormatClaim::Unsupported(name) => {
                return Err(Error::UnsupportedFormat {
                    name: name.clone(),
                    source_of_format: source,
                });
            }
            FormatClaim::Container(_) | FormatClaim::Unknown(_) => {}
        }
    }
    Ok(None)
}
