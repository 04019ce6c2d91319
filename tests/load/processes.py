"""Starts servers, ends them by pid, and reads their CPU time and memory from /proc."""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

# A server that is not ready after this time has failed.
START_TIMEOUT_S = 60.0
# A server that has not ended this time after SIGTERM is killed.
STOP_TIMEOUT_S = 20.0
# Often enough to see a peak of tens of milliseconds a few times in a backlog of seconds.
SAMPLE_INTERVAL_S = 0.2
# The kernel's name for "what the scheduler counted", in the id of a process's clock.
CPUCLOCK_SCHED = 2
# A measurement starts when other processes have used less than this for this number of seconds.
QUIET_PERCENT, QUIET_S = 8.0, 3
TICK_MS = 1000.0 / os.sysconf("SC_CLK_TCK")


def unprivileged_user():
    """The account for Postgres and RabbitMQ if this is root, which they refuse or should not be."""
    return "postgres" if os.geteuid() == 0 else None


def stop_on_signals():
    """SIGTERM and SIGHUP end this script through its `finally` blocks, as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """One server with its own log file; `stop` ends it and nothing else."""

    def __init__(self, name, argv, log, env=None, user=None, cwd=None):
        self.name, self.log = name, Path(log)
        self.stop_signal = signal.SIGTERM
        groups = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
        with self.log.open("ab") as out:
            self._popen = subprocess.Popen(
                [str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=env, cwd=cwd, start_new_session=True, **groups,
            )
        self.pid = self._popen.pid

    def wait_until(self, ready):
        """Returns when the server is ready; one that does not get there is stopped."""
        deadline = time.monotonic() + START_TIMEOUT_S
        try:
            while not ready():
                if self._popen.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} did not start:\n{self.tail()}")
                time.sleep(0.05)
        except BaseException:
            self.stop()
            raise
        return self

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])

    def stop(self):
        if self._popen.poll() is None:
            children = tree(self.pid)
            self._popen.send_signal(self.stop_signal)
            try:
                self._popen.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                for pid in children:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self._popen.wait()
        return self._popen.returncode


def _stat(pid):
    """Fields of /proc/PID/stat from the third on: the second may hold spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(*roots):
    """The given processes and all their descendants."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(_stat(entry.name)[1]), []).append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    found = list(roots)
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_ms(*roots):
    """CPU time of the trees, with that of children already waited for.

    Of a living process it is its CPU clock (clock_getcpuclockid(3), which Python has not), exact
    where /proc/PID/stat counts ticks of 10 ms.
    """
    total = 0.0
    for pid in tree(*roots):
        with contextlib.suppress(OSError):
            waited_for = sum(int(ticks) for ticks in _stat(pid)[13:15])
            total += time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED) / 1e6 + waited_for * TICK_MS
    return total


def machine_busy_ms():
    """All CPU time spent on this machine since boot, by anybody."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) * TICK_MS


class OthersCpu:
    """How much of the machine everybody else used while the `with` blocks ran, in percent.

    This script's own tree holds all that it started: what is left of the busy time is other people's.
    """

    def __init__(self):
        self._others_ms = self._wall_ms = 0.0

    @staticmethod
    def _now():
        return machine_busy_ms() - cpu_ms(os.getpid()), time.monotonic() * 1e3

    def __enter__(self):
        self._start = self._now()

    def __exit__(self, *_):
        others, wall = self._now()
        self._others_ms += others - self._start[0]
        self._wall_ms += wall - self._start[1]

    @property
    def percent(self):
        return max(0.0, 100.0 * self._others_ms / (self._wall_ms * os.cpu_count()))


def wait_until_quiet(limit_s):
    """Until others leave the machine alone, but no longer than this."""
    deadline, quiet_s = time.monotonic() + limit_s, 0
    while quiet_s < QUIET_S and time.monotonic() < deadline:
        others = OthersCpu()
        with others:
            time.sleep(1.0)
        quiet_s = quiet_s + 1 if others.percent < QUIET_PERCENT else 0


def memory_mb(*roots):
    """(PSS, RSS) of the trees: PSS counts a page that several processes share once."""
    pss = rss = 0
    for pid in tree(*roots):
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    pss += int(line.split()[1])
                elif line.startswith("Rss:"):
                    rss += int(line.split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pss / 1024.0, rss / 1024.0


class MemoryPeak(threading.Thread):
    """The largest (PSS, RSS) of the trees while the `with` block runs."""

    def __init__(self, *roots):
        super().__init__(daemon=True)
        self._roots, self._over = roots, threading.Event()
        self.pss, self.rss = memory_mb(*roots)

    def run(self):
        while not self._over.wait(SAMPLE_INTERVAL_S):
            pss, rss = memory_mb(*self._roots)
            self.pss, self.rss = max(self.pss, pss), max(self.rss, rss)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self.join()
