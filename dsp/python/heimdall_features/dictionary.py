"""What each number means."""

from __future__ import annotations

from typing import NamedTuple

from . import _core


class Feature(NamedTuple):
    """An entry of the dictionary, as in the view `heimdall.feature_dictionary`."""

    name: str
    """Key in a segment, or in its `extended` or `quality`."""
    unit: str
    """Unit; `1` for a ratio or a count."""
    definition: str
    """How the number is computed."""
    set: str
    """`segment`, `reference` (the 17 numbers of the training data), `extended` or `quality`."""
    bias: str | None
    """Known bias and limits, or None."""
    source: str
    """Standard, paper or data set that the definition comes from."""
    standard_error: str | None
    """How the standard error of the mean follows, for the numbers of `extended` that have one."""


def features() -> list[Feature]:
    """The dictionary of every number, in the order in which a segment lists them.

    It is the table of the extractor itself, which the documents and the view `heimdall.feature_dictionary` are written
    from.
    """
    return [
        Feature(name, unit, definition, set_, bias or None, source, standard_error)
        for name, unit, definition, set_, bias, source, standard_error in _core.dictionary()
    ]
