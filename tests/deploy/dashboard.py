#!/usr/bin/env python3
"""Runs every query of the dashboard against a real Prometheus that scrapes two working daemons.

    tests/deploy/dashboard.py HEIMDALLD PROMETHEUS

HEIMDALLD is a binary with the demo (cargo build --features demo). The demo gives the database, the store and the first
daemon; a second daemon sweeps every second. Sessions are completed while Prometheus scrapes. Status 1 if a query is
refused, or has no sample, or no number. Takes about 40 s.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
DASHBOARD = TOP / "deploy/grafana/heimdalld.json"
ALERTS = TOP / "deploy/prometheus/alerts.yml"
SCRAPED_S = 30
# A session of the demo's receivers, whose recordings are there already.
SESSION = """
WITH s AS (INSERT INTO heimdall.recording_sessions (status, frequency_hz, duration_seconds)
           VALUES ('recording', 145000000, 1) RETURNING created_at)
INSERT INTO heimdall.measurements (websdr_station_id, frequency_hz, iq_data_location, created_at)
SELECT DISTINCT ON (m.websdr_station_id) m.websdr_station_id, m.frequency_hz, m.iq_data_location, s.created_at
FROM heimdall.measurements m, s ORDER BY m.websdr_station_id, m.created_at DESC;
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE status = 'recording';
"""


def wait_for(what, find, limit_s=60):
    """Returns what `find` returns as soon as that is something."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        found = find()
        if found:
            return found
        time.sleep(0.2)
    sys.exit(f"{what}: nothing within {limit_s} s")


def get(url):
    """The body of an answer, or None where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return None


def started(folder, name, command, environment=None):
    """Starts a program whose output goes to a file of this name."""
    with open(folder / f"{name}.log", "w", encoding="utf-8") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **(environment or {})})


def in_log(folder, name, pattern):
    """The first group of a pattern in a log."""
    found = re.search(pattern, (folder / f"{name}.log").read_text(encoding="utf-8"))
    return found and found.group(1)


def queries():
    """Title and query of each target, as Grafana sends them."""
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"].replace("$job", "heimdalld").replace("$__rate_interval", "20s")
            yield panel["title"], query


def numbers(query, prometheus):
    """Number of series of a query, and of those that have a finite value."""
    answer = json.loads(get(f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": query})))
    if answer["status"] != "success":
        return None, answer["error"]
    values = [float(series["value"][1]) for series in answer["data"]["result"]]
    return len(values), [value for value in values if value == value and abs(value) != float("inf")]


def start_servers(folder, heimdalld, prometheus_binary, processes):
    """The demo, a second daemon and Prometheus. Returns the command for psql and the URL of Prometheus."""
    processes.append(started(folder, "demo", [heimdalld, "demo"]))
    psql = wait_for("the demo", lambda: in_log(folder, "demo", r"(psql -h .*)"), 120)
    host, port = re.search(r"-h (\S+) -p (\d+)", psql).groups()
    first = in_log(folder, "demo", r"serving HTTP\s+address=(\S+)")
    settings = {
        "HEIMDALL_DATABASE_URL": f"host={host} port={port} user=postgres dbname=heimdall",
        "HEIMDALL_S3_ENDPOINT": in_log(folder, "demo", r"S3 server at (http://[^,]+),"),
        "HEIMDALL_S3_ACCESS_KEY": "heimdall-demo",
        "HEIMDALL_S3_SECRET_KEY": "heimdall-demo-secret",
        "HEIMDALL_SWEEP_INTERVAL": "1s",
        "HEIMDALL_HTTP_ADDR": "127.0.0.1:0",
    }
    processes.append(started(folder, "second", [heimdalld, "run"], settings))
    second = wait_for("the second daemon", lambda: in_log(folder, "second", r"address=.*?(127\.0\.0\.1:\d+)"))
    (folder / "prometheus.yml").write_text(
        f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['{ALERTS}']\n"
        "scrape_configs:\n  - job_name: heimdalld\n"
        f"    static_configs: [{{targets: ['{first}', '{second}']}}]\n",
        encoding="utf-8",
    )
    command = [prometheus_binary, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    processes.append(started(folder, "prometheus", [*command, "--web.listen-address=127.0.0.1:19090"]))
    prometheus = "http://127.0.0.1:19090"
    wait_for("Prometheus", lambda: get(f"{prometheus}/-/ready"))
    return psql.split(), prometheus


def main(heimdalld, prometheus_binary):
    """Number of queries without a number."""
    processes = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        try:
            psql, prometheus = start_servers(folder, heimdalld, prometheus_binary, processes)
            end = time.monotonic() + SCRAPED_S
            while time.monotonic() < end:
                subprocess.run([*psql, "-q", "-c", SESSION], check=True)
                time.sleep(1)
            wrong = 0
            for title, query in queries():
                count, found = numbers(query, prometheus)
                if not count or not found:
                    wrong += 1
                    print(f"NO DATA  {title}: {query}: {found}")
                else:
                    print(f"ok  {count:3d} series, the largest {max(found):<12.6g} {title}")
            rules = json.loads(get(f"{prometheus}/api/v1/rules"))["data"]["groups"]
            for rule in (rule for group in rules for rule in group["rules"]):
                print(f"alert {rule['name']}: {rule['health']}, {rule['state']}")
                wrong += rule["health"] != "ok"
            return wrong
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.wait(timeout=60)


if __name__ == "__main__":
    failed = main(*sys.argv[1:])
    print(f"{failed} wrong")
    sys.exit(1 if failed else 0)
