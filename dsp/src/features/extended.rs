use serde::Serialize;

use super::estimate::{Estimate, Value};
use super::statistics::{Statistics, set_of_numbers};
use crate::dictionary_entry::{DictionaryEntry, Set};

set_of_numbers! {
    /// The extended features: each number means what its name says, by the definition of a
    /// standard.
    ///
    /// All powers refer to full scale: a constant `|x| = 1` has 0 dBFS. Spectra are of 200 ms under
    /// a periodic Hann window; the resolution is 1.5 bins = 7.5 Hz. The noise is assumed to be flat
    /// over the receiver's pass-band.
    ///
    /// `README.md` has the bias and the standard deviation of each number.
    ///
    /// A number that cannot be known in a chunk is unknown there ([`Unknown`](super::Unknown)).
    /// Statistics are over the chunks in which it is known.
    Extended in Set::Extended => {
        power_dbfs {
            unit: "dBFS",
            definition: "Mean power: 10 log10(mean |x|²). -300 for silence.",
            bias: "",
            source: "this extractor",
        },
        snr_unbiased_db {
            unit: "dB",
            definition: "Signal over noise power, both in the whole pass-band: 10 log10((P - N) / N). A line at 0 Hz \
                         counts only if it is a carrier.",
            bias: "Unknown without a signal, where no noise is visible, and where its standard deviation exceeds 0.4 dB.",
            source: "this extractor",
        },
        noise_density_dbfs_hz {
            unit: "dBFS/Hz",
            definition: "Power density of the noise within the pass-band.",
            bias: "Unknown where signals or their slopes cover the noise; then `bounds` has the most that it can be.",
            source: "Henttu and Aromaa, IEEE ISSSTA 2002",
        },
        occupied_bandwidth_99_hz {
            unit: "Hz",
            definition: "Width of the band outside which 0.5 % of the signal's power lies on \
                         either side, after the noise is subtracted. Of several signals: from the \
                         lowest to the highest, gaps included.",
            bias: "Of several signals, one at the edge with less than 0.5 % of the power is left \
                   out. Unknown without a signal, and where the noise may change it by more than \
                   5 % and 10 Hz.",
            source: "Radio Regulations 1.153, ITU-R SM.328, SM.443",
        },
        occupied_lower_edge_hz {
            unit: "Hz",
            definition: "Lower edge of the occupied band. Beyond half the sample rate if the band continues across the \
                         end of the spectrum: upper minus lower edge is always the bandwidth.",
            bias: "Unknown where the bandwidth is.",
            source: "Radio Regulations 1.153",
        },
        occupied_upper_edge_hz {
            unit: "Hz",
            definition: "Upper edge of the occupied band, in the same way.",
            bias: "Unknown where the bandwidth is.",
            source: "Radio Regulations 1.153",
        },
        carrier_offset_hz {
            unit: "Hz",
            definition: "Frequency from the phase of the autocorrelation at lag 1, of the power \
                         above the noise: the centroid of a narrow signal, the carrier of a \
                         symmetrical one.",
            bias: "Of several signals: a frequency between them, across the end of the band if \
                   that way is shorter. Unknown without a signal.",
            source: "Kay, IEEE Trans. ASSP 37, 1989",
        },
        spectral_flatness {
            unit: "1",
            definition: "Geometric mean over arithmetic mean of the power density in the \
                         pass-band, both of means over about 400 Hz. White noise reads 1.",
            bias: "",
            source: "Gray and Markel, IEEE Trans. ASSP 22, 1974 (Wiener entropy)",
        },
        envelope_kurtosis {
            unit: "1",
            definition: "mean |x|⁴ / (mean |x|²)². A constant envelope reads 1, Gaussian noise 2, \
                         silence 0.",
            bias: "Includes the noise.",
            source: "this extractor",
        },
        duty_cycle {
            unit: "1",
            definition: "Part of the 4 ms frames whose power is more than 3 dB above the noise in \
                         the pass-band. The noise counts as no stronger than the weakest tenth of \
                         the frames. 0 without a signal.",
            bias: "Unknown if a signal was found that is too weak for any frame.",
            source: "ITU-R SM.1880 (spectrum occupancy)",
        },
    }
}
