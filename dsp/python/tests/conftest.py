"""Recordings for the tests."""

import json
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.cf32"))


class Recording:
    """A recording of the extractor's own tests, with what the NumPy reference reads for it."""

    def __init__(self, name):
        self.path = GOLDEN / f"{name}.cf32"
        self.samples = np.fromfile(self.path, np.complex64)
        self.expected = json.loads(self.path.with_suffix(".json").read_text())
        self.rate = float(self.expected["sample_rate_hz"])


@pytest.fixture(params=NAMES)
def golden(request):
    return Recording(request.param)


@pytest.fixture(scope="session")
def fm():
    return Recording("fm_12k5_200k")


@pytest.fixture(scope="session")
def tone():
    return Recording("tone_20db_48k")


def noise(count, seed=1):
    """White noise of power 1."""
    rng = np.random.default_rng(seed)
    return ((rng.standard_normal(count) + 1j * rng.standard_normal(count)) / np.sqrt(2)).astype(np.complex64)
