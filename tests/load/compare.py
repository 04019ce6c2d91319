"""Measures the Celery version and heimdalld in one run, and prints a table in Markdown.

Times are Postgres's commit timestamps of the session's row and of the feature rows. CPU and memory
are those of all processes of a service. Postgres and MinIO are the same for both.
"""

import argparse
import contextlib
import importlib.util
import os
import platform
import shlex
import statistics
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np

from plain_client import best_get_rate, get_loop, get_rate, presigned_paths
from processes import MemoryPeak, OthersCpu, cpu_ms, stop_on_signals, wait_until_quiet
from recordings import SAMPLE_RATE_HZ, STATIONS, fm_recording, put_objects
from servers import both_servers
from stacks import CELERY, CeleryStack, Heimdalld
from table import Figures, first_line, machine, table

# Nothing takes this long. A service that hangs ends the run with its log.
WAIT_TIMEOUT_S = 300.0
# Pause after a completion, so that work after the row (events, results, logs) has ended too.
IDLE_PAUSE_S = 0.25
# By then each process has imported, connected and extracted.
WARM_UP_SESSIONS = 8
RECEIVERS = len(STATIONS)


def wait_for_rows(stack, sessions, receivers=RECEIVERS, poll_s=0.05):
    """Waits until every measurement of these sessions has a row, and checks that none failed."""
    deadline, wanted = time.monotonic() + WAIT_TIMEOUT_S, len(sessions) * receivers
    while True:
        rows, failed = stack.application.query(
            "SELECT count(*), count(*) FILTER (WHERE extraction_failed) FROM heimdall.measurement_features"
            " WHERE recording_session_id = ANY(%s::uuid[])",
            (sessions,),
        )[0]
        if failed or time.monotonic() > deadline:
            raise RuntimeError(f"{stack.name}: {rows} of {wanted} rows, {failed} of them failed\n{stack.tail()}")
        if rows == wanted:
            return
        time.sleep(poll_s)


def commit_to_rows_ms(stack, sessions):
    """Per session, from the commit of its status to the commit of its last row."""
    return [
        float(row[0])
        for row in stack.application.query(
            "SELECT 1000 * extract(epoch FROM max(pg_xact_commit_timestamp(f.xmin))"
            "                                 - min(pg_xact_commit_timestamp(s.xmin)))"
            " FROM heimdall.recording_sessions s"
            " JOIN heimdall.measurement_features f ON f.recording_session_id = s.id"
            " WHERE s.id = ANY(%s::uuid[]) GROUP BY s.id",
            (sessions,),
        )
    ]


def idle_latencies_ms(stack, keys, options, receivers, others):
    """Sessions completed one at a time on an otherwise idle system."""
    sessions = stack.application.record(keys, options.repeats, receivers)
    wait_until_quiet(options.wait_quiet)
    with others:
        for session in sessions:
            stack.complete([session])
            time.sleep(IDLE_PAUSE_S)
            wait_for_rows(stack, [session], receivers, poll_s=IDLE_PAUSE_S)
    return commit_to_rows_ms(stack, sessions)


def idle_cost(stack, seconds):
    """(CPU ms per s, PSS in MB) of an idle service."""
    time.sleep(1.0)
    before, start = cpu_ms(*stack.roots), time.monotonic()
    time.sleep(seconds)
    spent = (cpu_ms(*stack.roots) - before) / (time.monotonic() - start)
    return spent, MemoryPeak(*stack.roots).pss


def measure(stack, store, postgres, keys, paths, options):
    warm_up = stack.application.record(keys, WARM_UP_SESSIONS)
    stack.complete(warm_up)
    wait_for_rows(stack, warm_up)

    idle_others, others = OthersCpu(), OthersCpu()
    row_ms = idle_latencies_ms(stack, keys, options, 1, idle_others)
    session_ms = idle_latencies_ms(stack, keys, options, RECEIVERS, idle_others)
    idle_cpu_ms_per_s, idle_pss_mb = idle_cost(stack, options.idle_seconds)

    rates, get_rates = [], []
    counted = {"worker": stack.worker_roots, "stack": stack.roots, "postgres": [postgres.process.pid],
               "store": [store.process.pid]}
    spent_ms = dict.fromkeys(counted, 0.0)
    with MemoryPeak(*stack.roots) as peak:
        for _ in range(options.rounds):
            wait_until_quiet(options.wait_quiet)
            get_rates.append(best_get_rate(store, paths, options.gets)[0])
            sessions = stack.application.record(keys, options.sessions)
            wait_until_quiet(options.wait_quiet)
            before = {name: cpu_ms(*roots) for name, roots in counted.items()}
            with others:
                stack.complete(sessions)
                wait_for_rows(stack, sessions)
            for name, roots in counted.items():
                spent_ms[name] += cpu_ms(*roots) - before[name]
            rates.append(len(sessions) * RECEIVERS / max(commit_to_rows_ms(stack, sessions)) * 1e3)
    recordings = options.rounds * options.sessions * RECEIVERS
    return Figures(
        row_ms=row_ms,
        session_ms=session_ms,
        rate=statistics.median(rates),
        get_rate=statistics.median(get_rates),
        worker_cpu_ms=spent_ms["worker"] / recordings,
        stack_cpu_ms=spent_ms["stack"] / recordings,
        postgres_cpu_ms=spent_ms["postgres"] / recordings,
        store_cpu_ms=spent_ms["store"] / recordings,
        idle_cpu_ms_per_s=idle_cpu_ms_per_s,
        idle_pss_mb=idle_pss_mb,
        peak_pss_mb=peak.pss,
        peak_rss_mb=peak.rss,
        idle_others_percent=idle_others.percent,
        others_percent=others.percent,
    )


def write_commit_ms(postgres):
    """Median time of a commit that writes: a commit timestamp is taken just before its flush."""
    connection = postgres.connect("postgres")
    connection.autocommit = True
    cursor, times_ms = connection.cursor(), []
    cursor.execute("CREATE TABLE flushed (n int)")
    for n in range(200):
        start = time.perf_counter()
        cursor.execute("INSERT INTO flushed VALUES (%s)", (n,))
        times_ms.append((time.perf_counter() - start) * 1e3)
    connection.close()
    return statistics.median(times_ms)


def check_extractor():
    """Compares the NumPy extractor with the reference, if HEIMDALL_REFERENCE names that file."""
    path = os.environ.get("HEIMDALL_REFERENCE")
    if not path:
        return
    spec = importlib.util.spec_from_file_location("reference", path)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    sys.path.append(str(CELERY))
    from extractor import extract_segments

    samples = fm_recording(np.random.default_rng(1), seconds=1.5)
    own, expected = extract_segments(samples, SAMPLE_RATE_HZ), reference.segments(samples, SAMPLE_RATE_HZ)
    for ours, theirs in zip(own, expected, strict=True):
        for name in reference.FEATURES:
            np.testing.assert_allclose(list(ours[name].values()), list(theirs[name].values()), rtol=1e-9, err_msg=name)


def celery_versions():
    rabbitmq = first_line("dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server")
    redis = first_line("redis-server", "--version").split("v=")[1].split()[0]
    return (f"Celery {version('celery')}, prefork 2; RabbitMQ {rabbitmq}, Redis {redis}, "
            f"Python {platform.python_version()}, NumPy {version('numpy')}")


def parse_options():
    parser = argparse.ArgumentParser(prog="compare", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["celery", "heimdalld"], help="measure one of the two")
    parser.add_argument("--sessions", type=int, default=100, help="sessions in a backlog (100)")
    parser.add_argument("--rounds", type=int, default=3, help="backlogs; the median rate is shown (3)")
    parser.add_argument("--repeats", type=int, default=40, help="sessions completed one by one (40)")
    parser.add_argument("--gets", type=int, default=400, help="objects that the plain client gets each time (400)")
    parser.add_argument("--idle-seconds", type=float, default=10.0, help="how long the idle service is watched (10)")
    parser.add_argument("--wait-quiet", type=float, default=0.0, metavar="SECONDS",
                        help="before each part, wait up to so long until others leave the machine alone (0)")
    options = parser.parse_args()
    if options.only != "celery" and "HEIMDALLD" not in os.environ:
        parser.error("name the daemon's release build in HEIMDALLD, or say --only celery")
    return options


def main():
    options = parse_options()
    stop_on_signals()
    check_extractor()
    figures = {}
    with both_servers() as (work, postgres, store, _):
        keys = put_objects(store)
        paths = presigned_paths(store, keys)
        get_rate(store, paths, len(paths), 1)
        get_times_ms = []
        wait_until_quiet(options.wait_quiet)
        get_loop(store, paths, range(2 * len(paths)), get_times_ms)
        get_ms = statistics.median(get_times_ms)
        client_rate, client_ms = best_get_rate(store, paths, options.gets)
        commit_ms = write_commit_ms(postgres)
        for name, start in (("celery", CeleryStack), ("heimdalld", Heimdalld)):
            if options.only in (None, name):
                stack = start(work, postgres, store)
                with contextlib.ExitStack() as stopped:
                    stopped.callback(stack.stop)
                    figures[name] = measure(stack, store, postgres, keys, paths, options)

    celery, ours = figures.get("celery"), figures.get("heimdalld")
    variables = [f"{k}={os.environ[k]}" for k in ("HEIMDALLD", "HEIMDALL_CONCURRENCY") if k in os.environ]
    print(f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}")
    print("- `" + " ".join([*variables, "tests/load/run.sh compare", *map(shlex.quote, sys.argv[1:])]) + "`")
    print(f"- Postgres {postgres.version} (fsync on; a commit that writes takes {commit_ms:.2f} ms), {store.version}")
    if celery:
        print(f"- {celery_versions()}")
    if ours:
        print(f"- {first_line(os.environ['HEIMDALLD'], '--version')}")
    print(f"- backlog: {options.rounds} x {options.sessions} sessions x {RECEIVERS} recordings of 1 s at "
          f"{SAMPLE_RATE_HZ // 1000} kHz cf32; idle: {options.repeats} sessions")
    print(f"- plain client: one GET on an idle store {get_ms:.2f} ms median; at most {client_rate:.0f} GET/s, "
          f"its own CPU {client_ms:.2f} ms per GET\n")
    print("\n".join(table(celery, ours, get_ms)))


if __name__ == "__main__":
    main()
