"""Samples as tensors. `Dataset.to_torch` imports this module, so nothing else needs PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

if TYPE_CHECKING:
    from .samples import Dataset


class TensorRows(NamedTuple):
    """A batch of samples."""

    matrix: torch.Tensor
    """float32, shape (rows, columns), or (seconds, slots, columns). NaN is a number that is not known."""
    keys: dict[str, list[str]]
    """Texts by the name of their column, one for each row. A text that is not known is empty."""


class SampleTensors(IterableDataset):
    """Samples for a DataLoader with `batch_size=None`. Each of its workers reads its own part of the files."""

    def __init__(self, samples: Dataset, by_second: bool) -> None:
        # Read here, so that all workers have the same number of slots.
        self.slots: int | None = len(samples.receivers) if by_second else None
        """Slots of a second; None where each sample is a row."""
        self._samples = samples

    def __iter__(self) -> Iterator[TensorRows]:
        worker = get_worker_info()
        samples = self._samples if worker is None else self._samples.shard(worker.id, worker.num_workers)
        for rows in samples if self.slots is None else samples.seconds(self.slots):
            keys = {name: texts.tolist() for name, texts in rows.keys.items()}
            yield TensorRows(torch.from_numpy(rows.matrix.astype(np.float32)), keys)
