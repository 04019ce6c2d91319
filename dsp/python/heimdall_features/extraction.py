"""The features of one recording."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _core
from .columns import Rows
from .errors import FeatureExtractionError

Parts = tuple[str | None, NDArray[np.float64] | None, str | None, str | None]


class Extraction(Rows):
    """The features of one recording: one segment for each 1000 ms (or another division), in the order of time.

    It is a table that pandas, polars and pyarrow take without a copy (`polars.DataFrame(extraction)`,
    `pyarrow.table(extraction)`), and it can be pickled.
    """

    def __init__(self, report: str, values: NDArray[np.float64]) -> None:
        self._report = report
        self.values = values
        """Rows of float64, shape (segments, len(COLUMNS)). NaN is a number that is not known."""

    @cached_property
    def _contents(self) -> dict[str, Any]:
        contents: dict[str, Any] = json.loads(self._report)
        return contents

    @property
    def segments(self) -> list[dict[str, Any]]:
        """A dictionary for each segment, with the keys and numbers of `receiver_features` in a row, without the
        receiver's name and place. A number that is not known is None, and `unknown` has the reason."""
        segments: list[dict[str, Any]] = self._contents["segments"]
        return segments

    @property
    def interpretation(self) -> dict[str, Any]:
        """How the bytes were read: `container`, `iq_format`, `iq_scale` and `sample_rate_hz`, with the sources."""
        interpretation: dict[str, Any] = self._contents["interpretation"]
        return interpretation

    @property
    def warnings(self) -> list[dict[str, str]]:
        """Contradictions about the recording as a whole: `warning` is the word that every segment's `quality` has too,
        `text` a sentence with the numbers."""
        warnings: list[dict[str, str]] = self._contents["warnings"]
        return warnings

    @property
    def info(self) -> dict[str, Any]:
        """What the object says apart from its samples: compression, time, centre frequency, gaps, remarks."""
        info: dict[str, Any] = self._contents["info"]
        return info

    @property
    def duration_ms(self) -> float:
        """Length of the recording in milliseconds, with samples that are left over or lost."""
        return float(self._contents["duration_ms"])

    @property
    def samples_used(self) -> int:
        """Samples that the features were computed from."""
        return int(self._contents["samples_used"])

    @property
    def samples_left_over(self) -> int:
        """Samples after the last whole chunk, or in chunks that lack samples."""
        return int(self._contents["samples_left_over"])

    @property
    def samples_lost(self) -> int:
        """Samples that the recorder lost."""
        return int(self._contents["samples_lost"])

    @property
    def overall_confidence(self) -> float:
        """Mean of `delay_spread_confidence` over all chunks, 0 to 1: the column of the same name."""
        return float(self._contents["overall_confidence"])

    @property
    def mean_snr_db(self) -> float:
        """Mean of `snr_db` over all chunks, dB: the column of the same name."""
        return float(self._contents["mean_snr_db"])

    @property
    def num_receivers_detected(self) -> int:
        """1 if more than half of the chunks have a signal, else 0: the column of the same name."""
        return int(self._contents["num_receivers_detected"])

    def to_dict(self) -> dict[str, Any]:
        """Interpretation, warnings and segments, as `heimdalld extract` prints them."""
        return {key: self._contents[key] for key in ("interpretation", "warnings", "segments")}

    @cached_property
    def _table(self) -> _core.Table:
        count = len(self.values)
        words = [segment["quality"]["warnings"] for segment in self.segments]
        return _core.table(self.values, [0] * count, words, [(None, None)] * count)

    def __arrow_c_schema__(self) -> object:
        return self._table.__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self._table.__arrow_c_array__(requested_schema)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extraction) and self._report == other._report

    def __hash__(self) -> int:
        return hash(self._report)

    def __reduce__(self) -> tuple[type[Extraction], tuple[str, NDArray[np.float64]]]:
        return type(self), (self._report, self.values)

    def __repr__(self) -> str:
        used = self.interpretation
        return (
            f"<Extraction: {len(self)} segments, {used['container']}, {used['iq_format']} at {used['sample_rate_hz']} Hz>"
        )


def result(parts: Parts) -> Extraction | FeatureExtractionError:
    """What the compiled part returned, as an object."""
    report, values, kind, message = parts
    if report is None or values is None:
        return FeatureExtractionError(message or "", kind or "internal")
    return Extraction(report, values)


def extraction(parts: Parts) -> Extraction:
    """The same. Raises the error."""
    found = result(parts)
    if isinstance(found, FeatureExtractionError):
        raise found
    return found
