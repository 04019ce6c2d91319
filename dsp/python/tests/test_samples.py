"""Samples from files. Those from the database are in test_daemon.py."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from conftest import noise

from heimdall_features import dataset, extract_batch

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = ["snr_db_mean", "snr_unbiased_db_mean", "signal_present", "segment_index", "timestamp"]


@pytest.fixture(scope="module")
def table():
    batch = extract_batch([noise(2_000 * chunks, chunks) for chunks in range(1, 38)], 10_000, num_chunks=1)
    found = pa.table(batch)
    times = [BEGIN + timedelta(seconds=at) for at in range(len(found))]
    names = [None if at % 10 == 0 else f"Cuneo {at}" for at in range(len(found))]
    return found.append_column("timestamp", pa.array(times)).append_column("rx_id", pa.array(names))


def write(table, path):
    if path.suffix == ".arrow":
        pyarrow.feather.write_feather(table, path)
    else:
        pyarrow.parquet.write_table(table, path)
    return path


def expected(table):
    numbers = [table[name].cast("int8" if name == "signal_present" else table[name].type) for name in COLUMNS[:-1]]
    seconds = np.arange(len(table)) + BEGIN.timestamp()
    return np.stack([*(column.cast("float64").to_numpy() for column in numbers), seconds], axis=1)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
@pytest.mark.parametrize("batch_rows", [1, 7, 100, 10_000])
def test_files_are_read_in_batches_of_one_size(tmp_path, table, suffix, batch_rows):
    samples = dataset(write(table, tmp_path / f"a{suffix}"), COLUMNS, keys=["rx_id"], batch_rows=batch_rows)
    parts = list(samples)
    assert [len(part.matrix) for part in parts[:-1]] == [batch_rows] * (len(parts) - 1)
    np.testing.assert_array_equal(np.concatenate([part.matrix for part in parts]), expected(table))
    everything = samples.to_numpy()
    np.testing.assert_array_equal(everything.matrix, expected(table))
    assert np.isnan(everything.matrix[:, 1]).any()
    assert everything.keys["rx_id"].tolist() == [name or "" for name in table["rx_id"].to_pylist()]


def test_several_files_and_folders(tmp_path, table):
    one, two = write(table[:100], tmp_path / "1.parquet"), write(table[100:], tmp_path / "2.parquet")
    for source in ([one, two], tmp_path):
        np.testing.assert_array_equal(dataset(source, COLUMNS).to_numpy().matrix, expected(table))


def test_a_span_of_time(tmp_path, table):
    path = write(table, tmp_path / "a.parquet")
    since, until = BEGIN + timedelta(seconds=10), BEGIN + timedelta(seconds=30)
    np.testing.assert_array_equal(
        dataset(path, COLUMNS, since=since, until=until, batch_rows=6).to_numpy().matrix, expected(table)[10:30]
    )
    nothing = dataset(path, COLUMNS, keys=["rx_id"], since=BEGIN + timedelta(days=1)).to_numpy()
    assert (nothing.matrix.shape, len(nothing.keys["rx_id"])) == ((0, 5), 0)


def test_what_is_not_there_is_named(tmp_path, table):
    path = write(table, tmp_path / "a.parquet")
    with pytest.raises(KeyError, match="no column rssi, call in .*a.parquet"):
        next(iter(dataset(path, ["rssi"], keys=["call"])))
    with pytest.raises(ValueError, match="0 rows"):
        dataset(path, COLUMNS, batch_rows=0)
