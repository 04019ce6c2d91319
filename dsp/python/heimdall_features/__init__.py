"""RF features from IQ recordings: the extractor of heimdalld.

It is the same code that writes the rows of `heimdall.measurement_features`, so numbers from here and numbers from the
database can be trained on together. `features()` says what each number means.

    >>> import numpy as np
    >>> from heimdall_features import extract
    >>> tone = np.exp(2j * np.pi * 0.125 * np.arange(200_000)).astype(np.complex64)
    >>> extract(tone, 200_000).segments[0]["frequency_offset_hz"]["mean"]
    25000.0
"""

from ._core import VERSION as __version__
from .batch import Batch
from .calls import extract, extract_batch, read
from .columns import COLUMNS, ROW_DTYPE, Column
from .dictionary import Feature, features
from .errors import FeatureExtractionError
from .extraction import Extraction
from .extractor import ExtractedFeatures, IQSample, RFFeatureExtractor
from .samples import Dataset, Rows, dataset

__all__ = [
    "COLUMNS",
    "ROW_DTYPE",
    "Batch",
    "Column",
    "Dataset",
    "ExtractedFeatures",
    "Extraction",
    "Feature",
    "FeatureExtractionError",
    "IQSample",
    "RFFeatureExtractor",
    "Rows",
    "__version__",
    "dataset",
    "extract",
    "extract_batch",
    "features",
    "read",
]
