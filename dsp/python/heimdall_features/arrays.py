"""Arrays of samples as bytes in a format of the extractor."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Arrays that are read as they are: complex numbers of 8 and 16 bytes, of both byte orders.
_FORMATS = {"<c8": "cf32_le", ">c8": "cf32_be", "<c16": "cf64_le", ">c16": "cf64_be"}


def as_bytes(samples: ArrayLike) -> tuple[NDArray[np.uint8], str]:
    """The bytes of a one-dimensional array, and their format. Copies only what cannot be read as it is.

    Raises TypeError for what is no array of numbers, and ValueError for another number of dimensions.
    """
    array = np.asanyarray(samples)
    if array.dtype.kind not in "cfiu":
        raise TypeError(f"samples of type {array.dtype} are no numbers: complex64 is expected")
    if array.ndim != 1:
        raise ValueError(f"samples of shape {array.shape}: a recording has one dimension")
    if isinstance(array, np.ma.MaskedArray):
        if np.any(array.mask):
            raise ValueError("masked samples: a recording has no holes")
        array = array.data
    if array.dtype.newbyteorder("=").str[1:] not in ("c8", "c16"):
        with np.errstate(over="ignore"):
            array = array.astype(np.complex64)
    array = np.ascontiguousarray(array)
    return array.view(np.uint8), _FORMATS[array.dtype.str]


def as_rate(sample_rate_hz: float) -> float:
    """A sample rate as a number. Raises ValueError for one that is not positive and finite."""
    rate = float(sample_rate_hz)
    if not (math.isfinite(rate) and rate > 0.0):
        raise ValueError(f"a sample rate of {sample_rate_hz} Hz")
    return rate


def as_division(chunk_duration_ms: float, num_chunks: int) -> tuple[float, None, int]:
    """A division as the compiled part takes it. Raises ValueError for what is no length or no number of chunks."""
    if not math.isfinite(chunk_duration_ms):
        raise ValueError(f"a chunk of {chunk_duration_ms} ms")
    if num_chunks < 0:
        raise ValueError(f"{num_chunks} chunks")
    return float(chunk_duration_ms), None, int(num_chunks)
