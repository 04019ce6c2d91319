"""The classes that the training service has, with the extractor of the daemon behind them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _core
from .arrays import as_bytes, as_division, as_rate
from .extraction import extraction


@dataclass
class IQSample:
    """IQ samples of one receiver."""

    samples: NDArray[np.complex64]
    """Complex samples, full scale 1."""
    sample_rate_hz: float
    """Samples per second."""
    center_frequency_hz: float
    """Frequency that the receiver was tuned to, Hz."""
    rx_id: str
    """Name of the receiver."""
    rx_lat: float
    """Latitude of the receiver, degrees."""
    rx_lon: float
    """Longitude of the receiver, degrees."""
    timestamp: datetime | float
    """When the first sample was taken."""
    duration_ms: float | None = None
    """Length in milliseconds. Nothing is computed from it."""


@dataclass
class ExtractedFeatures:
    """The reference features of one chunk. `heimdall_features.features()` defines them."""

    rssi_dbm: float
    """dB. Mean power over full scale, plus 30."""
    snr_db: float
    """dB. Mean power over the noise of `noise_floor_dbm`."""
    noise_floor_dbm: float
    """dB. Median of the weakest 30 % of the bins, plus 30."""
    frequency_offset_hz: float
    """Hz. Frequency of the largest bin."""
    bandwidth_hz: float
    """Hz. Width of the bins above half of the largest."""
    psd_dbm_per_hz: float
    """dB. Density of the largest bin, plus 30."""
    spectral_centroid_hz: float
    """Hz. Centroid of the spectrum."""
    spectral_rolloff_hz: float
    """Hz. Frequency below which 85 % of the power lies."""
    envelope_mean: float
    """Mean of |x| / max |x|."""
    envelope_std: float
    """Standard deviation of |x| / max |x|."""
    envelope_max: float
    """Maximum of |x| / max |x|."""
    peak_to_avg_ratio_db: float
    """dB. Largest over mean power."""
    zero_crossing_rate: float
    """Changes of sign of the real part, per sample."""
    multipath_delay_spread_us: float
    """Microseconds. Spread of the lags of the autocorrelation."""
    coherence_bandwidth_khz: float
    """kHz. 1 / (5 x delay spread)."""
    delay_spread_confidence: float
    """0 to 1."""
    signal_present: bool
    """Whether the detector found a signal. It has a constant false-alarm rate, and is not `snr_db > 0`."""
    confidence_score: float
    """0 to 1. `snr_db` / 30."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by their names."""
        return dataclasses.asdict(self)


_NUMBERS = [field.name for field in dataclasses.fields(ExtractedFeatures) if field.name != "signal_present"]


class RFFeatureExtractor:
    """Extracts features of IQ samples, with the names of the training service."""

    def __init__(self, sample_rate_hz: float = 200_000, use_gpu: bool = False) -> None:
        """An extractor for this sample rate in Hz. `use_gpu` is accepted for callers that pass it, and has no effect.

        Raises ValueError for a rate that is no positive number.
        """
        self.sample_rate_hz = sample_rate_hz
        self._rate = as_rate(sample_rate_hz)
        self.use_gpu = False

    def extract_features(self, iq_sample: IQSample) -> ExtractedFeatures:
        """The reference features of all samples as one chunk, which has 200 to 24,576,000 samples.

        Raises FeatureExtractionError as `extract` does, and ValueError for a sample of another rate.
        """
        self._check_rate(iq_sample)
        data, sample_format = as_bytes(iq_sample.samples)
        count = len(iq_sample.samples)
        segment = extraction(_core.extract(data, sample_format, self._rate, (0.0, count, 1))).segments[0]
        numbers = {name: segment[name]["mean"] for name in _NUMBERS}
        return ExtractedFeatures(**numbers, signal_present=segment["signal_present"])

    def extract_features_chunked(
        self, iq_sample: IQSample, chunk_duration_ms: float = 200.0, num_chunks: int = 5
    ) -> dict[str, Any]:
        """The features of the first `num_chunks` chunks: an object of `receiver_features` in a row.

        The keys are `rx_id`, `rx_lat`, `rx_lon`, `segment_index`, `segment_start_ms`, `num_chunks`, the 17 reference
        features with `mean`, `std`, `min` and `max`, `signal_present`, `extended` and `quality`. Of fewer samples, the
        whole chunks are used, and `num_chunks` says how many. Samples after the last chunk are not read.

        Raises FeatureExtractionError as `extract` does, and ValueError for a sample of another rate.
        """
        self._check_rate(iq_sample)
        division = as_division(chunk_duration_ms, num_chunks)
        used = int(self._rate * division[0] / 1000.0) * num_chunks if division[0] > 0.0 else 0
        data, sample_format = as_bytes(np.asanyarray(iq_sample.samples)[:used] if used else iq_sample.samples)
        segment = extraction(_core.extract(data, sample_format, self._rate, division)).segments[0]
        receiver = {"rx_id": iq_sample.rx_id, "rx_lat": iq_sample.rx_lat, "rx_lon": iq_sample.rx_lon}
        return receiver | segment

    def _check_rate(self, iq_sample: IQSample) -> None:
        if float(iq_sample.sample_rate_hz) != self._rate:
            raise ValueError(
                f"the sample has {iq_sample.sample_rate_hz} Hz, the extractor is for {self.sample_rate_hz} Hz"
            )
