"""Samples side by side and as tensors, from files as `heimdalld export` writes them. Those that it wrote itself are in
test_daemon.py.

Where PyTorch is not installed, a double stands for what is used of it. `HEIMDALL_TORCH=1 dsp/python/test.sh`
installs it and runs its DataLoader too.
"""

import importlib
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from heimdall_features import dataset

COLUMNS = ["snr_db_mean", "power_dbfs_mean"]
RECEIVERS = ["Cuneo", "Torino", "Aosta"]
# Seconds of each day, and the receivers that were known when it was written.
DAYS = {"2026-11-26": (4, 2), "2026-11-27": (3, 3), "2026-11-28": (5, 3)}


def table(day, seconds, slots):
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
    rows = [(second, slot) for second in range(seconds) for slot in range(slots)]
    snr = [None if (second + slot) % 4 == 3 else 10.0 * second + slot for second, slot in rows]
    found = pa.table(
        {
            "recording_session_id": [f"{day} session" for _ in rows],
            "second": pa.array([second for second, _ in rows], "int32"),
            "timestamp": [begin + timedelta(seconds=second) for second, _ in rows],
            "rx_id": [RECEIVERS[slot] for _, slot in rows],
            "slot": pa.array([slot for _, slot in rows], "int32"),
            "snr_db_mean": pa.array(snr, "float64"),
            "power_dbfs_mean": [-0.1 * slot for _, slot in rows],
        }
    )
    return found.replace_schema_metadata({"receivers": json.dumps(RECEIVERS[:slots])})


@pytest.fixture(params=["parquet", "arrow"])
def export(tmp_path, request):
    for day, (seconds, slots) in DAYS.items():
        folder = tmp_path / f"day={day}"
        folder.mkdir()
        path = folder / f"samples.{request.param}"
        if request.param == "arrow":
            pyarrow.feather.write_feather(table(day, seconds, slots), path, compression="uncompressed")
        else:
            pyarrow.parquet.write_table(table(day, seconds, slots), path)
        (folder / ".samples.incomplete").write_bytes(b"x")
    (tmp_path / "_export.json").write_text("{}")
    return tmp_path


@pytest.fixture
def torch(monkeypatch):
    """PyTorch, or a double of it. The module that uses it is imported anew."""
    monkeypatch.delitem(sys.modules, "heimdall_features.tensors", raising=False)
    try:
        return importlib.import_module("torch")
    except ImportError:
        assert "HEIMDALL_TORCH" not in os.environ
    data = ModuleType("torch.utils.data")
    data.IterableDataset = type("IterableDataset", (), {})
    data.get_worker_info = lambda: None
    double = ModuleType("torch")
    double.from_numpy = lambda array: array
    for name, module in (("torch", double), ("torch.utils", ModuleType("torch.utils")), ("torch.utils.data", data)):
        monkeypatch.setitem(sys.modules, name, module)
    return double


def expected():
    """All seconds, shape (seconds, slots, columns)."""
    parts = []
    for day, (seconds, slots) in DAYS.items():
        part = np.full((seconds, len(RECEIVERS), len(COLUMNS)), np.nan)
        numbers = table(day, seconds, slots).select(COLUMNS)
        part[:, :slots] = np.stack([column.to_numpy() for column in numbers], axis=1).reshape(seconds, slots, len(COLUMNS))
        parts.append(part)
    return np.concatenate(parts)


@pytest.mark.parametrize("batch_rows", [1, 4, 7, 1000])
def test_seconds_have_each_receiver_in_its_slot(export, batch_rows):
    samples = dataset(export, COLUMNS, keys=["recording_session_id", "timestamp"], batch_rows=batch_rows)
    assert samples.receivers == tuple(RECEIVERS)
    parts = list(samples.seconds())
    found = np.concatenate([part.matrix for part in parts])
    np.testing.assert_array_equal(found, expected())
    # A number that is not known, and a receiver that came later.
    assert np.isnan(found[3, 0, 0]) and np.isnan(found[:4, 2]).all() and not np.isnan(found[4, 2]).any()
    sessions = np.concatenate([part.keys["recording_session_id"] for part in parts])
    assert sessions.tolist() == [f"{day} session" for day, (seconds, _) in DAYS.items() for _ in range(seconds)]
    later = dataset(export, COLUMNS, since=datetime(2026, 11, 27, 0, 0, 1, tzinfo=UTC), batch_rows=batch_rows)
    np.testing.assert_array_equal(np.concatenate([part.matrix for part in later.seconds()]), expected()[5:])


def test_a_matrix_of_rows_can_be_reshaped(export):
    rows = dataset(dataset(export, COLUMNS).files[1:], COLUMNS).to_numpy().matrix
    np.testing.assert_array_equal(rows.reshape(-1, len(RECEIVERS), len(COLUMNS)), expected()[4:])


def test_readers_share_the_files(export):
    samples = dataset(export, COLUMNS)
    assert [path.split("=")[1][:10] for path in samples.files] == list(DAYS)
    for count in (1, 2, 3, 5):
        shards = [samples.shard(index, count) for index in range(count)]
        assert sorted(path for shard in shards for path in shard.files) == samples.files
        rows = [shard.to_numpy().matrix for shard in shards]
        assert sum(len(matrix) for matrix in rows) == len(samples.to_numpy().matrix)
    with pytest.raises(ValueError, match="a connection cannot be shared by several readers"):
        dataset(SimpleNamespace(cursor=None), COLUMNS).shard(0, 2)


def test_only_an_export_has_slots(tmp_path):
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(table("2026-11-28", 1, 1).replace_schema_metadata(None), path)
    for source in (path, SimpleNamespace(cursor=None)):
        with pytest.raises(ValueError, match="no slots: only files of `heimdalld export` have them"):
            next(dataset(source, COLUMNS).seconds())
    with pytest.raises(ValueError, match=r"no \.parquet, \.pq, \.arrow, \.feather in "):
        (tmp_path / "empty").mkdir()
        next(iter(dataset(tmp_path / "empty", COLUMNS)))


def test_tensors_are_float32_with_nan(export, torch):
    rows = list(dataset(export, COLUMNS, keys=["rx_id"], batch_rows=10).to_torch())
    matrix = np.concatenate([np.asarray(part.matrix) for part in rows])
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, dataset(export, COLUMNS).to_numpy().matrix.astype(np.float32))
    assert [name for part in rows for name in part.keys["rx_id"]][:3] == ["Cuneo", "Torino", "Cuneo"]
    seconds = dataset(export, COLUMNS, batch_rows=5).to_torch(by_second=True)
    assert seconds.slots == len(RECEIVERS)
    found = np.concatenate([np.asarray(part.matrix) for part in seconds])
    np.testing.assert_array_equal(found, expected().astype(np.float32))


def test_each_worker_reads_its_own_files(export, torch, monkeypatch):
    seconds = dataset(export, COLUMNS).to_torch(by_second=True)
    found = []
    for worker in range(2):
        info = SimpleNamespace(id=worker, num_workers=2)
        monkeypatch.setattr("heimdall_features.tensors.get_worker_info", lambda info=info: info)
        found += [np.asarray(part.matrix) for part in seconds]
    # The first worker has the first and the third day. The second one never sees the day of all receivers alone.
    days = np.split(expected().astype(np.float32), [4, 7])
    np.testing.assert_array_equal(np.concatenate(found), np.concatenate([days[0], days[2], days[1]]))
    with pytest.raises(ValueError, match="a connection cannot be shared"):
        next(iter(dataset(SimpleNamespace(cursor=None), COLUMNS).to_torch()))


def test_without_pytorch_one_sentence_says_so(export, monkeypatch):
    monkeypatch.delitem(sys.modules, "heimdall_features.tensors", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"^to_torch\(\) needs PyTorch: pip install torch$"):
        dataset(export, COLUMNS).to_torch()


# More workers than files, and than processors.
@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker processes")
@pytest.mark.parametrize("workers", [0, 2, 4])
def test_a_data_loader_yields_every_sample_once(export, workers):
    if "HEIMDALL_TORCH" not in os.environ:
        pytest.skip("HEIMDALL_TORCH is not set")
    from torch.utils.data import DataLoader

    samples = dataset(export, COLUMNS, keys=["timestamp"], batch_rows=4).to_torch(by_second=True)
    context = {"multiprocessing_context": "spawn"} if workers else {}
    batches = list(DataLoader(samples, batch_size=None, num_workers=workers, **context))
    keys = [key for batch in batches for key in batch.keys["timestamp"]]
    found = np.concatenate([batch.matrix.numpy() for batch in batches])
    assert found.dtype == np.float32
    order = np.argsort(keys)
    np.testing.assert_array_equal(found[order], expected().astype(np.float32))
