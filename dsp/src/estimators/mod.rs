//! Estimators of single quantities: each reads samples or spectra and imports no other room but `simd` and `decibel`.

pub(crate) mod delay_spread;
pub(crate) mod distributions;
pub(crate) mod envelope;
pub(crate) mod noise;
pub(crate) mod occupied_bandwidth;
pub(crate) mod order_statistic;
pub(crate) mod peak_range;
pub(crate) mod spectrum;
