//! Broadcast, voice and keyed carriers.

use super::Modulation;
use super::Width::Hz;
use super::analogue::{
    am_tone, am_voice, broadcast, narrow_voice, packet_1200, single_side_band, telegraphy, time_signal, weather_picture,
};
use super::digital::frequency_keying;
use super::shaping::gaussian;
use super::wideband::carriers;

const BROADCAST: &[f64] = &[300e3, 500e3, 1e6, 2.4e6];
const CHANNEL: &[f64] = &[25e3, 48e3, 200e3, 1e6];
const AUDIO: &[f64] = &[12e3, 48e3, 200e3];
const NARROW: &[f64] = &[12e3, 20_250.0, 96e3];

pub(super) const TABLE: &[Modulation] = &[
    Modulation::steady("FM broadcast mono", Hz(150e3), BROADCAST, |s, n, rate| {
        broadcast(s, n, rate, false, false)
    }),
    Modulation::steady("FM broadcast stereo", Hz(116e3), BROADCAST, |s, n, rate| {
        broadcast(s, n, rate, true, false)
    }),
    Modulation::steady("FM broadcast stereo, RDS", Hz(116e3), BROADCAST, |s, n, rate| {
        broadcast(s, n, rate, true, true)
    }),
    Modulation::steady("NFM voice 2.5 kHz", Hz(8.1e3), CHANNEL, |s, n, rate| {
        narrow_voice(s, n, rate, 2_500.0, 0.0)
    }),
    Modulation::steady("NFM voice 5 kHz", Hz(13.7e3), CHANNEL, |s, n, rate| {
        narrow_voice(s, n, rate, 5_000.0, 0.0)
    }),
    Modulation::steady("NFM voice 5 kHz, CTCSS", Hz(13.7e3), CHANNEL, |s, n, rate| {
        narrow_voice(s, n, rate, 5_000.0, 100.0)
    }),
    Modulation::steady("NFM AFSK1200", Hz(9.5e3), CHANNEL, packet_1200),
    Modulation::steady("NFM FSK9600", Hz(10.7e3), CHANNEL, |s, n, rate| {
        frequency_keying(s, (n, rate), 2, (9_600.0, 3_000.0), |f| gaussian(0.6, f))
    }),
    Modulation::steady("AM voice", Hz(5.3e3), &[12e3, 20_250.0, 48e3, 200e3], |s, n, rate| {
        am_voice(s, n, rate, 4_000.0)
    })
    .with_tails(2e3),
    Modulation::steady("AM tone 1 kHz", Hz(2e3), AUDIO, |_, n, rate| am_tone(n, rate, 1_000.0)),
    Modulation::steady("SSB upper", Hz(2.4e3), AUDIO, |s, n, rate| {
        single_side_band(s, n, rate, true)
    })
    .with_tails(500.0),
    Modulation::steady("SSB lower", Hz(2.4e3), NARROW, |s, n, rate| {
        single_side_band(s, n, rate, false)
    })
    .with_tails(500.0),
    Modulation::bursty("CW", Hz(100.0), AUDIO, |s, n, rate| telegraphy(s, n, rate, 0.05)).with_tails(100.0),
    Modulation::steady("time signal", Hz(500.0), AUDIO, time_signal).with_tails(600.0),
    Modulation::steady("RTTY", Hz(230.0), NARROW, |s, n, rate| {
        frequency_keying(s, (n, rate), 2, (45.45, 85.0), |f| gaussian(2.0, f))
    }),
    Modulation::steady("POCSAG", Hz(10.7e3), CHANNEL, |s, n, rate| {
        frequency_keying(s, (n, rate), 2, (1_200.0, 4_500.0), |f| gaussian(2.0, f))
    }),
    Modulation::steady("APT", Hz(34e3), &[48e3, 250e3, 1.024e6], weather_picture),
    Modulation::steady("carrier", Hz(15.0), &[12e3, 200e3, 2.4e6], |s, n, rate| {
        carriers(s, n, rate, &[0.0])
    }),
    Modulation::steady("two carriers", Hz(3e3), &[12e3, 48e3, 1e6], |s, n, rate| {
        carriers(s, n, rate, &[-1_500.0, 1_500.0])
    }),
];
