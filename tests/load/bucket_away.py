"""Removes one bucket of two from a real MinIO while recordings in it are queued, and restores it.

Measures the delay of sessions in the other bucket, and the CPU time of the daemon and Postgres for the deferred
recordings. The status is 1 if a recording has no good row after one attempt, or if a session was announced twice.
"""

import argparse
import os
import statistics
import sys
import time

import numpy as np

from compare import RECEIVERS, commit_to_rows_ms, wait_for_rows
from processes import cpu_ms, stop_on_signals
from recordings import fm_recording, put
from servers import BUCKET, both_servers
from stacks import Heimdalld

ARCHIVE = "heimdall-archive"
KEY = "a.bin"
# Pause between two sessions in the other bucket.
PAUSE_S = 1.0
PARTS = 4
WAIT_S = 300.0


def fill(store, recording):
    store.client.make_bucket(ARCHIVE)
    put(store, KEY, recording, ARCHIVE)


def one_part(stack, postgres, seconds):
    """(latencies in ms, CPU in percent of a processor: daemon, Postgres) while sessions come to the other bucket."""
    roots = ([stack.process.pid], [postgres.process.pid])
    start, before, sessions = time.monotonic(), [cpu_ms(*pids) for pids in roots], []
    while time.monotonic() - start < seconds:
        session = stack.application.record([KEY], 1)
        stack.complete(session)
        wait_for_rows(stack, session)
        sessions += session
        time.sleep(PAUSE_S)
    wall_ms = (time.monotonic() - start) * 1e3
    spent = [100.0 * (cpu_ms(*pids) - earlier) / wall_ms for pids, earlier in zip(roots, before, strict=True)]
    return commit_to_rows_ms(stack, sessions), spent


def main():
    parser = argparse.ArgumentParser(prog="bucket_away", description=__doc__.splitlines()[0])
    parser.add_argument("--recordings", type=int, default=10_000, help="queued in the bucket that is removed (10000)")
    parser.add_argument("--seconds", type=float, default=80.0, help="how long it is away (80)")
    options = parser.parse_args()
    stop_on_signals()
    # A line for each session, however many there are.
    os.environ.setdefault("HEIMDALL_LOG", "info,heimdall_daemon::extraction=debug")
    recording = fm_recording(np.random.default_rng(1)).tobytes()
    with both_servers() as (work, postgres, store, running):
        put(store, KEY, recording)
        fill(store, recording)
        stack = Heimdalld(work, postgres, store, buckets=f"{BUCKET},{ARCHIVE}")
        running.callback(stack.stop)
        store.client.remove_object(ARCHIVE, KEY)
        store.client.remove_bucket(ARCHIVE)

        waiting = stack.application.record([f"{ARCHIVE}/{KEY}"], options.recordings // RECEIVERS)
        stack.complete(waiting)
        print(f"{len(waiting) * RECEIVERS} recordings in a bucket that is away; sessions of {RECEIVERS} in another\n")
        print("| until, s | COMMIT to last row, median, ms | slowest | daemon, % of a processor | Postgres |")
        print("| ---: | ---: | ---: | ---: | ---: |")
        start = time.monotonic()
        for _ in range(PARTS):
            latencies_ms, (daemon, server) = one_part(stack, postgres, options.seconds / PARTS)
            print(f"| {time.monotonic() - start:.0f} | {statistics.median(latencies_ms):.0f} | {max(latencies_ms):.0f} "
                  f"| {daemon:.1f} | {server:.1f} |", flush=True)

        fill(store, recording)
        start = time.monotonic()
        good = ("SELECT count(*) FROM heimdall.measurement_features"
                " WHERE NOT extraction_failed AND attempts = 1 AND recording_session_id = ANY(%s::uuid[])")
        wanted, found = len(waiting) * RECEIVERS, 0
        while found < wanted and time.monotonic() - start < WAIT_S:
            time.sleep(0.1)
            found = stack.application.query(good, (waiting,))[0][0]
        print(f"\n{found} of {wanted} good after one attempt, {time.monotonic() - start:.0f} s after it was back")
        bad = stack.application.query("SELECT count(*) FROM heimdall.measurement_features WHERE extraction_failed")[0][0]
        lines = stack.process.log.read_text().splitlines()
        announced = [line.split("session=")[1].split()[0] for line in lines if "recording session completed" in line]
        print(f"{bad} error rows; {len(announced)} announcements of {len(set(announced))} sessions; {len(lines)} log lines")
    return 0 if found == wanted and bad == 0 and len(announced) == len(set(announced)) else 1


if __name__ == "__main__":
    sys.exit(main())
