"""The columns of a table of segments."""

from __future__ import annotations

from collections.abc import Sequence
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
