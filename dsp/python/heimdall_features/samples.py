"""Training samples from files or from the database, in batches."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import database
from .database import Part

if TYPE_CHECKING:
    from .tensors import SampleTensors

_ARROW = (".arrow", ".feather")
_PARQUET = (".parquet", ".pq")


class Rows(NamedTuple):
    """A batch of samples."""

    matrix: NDArray[np.float64]
    """Shape (rows, columns); of `seconds` (seconds, slots, columns). NaN is a number that is not known. Booleans are 0 and 1, times are seconds since 1970."""
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
        if self._is_database:
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

    @cached_property
    def receivers(self) -> tuple[str, ...]:
        """The receivers in the order of their slots, of files that `heimdalld export` wrote.

        Raises ValueError for another source.
        """
        import pyarrow.dataset as ds

        texts = [] if self._is_database else [
            (ds.dataset(path, format=_format(path)).schema.metadata or {}).get(b"receivers") for path in self.files
        ]
        if not texts or None in texts:
            raise ValueError("no slots: only files of `heimdalld export` have them")
        # A receiver that was added later is missing in earlier files. All others have the same place.
        found: list[str] = max((json.loads(text) for text in texts if text is not None), key=len)
        return tuple(found)

    def seconds(self, slots: int | None = None) -> Iterator[Rows]:
        """The samples of files that `heimdalld export` wrote, side by side: a matrix of shape (seconds, slots, columns),
        in which a receiver has the same slot everywhere, and NaN where it has no sample. About `batch_rows` rows at once.
        The keys are those of the first slot. `slots` is the number of receivers, where these files are a part of an export.
        """
        slots = len(self.receivers) if slots is None else slots
        held: Part | None = None
        for rows in replace(self, columns=(*self.columns, "slot")):
            part: Part = (rows.matrix, list(rows.keys.values()))
            part = part if held is None else _join([held, part])
            last = int(np.flatnonzero(part[0][:, -1] == 0)[-1])
            if last:
                yield self._rows(_side_by_side(_slice(part, 0, last), slots))
            held = _slice(part, last, len(part[0]))
        if held is not None:
            yield self._rows(_side_by_side(held, slots))

    def shard(self, index: int, count: int) -> Dataset:
        """The part of the files that reader number `index` of `count` reads; nothing, if there are fewer files.

        Raises ValueError for a database: its connection cannot be divided.
        """
        if self._is_database:
            raise ValueError("a connection cannot be shared by several readers: write files with `heimdalld export`")
        return replace(self, source=self.files[index::count])

    def to_torch(self, *, by_second: bool = False) -> SampleTensors:
        """A `torch.utils.data.IterableDataset` of these samples, for a DataLoader with `batch_size=None`.

        It yields `TensorRows`: the matrix as float32, where NaN is a number that is not known, and the keys. A time in
        seconds since 1970 has no place in a float32; take it as a key. Each worker of the DataLoader reads its own part of
        the files.

        Args:
            by_second: Yield what `seconds` yields.

        Raises ImportError without PyTorch, and ValueError by second for another source than files of `heimdalld export`.
        """
        try:
            from .tensors import SampleTensors
        except ImportError as error:
            raise ImportError("to_torch() needs PyTorch: pip install torch") from error
        return SampleTensors(self, by_second)

    @property
    def _is_database(self) -> bool:
        return hasattr(self.source, "cursor")

    @cached_property
    def files(self) -> list[str]:
        """The paths of the files, in their order. Of a folder all, at any depth, whose names do not begin with `_` or `.`."""
        if isinstance(self.source, list | tuple):
            return [os.fspath(path) for path in self.source]
        path = os.fspath(self.source)
        if not os.path.isdir(path):
            return [path]
        below = sorted(file.relative_to(path) for file in Path(path).rglob("*") if file.suffix in (*_PARQUET, *_ARROW))
        found = [os.path.join(path, file) for file in below if not any(part[0] in "._" for part in file.parts)]
        if not found:
            raise ValueError(f"no {', '.join((*_PARQUET, *_ARROW))} in {path}")
        return found

    def _rows(self, part: Part) -> Rows:
        return Rows(part[0], dict(zip(self.keys, part[1], strict=True)))

    def _of_files(self) -> Iterator[Part]:
        import pyarrow.compute as pc
        import pyarrow.dataset as ds

        paths = self.files
        if not paths:
            return
        files = ds.dataset(paths, format=_format(paths[0]))
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


def _format(path: str) -> str:
    return "feather" if path.endswith(_ARROW) else "parquet"


def _side_by_side(part: Part, slots: int) -> Part:
    """Rows of whole seconds, whose last column is the slot, with an axis for the slots. Each second has a slot 0."""
    slot = part[0][:, -1].astype(int)
    begins = np.flatnonzero(slot == 0)
    matrix = np.full((len(begins), slots, part[0].shape[1] - 1), np.nan)
    matrix[np.cumsum(slot == 0) - 1, slot] = part[0][:, :-1]
    return matrix, [text[begins] for text in part[1]]


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
        source: A Parquet or Arrow (`.arrow`, `.feather`) file, a list of them, or a folder of them: what `heimdalld export`
            or `pyarrow.parquet.write_table(pyarrow.table(batch), path)` wrote, or any with such columns; needs pyarrow. Or a
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
