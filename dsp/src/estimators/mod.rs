//! Estimators of single quantities. Each reads samples or spectra, and imports only `simd` and
//! `decibel` of the other rooms.

pub(crate) mod batch_means;
pub(crate) mod delay_spread;
pub(crate) mod distributions;
pub(crate) mod drift;
pub(crate) mod envelope;
pub(crate) mod impulses;
pub(crate) mod noise;
pub(crate) mod occupied_bandwidth;
pub(crate) mod order_statistic;
pub(crate) mod peak_range;
pub(crate) mod spectral_shape;
pub(crate) mod spectrum;
