"""The functions that extract."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from .arrays import as_bytes, as_division, as_rate
from .batch import Batch
from .extraction import Extraction, extraction, result


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def extract(
    samples: ArrayLike,
    sample_rate_hz: float,
    *,
    chunk_duration_ms: float = 200.0,
    num_chunks: int = 5,
) -> Extraction:
    """Features of samples in memory.

    Args:
        samples: Complex samples in one dimension, full scale 1. Contiguous complex64 and complex128 arrays of both byte
            orders are read without a copy; strided ones are copied. complex128 is rounded to single precision, as in a
            file. Real numbers and integers are converted to complex64 with an imaginary part of 0 and are not scaled.
            Nobody may write to the array meanwhile.
        sample_rate_hz: Samples per second, 1 kHz to 122.88 MHz.
        chunk_duration_ms: Length of a chunk in milliseconds. A chunk has 200 to 24,576,000 samples. Rows have 200 ms.
        num_chunks: Chunks of a segment, 1 to 1000. Rows have 5.

    Returns:
        The features of each segment. A last segment needs one whole chunk.

    Raises:
        FeatureExtractionError: The samples have no features: too few, NaN or infinite, all zero, or a division that
            cannot be measured.
        TypeError: `samples` are no numbers.
        ValueError: `samples` do not have one dimension, or the rate is no positive number.

    The interpreter's lock is released meanwhile. The definitions are those of `features()`.
    """
    data, sample_format = as_bytes(samples)
    return extraction(
        _core.extract(data, sample_format, as_rate(sample_rate_hz), as_division(chunk_duration_ms, num_chunks))
    )


def extract_batch(
    recordings: NDArray[np.generic] | Sequence[ArrayLike],
    sample_rate_hz: float | Sequence[float],
    *,
    chunk_duration_ms: float = 200.0,
    num_chunks: int = 5,
    threads: int | None = None,
) -> Batch:
    """Features of many recordings on all cores.

    Args:
        recordings: Arrays of any lengths as for `extract`, or one array of two dimensions with a recording in each row.
        sample_rate_hz: Samples per second, of all recordings or of each.
        chunk_duration_ms: As for `extract`.
        num_chunks: As for `extract`.
        threads: Number of threads, this one included. None: as many as processors that the process may use.

    Returns:
        The results in the order of the recordings, each as `extract` returns it. A recording that fails does not stop the
        others: see `Batch.errors`.

    Raises:
        TypeError: An array has no numbers.
        ValueError: An array does not have one dimension, a rate is no positive number, there are more or fewer rates than
            recordings, or `threads` is below 1.

    The interpreter's lock is released meanwhile. Ctrl-C ends the call after the recordings in progress.
    """
    if isinstance(recordings, np.ndarray) and recordings.ndim != 2 and recordings.dtype.kind != "O":
        raise ValueError(f"an array of shape {recordings.shape}: a batch has two dimensions, extract() takes one")
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        raise ValueError(f"{threads} threads")
    count = len(recordings)
    rates = list(sample_rate_hz) if isinstance(sample_rate_hz, Sequence | np.ndarray) else [sample_rate_hz] * count
    if len(rates) != count:
        raise ValueError(f"{len(rates)} sample rates for {count} recordings")
    inputs = [(*as_bytes(samples), as_rate(rate)) for samples, rate in zip(recordings, rates, strict=True)]
    parts = _core.extract_batch(inputs, as_division(chunk_duration_ms, num_chunks), threads)
    return Batch([result(part) for part in parts])


def read(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | _Readable,
    *,
    sample_rate_hz: float | None = None,
    format: str | None = None,
    name: str | None = None,
    chunk_duration_ms: float = 200.0,
    num_chunks: int = 5,
) -> Extraction:
    """Features of a recording in any format that the daemon reads: raw samples, NumPy, WAV, Wave64, KiwiSDR, SDRangel,
    SigMF, PortaPack, rtl_tcp, and each of them compressed by gzip, xz, bzip2 or zstd.

    Args:
        source: A path, the bytes of a recording, or a file object that returns bytes, from its position on. SigMF
            metadata and PortaPack's text next to a file are found only for a path. A recording is read in pieces, so only
            its results are held in memory.
        sample_rate_hz: Samples per second, where the recording does not state it. Without any source 200 kHz are assumed,
            with the warning `sample_rate_assumed`.
        format: Sample format (`cf32_le`, `ci16_le`, `cu8`, ...), where the recording does not state it.
        name: Name of the file, for what its extensions and its sample rate say. Only for bytes and file objects; the
            default is the name of a file object.
        chunk_duration_ms: As for `extract`.
        num_chunks: As for `extract`.

    Returns:
        The features; `interpretation` says how the bytes were read, and `warnings` what contradicts it.

    Raises:
        FeatureExtractionError: The bytes are no recording, with the text of the row.
        OSError: The file cannot be read.
        ValueError: `format` is unknown.

    Source and order of what is stated: dsp/README.md, "How a file is read".
    """
    data: object = source
    if isinstance(source, str | os.PathLike):
        data = os.fspath(source)
        name = None
    elif isinstance(source, bytes | bytearray | memoryview):
        data = np.frombuffer(source, np.uint8) if len(source) else np.empty(0, np.uint8)
    else:
        own = getattr(source, "name", None)
        name = os.path.basename(own) if name is None and isinstance(own, str) else name
    rate = None if sample_rate_hz is None else as_rate(sample_rate_hz)
    return extraction(_core.read(data, name, format, rate, as_division(chunk_duration_ms, num_chunks)))
