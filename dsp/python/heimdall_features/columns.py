"""The columns of a table of segments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import _core


class Column(NamedTuple):
    """A column of a table."""

    name: str
    """`rssi_dbm_mean`: as in the view `heimdall.feature_samples`."""
    number: str
    """The number, as in `features()`; or one of the two bounds of numbers that are not known."""
    set: str
    """`segment`, `reference`, `extended`, `bounds` or `quality`."""
    statistic: str
    """`mean`, `std`, `min`, `max` or `standard_error`; empty for a number without statistics."""
    unit: str
    """Unit; `1` for a ratio or a count."""


COLUMNS: tuple[Column, ...] = tuple(Column(*column) for column in _core.columns())
"""All columns, in their order."""

ROW_DTYPE: np.dtype[np.void] = np.dtype([(column.name, np.float64) for column in COLUMNS])
"""A row as a NumPy record. Every field is float64; NaN is a number that is not known, and no number is NaN otherwise, so
`numpy.isnan` is the mask. `signal_present` is 0 or 1."""

_POSITIONS = {column.name: position for position, column in enumerate(COLUMNS)}


def select(values: NDArray[np.float64], names: Sequence[str] | None) -> NDArray[np.float64]:
    """These columns of a matrix of rows; all for None, without a copy."""
    if names is None:
        return values
    unknown = [name for name in names if name not in _POSITIONS]
    if unknown:
        raise KeyError(f"no column {', '.join(unknown)}: heimdall_features.COLUMNS has all")
    return values[:, [_POSITIONS[name] for name in names]]


class Rows:
    """Rows of COLUMNS as a matrix and as records."""

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Rows of float64, shape (rows, len(COLUMNS)). NaN is a number that is not known."""
        raise NotImplementedError

    def to_numpy(self) -> NDArray[np.void]:
        """A record of ROW_DTYPE for each row, shape (rows,). Shares the memory of `values`."""
        return self.values.view(ROW_DTYPE)[:, 0]

    def matrix(self, columns: Sequence[str] | None = None) -> NDArray[np.float64]:
        """The columns of these names as float64, shape (rows, columns). Raises KeyError for an unknown name."""
        return select(self.values, columns)
