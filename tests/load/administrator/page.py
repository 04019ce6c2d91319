"""Measures what ten open pages of an operator cost the queue: sessions complete at a steady rate, then a backlog at once,
in turns without a page and with ten.

A page asks as a browser does: the view with its files and its pictures, then the view again five seconds after each
answer. Four are the overview, three a session, two a measurement, and one is the search, which a person loads again.
Prints a row for each part and the medians. The status is 1 if a page did not get its answer or a recording was claimed
twice.
"""

import argparse
import re
import statistics
import sys
import threading
import time
import urllib.parse
import urllib.request
from datetime import UTC, datetime

from compare import RECEIVERS, commit_to_rows_ms, wait_for_rows
from processes import OthersCpu, cpu_ms, stop_on_signals
from recordings import put_objects
from servers import both_servers
from stacks import Heimdalld
from table import first_line, machine

# As in page.js.
PAUSE_S = 5.0
ANSWER_S = 15.0
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url):
    with OPENER.open(url, timeout=ANSWER_S) as answer:
        return answer.read().decode()


def links(base, text, attribute, path):
    """The addresses of the links to this path, each once."""
    found = re.findall(rf'{attribute}="([^"]*{path}[^"]*)"', text)
    return [urllib.parse.urljoin(base, link) for link in dict.fromkeys(found)]


class Pages:
    """Open pages while the `with` block runs."""

    def __init__(self, base, count):
        self.answers, self.faults, self._over, self._threads = 0, [], threading.Event(), []
        for number, url in enumerate(self._views(base)[:count]):
            # They do not all ask at the same moment.
            self._threads.append(threading.Thread(target=self._page, args=(url, number * PAUSE_S / count), daemon=True))

    @staticmethod
    def _views(base):
        [*sessions] = links(base, get(base), "href", "session/")[:3]
        [*measurements] = links(sessions[0], get(sessions[0]), "href", "measurement/")[:2]
        return [base] * 4 + sessions + measurements + [urllib.parse.urljoin(base, "search")]

    def _page(self, url, delay_s):
        files = None
        while not self._over.wait(delay_s):
            try:
                text = get(url)
                if files is None:
                    files = [link for part in ("page/", "strip", "plot") for link in links(url, text, "(?:src|href)", part)]
                    self.answers += sum(OPENER.open(file, timeout=2 * ANSWER_S).read() != b"" for file in files)
                self.answers += 1
            except OSError as error:
                self.faults.append(f"{url}: {error}")
            delay_s = PAUSE_S

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()


def claims(base):
    """Claims of this daemon so far."""
    lines = get(urllib.parse.urljoin(base, "metrics")).splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("heimdalld_claims_total"))


def steady(stack, keys, options):
    """Milliseconds from the completion of each session to its last row, at a steady rate."""
    sessions = stack.application.record(keys, round(options.rate * options.seconds))
    start = time.monotonic()
    for number, session in enumerate(sessions):
        time.sleep(max(0.0, start + number / options.rate - time.monotonic()))
        stack.complete([session])
    wait_for_rows(stack, sessions)
    return commit_to_rows_ms(stack, sessions)


def backlog(stack, keys, base, options):
    """Claims per second, from the completion of all sessions to the last row."""
    sessions = stack.application.record(keys, options.sessions)
    before = claims(base)
    stack.complete(sessions)
    wait_for_rows(stack, sessions)
    claimed = claims(base) - before
    if claimed != len(sessions) * RECEIVERS:
        raise RuntimeError(f"{claimed:.0f} claims of {len(sessions) * RECEIVERS} recordings")
    return claimed / max(commit_to_rows_ms(stack, sessions)) * 1e3


def percentiles(times_ms):
    cuts = statistics.quantiles(times_ms, n=100, method="inclusive")
    return [cuts[49], cuts[89], cuts[98]]


def row(name, times_ms, rates, more):
    cells = [name, *(f"{ms:.0f}" for ms in percentiles(times_ms)), f"{statistics.median(rates):.0f}", *more]
    print("| " + " | ".join(cells) + " |", flush=True)


def parse_options():
    parser = argparse.ArgumentParser(prog="page", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="parts without and with pages, in turns (3)")
    parser.add_argument("--pages", type=int, default=10, help="open pages (10)")
    parser.add_argument("--seconds", type=float, default=12.0, help="steady load of a part (12)")
    parser.add_argument("--rate", type=float, default=5.0, help="sessions per second (5)")
    parser.add_argument("--sessions", type=int, default=100, help="sessions of a backlog (100)")
    return parser.parse_args()


def measure(stack, keys, postgres, options):
    """A row for each part, then one for each number of pages. Returns what went wrong."""
    base = f"http://{stack.http}/"
    warm_up = stack.application.record(keys, 20)
    stack.complete(warm_up)
    wait_for_rows(stack, warm_up)
    print("| open pages | p50, ms | p90, ms | p99, ms | claims/s | daemon, % of a processor | Postgres | others | answers |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    roots = ([stack.process.pid], [postgres.process.pid])
    times_ms, rates, faults = {}, {}, []
    for part in range(2 * options.rounds):
        count = options.pages * (part % 2)
        with Pages(base, count) as pages:
            others, begun, before = OthersCpu(), time.monotonic(), [cpu_ms(*pids) for pids in roots]
            with others:
                steady_ms = steady(stack, keys, options)
            wall_ms = (time.monotonic() - begun) * 1e3
            spent = [100.0 * (cpu_ms(*pids) - earlier) / wall_ms for pids, earlier in zip(roots, before, strict=True)]
            rate = backlog(stack, keys, base, options)
        faults += pages.faults
        times_ms.setdefault(count, []).extend(steady_ms)
        rates.setdefault(count, []).append(rate)
        row(f"{count}", steady_ms, [rate], [*(f"{percent:.0f}" for percent in spent), f"{others.percent:.0f}", f"{pages.answers}"])
    for count, all_ms in times_ms.items():
        row(f"{count}, all parts", all_ms, rates[count], ["", "", "", ""])
    return faults


def main():
    options = parse_options()
    stop_on_signals()
    with both_servers() as (work, postgres, store, running):
        keys = put_objects(store)
        stack = Heimdalld(work, postgres, store)
        running.callback(stack.stop)
        print(f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}; Postgres {postgres.version}, {store.version}")
        print(f"- {first_line(stack.binary, '--version')}; {options.rate:g} sessions/s of {RECEIVERS} recordings of 1 s for "
              f"{options.seconds:g} s, then {options.sessions} sessions at once\n")
        faults = measure(stack, keys, postgres, options)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
