"""Arrays that are not what is expected."""

import numpy as np
import pytest
from conftest import noise

from heimdall_features import FeatureExtractionError, extract, extract_batch

RATE = 10_000
SAMPLES = noise(10_000)


def same(array):
    return extract(array, RATE).segments == extract(SAMPLES, RATE).segments


def test_arrays_of_every_layout_have_the_same_numbers():
    strided = np.zeros(30_000, np.complex64)
    strided[::3] = SAMPLES
    assert same(strided[::3])
    assert same(SAMPLES[::-1][::-1])
    assert same(SAMPLES.astype(np.complex128))
    assert same(SAMPLES.astype(">c8"))
    assert same(SAMPLES.astype(">c16"))
    assert same(SAMPLES.astype(np.clongdouble))
    assert same(SAMPLES.tolist())
    assert same(np.ma.MaskedArray(SAMPLES))
    assert same(np.asfortranarray(SAMPLES.reshape(2, 5000)).T.reshape(-1, order="F"))
    unaligned = np.frombuffer(b"\0" + SAMPLES.tobytes(), np.uint8)[1:].view(np.complex64)
    assert not unaligned.flags.aligned
    assert same(unaligned)
    read_only = SAMPLES.copy()
    read_only.flags.writeable = False
    assert same(read_only)


def test_the_array_is_not_changed():
    weak = SAMPLES * np.float32(1e-12)
    before = weak.copy()
    extract(weak, RATE)
    assert (weak == before).all()


def test_real_numbers_have_an_imaginary_part_of_zero():
    real = SAMPLES.real.astype(np.float64)
    expected = extract(real.astype(np.complex64), RATE).segments
    assert extract(real, RATE).segments == expected
    integers = (1000 * real).astype(np.int16)
    assert extract(integers, RATE).segments == extract(integers.astype(np.complex64), RATE).segments


def test_a_complex_array_is_not_copied(monkeypatch):
    import heimdall_features.arrays as arrays

    for dtype in ("<c8", ">c8", "<c16", ">c16"):
        array = SAMPLES.astype(dtype)
        data, _ = arrays.as_bytes(array)
        assert np.shares_memory(data, array), dtype


@pytest.mark.parametrize(
    ("samples", "error", "text"),
    [
        (np.array(["a", "b"]), TypeError, "samples of type <U1 are no numbers"),
        (np.array([object(), None]), TypeError, "samples of type object"),
        (np.array([True, False]), TypeError, "samples of type bool"),
        (np.zeros(3, "datetime64[s]"), TypeError, "are no numbers"),
        (SAMPLES.reshape(2, -1), ValueError, "samples of shape (2, 5000)"),
        (SAMPLES.reshape(2, 50, -1), ValueError, "samples of shape (2, 50, 100)"),
        (np.complex64(1), ValueError, "samples of shape ()"),
        (np.ma.masked_less(SAMPLES.real, 0), ValueError, "masked samples"),
    ],
)
def test_what_is_no_recording_is_refused(samples, error, text):
    with pytest.raises(error) as caught:
        extract(samples, RATE)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("samples", "kind", "text"),
    [
        (np.empty(0, np.complex64), "too_short", "Recording too short: 0 samples, one chunk needs 2000"),
        (SAMPLES[:1999], "too_short", "Recording too short: 1999 samples, one chunk needs 2000"),
        (np.zeros(4000, np.complex64), "invalid_format", "every one of the 4000 samples is zero"),
        (np.full(4000, np.nan + 0j), "invalid_format", "are NaN or infinite, the first is sample 0"),
        (np.where(np.arange(4000) == 3000, np.inf, SAMPLES[:4000]), "invalid_format", "the first is sample 3000"),
        (SAMPLES.astype(complex) * 1e300, "invalid_format", "NaN or infinite"),
        (SAMPLES * 1e9, "invalid_format", "no recording exceeds"),
        (SAMPLES.astype(complex) * 1e-25, "invalid_format", "every recording exceeds"),
    ],
)
def test_samples_without_features_have_the_error_of_a_row(samples, kind, text):
    with pytest.raises(FeatureExtractionError) as caught:
        extract(samples, RATE)
    assert caught.value.error_kind == kind
    assert text in str(caught.value)


@pytest.mark.parametrize("rate", [0, -1.0, float("nan"), float("inf")])
def test_a_sample_rate_is_a_positive_number(rate):
    with pytest.raises(ValueError, match="a sample rate of"):
        extract(SAMPLES, rate)


def test_a_sample_rate_outside_of_the_limits_is_an_error_of_the_recording():
    with pytest.raises(FeatureExtractionError, match="outside 1000 to 122880000 Hz") as caught:
        extract(SAMPLES, 999)
    assert caught.value.error_kind == "invalid_format"


@pytest.mark.parametrize(("chunk_ms", "count"), [(0.0, 5), (-1.0, 5), (1e-3, 5), (1e9, 1), (200.0, 0), (200.0, 1001)])
def test_a_division_that_cannot_be_measured_is_refused(chunk_ms, count):
    with pytest.raises(FeatureExtractionError) as caught:
        extract(SAMPLES, RATE, chunk_duration_ms=chunk_ms, num_chunks=count)
    assert caught.value.error_kind == "invalid_division"
    with pytest.raises(ValueError, match="chunks"):
        extract(SAMPLES, RATE, num_chunks=-1)
    with pytest.raises(ValueError, match="a chunk of nan ms"):
        extract(SAMPLES, RATE, chunk_duration_ms=float("nan"))


def test_a_batch_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="two dimensions"):
        extract_batch(SAMPLES, RATE)
    with pytest.raises(ValueError, match="two dimensions"):
        extract_batch(SAMPLES.reshape(2, 50, 100), RATE)
    with pytest.raises(ValueError, match="1 sample rates for 2 recordings"):
        extract_batch([SAMPLES, SAMPLES], [RATE])
    with pytest.raises(ValueError, match="0 threads"):
        extract_batch([SAMPLES], RATE, threads=0)
    with pytest.raises(TypeError, match="no numbers"):
        extract_batch([SAMPLES, ["a"]], RATE)
