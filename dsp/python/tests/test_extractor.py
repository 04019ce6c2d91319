"""The classes of the training service."""

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest
from conftest import noise
from definitions import of_chunk, tolerance

from heimdall_features import ExtractedFeatures, FeatureExtractionError, IQSample, RFFeatureExtractor, extract, features

RATE = 200_000
REFERENCE = [entry.name for entry in features() if entry.set == "reference"]


def sample(samples, rate=RATE):
    return IQSample(
        samples=samples,
        sample_rate_hz=rate,
        center_frequency_hz=145_000_000,
        rx_id="Torino",
        rx_lat=45.04,
        rx_lon=7.67,
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_the_chunked_features_are_an_object_of_a_row(fm):
    found = RFFeatureExtractor(sample_rate_hz=RATE).extract_features_chunked(
        sample(fm.samples), chunk_duration_ms=200.0, num_chunks=5
    )
    assert {"rx_id": "Torino", "rx_lat": 45.04, "rx_lon": 7.67} | extract(fm.samples, RATE).segments[0] == found
    assert list(found)[:4] == ["rx_id", "rx_lat", "rx_lon", "segment_index"]
    assert isinstance(found["signal_present"], bool)
    assert found.get("delay_spread_confidence", {}).get("mean", 0.8) <= 1.0


def test_only_the_first_chunks_are_used():
    samples = noise(3 * RATE)
    samples[RATE:] = np.nan
    found = RFFeatureExtractor(RATE).extract_features_chunked(sample(samples))
    assert found["num_chunks"] == 5
    single = RFFeatureExtractor(RATE).extract_features_chunked(sample(samples), 100.0, 2)
    assert single["num_chunks"] == 2
    assert RFFeatureExtractor(RATE).extract_features_chunked(sample(samples[:90_000]))["num_chunks"] == 2


@pytest.mark.parametrize("count", [200, 4_001, 40_000, 123_457])
def test_the_features_of_a_single_chunk_are_those_of_all_samples(fm, count):
    samples = fm.samples[:count]
    found = RFFeatureExtractor(RATE).extract_features(sample(samples))
    assert isinstance(found, ExtractedFeatures)
    expected = of_chunk(samples, RATE)
    assert [field.name for field in dataclasses.fields(found) if field.name != "signal_present"] == [
        name for name in REFERENCE if name != "confidence_score"
    ] + ["confidence_score"]
    for name in REFERENCE:
        assert abs(getattr(found, name) - expected[name]) <= tolerance(name, expected[name], RATE, count), name
    assert found.to_dict() == dataclasses.asdict(found)
    assert found.signal_present is True


def test_noise_is_not_a_signal():
    found = RFFeatureExtractor(RATE, use_gpu=True).extract_features(sample(noise(40_000)))
    assert found.snr_db > 7.0
    assert found.signal_present is False


def test_what_cannot_be_measured_is_refused():
    extractor = RFFeatureExtractor(RATE)
    with pytest.raises(FeatureExtractionError, match="199 samples, one chunk needs 40000"):
        extractor.extract_features_chunked(sample(noise(199)))
    for call in (extractor.extract_features, lambda iq: extractor.extract_features_chunked(iq, 0.0)):
        with pytest.raises(FeatureExtractionError) as caught:
            call(sample(noise(199)))
        assert caught.value.error_kind == "invalid_division"
    with pytest.raises(ValueError, match="the sample has 48000 Hz, the extractor is for 200000 Hz"):
        extractor.extract_features(sample(noise(40_000), 48_000))
    with pytest.raises(ValueError, match="a sample rate of -1 Hz"):
        RFFeatureExtractor(-1)
