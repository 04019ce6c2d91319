"""Recordings in files, in memory, and behind file objects."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import wave

import numpy as np
import pytest
from conftest import noise

from heimdall_features import FeatureExtractionError, extract, read

RATE = 12_000
CODES = np.clip(np.round(3000 * noise(24_000).view(np.float32)), -32_768, 32_767).astype("<i2")
SAMPLES = (CODES.astype(np.float32) / 32_768).view(np.complex64)


@pytest.fixture(scope="module")
def expected():
    return extract(SAMPLES, RATE).segments


def reference(segments):
    """The numbers that do not depend on the format of the samples."""
    return [{key: value for key, value in segment.items() if key != "quality"} for segment in segments]


def wav(path):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(CODES.tobytes())


def npy(path):
    np.save(path, SAMPLES)


META = {
    "global": {"core:datatype": "ci16_le", "core:sample_rate": RATE, "core:version": "1.0.0"},
    "captures": [{"core:sample_start": 0, "core:frequency": 145e6}],
    "annotations": [],
}


def sigmf(path):
    path.with_suffix(".sigmf-meta").write_text(json.dumps(META))
    path.write_bytes(CODES.tobytes())


def archive(path):
    """An archive whose metadata come last, as most programs write them."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as file:
        for name, data in (("r/r.sigmf-data", CODES.tobytes()), ("r/r.sigmf-meta", json.dumps(META).encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            file.addfile(entry, io.BytesIO(data))


def portapack(path):
    path.write_bytes(CODES.tobytes())
    path.with_suffix(".TXT").write_text(f"sample_rate={RATE}\ncenter_frequency=145000000\n")


FILES = {
    "r.wav": (wav, "wav", "ci16_le"),
    "r_12k.npy": (npy, "npy", "cf32_le"),
    "r.sigmf-data": (sigmf, "none", "ci16_le"),
    "r.sigmf": (archive, "sigmf", "ci16_le"),
    "r.C16": (portapack, "none", "ci16_le"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_says_how_it_is_read(tmp_path, expected, name):
    write, container, sample_format = FILES[name]
    path = tmp_path / name
    write(path)
    found = read(path)
    assert reference(found.segments) == reference(expected)
    assert (found.interpretation["container"], found.interpretation["iq_format"]) == (container, sample_format)
    assert found.interpretation["sample_rate_hz"] == RATE
    assert found.interpretation["sample_rate_source"] not in ("default", "argument")
    assert found.warnings == []
    assert read(str(path)) == found


@pytest.mark.parametrize("name", ["r.wav", "r_12k.npy", "r.sigmf"])
def test_bytes_and_file_objects_are_read_as_a_file(tmp_path, name):
    path = tmp_path / name
    FILES[name][0](path)
    data, found = path.read_bytes(), read(path)
    for same in (data, bytearray(data), memoryview(data), io.BytesIO(data)):
        assert read(same, name=name) == found
    with path.open("rb") as file:
        assert read(file) == found
    begin = io.BytesIO(b"something else" + data)
    begin.seek(14)
    assert read(begin, name=name) == found


def test_a_stream_that_cannot_be_read_twice_is_read_once(tmp_path):
    class Stream:
        def __init__(self, data):
            self.file = io.BytesIO(data)

        def read(self, size):
            return self.file.read(min(size, 1000))

    wav(tmp_path / "r.wav")
    assert read(Stream((tmp_path / "r.wav").read_bytes())) == read(tmp_path / "r.wav")
    archive(tmp_path / "r.sigmf")
    with pytest.raises(FeatureExtractionError, match="the metadata follow the dataset"):
        read(Stream((tmp_path / "r.sigmf").read_bytes()))


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_recordings_are_read(tmp_path, expected, compress):
    npy(tmp_path / "r.npy")
    found = read(compress((tmp_path / "r.npy").read_bytes()), sample_rate_hz=RATE)
    assert found.segments == expected
    assert found.info["compression"] in ("gzip", "bzip2", "xz")
    archive(tmp_path / "r.sigmf")
    (tmp_path / "r.sigmf.any").write_bytes(compress((tmp_path / "r.sigmf").read_bytes()))
    assert reference(read(tmp_path / "r.sigmf.any").segments) == reference(expected)


def test_names_and_arguments_say_format_and_rate():
    data = CODES.tobytes()
    named = read(data, name="capture_12k.cs16")
    assert named.interpretation["iq_format_source"] == "extension"
    assert (named.interpretation["sample_rate_hz"], named.interpretation["sample_rate_source"]) == (RATE, "file name")
    told = read(data, format="ci16_le", sample_rate_hz=RATE)
    assert told.interpretation["iq_format_source"] == "argument"
    assert told.segments == named.segments
    file = io.BytesIO(data)
    file.name = "/somewhere/capture_12k.cs16"
    assert read(file) == named


def test_a_rate_that_no_source_names_is_a_warning():
    found = read(np.tile(SAMPLES, 9).tobytes())
    assert found.interpretation["sample_rate_hz"] == 200_000
    assert [warning["warning"] for warning in found.warnings] == ["sample_rate_assumed"]
    assert "200000" in found.warnings[0]["text"]
    assert all("sample_rate_assumed" in segment["quality"]["warnings"] for segment in found.segments)


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (b"", "too_short", "Recording too short: 0 samples, one chunk needs 40000"),
        (SAMPLES.tobytes()[:-3], "invalid_format", "5 bytes left over at the end"),
        (b"<!DOCTYPE html><html></html>" * 100, "invalid_format", "the object is an HTML page"),
        (gzip.compress(gzip.compress(SAMPLES.tobytes())), "invalid_format", "gzip-compressed again"),
        (gzip.compress(SAMPLES.tobytes())[:-100], "invalid_format", "gzip-compressed: "),
    ],
)
def test_bytes_that_are_no_recording_have_the_error_of_a_row(data, kind, text):
    with pytest.raises(FeatureExtractionError) as caught:
        read(data)
    assert caught.value.error_kind == kind
    assert text in str(caught.value)


def test_errors_that_are_not_of_the_recording(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.wav")
    with pytest.raises(IsADirectoryError):
        read(tmp_path)
    with pytest.raises(ValueError, match="cf99"):
        read(b"", format="cf99")
    with pytest.raises(TypeError, match="open it in binary mode"):
        read(io.StringIO("text"))
    with pytest.raises(AttributeError, match="read"):
        read(5)

    class Broken:
        def read(self, size):
            raise ConnectionResetError("the other side is gone")

    with pytest.raises(ConnectionResetError, match="the other side is gone"):
        read(Broken())


def test_another_division_of_a_file(tmp_path):
    wav(tmp_path / "r.wav")
    found = read(tmp_path / "r.wav", chunk_duration_ms=100.0, num_chunks=2)
    assert [segment["num_chunks"] for segment in found.segments] == [2] * 10
    assert [segment["segment_start_ms"] for segment in found.segments] == [200.0 * index for index in range(10)]
