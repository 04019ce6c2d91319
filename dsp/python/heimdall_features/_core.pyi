"""The compiled part. Use the functions and classes of `heimdall_features` instead."""

from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = ["VERSION", "Table", "columns", "dictionary", "extract", "extract_batch", "read", "table"]

VERSION: str

# Report, rows, kind of the error, its message: the first two or the last two are None.
_Parts = tuple[str | None, NDArray[np.float64] | None, str | None, str | None]
# Milliseconds and samples of a chunk, and chunks of a segment. The samples count if they are given.
_Division = tuple[float, int | None, int]

@final
class Table:
    def __len__(self) -> int: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

def extract(bytes: NDArray[np.uint8], format: str, sample_rate_hz: float, division: _Division) -> _Parts: ...
def extract_batch(
    recordings: Sequence[tuple[NDArray[np.uint8], str, float]], division: _Division, threads: int
) -> list[_Parts]: ...
def read(
    source: object,
    name: str | None,
    format: str | None,
    sample_rate_hz: float | None,
    division: _Division,
) -> _Parts: ...
def columns() -> list[tuple[str, str, str, str, str]]: ...
def dictionary() -> list[tuple[str, str, str, str, str, str, str | None]]: ...
def table(
    values: NDArray[np.float64],
    recordings: Sequence[int],
    warnings: Sequence[Sequence[str] | None],
    errors: Sequence[tuple[str | None, str | None]],
) -> Table: ...
