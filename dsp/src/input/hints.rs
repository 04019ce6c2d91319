//! What is known about a recording from outside its bytes, with the sources, strongest first.

use serde::Serialize;

use super::file_name;
use super::named_rate::{self, NamedRate};
use super::portapack;
use super::sample_rate::DEFAULT;
use super::sigmf::{ARCHIVE_SOURCE, Sigmf};
use crate::compression::Compression;
use crate::format::SampleFormat;
use crate::format::claim::FormatClaim;
use crate::recording_info::Gap;
use crate::warning::{Inconsistency, Warning};

/// The source of a rate, or a format that is no extension, in the name of a file.
const FILE_NAME: &str = "file name";

/// A value and its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint<T> {
    /// The value.
    pub value: T,
    /// The source, as stored with the row: `column iq_sample_rate`, `extension`, ...
    pub source: &'static str,
}

/// What is known about a recording from outside its bytes. The bytes count more than the hints, and
/// a hint counts more than those added after it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hints {
    pub(crate) formats: Vec<Hint<FormatClaim>>,
    pub(crate) rates_hz: Vec<Hint<f64>>,
    pub(crate) sample_counts: Vec<Hint<u64>>,
    pub(crate) durations_s: Vec<Hint<f64>>,
    pub(crate) losses: Vec<Gap>,
    sigmf: Option<(Sigmf, &'static str)>,
    compressions: Vec<Hint<Compression>>,
    pub(crate) object_bytes: Option<u64>,
    /// What the file name has in place of one sample rate, in words.
    pub(crate) doubtful_rate: Option<String>,
    pub(crate) centre_frequency_hz: Option<f64>,
    pub(crate) inconsistencies: Vec<Inconsistency>,
}

/// A value and its source, as stored with the row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Provenance {
    /// `compression`, `iq_format`, `sample_rate_hz`, `samples` or `duration_s`.
    pub what: &'static str,
    /// The value.
    pub value: serde_json::Value,
    /// The source.
    pub source: &'static str,
}

impl Hints {
    /// Adds the layout of a sample.
    #[must_use]
    pub fn with_format(mut self, format: SampleFormat, source: &'static str) -> Self {
        self.add_format(FormatClaim::Samples(format), source);
        self
    }

    /// Adds the sample rate, see [`Self::add_sample_rate_hz`].
    #[must_use]
    pub fn with_sample_rate_hz(mut self, rate_hz: f64, source: &'static str) -> Self {
        self.add_sample_rate_hz(rate_hz, source);
        self
    }

    /// Sets the gaps that are known before, in the order of [`Gap::at_sample`].
    #[must_use]
    pub fn with_losses(mut self, losses: Vec<Gap>) -> Self {
        self.losses = losses;
        self
    }

    /// Adds a claim about the format.
    pub fn add_format(&mut self, value: FormatClaim, source: &'static str) {
        self.formats.push(Hint { value, source });
    }

    /// Adds a sample rate. One that is not positive and finite is not used, and becomes a warning.
    pub fn add_sample_rate_hz(&mut self, value: f64, source: &'static str) {
        if value.is_finite() && value > 0.0 {
            self.rates_hz.push(Hint { value, source });
        } else {
            self.add_inconsistency(Inconsistency::new(
                Warning::SampleRateDoubtful,
                format!("{source} says {value} Hz, which is no sample rate"),
            ));
        }
    }

    /// Adds the number of samples in the object.
    pub fn add_sample_count(&mut self, value: u64, source: &'static str) {
        self.sample_counts.push(Hint { value, source });
    }

    /// Adds the length of the recording. One that is not positive and finite is ignored.
    pub fn add_duration_s(&mut self, value: f64, source: &'static str) {
        if value.is_finite() && value > 0.0 {
            self.durations_s.push(Hint { value, source });
        }
    }

    /// Adds what a file name states: the compression and the format by the extensions, or the format by
    /// another part, and the rate as some recorders write it.
    pub fn add_file_name(&mut self, file_name: &str) {
        let (file_name, compression) = Compression::split_file_name(file_name);
        if let Some(value) = compression {
            self.compressions.push(Hint {
                value,
                source: "extension",
            });
        }
        if let Some(format) = file_name::extension(file_name).and_then(FormatClaim::of_extension) {
            self.add_format(format, "extension");
        } else if let Some(format) = FormatClaim::of_parts(&file_name::parts(file_name::stem(file_name))) {
            self.add_format(format, FILE_NAME);
        }
        match named_rate::find(file_name) {
            NamedRate::Hz(rate_hz) => self.add_sample_rate_hz(rate_hz, FILE_NAME),
            NamedRate::Doubtful(readings) => self.doubtful_rate = Some(readings),
            NamedRate::Unknown => {}
        }
    }

    /// Adds the text next to a recording of `PortaPack`, see [`portapack`]. Its sample rate counts
    /// more than all hints so far.
    pub fn add_portapack_text(&mut self, text: &[u8]) {
        let text = portapack::Text::parse(text);
        self.centre_frequency_hz = text.centre_frequency_hz;
        let Some(rate) = text.sample_rate else { return };
        match rate.parse() {
            Ok(value) if value > 0.0 && f64::is_finite(value) => self.rates_hz.insert(
                0,
                Hint {
                    value,
                    source: portapack::SOURCE,
                },
            ),
            _ => {
                let shown: String = rate.escape_debug().take(64).collect();
                let text = format!("{} says '{shown}', which is no sample rate", portapack::SOURCE);
                self.add_inconsistency(Inconsistency::new(Warning::SampleRateDoubtful, text));
            }
        }
    }

    /// Whether the text of `PortaPack` next to the samples in `name` is needed: the name is one of
    /// `PortaPack`'s, and nothing but the name states the sample rate.
    #[must_use]
    pub fn needs_portapack_text(&self, name: &str) -> bool {
        portapack::is_recording(name) && self.rates_hz.iter().all(|hint| hint.source == FILE_NAME)
    }

    /// Adds `SigMF` metadata. They count more than all hints so far.
    pub fn set_sigmf(&mut self, meta: Sigmf, source: &'static str) {
        let format = meta.format().clone();
        self.formats.insert(0, Hint { value: format, source });
        if let Some(value) = meta.sample_rate_hz() {
            self.rates_hz.insert(0, Hint { value, source });
        }
        // An archive reports its losses while it is read.
        if source != ARCHIVE_SOURCE {
            self.losses = meta.losses();
        }
        self.sigmf = Some((meta, source));
    }

    /// Adds the Content-Encoding of HTTP, if it names a compression. Bytes that are not compressed
    /// contradict it, which becomes a warning.
    pub fn add_content_encoding(&mut self, text: &str) {
        let encodings = text.split(',').filter_map(Compression::of_content_encoding);
        self.compressions.extend(encodings.map(|value| Hint {
            value,
            source: "Content-Encoding",
        }));
    }

    /// Compares the compression that the bytes have with the hints.
    pub(crate) fn check_compression(&mut self, found: Option<Compression>) {
        let wrong = self.compressions.iter().filter(|hint| Some(hint.value) != found);
        let object = found.map_or("not compressed".to_owned(), |found| format!("{found}-compressed"));
        let texts: Vec<String> = wrong
            .map(|hint| format!("{} says {}, the object is {object}", hint.source, hint.value))
            .collect();
        for text in texts {
            self.add_inconsistency(Inconsistency::new(Warning::FormatDoubtful, text));
        }
    }

    /// Sets the size of the object, if it is known.
    pub fn set_object_bytes(&mut self, bytes: Option<u64>) {
        self.object_bytes = bytes;
    }

    /// Whether a hint names a layout of samples that is read.
    #[must_use]
    pub fn names_samples(&self) -> bool {
        let names = |hint: &Hint<FormatClaim>| matches!(hint.value, FormatClaim::Samples(_));
        self.formats.iter().any(names)
    }

    /// Whether a hint names `SigMF`, so that metadata should exist.
    #[must_use]
    pub fn names_sigmf(&self) -> bool {
        self.formats
            .iter()
            .any(|hint| hint.value == FormatClaim::Container("sigmf"))
    }

    /// Adds a contradiction in the hints themselves.
    pub fn add_inconsistency(&mut self, inconsistency: Inconsistency) {
        self.inconsistencies.push(inconsistency);
    }

    /// All values with their sources, the strongest of each kind first.
    #[must_use]
    pub fn provenance(&self) -> Vec<Provenance> {
        fn of<T>(what: &'static str, hints: &[Hint<T>], value: impl Fn(&T) -> serde_json::Value) -> Vec<Provenance> {
            let of_hint = |hint: &Hint<T>| Provenance {
                what,
                value: value(&hint.value),
                source: hint.source,
            };
            hints.iter().map(of_hint).collect()
        }
        [
            of("compression", &self.compressions, |compression| {
                compression.name().into()
            }),
            of("iq_format", &self.formats, |claim| claim.text().into()),
            of("sample_rate_hz", &self.rates_hz, |rate| (*rate).into()),
            of("samples", &self.sample_counts, |count| (*count).into()),
            of("duration_s", &self.durations_s, |seconds| (*seconds).into()),
        ]
        .concat()
    }

    pub(crate) fn sigmf(&self) -> Option<&Sigmf> {
        self.sigmf.as_ref().map(|(meta, _)| meta)
    }

    pub(crate) fn sigmf_source(&self) -> &'static str {
        self.sigmf.as_ref().map_or(DEFAULT, |(_, source)| source)
    }
}
