"""Compares two ways of loading training samples: session_features as JSON, and feature_samples by binary COPY. Times
`heimdalld export` in each format, where HEIMDALLD names a binary with it.

    tests/load/run.sh samples [--sessions 10000] [--rounds 3]

A throw-away Postgres with default settings and sessions of seven receivers and one second, whose objects have every number
of the extractor. Each way fills a NumPy matrix with the mean and the standard deviation of the 17 reference features, in a
process of its own with a connection of its own, one after the other in every round. Prints the seconds of each, the ratio
of each round, and the largest resident memory of the client without the matrix, for all sessions and for a tenth of them.
Fails if the matrices differ. An export runs twice into each folder: the second time all days are unchanged.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg2

STATIONS = 7
OBJECTS = 100
SEED = 20_261_128
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Rows:
    """Takes the bytes of a binary COPY, and writes the numbers of whole rows into a matrix."""

    HEADER = 19

    def __init__(self, columns, rows):
        self.row = np.dtype([("fields", ">i2"), ("values", [("length", ">i4"), ("value", ">f8")], columns)])
        self.matrix, self.filled = np.empty((rows, columns)), 0
        self.rest, self.started = b"", False

    def write(self, data):
        data = self.rest + data
        if not self.started:
            if len(data) < self.HEADER:
                self.rest = data
                return
            data, self.started = data[self.HEADER :], True
        whole = np.frombuffer(data, self.row, count=len(data) // self.row.itemsize)
        # A NULL or a number of another type would have another length.
        assert (whole["values"]["length"] == 8).all()
        self.matrix[self.filled : self.filled + len(whole)] = whole["values"]["value"]
        self.filled += len(whole)
        self.rest = data[len(whole) * self.row.itemsize :]


def by_json(connection, names, limit):
    cursor = connection.cursor("samples")
    cursor.itersize = 500
    cursor.execute("SELECT to_json(receiver_features)::text FROM heimdall.session_features WHERE timestamp < %s", (limit,))
    rows = []
    for (receivers,) in cursor:
        for receiver in json.loads(receivers):
            rows.append([receiver[name][which] for name in names for which in ("mean", "std")])
    return np.array(rows)


def by_copy(connection, names, limit):
    columns = ", ".join(f"{name}_{which}" for name in names for which in ("mean", "std"))
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM heimdall.measurement_features WHERE timestamp < %s", (limit,))
    rows = Rows(2 * len(names), cursor.fetchone()[0])
    query = cursor.mogrify(f"SELECT {columns} FROM heimdall.feature_samples WHERE timestamp < %s", (limit,)).decode()
    cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", rows)
    assert rows.filled == len(rows.matrix)
    return rows.matrix


def load(way, url, limit):
    """Runs one way, and prints what it took, as JSON. The sum over sorted rows says whether two ways read the same."""
    connection = psycopg2.connect(url)
    cursor = connection.cursor()
    cursor.execute("SELECT name FROM heimdall.feature_dictionary WHERE set = 'reference'")
    names = [name for (name,) in cursor]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    matrix = {"json": by_json, "copy": by_copy}[way](connection, names, limit)
    seconds = time.perf_counter() - begun
    # Of a small matrix some fits into memory that the process had before.
    grown = max(0.0, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 - matrix.nbytes / 2**20)
    print(json.dumps({"seconds": seconds, "rows": len(matrix), "mb": grown, "sum": float(np.sort(matrix[:, 0]) @ np.arange(len(matrix)))}))


def objects(names):
    """JSON of objects with every number of the extractor."""
    rng = random.Random(SEED)
    number = lambda keys: {key: rng.gauss(0, 100) for key in keys}  # noqa: E731
    for station in range(STATIONS):
        for index in range(OBJECTS):
            segment = {"rx_id": f"Station {station}", "rx_lat": 44.0 + station, "rx_lon": 7.0, "segment_index": 0,
                       "segment_start_ms": 0.0, "num_chunks": 5, "signal_present": True,
                       "extended": {"detection_rate": 1.0}, "quality": {"warnings": []}}
            for name, kind in names:
                if kind == "reference":
                    segment[name] = number(("mean", "std", "min", "max"))
                elif kind == "extended" and name != "detection_rate":
                    segment["extended"][name] = number(("mean", "std", "min", "max")) | {"standard_error": 0.01}
                elif kind == "quality":
                    segment["quality"][name] = rng.random()
            yield station, index, json.dumps(segment)


def fill(url, sessions):
    connection = psycopg2.connect(url)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SELECT name, set FROM heimdall.feature_dictionary")
    names = cursor.fetchall()
    cursor.execute("CREATE TEMP TABLE objects (station int, n int, object jsonb)")
    for row in objects(names):
        cursor.execute("INSERT INTO objects VALUES (%s, %s, %s)", row)
    cursor.execute("SET session_replication_role = replica")
    cursor.execute("""
        INSERT INTO heimdall.recording_sessions (id, status, frequency_hz, duration_seconds, created_at)
        SELECT md5('session' || i)::uuid, 'completed', 145000000, 1, timestamptz '2026-01-01 00:00Z' + i * interval '1 minute'
        FROM generate_series(1, %s) i""", (sessions,))
    cursor.execute("""
        INSERT INTO heimdall.measurement_features (timestamp, measurement_id, recording_session_id, receiver_features,
            extraction_metadata, overall_confidence, mean_snr_db, num_receivers_detected, rx_id)
        SELECT timestamptz '2026-01-01 00:00Z' + i * interval '1 minute' + o.station * interval '10 ms',
               md5(i || '/' || o.station)::uuid, md5('session' || i)::uuid, ARRAY[o.object],
               '{"extraction_method": "recorded"}', 0.9, 20, 1, o.object ->> 'rx_id'
        FROM generate_series(1, %s) i JOIN objects o ON o.n = i %% %s
        ORDER BY i, o.station""", (sessions, OBJECTS))
    cursor.execute("VACUUM ANALYZE heimdall.measurement_features, heimdall.recording_sessions")
    connection.close()


def measured(way, url, sessions):
    limit = str(BEGIN + timedelta(minutes=sessions + 0.5))
    argv = [sys.executable, __file__, "--load", way, "--url", url, "--limit", limit]
    return json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


def compare(url, sessions, rounds):
    taken = {"json": [], "copy": []}
    for _ in range(rounds):
        for way, results in taken.items():
            results.append(measured(way, url, sessions))
    small = {way: measured(way, url, sessions // 10) for way in taken}
    sums = {round(result["sum"], 3) for results in taken.values() for result in results}
    for way, results in taken.items():
        seconds = statistics.median(result["seconds"] for result in results)
        print(f"{way}: {results[0]['rows']} rows in {seconds:.2f} s, {results[0]['mb']:.0f} MB beside the matrix; "
              f"{small[way]['rows']} rows: {small[way]['mb']:.0f} MB")
    ratios = [copied["seconds"] / read["seconds"] for copied, read in zip(taken["copy"], taken["json"], strict=True)]
    print("copy / json:", ", ".join(f"{ratio:.3f}" for ratio in ratios))
    if len(sums) != 1:
        raise SystemExit(f"the matrices differ: {sums}")


def export(url, binary):
    """Runs `heimdalld export` in each format."""
    for form in ("parquet", "arrow", "csv"):
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(2):
                argv = [binary, "export", "--format", form, f"{folder}/out"]
                process = subprocess.Popen(argv, env={"HEIMDALL_DATABASE_URL": url}, stdout=subprocess.PIPE, text=True)
                text = process.stdout.read()
                _, status, usage = os.wait4(process.pid, 0)
                if status:
                    raise SystemExit(f"{argv}: status {status}")
                print(f"export as {form}: {text.splitlines()[-1]}; {usage.ru_utime + usage.ru_stime:.1f} s of CPU, "
                      f"{usage.ru_maxrss / 1024:.0f} MB at most")


def main():
    parser = argparse.ArgumentParser(prog="samples", description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3, help="0: the exports alone")
    parser.add_argument("--load", choices=("json", "copy"), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--limit", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.load:
        load(arguments.load, arguments.url, arguments.limit)
        return

    from processes import stop_on_signals
    from servers import Postgres, work_dir

    stop_on_signals()
    with work_dir() as work:
        postgres = Postgres(work)
        url = postgres.url("postgres")
        install = Path(__file__).resolve().parents[2] / "sql/install.sql"
        subprocess.run(["psql", "-X", "-q", "-d", url, "-f", install], check=True, stdout=subprocess.DEVNULL)
        fill(url, arguments.sessions)
        print(f"PostgreSQL {postgres.version}, {os.cpu_count()} processors, {arguments.sessions} sessions of {STATIONS}")
        if arguments.rounds:
            compare(url, arguments.sessions, arguments.rounds)
        if binary := os.environ.get("HEIMDALLD"):
            export(url, binary)


if __name__ == "__main__":
    main()
