//! Symbols on one carrier.

use super::Modulation;
use super::Width::Hz;
use super::bursts::{hops, ship_reports, squitters};
use super::digital::{
    Points, c4fm, differential_qpsk, dmr, dmr_slots, frequency_keying, gaussian_keying, linear, offset_qpsk,
};
use super::shaping::gaussian;

const CHANNEL: &[f64] = &[25e3, 50e3, 240e3, 1e6];
const NARROW: &[f64] = &[12e3, 48e3, 200e3];
const MIDDLE: &[f64] = &[96e3, 250e3, 1e6];
const WIDE: &[f64] = &[1e6, 2.4e6, 5e6];
const WIDEST: &[f64] = &[5e6, 10e6, 20e6];
const GSM: &[f64] = &[400e3, 1_083_332.0, 2.4e6];

const BPSK: Points = Points::Bpsk;
const QPSK: Points = Points::Qpsk;
const PSK8: Points = Points::Psk8;
const QAM16: Points = Points::Qam16;

macro_rules! psk {
    ($name:literal, $points:expr, $roll_off:literal, $symbol_rate:literal, $width:literal, $rates:expr) => {
        Modulation::steady($name, Hz($width), $rates, |s, n, rate| {
            linear(s, (n, rate), $points, $roll_off, $symbol_rate)
        })
    };
}

pub(super) const TABLE: &[Modulation] = &[
    Modulation::steady("GMSK BT 0.3, GSM", Hz(248e3), GSM, |s, n, rate| {
        gaussian_keying(s, (n, rate), 0.3, 0.5, 270_833.0)
    }),
    Modulation::steady("GMSK BT 0.5", Hz(9.9e3), CHANNEL, |s, n, rate| {
        gaussian_keying(s, (n, rate), 0.5, 0.5, 9_600.0)
    }),
    Modulation::steady("GFSK BT 0.5", Hz(103e3), &[250e3, 1e6, 2e6], |s, n, rate| {
        gaussian_keying(s, (n, rate), 0.5, 0.5, 100e3)
    }),
    Modulation::steady("2-FSK", Hz(9e3), CHANNEL, |s, n, rate| {
        frequency_keying(s, (n, rate), 2, (4_800.0, 2_400.0), |f| gaussian(1.0, f))
    }),
    Modulation::steady("4-FSK", Hz(9.05e3), CHANNEL, |s, n, rate| {
        frequency_keying(s, (n, rate), 4, (3_200.0, 3_200.0), |f| gaussian(1.0, f))
    }),
    Modulation::steady("C4FM", Hz(8e3), CHANNEL, |s, n, rate| c4fm(s, (n, rate))),
    Modulation::steady("DMR", Hz(7.6e3), CHANNEL, |s, n, rate| dmr(s, (n, rate))),
    Modulation::bursty("DMR slots", Hz(7.6e3), CHANNEL, |s, n, rate| dmr_slots(s, (n, rate))),
    Modulation::steady("TETRA", Hz(21e3), &[36e3, 72e3, 250e3, 1e6], |s, n, rate| {
        differential_qpsk(s, (n, rate), 0.35, 18e3)
    }),
    Modulation::steady("LRPT", Hz(96.3e3), &[150e3, 250e3, 1.024e6], |s, n, rate| {
        offset_qpsk(s, (n, rate), 0.6, 72e3)
    }),
    Modulation::bursty("AIS", Hz(9.45e3), CHANNEL, ship_reports),
    Modulation::bursty("ADS-B", Hz(2.8e6), &[4e6, 10e6, 20e6], squitters),
    Modulation::steady("hopping, 20 ms", Hz(95e3), &[250e3, 1e6, 2.4e6], |s, n, rate| {
        hops(s, (n, rate), (10, 10e3), 0.02)
    }),
    Modulation::steady("hopping, 100 ms", Hz(27.5e3), &[48e3, 200e3, 1e6], |s, n, rate| {
        hops(s, (n, rate), (2, 20e3), 0.1)
    }),
    psk!("BPSK 0.2", BPSK, 0.2, 1_200.0, 1.29e3, NARROW),
    psk!("BPSK 0.35", BPSK, 0.35, 4_800.0, 5.6e3, NARROW),
    psk!("BPSK 0.5", BPSK, 0.5, 25e3, 31.7e3, MIDDLE),
    psk!("BPSK 1.0", BPSK, 1.0, 300e3, 490e3, WIDE),
    psk!("QPSK 0.2", QPSK, 0.2, 2e6, 2.146e6, WIDEST),
    psk!("QPSK 0.35", QPSK, 0.35, 36e3, 42e3, MIDDLE),
    psk!("QPSK 0.5", QPSK, 0.5, 2_400.0, 3.04e3, NARROW),
    psk!("QPSK 1.0", QPSK, 1.0, 30e3, 49e3, MIDDLE),
    psk!("8PSK 0.2", PSK8, 0.2, 10e3, 10.7e3, CHANNEL),
    psk!("8PSK 0.35", PSK8, 0.35, 250e3, 291.7e3, WIDE),
    psk!("8PSK 0.5", PSK8, 0.5, 2_400.0, 3.04e3, NARROW),
    psk!("8PSK 1.0", PSK8, 1.0, 8e3, 13.05e3, CHANNEL),
    psk!("16QAM 0.2", QAM16, 0.2, 400e3, 429.2e3, WIDE),
    psk!("16QAM 0.35", QAM16, 0.35, 3e6, 3.5e6, WIDEST),
    psk!("16QAM 0.5", QAM16, 0.5, 9_600.0, 12.15e3, CHANNEL),
    psk!("16QAM 1.0", QAM16, 1.0, 30e3, 49e3, MIDDLE),
];
