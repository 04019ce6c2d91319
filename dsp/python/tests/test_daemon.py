"""The daemon writes the same numbers: recordings through an object store and a database, and through Python.

HEIMDALLD names a heimdalld with cargo's features demo and export, which has a throw-away Postgres and an object store.
"""

import io
import os
import re
import select
import shutil
import signal
import subprocess
import time
from datetime import timedelta

import numpy as np
import pandas
import polars
import psycopg
import pytest
from conftest import GOLDEN, noise

from heimdall_features import FeatureExtractionError, dataset, read

HEIMDALLD = os.environ.get("HEIMDALLD")
DEADLINE_S = 120


def recordings(folder):
    """Recordings of several formats, with their rates in their names; one of them is too short."""
    shutil.copy(GOLDEN / "fm_12k5_200k.cf32", folder / "fm_200k.cf32")
    shutil.copy(GOLDEN / "dropout_in_chunk_3_48k.cf32", folder / "dropout_48k.cf32")
    shutil.copy(GOLDEN / "two_segments_and_a_part_12k.cf32", folder / "segments_12k.cf32")
    np.save(folder / "double_10k.npy", 0.1 * noise(12_345).astype(complex))
    codes = np.clip(np.round(127.5 + 20 * noise(96_000).view(np.float32)), 0, 255).astype(np.uint8)
    codes.tofile(folder / "bytes_48k.cu8")
    noise(100).tofile(folder / "short_48k.cf32")


class Demo:
    """A running demo with a folder of recordings, once its rows are there."""

    def __init__(self, folder):
        command = [HEIMDALLD, "demo", "--recordings", folder]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        printed = b""
        end = time.monotonic() + DEADLINE_S
        while not (found := re.search(rb"psql -h (\S+) -p (\d+) -U (\S+) (\S+)\n", printed)):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            more = os.read(self.process.stdout.fileno(), 65_536) if ready else b""
            if not more:
                self.stop()
                raise AssertionError(f"no database in {DEADLINE_S} s:\n{printed.decode()}")
            printed += more
        host, port, user, name = (part.decode() for part in found.groups())
        self.connection = psycopg.connect(host=host, port=port, user=user, dbname=name)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=DEADLINE_S)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    if not HEIMDALLD:
        pytest.skip("HEIMDALLD names no heimdalld with demo and export")
    folder = tmp_path_factory.mktemp("recordings")
    recordings(folder)
    running = Demo(folder)
    running.folder = folder
    yield running
    running.connection.close()
    running.stop()


def as_the_training_service_loads(receiver):
    """What the training service takes of a receiver: the same for rows of the daemon and for features from here."""
    means = [float(receiver[name]["mean"]) for name in ("snr_db", "psd_dbm_per_hz", "frequency_offset_hz")]
    return [*means, float(receiver["rx_lat"]), float(receiver["rx_lon"]), float(receiver["signal_present"])]


def test_rows_of_the_daemon_and_features_from_python_are_equal(demo):
    rows = demo.connection.execute(
        """SELECT m.iq_data_location, f.receiver_features, f.overall_confidence, f.mean_snr_db, f.num_receivers_detected,
                  f.error_kind, f.error_message
           FROM heimdall.measurement_features f JOIN heimdall.measurements m ON m.id = f.measurement_id"""
    ).fetchall()
    assert len(rows) == len(list(demo.folder.iterdir()))
    for location, features, confidence, snr_db, detected, kind, message in rows:
        path = demo.folder / location.rsplit("/", 1)[-1]
        if kind:
            with pytest.raises(FeatureExtractionError) as caught:
                read(path)
            assert (caught.value.error_kind, str(caught.value)) == (kind, message)
            continue
        for found in (read(path), read(path.read_bytes(), name=path.name), read(io.BytesIO(path.read_bytes()), name=path.name)):
            receiver = {key: features[0][key] for key in ("rx_id", "rx_lat", "rx_lon")}
            assert [receiver | segment for segment in found.segments] == features, path.name
            loaded = [as_the_training_service_loads(receiver | segment) for segment in found.segments]
            assert loaded == [as_the_training_service_loads(row) for row in features]
            assert np.isfinite(loaded).all()
            assert (found.overall_confidence, found.mean_snr_db, found.num_receivers_detected) == (
                confidence,
                snr_db,
                detected,
            )


# Segments of the recordings, the one that is too short left out.
SECONDS = 9
COLUMNS = ["snr_db_mean", "snr_db_std", "snr_unbiased_db_mean", "signal_present", "second", "num_chunks", "timestamp"]


def place(row):
    """Receiver and second."""
    return row[0], row[1][4]


def test_samples_of_the_database_are_those_of_its_rows(demo):
    rows = demo.connection.execute(
        """SELECT rx_id, recording_session_id::text, snr_db_mean, snr_db_std, snr_unbiased_db_mean, signal_present::int,
                  second, num_chunks, extract(epoch FROM timestamp)::float8
           FROM heimdall.feature_samples"""
    ).fetchall()
    expected = [(row[:2], [np.nan if number is None else float(number) for number in row[2:]]) for row in rows]
    expected.sort(key=place)
    assert len(rows) == SECONDS
    for batch_rows in (1, 4, 1000):
        samples = dataset(demo.connection, COLUMNS, keys=["rx_id", "recording_session_id"], batch_rows=batch_rows)
        parts = list(samples)
        assert [len(part.matrix) for part in parts[:-1]] == [batch_rows] * (len(parts) - 1)
        found = samples.to_numpy()
        keys = zip(found.keys["rx_id"], found.keys["recording_session_id"], strict=True)
        found = sorted(zip(keys, found.matrix.tolist(), strict=True), key=place)
        assert [row[0] for row in found] == [row[0] for row in expected]
        np.testing.assert_array_equal([row[1] for row in found], [row[1] for row in expected])


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_an_export_has_the_samples_of_the_database(demo, tmp_path, form):
    keys = ["rx_id", "recording_session_id"]
    wanted = dataset(demo.connection, COLUMNS, keys=keys).to_numpy()
    demo.connection.commit()
    info = demo.connection.info
    server = {"PGHOST": info.host, "PGPORT": str(info.port), "PGUSER": info.user, "PGDATABASE": info.dbname}
    subprocess.run([HEIMDALLD, "export", "--format", form, tmp_path / "out"], check=True, env=os.environ | server)
    samples = dataset(tmp_path / "out", COLUMNS, keys=keys)
    assert samples.receivers == tuple(sorted(set(wanted.keys["rx_id"])))
    found = samples.to_numpy()
    assert found.keys["rx_id"][: len(samples.receivers)].tolist() == list(samples.receivers)
    is_sample = ~np.isnan(found.matrix[:, COLUMNS.index("num_chunks")])
    assert is_sample.sum() == SECONDS < len(is_sample)
    in_order = sorted(range(SECONDS), key=lambda at: (wanted.keys["rx_id"][at], wanted.matrix[at, 4]))
    found_in_order = sorted(np.flatnonzero(is_sample), key=lambda at: (found.keys["rx_id"][at], found.matrix[at, 4]))
    np.testing.assert_array_equal(found.matrix[found_in_order], wanted.matrix[in_order])
    if form == "parquet":
        by_polars = polars.read_parquet(tmp_path / "out/**/*.parquet", hive_partitioning=True)
        np.testing.assert_array_equal(by_polars["snr_db_mean"].to_numpy(), found.matrix[:, 0])
        by_pandas = pandas.read_parquet(tmp_path / "out")
        assert by_pandas["day"].nunique() == by_polars["day"].n_unique() == 1
        np.testing.assert_array_equal(by_pandas["snr_db_mean"].to_numpy(), found.matrix[:, 0])
    seconds = np.concatenate([rows.matrix for rows in samples.seconds()])
    np.testing.assert_array_equal(seconds, found.matrix.reshape(-1, len(samples.receivers), len(COLUMNS)))


def test_samples_of_a_span_and_errors_of_the_database(demo):
    (begin,) = demo.connection.execute("SELECT min(timestamp) FROM heimdall.feature_samples").fetchone()
    next_second = begin + timedelta(seconds=1)
    later = dataset(demo.connection, ["second"], since=next_second).to_numpy().matrix
    earlier = dataset(demo.connection, ["second"], until=next_second).to_numpy().matrix
    assert earlier[:, 0].tolist() == [0.0] * len(earlier)
    assert (later > 0).all()
    assert len(earlier) + len(later) == SECONDS
    for columns, keys, error, text in (
        (["rssi"], [], KeyError, "no column rssi"),
        (["rx_id"], [], ValueError, "no number: rx_id"),
        (["second"], ["warnings; DROP TABLE x"], KeyError, "no column warnings; DROP"),
    ):
        with pytest.raises(error, match=text):
            dataset(demo.connection, columns, keys=keys).to_numpy()
