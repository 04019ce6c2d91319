//! Many carriers at once, spread carriers and chirps.

use super::Modulation;
use super::Width::{Hz, Share};
use super::wideband::{DAB, DRM, chirps, flat_band, lora, part_of_band};

const LORA: &[f64] = &[250e3, 500e3, 1e6];
const ANY: &[f64] = &[12e3, 200e3, 2.4e6];

macro_rules! lora {
    ($name:literal, $factor:literal) => {
        Modulation::steady($name, Hz(127e3), LORA, |s, n, rate| lora(s, n, rate, $factor))
    };
}

macro_rules! ofdm {
    ($name:literal, $share:literal, $filtered:literal, $rates:expr) => {
        Modulation::steady($name, Share($share), $rates, |s, n, rate| {
            part_of_band(s, n, rate, $share, $filtered)
        })
    };
}

pub(super) const TABLE: &[Modulation] = &[
    Modulation::steady("DRM", Hz(9.5e3), &[12e3, 24e3, 48e3, 200e3], |s, n, rate| {
        DRM.samples(s, n, rate)
    }),
    Modulation::steady("DAB", Hz(1.53e6), &[2.048e6, 2.4e6, 4e6], |s, n, rate| {
        DAB.samples(s, n, rate)
    }),
    ofdm!("OFDM 10 %", 0.1, true, ANY),
    ofdm!("OFDM 30 %", 0.3, true, &[12e3, 200e3, 20e6]),
    ofdm!("OFDM 50 %", 0.5, true, ANY),
    ofdm!("OFDM 70 %", 0.7, true, ANY),
    ofdm!("OFDM 90 %", 0.9, true, ANY),
    ofdm!("OFDM 10 %, no filter", 0.1, false, ANY),
    ofdm!("OFDM 50 %, no filter", 0.5, false, ANY),
    lora!("LoRa SF7", 7),
    lora!("LoRa SF8", 8),
    lora!("LoRa SF9", 9),
    lora!("LoRa SF10", 10),
    lora!("LoRa SF11", 11),
    lora!("LoRa SF12", 12),
    Modulation::steady("chirps, 10 ms", Hz(100e3), &[250e3, 1e6, 2.4e6], |s, n, rate| {
        chirps(s, n, rate, 100e3, 0.01)
    }),
    Modulation::steady("chirps, 1 ms, 5 MHz", Hz(5e6), &[10e6, 20e6], |s, n, rate| {
        chirps(s, n, rate, 5e6, 1e-3)
    }),
    Modulation::steady("chirps, 200 ms", Hz(20e3), &[48e3, 200e3, 1e6], |s, n, rate| {
        chirps(s, n, rate, 20e3, 0.2)
    }),
    Modulation::steady("spread, flat", Hz(200e3), &[500e3, 1e6, 2.4e6], |s, n, rate| {
        flat_band(s, n, rate, 200e3)
    }),
];
