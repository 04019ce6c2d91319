"""How recordings per second grow with the cores of one daemon with its default settings.

The daemon is pinned to the first k cores, Postgres and the object store to the others; where all cores are the
daemon's, they share them. For each k: recordings per second, what a recording costs, how many of the cores are busy,
what the threads share: context switches, and with --syscalls the system calls, futex calls (contended locks and wake-ups)
among them; and how many transactions Postgres commits.
"""

import argparse
import contextlib
import os
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from compare import RECEIVERS, commit_to_rows_ms, wait_for_rows
from plain_client import best_get_rate, presigned_paths
from processes import MemoryPeak, cpu_ms, stop_on_signals, wait_until_quiet
from recordings import put_objects
from servers import both_servers
from stacks import Heimdalld
from table import first_line, machine

# By then each thread and each connection has done everything once.
WARM_UP_SESSIONS = 20
# The calls that are shown by name.
SHOWN_CALLS = ("futex", "epoll_wait", "recvfrom", "sendto", "writev", "write", "read")


def context_switches(pid):
    """(voluntary, involuntary) of all threads that live."""
    counts = [0, 0]
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for line in status.read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches"):
                    counts[0] += int(line.split()[1])
                elif line.startswith("nonvoluntary_ctxt_switches"):
                    counts[1] += int(line.split()[1])
    return counts


def commits(stack):
    """Committed transactions of the database, a second after the last one: by then all are counted."""
    time.sleep(1.0)
    return stack.application.query("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")[0][0]


def run_backlog(stack, keys, sessions):
    """Completes that many sessions in one statement. Returns (recordings, seconds until the last row)."""
    ids = stack.application.record(keys, sessions)
    stack.complete(ids)
    wait_for_rows(stack, ids)
    return len(ids) * RECEIVERS, max(commit_to_rows_ms(stack, ids)) / 1e3


def syscalls(pid, stack, keys, sessions):
    """Calls per recording by name, of one backlog under strace, which slows the daemon down."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as out:
        tracer = subprocess.Popen(["strace", "-f", "-c", "-U", "calls,name", "-o", out.name, "-p", str(pid)],
                                  stderr=subprocess.DEVNULL)
        time.sleep(1.0)
        recordings, _ = run_backlog(stack, keys, sessions)
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        lines = (line.split() for line in Path(out.name).read_text().splitlines())
        return {fields[1]: int(fields[0]) / recordings for fields in lines if len(fields) == 2 and fields[0].isdigit()}


def measure(work, postgres, store, keys, cores, options):
    """The row of the table for this number of cores, and the system calls if they are asked for."""
    database = f"scale_{cores}"
    stack = Heimdalld(work, postgres, store, database=database, in_flight=None, cpus=range(cores))
    with contextlib.ExitStack() as stopped:
        stopped.callback(stack.stop)
        run_backlog(stack, keys, WARM_UP_SESSIONS)
        pid = stack.roots[0]
        roots = {"daemon": [pid], "Postgres": [postgres.process.pid], "store": [store.process.pid]}
        rates, busy = [], []
        switches, spent, recordings, transactions = [0, 0], dict.fromkeys(roots, 0.0), 0, 0
        with MemoryPeak(pid) as peak:
            for _ in range(options.rounds):
                wait_until_quiet(options.wait_quiet)
                committed = commits(stack)
                before = {name: cpu_ms(*pids) for name, pids in roots.items()}
                switched = context_switches(pid)
                done, seconds = run_backlog(stack, keys, options.sessions)
                for name, pids in roots.items():
                    before[name] = cpu_ms(*pids) - before[name]
                    spent[name] += before[name]
                switches = [total + now - was
                            for total, now, was in zip(switches, context_switches(pid), switched, strict=True)]
                recordings += done
                transactions += commits(stack) - committed
                rates.append(done / seconds)
                busy.append(before["daemon"] / 1e3 / seconds)
        calls = syscalls(pid, stack, keys, options.sessions) if options.syscalls else {}
    return {
        "cores": cores,
        "rate": statistics.median(rates),
        "busy": statistics.median(busy),
        "switches": [count / recordings for count in switches],
        "cpu_ms": [total / recordings for total in spent.values()],
        "rss_mb": peak.rss,
        "transactions": transactions / recordings,
        "calls": calls,
    }


def parse_options():
    available = os.cpu_count()
    parser = argparse.ArgumentParser(prog="scale", description=__doc__.splitlines()[0])
    parser.add_argument("--cores", default=",".join(str(k) for k in (1, 2, 4, 8, 16) if k <= available),
                        help="numbers of cores, separated by commas (1,2,4,8,16, as far as there are some)")
    parser.add_argument("--sessions", type=int, default=100, help="sessions of seven recordings in a backlog (100)")
    parser.add_argument("--rounds", type=int, default=3, help="backlogs for each number; the median counts (3)")
    parser.add_argument("--gets", type=int, default=400, help="objects that the plain client gets (400)")
    parser.add_argument("--syscalls", action="store_true", help="one more backlog under strace for each number")
    parser.add_argument("--wait-quiet", type=float, default=0.0, metavar="SECONDS",
                        help="before each backlog, wait up to so long until others leave the machine alone (0)")
    options = parser.parse_args()
    options.cores = [int(k) for k in options.cores.split(",")]
    if "HEIMDALLD" not in os.environ:
        parser.error("name the daemon's release build in HEIMDALLD")
    if not all(1 <= k <= available for k in options.cores):
        parser.error(f"this machine has {available} cores")
    if options.syscalls and not shutil.which("strace"):
        parser.error("--syscalls needs strace")
    return options


def main():
    options = parse_options()
    stop_on_signals()
    everything = sorted(os.sched_getaffinity(0))
    rows = []
    for cores in options.cores:
        # What starts from here on inherits it: Postgres, the store and this script, but not the daemon.
        os.sched_setaffinity(0, everything[cores:] or everything)
        with both_servers() as (work, postgres, store, _):
            keys = put_objects(store)
            gets = best_get_rate(store, presigned_paths(store, keys), options.gets)[0]
            rows.append(measure(work, postgres, store, keys, cores, options) | {"gets": gets})
            versions = f"Postgres {postgres.version}, {store.version}"
    print(f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}, {versions}")
    print("- `" + " ".join(["tests/load/run.sh scale", *map(shlex.quote, sys.argv[1:])]) + "`")
    print(f"- {first_line(os.environ['HEIMDALLD'], '--version')}; {options.rounds} x {options.sessions} sessions x "
          f"{RECEIVERS} recordings of 1 s; cores that are not the daemon's: Postgres, store, this script\n")
    print("| cores | recordings/s | times the first | busy | CPU a recording: daemon, Postgres, store, ms "
          "| switches a recording: waits, preempted | transactions a recording | RSS, MB | plain client, GET/s |")
    print("| ---: | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: |")
    for row in rows:
        cpu = ", ".join(f"{ms:.2f}" for ms in row["cpu_ms"])
        switches = ", ".join(f"{count:.1f}" for count in row["switches"])
        print(f"| {row['cores']} | {row['rate']:.0f} | {row['rate'] / rows[0]['rate']:.2f} "
              f"| {row['busy']:.2f} | {cpu} | {switches} | {row['transactions']:.2f} | {row['rss_mb']:.0f} | {row['gets']:.0f} |")
    if options.syscalls:
        print(f"\n| cores | all calls a recording | {' | '.join(SHOWN_CALLS)} |")
        print("| ---: |" + " ---: |" * (1 + len(SHOWN_CALLS)))
        for row in rows:
            every = sum(n for name, n in row["calls"].items() if name != "total")
            shown = " | ".join(f"{row['calls'].get(name, 0.0):.1f}" for name in SHOWN_CALLS)
            print(f"| {row['cores']} | {every:.1f} | {shown} |")


if __name__ == "__main__":
    main()
