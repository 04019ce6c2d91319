"""The Markdown table: the figures of both services next to the targets."""

import os
import platform
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recordings import STATIONS


@dataclass
class Figures:
    """The figures of one service. CPU figures are milliseconds per recording."""

    row_ms: list[float]
    session_ms: list[float]
    rate: float
    get_rate: float
    worker_cpu_ms: float
    stack_cpu_ms: float
    postgres_cpu_ms: float
    store_cpu_ms: float
    idle_cpu_ms_per_s: float
    idle_pss_mb: float
    peak_pss_mb: float
    peak_rss_mb: float
    idle_others_percent: float
    others_percent: float


@dataclass
class Line:
    """One line: a figure of each service; `most` or `least` is heimdalld's target."""

    what: str
    figure: Callable[[Figures], float]
    compared: bool = True
    target: str = ""
    most: float | None = None
    least: float | None = None


def p95(values):
    return float(np.percentile(values, 95))


def lines(celery, get_ms):
    """The targets that depend on a figure of this run are worked out from it."""
    last = f"commit to the last of {len(STATIONS)} rows, idle"
    twelfth = celery.worker_cpu_ms / 12 if celery else None
    row_ms, session_ms = get_ms + 3.0, 2 * get_ms + 8.0
    yield Line("commit to row, idle, median, ms", lambda f: statistics.median(f.row_ms),
               target=f"one GET + 3 = {row_ms:.1f}", most=row_ms)
    yield Line("commit to row, idle, 95th percentile, ms", lambda f: p95(f.row_ms))
    yield Line(f"{last}, median, ms", lambda f: statistics.median(f.session_ms),
               target=f"two GETs + 8 = {session_ms:.1f}", most=session_ms)
    yield Line(f"{last}, 95th percentile, ms", lambda f: p95(f.session_ms))
    yield Line("recordings/s on a backlog", lambda f: f.rate)
    yield Line("plain HTTP client, GET/s, just before", lambda f: f.get_rate, compared=False)
    yield Line("recordings/s, % of the plain client's", lambda f: 100.0 * f.rate / f.get_rate, compared=False,
               target="at least 85", least=85.0)
    yield Line("CPU per recording, worker or daemon alone, ms", lambda f: f.worker_cpu_ms,
               target=f"at most 1/12 = {twelfth:.1f}" if celery else "", most=twelfth)
    yield Line("CPU per recording, with broker, results, beat, ms", lambda f: f.stack_cpu_ms)
    yield Line("CPU per recording, Postgres, ms", lambda f: f.postgres_cpu_ms, target="at most 0.5", most=0.5)
    yield Line("CPU per recording, object store, ms", lambda f: f.store_cpu_ms)
    yield Line("recordings/s that this much CPU allows on all cores", cpu_bound_rate)
    yield Line("CPU when idle, ms per s", lambda f: f.idle_cpu_ms_per_s)
    yield Line("memory when idle, PSS, MB", lambda f: f.idle_pss_mb)
    yield Line("memory under the backlog, peak PSS, MB", lambda f: f.peak_pss_mb)
    yield Line("memory under the backlog, peak RSS, MB", lambda f: f.peak_rss_mb, target="at most 64", most=64.0)
    what = "machine's CPU that others used meanwhile, %"
    yield Line(f"{what}, idle", lambda f: f.idle_others_percent, compared=False)
    yield Line(f"{what}, backlog", lambda f: f.others_percent, compared=False)


def cpu_bound_rate(figures):
    """What would be reached if nothing but the CPU of service, Postgres and store together held it up."""
    return os.cpu_count() * 1000.0 / (figures.stack_cpu_ms + figures.postgres_cpu_ms + figures.store_cpu_ms)


def number(value):
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(celery, own):
    return f"{celery / own:.1f} x less" if celery >= own else f"{own / celery:.1f} x more"


def verdict(line, own):
    if own is None or (line.most is None and line.least is None):
        return ""
    met = own <= line.most if line.most is not None else own >= line.least
    return "yes" if met else "**no**"


def table(celery, ours, get_ms):
    yield "| what | Celery version | heimdalld | ratio | target | met |"
    yield "| --- | ---: | ---: | --- | --- | --- |"
    for line in lines(celery, get_ms):
        theirs, own = (line.figure(f) if f else None for f in (celery, ours))
        compared = line.compared and theirs and own
        cells = [line.what, number(theirs), number(own), ratio(theirs, own) if compared else "", line.target,
                 verdict(line, own)]
        yield "| " + " | ".join(cells) + " |"


def first_line(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def machine():
    cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} x {cpu.split(':')[1].strip()}, {memory:.0f} GiB, Linux {platform.release()}"
