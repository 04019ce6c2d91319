"""Many recordings, threads, the interpreter's lock, memory and processes."""

import gc
import multiprocessing
import os
import resource
import signal
import sys
import threading

import numpy as np
import pytest
from conftest import noise

from heimdall_features import Batch, FeatureExtractionError, extract, extract_batch

RATE = 10_000
RECORDINGS = np.stack([noise(10_000, seed) for seed in range(12)])


@pytest.mark.parametrize("threads", [None, 1, 3, 50])
def test_every_number_of_threads_gives_the_results_in_order(threads):
    batch = extract_batch(RECORDINGS, RATE, threads=threads)
    expected = [extract(samples, RATE).segments for samples in RECORDINGS]
    assert [found.segments for found in batch] == expected


def test_recordings_have_lengths_and_rates_of_their_own():
    recordings = [noise(2_000), noise(48_000), noise(25_000)]
    rates = [10_000, 48_000, 12_500]
    batch = extract_batch(recordings, np.array(rates))
    assert [len(found) for found in batch] == [1, 1, 2]
    assert [found.interpretation["sample_rate_hz"] for found in batch] == rates
    assert batch.recordings.tolist() == [0, 1, 2, 2]


def test_a_recording_that_fails_does_not_stop_the_others():
    batch = extract_batch([RECORDINGS[0], np.zeros(5_000), RECORDINGS[1], []], RATE)
    assert {at: error.error_kind for at, error in batch.errors.items()} == {1: "invalid_format", 3: "too_short"}
    assert batch[0].segments == extract(RECORDINGS[0], RATE).segments
    assert np.isnan(batch.values).all(axis=1).tolist() == [False, True, False, True]
    with pytest.raises(FeatureExtractionError, match="every one of the 5000 samples is zero"):
        batch[1]
    with pytest.raises(FeatureExtractionError, match="recording 1: "):
        batch.raise_errors()
    with pytest.raises(IndexError):
        batch[4]


def test_an_empty_batch_has_no_rows():
    batch = extract_batch([], RATE)
    assert len(batch) == 0
    assert batch.values.shape[0] == 0
    assert isinstance(extract_batch(np.empty((0, 5), complex), RATE), Batch)


@pytest.mark.parametrize("call", [lambda x: extract(x[0], RATE), lambda x: extract_batch(x, RATE)])
def test_another_thread_runs_meanwhile(call):
    """The interpreter takes the lock from no thread here, so another one runs only while the call gives it away."""
    long, has_run = [noise(1_000_000)], []
    gate, begun = threading.Lock(), threading.Event()

    def wait_and_run():
        begun.set()
        with gate:
            has_run.append(True)

    interval = sys.getswitchinterval()
    with gate:
        thread = threading.Thread(target=wait_and_run)
        thread.start()
        begun.wait()
        sys.setswitchinterval(1000)
    try:
        calls = 0
        while not has_run and calls < 100:
            call(long)
            calls += 1
        assert has_run
    finally:
        sys.setswitchinterval(interval)
        thread.join()


def test_threads_of_python_extract_at_the_same_time():
    results = [None] * len(RECORDINGS)

    def work(at):
        for _ in range(5):
            results[at] = extract(RECORDINGS[at], RATE).segments

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(RECORDINGS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [extract(samples, RATE).segments for samples in RECORDINGS]


def test_ctrl_c_ends_a_batch():
    recordings = [noise(100_000)] * 100_000
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    # A process that a shell has started in the background ignores the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            extract_batch(recordings, 100_000)
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thousand_calls_leave_no_memory():
    def resident_kib():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() // 1024

    def calls(count):
        for _ in range(count):
            extract(RECORDINGS[0, :2000], RATE).segments
            extract_batch(RECORDINGS[:2, :2000], RATE).values
            with pytest.raises(FeatureExtractionError):
                extract(RECORDINGS[0][:5], RATE)
        gc.collect()

    calls(200)
    before = resident_kib()
    calls(1000)
    # Each round returns three results of 7 KB: of a thousand rounds that stayed, 20 MB would be seen.
    assert resident_kib() - before < 4096


def of_child(recordings):
    return [found.segments for found in extract_batch(recordings, RATE, threads=2)]


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_processes_extract_after_their_parent_has(method):
    expected = of_child(RECORDINGS)
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(of_child, [RECORDINGS] * 4) == [expected] * 4
