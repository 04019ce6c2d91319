"""The main job with a real MinIO: sessions complete, and their rows must be right.

The intervals of polling and sweep are an hour, so that only the notification explains success.
"""

import argparse
import io
import os
import select
import sys
import time

import numpy as np

from processes import stop_on_signals
from recordings import FREQUENCY_HZ, SAMPLE_RATE_HZ, STATIONS, fm_recording, put
from servers import BUCKET, both_servers
from stacks import CELERY, Heimdalld

sys.path.append(str(CELERY))
from extractor import extract_segments  # noqa: E402

# The rows take milliseconds. A minute is more than any start or busy machine needs.
WAIT_TIMEOUT_S = 60.0
# Characters that break request signatures and URLs if they are encoded twice or not at all.
AWKWARD = "2026/01/01/Turin è + 50%25 (a=b&c)/145500000/7.bin"
# The contract's tolerances: dB values absolutely, the rest relatively, roll-off within two bins.
DB_TOLERANCE, RELATIVE_TOLERANCE, ROLLOFF_TOLERANCE_HZ = 1e-3, 1e-4, 10.0
DB_NAMES = {"rssi_dbm", "snr_db", "noise_floor_dbm", "psd_dbm_per_hz", "peak_to_avg_ratio_db"}
# Of the interpretation, not of the signal, or with a rule of its own.
NOT_COMPARED = {"num_chunks", "signal_present"}


class Checks:
    """Says each outcome and counts the bad ones."""

    def __init__(self):
        self.failed = 0

    def __call__(self, holds, what):
        print(f"{'ok  ' if holds else 'FAIL'} {what}")
        self.failed += not holds


def npy(samples, dtype):
    out = io.BytesIO()
    np.save(out, samples.astype(dtype))
    return out.getvalue()


def good_recordings(store):
    """(location, samples) of seven receivers: every way to name an object, every length and header."""
    rng = np.random.default_rng(2)
    samples = [fm_recording(rng) for _ in STATIONS]
    samples[6] = fm_recording(rng, seconds=2.3)  # two segments and a last one of a single chunk
    base = f"2026/01/01/station/{FREQUENCY_HZ}"
    raw = [x.tobytes() for x in samples]
    locations = [
        put(store, f"{base}/0.bin", raw[0]),
        f"{BUCKET}/{put(store, f'{base}/1.bin', raw[1])}",
        f"s3://{BUCKET}/{put(store, f'{base}/2.bin', raw[2])}",
        put(store, AWKWARD, raw[3]),
        put(store, f"{base}/4.npy", npy(samples[4], np.complex64)),
        put(store, f"{base}/5-npy.bin", npy(samples[5], np.complex128)),
        put(store, f"{base}/6.bin", raw[6]),
    ]
    return list(zip(locations, samples, strict=True))


def bad_recordings(store):
    """(location, beginning of the message) of what can't become features."""
    missing = "2026/01/01/station/no-such-object.bin"
    return [
        (put(store, "bad/odd-length.bin", b"\x3f" * 1_600_003), "Invalid IQ data format"),
        (put(store, "bad/zeros.bin", bytes(1_600_000)), "Invalid IQ data format"),
        (put(store, "bad/short.bin", fm_recording(np.random.default_rng(3), 0.01).tobytes()), "Recording too short"),
        (missing, f"IQ file not found: {missing}"),
    ]


def rows_of(application, session):
    """{location: row} of one session."""
    names = ("failed", "kind", "message", "segments", "metadata", "snr_db")
    found = application.query(
        "SELECT m.iq_data_location, f.extraction_failed, f.error_kind, f.error_message,"
        "       to_jsonb(f.receiver_features), f.extraction_metadata, f.mean_snr_db"
        " FROM heimdall.measurement_features f JOIN heimdall.measurements m ON m.id = f.measurement_id"
        "                                                                  AND m.created_at = f.timestamp"
        " WHERE f.recording_session_id = %s",
        (session,),
    )
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in found}


def wait_for(condition):
    deadline = time.monotonic() + WAIT_TIMEOUT_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def notified(connection, channel):
    """Whether the channel speaks in time; the payload is nobody's business here."""
    deadline = time.monotonic() + WAIT_TIMEOUT_S
    while (left := deadline - time.monotonic()) > 0:
        if select.select([connection], [], [], left)[0]:
            connection.poll()
            if any(note.channel == channel for note in connection.notifies):
                return True
    return False


def differences(expected, segment):
    """The numbers of one segment that are further from the NumPy extractor's than allowed."""
    for name in expected.keys() - NOT_COMPARED:
        for statistic, value in expected[name].items():
            own = segment.get(name, {}).get(statistic)
            if name in DB_NAMES:
                allowed = DB_TOLERANCE
            elif name == "spectral_rolloff_hz":
                allowed = ROLLOFF_TOLERANCE_HZ
            else:
                allowed = RELATIVE_TOLERANCE * max(abs(value), abs(expected[name]["mean"]))
            if own is None or abs(own - value) > allowed + 1e-9:
                yield f"{name}.{statistic} {own}, expected {value:.6g}"


def check_good(check, application, listener, good):
    locations = [location for location, _ in good]
    [session] = application.record(locations, 1)
    application.complete([session])
    check(notified(listener, "heimdall_features_ready"), "heimdall_features_ready follows the completion")
    rows = rows_of(application, session)
    for location, samples in good:
        row = rows.get(location)
        if row is None or row["failed"]:
            check(False, f"{location}: {row and row['message']}")
            continue
        expected = extract_segments(samples, SAMPLE_RATE_HZ)
        wrong = [text for pair in zip(expected, row["segments"], strict=False) for text in differences(*pair)]
        chunks = [segment["num_chunks"] for segment in row["segments"]]
        same = chunks == [segment["num_chunks"] for segment in expected] and not wrong
        check(same, f"{location}: chunks {chunks}, SNR {row['snr_db']:.2f} dB, as in NumPy {'; '.join(wrong[:3])}")
    segments = [segment for row in rows.values() for segment in row["segments"]]
    places = {segment["rx_id"]: (segment["rx_lat"], segment["rx_lon"]) for segment in segments}
    expected = {name: (44.0 + i, 7.0 + i) for i, name in enumerate(STATIONS)}
    check(places == expected, "receivers have their names and coordinates")
    receivers = application.query(
        "SELECT cardinality(receiver_features) FROM heimdall.session_features"
        " WHERE recording_session_id = %s ORDER BY second",
        (session,),
    )
    receivers = [row[0] for row in receivers]
    check(receivers == [7, 1, 1], f"session_features: receivers per segment {receivers}")


def check_bad(check, application, bad):
    [session] = application.record([location for location, _ in bad], 1, len(bad))
    application.complete([session])
    wait_for(lambda: len(rows_of(application, session)) == len(bad))
    rows = rows_of(application, session)
    for location, message in bad:
        row = rows.get(location)
        holds = row is not None and row["failed"] and row["message"].startswith(message)
        check(holds, f"{location}: {row and (row['kind'], row['message'])}")


def main():
    argparse.ArgumentParser(prog="main_job", description=__doc__.splitlines()[0]).parse_args()
    if "HEIMDALLD" not in os.environ:
        raise SystemExit("name the daemon's binary in HEIMDALLD")
    stop_on_signals()
    os.environ |= {"HEIMDALL_POLL_INTERVAL": "3600s", "HEIMDALL_SWEEP_INTERVAL": "3600s"}
    check = Checks()
    with both_servers() as (work, postgres, store, running):
        print(f"{store.version}, Postgres {postgres.version}")
        daemon = Heimdalld(work, postgres, store)
        running.callback(daemon.stop)
        listener = postgres.connect("heimdalld")
        listener.autocommit = True
        listener.cursor().execute("LISTEN heimdall_features_ready")
        check_good(check, daemon.application, listener, good_recordings(store))
        check_bad(check, daemon.application, bad_recordings(store))
        if check.failed:
            print(daemon.tail())
    print(f"{check.failed} checks failed" if check.failed else "all as it should be")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
