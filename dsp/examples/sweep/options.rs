//! The options of the command line.

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Signals,
    Noise,
    Invariants,
    Widths,
}

#[derive(Clone)]
pub(crate) struct Options {
    pub mode: Mode,
    /// Part of a name.
    pub filter: String,
    /// Lowest and highest sample rate in Hz.
    pub rates: std::ops::RangeInclusive<f64>,
    pub segments: Option<usize>,
    pub tunings: Option<usize>,
    pub tuning: Option<usize>,
    pub snrs_db: Vec<f64>,
    /// Lengths of a recording in chunks.
    pub lengths: Vec<usize>,
    pub seed: u64,
    pub threads: usize,
    pub verbose: bool,
    pub quick: bool,
    /// Signals lie across the end of the band.
    pub wrap: bool,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Self {
        let mut options = Self {
            mode: Mode::Signals,
            filter: String::new(),
            rates: 0.0..=f64::INFINITY,
            segments: None,
            tunings: None,
            tuning: None,
            snrs_db: (0..=10).map(|k| 5.0 * f64::from(k)).collect(),
            lengths: vec![5, 1],
            seed: 1,
            threads: 2,
            verbose: false,
            quick: false,
            wrap: false,
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().expect("a value after the option");
            match argument.as_str() {
                "--noise" => options.mode = Mode::Noise,
                "--invariants" => options.mode = Mode::Invariants,
                "--widths" => options.mode = Mode::Widths,
                "--rate" => {
                    let rate = number(&value());
                    options.rates = rate - 0.5..=rate + 0.5;
                }
                "--min-rate" => options.rates = number(&value())..=*options.rates.end(),
                "--max-rate" => options.rates = *options.rates.start()..=number(&value()),
                "--segments" => options.segments = Some(count(&value())),
                "--tunings" => options.tunings = Some(count(&value())),
                "--tuning" => options.tuning = Some(count(&value())),
                "--snr" => options.snrs_db = value().split(',').map(number).collect(),
                "--one-chunk" => options.lengths = vec![1],
                "--five-chunks" => options.lengths = vec![5],
                "--seed" => options.seed = count(&value()) as u64,
                "--threads" => options.threads = count(&value()),
                "--verbose" => options.verbose = true,
                "--quick" => options.quick = true,
                "--wrap" => options.wrap = true,
                other => {
                    assert!(!other.starts_with('-'), "unknown option {other}");
                    other.clone_into(&mut options.filter);
                }
            }
        }
        if options.quick {
            options.snrs_db.retain(|snr_db| [0.0, 10.0, 30.0].contains(snr_db));
        }
        options
    }

    pub(crate) fn wants(&self, name: &str, rate: f64) -> bool {
        let is_quick = !self.quick || rate <= 500e3;
        name.contains(&self.filter) && self.rates.contains(&rate) && is_quick
    }

    /// Which tunings are tried at this rate. Wide bands cost more, so they have fewer.
    pub(crate) fn tunings(&self, rate: f64) -> std::ops::Range<usize> {
        if let Some(tuning) = self.tuning {
            return tuning..tuning + 1;
        }
        let default = match rate {
            _ if self.quick => 4,
            ..=1.1e6 => 20,
            ..=2.5e6 => 10,
            ..=5.0e6 => 6,
            _ => 3,
        };
        0..self.tunings.unwrap_or(default)
    }
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}

fn count(text: &str) -> usize {
    text.parse().expect("a count")
}
