"""The numbers are those of the definitions, of the NumPy reference, and of the daemon."""

import importlib.util
import os

import numpy as np
import pytest
from conftest import noise
from definitions import of_chunk, tolerance

from heimdall_features import COLUMNS, Feature, extract, extract_batch, features, read

CHUNKS_MS = [200.0, 50.0, 13.0]


def check(segment, expected, rate, chunk, where):
    """Compares a segment with the numbers of its chunks."""
    for name in expected[0]:
        values = [numbers[name] for numbers in expected]
        allowed = max(tolerance(name, value, rate, chunk) for value in values)
        for which, value in (("mean", np.mean(values)), ("min", min(values)), ("max", max(values))):
            assert abs(segment[name][which] - value) <= allowed, f"{where}: {name} {which}"
        assert abs(segment[name]["std"] - np.std(values)) <= 2 * allowed, f"{where}: {name} std"


def test_golden_recordings_have_the_numbers_of_the_numpy_reference(golden):
    found = extract(golden.samples, golden.rate)
    assert len(found) == len(golden.expected["segments"])
    for segment, expected in zip(found.segments, golden.expected["segments"], strict=True):
        assert segment["num_chunks"] == expected["num_chunks"]
        for name, statistics in expected.items():
            if name == "num_chunks":
                continue
            for which in ("mean", "min", "max"):
                allowed = tolerance(name, statistics[which], golden.rate, golden.rate * 0.2)
                assert abs(segment[name][which] - statistics[which]) <= allowed, f"{name} {which}"


@pytest.mark.parametrize("chunk_ms", CHUNKS_MS)
@pytest.mark.parametrize("num_chunks", [1, 3, 8])
def test_every_division_has_the_numbers_of_the_definitions(fm, chunk_ms, num_chunks):
    chunk = int(fm.rate * chunk_ms / 1000)
    found = extract(fm.samples, fm.rate, chunk_duration_ms=chunk_ms, num_chunks=num_chunks)
    total = len(fm.samples) // chunk
    assert [segment["num_chunks"] for segment in found.segments] == [
        min(num_chunks, total - first) for first in range(0, total, num_chunks)
    ]
    for segment in found.segments:
        first = segment["segment_index"] * num_chunks
        chunks = [fm.samples[i * chunk : (i + 1) * chunk] for i in range(first, first + segment["num_chunks"])]
        check(segment, [of_chunk(samples, fm.rate) for samples in chunks], fm.rate, chunk, f"segment {first}")


def test_random_recordings_have_the_numbers_of_the_reference_outside_of_the_project():
    path = os.environ.get("HEIMDALL_REFERENCE")
    if not path:
        pytest.skip("HEIMDALL_REFERENCE names no features.py")
    spec = importlib.util.spec_from_file_location("reference", path)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    rng = np.random.default_rng(7)
    for index, rate in enumerate([8_000, 12_001, 48_000, 200_000, 250_000]):
        count = int(rate * rng.uniform(0.3, 2.5))
        line = np.exp(2j * np.pi * rng.uniform(-0.4, 0.4) * np.arange(count))
        samples = (noise(count, index) * 10 ** rng.uniform(-2, 0) + line).astype(np.complex64)
        expected = reference.segments(samples, rate)
        found = extract(samples, rate).segments
        for segment, numbers in zip(found, expected, strict=True):
            for name in reference.FEATURES:
                for which in ("mean", "min", "max"):
                    allowed = tolerance(name, numbers[name][which], rate, int(rate * 0.2))
                    assert abs(segment[name][which] - numbers[name][which]) <= allowed, f"{rate} Hz: {name} {which}"


def test_arrays_batches_files_and_bytes_have_the_same_numbers(golden):
    one = extract(golden.samples, golden.rate).segments
    assert extract_batch([golden.samples], golden.rate)[0].segments == one
    assert read(golden.path, sample_rate_hz=golden.rate).segments == one
    assert read(golden.path.read_bytes(), sample_rate_hz=golden.rate, format="cf32_le").segments == one


def test_every_column_has_the_number_of_the_dictionary(fm):
    found = extract(fm.samples, fm.rate)
    for segment, row in zip(found.segments, found.to_numpy(), strict=True):
        for column in COLUMNS:
            part = segment if column.set in ("segment", "reference") else segment[column.set] if column.set != "bounds" else (
                segment["extended"].get("bounds", {}))
            value = part.get(column.number)
            value = value[column.statistic] if column.statistic and value is not None else value
            if value is None:
                assert np.isnan(row[column.name]), column.name
            else:
                assert row[column.name] == value, column.name


def test_the_dictionary_has_an_entry_for_every_column():
    entries = features()
    assert all(isinstance(entry, Feature) and entry.unit and entry.definition and entry.source for entry in entries)
    names = {(entry.name, entry.set) for entry in entries}
    assert {(column.number, column.set) for column in COLUMNS if column.set != "bounds"} == names
    assert sum(entry.set == "reference" for entry in entries) == 17
    with_error = {column.number for column in COLUMNS if column.statistic == "standard_error"}
    assert with_error == {entry.name for entry in entries if entry.standard_error}
