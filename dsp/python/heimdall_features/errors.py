"""Why a recording has no features."""

from __future__ import annotations


class FeatureExtractionError(ValueError):
    """A recording that has no features. The text is the `error_message` that its row would have.

    `error_kind` is the word of the row: `too_short`, `too_large`, `invalid_format`, or `internal` for a panic in the
    extractor. `invalid_division` is a chunk length or a number of chunks that cannot be measured; no row has it. The view
    `heimdall.feature_error_kinds` says what each means.
    """

    error_kind: str

    def __init__(self, message: str, error_kind: str) -> None:
        super().__init__(message)
        self.error_kind = error_kind

    def __reduce__(self) -> tuple[type[FeatureExtractionError], tuple[str, str]]:
        return type(self), (str(self), self.error_kind)
