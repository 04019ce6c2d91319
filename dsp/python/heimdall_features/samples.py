"""Training samples from files or from the database, in batches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import database
from .database import Part


class Rows(NamedTuple):
    """A batch of samples."""

    matrix: NDArray[np.float64]
    """Shape (rows, columns). NaN is a number that is not known. Booleans are 0 and 1, times are seconds since 1970."""
    keys: dict[str, NDArray[Any]]
    """Texts by the name of their column, shape (rows,). A text that is not known is empty."""


@dataclass(frozen=True)
class Dataset:
    """Samples of a source, from `dataset`. Each iteration reads the source anew and yields `Rows`, in any order."""

    source: Any
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    batch_rows: int

    def __iter__(self) -> Iterator[Rows]:
        if hasattr(self.source, "cursor"):
            parts = database.parts(self.source, self.columns, self.keys, self.since, self.until)
        else:
            parts = self._of_files()
        held: list[Part] = []
        count = 0
        for part in parts:
            held.append(part)
            count += len(part[0])
            while count >= self.batch_rows:
                joined = _join(held)
                yield self._rows(_slice(joined, 0, self.batch_rows))
                held = [_slice(joined, self.batch_rows, count)]
                count -= self.batch_rows
        if count:
            yield self._rows(_join(held))

    def to_numpy(self) -> Rows:
        """All samples at once."""
        none: Part = (np.empty((0, len(self.columns))), [np.empty(0, object) for _ in self.keys])
        return self._rows(_join([none, *((rows.matrix, list(rows.keys.values())) for rows in self)]))

    def _rows(self, part: Part) -> Rows:
        return Rows(part[0], dict(zip(self.keys, part[1], strict=True)))

    def _of_files(self) -> Iterator[Part]:
        import pyarrow.compute as pc
        import pyarrow.dataset as ds

        many = isinstance(self.source, list | tuple)
        paths = [os.fspath(path) for path in (self.source if many else [self.source])]
        is_arrow = paths[0].endswith((".arrow", ".feather"))
        files = ds.dataset(paths if many else paths[0], format="feather" if is_arrow else "parquet")
        missing = [name for name in (*self.columns, *self.keys) if name not in files.schema.names]
        if missing:
            raise KeyError(f"no column {', '.join(missing)} in {paths[0]}")
        condition = pc.scalar(True)
        if self.since is not None:
            condition &= pc.field("timestamp") >= self.since
        if self.until is not None:
            condition &= pc.field("timestamp") < self.until
        read = dict.fromkeys((*self.columns, *self.keys))
        for batch in files.to_batches(columns=list(read), filter=condition, batch_size=self.batch_rows):
            matrix = np.empty((batch.num_rows, len(self.columns)))
            for at, name in enumerate(self.columns):
                matrix[:, at] = _numbers(batch[name])
            texts = [pc.fill_null(batch[key].cast("string"), "").to_numpy(zero_copy_only=False) for key in self.keys]
            yield matrix, texts


def _numbers(array: Any) -> Any:
    """A column as float64. Null is NaN."""
    import pyarrow as pa

    if pa.types.is_timestamp(array.type):
        return array.cast(pa.timestamp("us", array.type.tz)).cast("int64").cast("float64").to_numpy(False) / 1e6
    if pa.types.is_boolean(array.type):
        array = array.cast("int8")
    return array.cast("float64").to_numpy(zero_copy_only=False)


def _join(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    texts = [np.concatenate(column) for column in zip(*(part[1] for part in parts), strict=True)]
    return np.concatenate([part[0] for part in parts]), texts


def _slice(part: Part, begin: int, end: int) -> Part:
    return part[0][begin:end], [text[begin:end] for text in part[1]]


def dataset(
    source: Any,
    columns: Sequence[str],
    *,
    keys: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    batch_rows: int = 8192,
) -> Dataset:
    """Training samples in batches, with only a batch in memory.

    Args:
        source: A Parquet or Arrow (`.arrow`, `.feather`) file, a list of them, or a folder of Parquet files: what
            `pyarrow.parquet.write_table(pyarrow.table(batch), path)` wrote, or any with such columns; needs pyarrow. Or a
            connection of psycopg 3 to a database of heimdalld: then the samples are those of the view
            `heimdall.feature_samples`. The connection holds a snapshot until an iteration ends.
        columns: Columns of the matrix: numbers, booleans or times.
        keys: Columns that are texts, such as `recording_session_id` and `rx_id`. From the database at most 64 bytes each.
        since: Samples whose `timestamp` is not before this time.
        until: Samples whose `timestamp` is before this time.
        batch_rows: Rows of a batch. The last one has the rest.

    Returns:
        An iterable of `Rows`.

    Raises:
        ValueError: `batch_rows` is below 1. An iteration raises it for a column that is no number, and KeyError for one that
            the source does not have.
    """
    if batch_rows < 1:
        raise ValueError(f"{batch_rows} rows in a batch")
    return Dataset(source, tuple(columns), tuple(keys), since, until, batch_rows)
