//! How the standard error of each extended number follows. `uncertainty` computes them.

use crate::dictionary_entry::StandardError;

/// One entry for each extended number, in their order.
pub const STANDARD_ERRORS: [StandardError; 10] = [
    StandardError {
        name: "power_dbfs",
        formula: "From the scatter of the means of frames of 4, 8 and 20 ms (batch means), whatever the signal is.",
        source: "Flyvbjerg and Petersen, J. Chem. Phys. 91, 1989",
    },
    StandardError {
        name: "snr_unbiased_db",
        formula: "From those of the power and of the noise density. The noise is in both, with the covariance N² / bins.",
        source: "Bendat and Piersol, Random Data, 8.5; batch means for the power",
    },
    StandardError {
        name: "noise_density_dbfs_hz",
        formula: "4.34 dB × sqrt(1.94 / bins of noise + t²). The factor 1.94 is that of the Hann window, whose bins are \
                  correlated. Where tails of signals are subtracted, t is half of the part that they have.",
        source: "Welch, IEEE Trans. AU 15, 1967",
    },
    StandardError {
        name: "occupied_bandwidth_99_hz",
        formula: "Those of both edges, as independent. At least 10 Hz.",
        source: "Woodruff, J. Am. Stat. Assoc. 47, 1952",
    },
    StandardError {
        name: "occupied_lower_edge_hz",
        formula: "Half of the distance between the edges for the power outside plus and minus its standard deviation, \
                  sqrt(1.94 Σ P²) over the bins outside, and that of the noise there. At least 5 Hz: the window widens \
                  a line by up to two standard errors.",
        source: "Woodruff, J. Am. Stat. Assoc. 47, 1952; Welch 1967",
    },
    StandardError {
        name: "occupied_upper_edge_hz",
        formula: "As for the lower edge.",
        source: "Woodruff, J. Am. Stat. Assoc. 47, 1952; Welch 1967",
    },
    StandardError {
        name: "carrier_offset_hz",
        formula: "From the scatter of the bins across the direction of the autocorrelation: P² for each bin of a signal \
                  and of noise, 2 P N for those of a line. At least 0.56 Hz: what the ends of a chunk add. Too large \
                  for symmetrical side bands, as those of AM, whose errors cancel.",
        source: "Bendat and Piersol, 8.5; Lank, Reed and Pollon, IEEE Trans. AES 9, 1973; Kay 1989",
    },
    StandardError {
        name: "spectral_flatness",
        formula: "From the scatter of the logarithm of both means over the blocks, less what they share. Too large where \
                  the flatness reads 1, its limit.",
        source: "Bendat and Piersol, Random Data, 8.5 (delta method)",
    },
    StandardError {
        name: "envelope_kurtosis",
        formula: "From the scatter of mean |x|⁴ and mean |x|² of frames of 4, 8 and 20 ms (delta method).",
        source: "Kendall and Stuart, vol. 1, 10.6",
    },
    StandardError {
        name: "duty_cycle",
        formula: "sqrt(p (1 - p) / frames) in a chunk, with p = (busy frames + 1/2) / (frames + 1). Too large for \
                  periodic bursts.",
        source: "Brown, Cai and DasGupta, Stat. Sci. 16, 2001 (Jeffreys)",
    },
];
