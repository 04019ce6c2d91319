"""The code of the README works."""

import io
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet
import pytest
from conftest import noise

import heimdall_features

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()


def blocks(heading):
    section = re.search(rf"^## {heading}$(.*?)^## ", README, re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def code(heading):
    return blocks(heading)[0]


@pytest.fixture
def names():
    return {"samples": noise(200_000), "timestamp": datetime.now(UTC)}


def test_ten_lines_replace_the_module_of_the_training_service(names):
    text = code("Ten lines")
    assert len([line for line in text.splitlines() if line]) <= 10
    exec(text, names)
    assert names["receiver_features"][0]["rx_id"] == "Torino"
    assert names["num_receivers_detected"] == 0
    assert names["mean_snr_db"] > 7.0


def test_arrays(names):
    exec(code("Arrays"), names)
    assert len(names["found"]) == 20


def test_batches(names):
    recordings = [noise(200_000, seed) for seed in range(18)]
    names |= {"recordings": recordings, "rates": [200_000] * 18}
    exec(code("Batches"), names)
    assert names["batch"].errors == {}


def test_files(names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise(12_000).tofile("capture.sigmf-data")
    meta = {
        "global": {"core:datatype": "cf32_le", "core:sample_rate": 12_000, "core:version": "1.0.0"},
        "captures": [{"core:sample_start": 0}],
        "annotations": [],
    }
    Path("capture.sigmf-meta").write_text(json.dumps(meta))
    names["response"] = io.BytesIO((1000 * noise(48_000).view(np.float32)).astype("<i2").tobytes())
    exec(code("Files"), names)
    assert names["found"].interpretation["sample_rate_hz"] == 48_000


def test_samples(names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # The database is that of test_daemon.py.
    monkeypatch.setattr(psycopg, "connect", lambda url: "OUT")
    batch = heimdall_features.extract_batch([noise(12_000, seed) for seed in range(5)], 12_000)
    table = pa.table(batch).append_column("slot", pa.array(range(5), "int32"))
    table = table.replace_schema_metadata({"receivers": json.dumps(list("abcde"))})
    Path("OUT").mkdir()
    pyarrow.parquet.write_table(table, "OUT/samples.parquet")
    trained = []
    names |= {"url": "", "since": None, "train": lambda *tensors: trained.append(tensors[0])}
    rows, seconds, loader = blocks("Samples")
    exec(rows, names)
    exec(seconds, names)
    if "HEIMDALL_TORCH" in os.environ:
        exec(loader.replace("num_workers=4", "num_workers=0"), names)
        trained[2:] = [tensor.numpy() for tensor in trained[2:]]
    shapes = [(5, 2), (1, 5, 2), (1, 5, 2)]
    assert [(matrix.dtype, matrix.shape) for matrix in trained] == [(np.float32, shape) for shape in shapes[: len(trained)]]
    assert len(trained) == (3 if "HEIMDALL_TORCH" in os.environ else 2)
