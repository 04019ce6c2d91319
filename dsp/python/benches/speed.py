"""Compares heimdall_features with the Rust extractor and with NumPy, in one run.

    dsp/python/speed.sh [--rounds 20] [--alternations 7] [--reference PATH/features.py]

One second at 200 kHz on one thread: a program in Rust that extracts from memory, `extract`, and the definitions in NumPy,
in turn. Prints the median of each alternation's least round, and the median of the alternations' ratios. Then
`extract_batch` of a thousand such recordings, on one thread and on all processors, in turn. Its efficiency is the time of
one thread over that of all, divided by their number. Other work on the machine lowers it: the load and the part of the
processors that the process had are printed.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import heimdall_features

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from definitions import of_chunk  # noqa: E402

RATE, SEED = 200_000, 20_261_128


def signals():
    rng = np.random.default_rng(SEED)
    noise = ((rng.standard_normal(RATE) + 1j * rng.standard_normal(RATE)) / np.sqrt(2)).astype(np.complex64)
    speech = np.convolve(rng.standard_normal(RATE), np.ones(60) / np.sqrt(60), "same")
    fm = np.exp(2j * np.pi * np.cumsum(2500 * speech) / RATE)
    tone = np.exp(2j * np.pi * 0.123 * np.arange(RATE))
    return {
        "FM": (fm + 0.1 * noise).astype(np.complex64),
        "noise": noise,
        "tone": (tone + 0.1 * noise).astype(np.complex64),
    }


def timed(call, rounds):
    call()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - begun))
    return min(times)


def rust(program, path, rounds):
    printed = subprocess.run([program, path, str(RATE), str(rounds)], check=True, capture_output=True, text=True)
    return min(float(line) for line in printed.stdout.split())


def numpy_way(path):
    """The reference if there is one, else the definitions of the tests."""
    if path is None:
        return lambda samples: [of_chunk(samples[at : at + RATE // 5], RATE) for at in range(0, RATE, RATE // 5)]
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda samples: module.segments(samples, RATE)


def one_second(arguments):
    reference = numpy_way(arguments.reference)
    columns = ["Rust", "`extract`", "its dictionary too", "NumPy", "`extract` / Rust", "NumPy / `extract`"]
    print(f"| one second at 200 kHz, ms | {' | '.join(columns)} |")
    print("| --- |" + " ---: |" * len(columns))
    for name, samples in signals().items():
        with tempfile.NamedTemporaryFile(suffix=".cf32") as file:
            samples.tofile(file.name)
            taken = []
            for _ in range(arguments.alternations):
                taken.append(
                    (
                        rust(arguments.rust, file.name, arguments.rounds),
                        timed(lambda: heimdall_features.extract(samples, RATE), arguments.rounds),
                        timed(lambda: heimdall_features.extract(samples, RATE).segments, arguments.rounds),
                        timed(lambda: reference(samples), 3),
                    )
                )
        medians = [statistics.median(column) for column in zip(*taken, strict=True)]
        to_rust = statistics.median(python / rust for rust, python, _, _ in taken)
        to_numpy = statistics.median(numpy / python for _, python, _, numpy in taken)
        cells = [f"{median:.2f}" for median in medians] + [f"{to_rust:.3f}", f"{to_numpy:.1f}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def batch(arguments):
    kinds = list(signals().values())
    recordings = [kinds[at % len(kinds)] for at in range(1000)]
    processors = len(os.sched_getaffinity(0))
    efficiencies = []
    for _ in range(arguments.alternations):
        taken = {}
        for threads in (1, processors):
            begun = time.perf_counter(), time.process_time()
            heimdall_features.extract_batch(recordings, RATE, threads=threads)
            taken[threads] = time.perf_counter() - begun[0], time.process_time() - begun[1]
        (alone, cpu_alone), (together, cpu) = taken[1], taken[processors]
        efficiencies.append(alone / together / processors)
        print(
            f"1000 seconds: 1 thread {alone:.2f} s (CPU {cpu_alone:.2f} s), {processors} threads {together:.2f} s "
            f"(CPU {cpu:.2f} s, {cpu / together / processors:.0%} of the processors), efficiency {efficiencies[-1]:.0%}, "
            f"load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    print(f"median efficiency {statistics.median(efficiencies):.0%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rust", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--alternations", type=int, default=7)
    parser.add_argument("--reference", type=Path)
    arguments = parser.parse_args()
    print(f"heimdall-features {heimdall_features.__version__}, NumPy {np.__version__}, load {os.getloadavg()[0]:.1f}\n")
    one_second(arguments)
    print()
    batch(arguments)


if __name__ == "__main__":
    main()
