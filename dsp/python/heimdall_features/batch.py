"""The features of many recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from . import _core
from .columns import COLUMNS, Rows
from .errors import FeatureExtractionError
from .extraction import Extraction


class Batch(Rows):
    """The results of many recordings, in their order.

    As a table it has a row for each segment, and one row without numbers for a recording that failed, so that recordings
    of one segment each keep their places. pandas, polars and pyarrow take the table without a copy
    (`polars.DataFrame(batch)`, `pyarrow.table(batch)`); it has the columns `recording`, COLUMNS, `warnings`, `error_kind`
    and `error_message`, and the schema has the unit and the definition of each.
    """

    def __init__(self, results: Sequence[Extraction | FeatureExtractionError]) -> None:
        self.results: tuple[Extraction | FeatureExtractionError, ...] = tuple(results)
        """For each recording its features, or why it has none."""

    @property
    def errors(self) -> dict[int, FeatureExtractionError]:
        """Why recordings failed, by their number."""
        return {at: result for at, result in enumerate(self.results) if isinstance(result, FeatureExtractionError)}

    def raise_errors(self) -> None:
        """Raises the error of the first recording that failed. Its text has the number of the recording."""
        for at, error in self.errors.items():
            raise FeatureExtractionError(f"recording {at}: {error}", error.error_kind) from error

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index: int) -> Extraction:
        """The features of a recording. Raises its error, if it failed."""
        result = self.results[index]
        if isinstance(result, FeatureExtractionError):
            raise result
        return result

    def __iter__(self) -> Iterator[Extraction]:
        """The features of each recording. Raises at the first that failed; `results` has all."""
        return (self[index] for index in range(len(self)))

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Rows of float64, shape (rows, len(COLUMNS)). NaN is a number that is not known."""
        failed = np.full((1, len(COLUMNS)), np.nan)
        parts = [result.values if isinstance(result, Extraction) else failed for result in self.results]
        return np.concatenate(parts) if parts else np.empty((0, len(COLUMNS)))

    @cached_property
    def recordings(self) -> NDArray[np.int64]:
        """The number of the recording of each row, shape (rows,)."""
        counts = [len(result) if isinstance(result, Extraction) else 1 for result in self.results]
        return np.repeat(np.arange(len(counts)), counts)

    @cached_property
    def _table(self) -> _core.Table:
        words: list[list[str] | None] = []
        errors: list[tuple[str | None, str | None]] = []
        for result in self.results:
            if isinstance(result, Extraction):
                words += [segment["quality"]["warnings"] for segment in result.segments]
                errors += [(None, None)] * len(result)
            else:
                words.append(None)
                errors.append((result.error_kind, str(result)))
        return _core.table(self.values, self.recordings.tolist(), words, errors)

    def __arrow_c_schema__(self) -> object:
        return self._table.__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self._table.__arrow_c_array__(requested_schema)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def __reduce__(self) -> tuple[type[Batch], tuple[tuple[Extraction | FeatureExtractionError, ...]]]:
        return type(self), (self.results,)

    def __repr__(self) -> str:
        return f"<Batch: {len(self)} recordings, {len(self.errors)} failed>"
