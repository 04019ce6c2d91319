"""Compares the extractor with the NumPy reference and with the bare transforms in FFTW.

    tests/load/run.sh extract_speed --reference PATH/features.py [--seconds 120] [--rounds 5] [--signal fm|noise|tone]

One file of cf32 at 200 kHz. Whole processes with the reading of the file, one thread each, one after the other in every
round. FFTW runs the ten single-precision transforms of 40,000 points that five chunks need, once for each second of the
file; planning is not counted. Prints the CPU seconds (user and system) of each, medians, the ratios of each round, and the
largest resident memory. On a noisy machine use the ratios, not the seconds.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SAMPLE_RATE_HZ = 200_000
CHUNK = 40_000
TRANSFORMS_PER_SECOND = 10
SEED = 20_261_125
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

FFTW = f"""
import sys, time
import numpy as np
import pyfftw

n, transforms = {CHUNK}, int(sys.argv[1])
a, b = pyfftw.empty_aligned(n, "complex64"), pyfftw.empty_aligned(n, "complex64")
plan = pyfftw.FFTW(a, b, flags=("FFTW_MEASURE",), threads=1)
rng = np.random.default_rng(1)
a[:] = rng.standard_normal(n) + 1j * rng.standard_normal(n)
begun = time.process_time()
for _ in range(transforms):
    plan.execute()
print(time.process_time() - begun)
"""


def second_of(signal, rng, start):
    """One second of the signal; a different one each time."""
    n = SAMPLE_RATE_HZ
    time_s = start + np.arange(n) / n
    noise = (rng.standard_normal(n) + 1j * rng.standard_normal(n)) / np.sqrt(2)
    if signal == "noise":
        return 0.1 * noise
    if signal == "tone":
        return 0.1 * np.exp(2j * np.pi * 23_456.7 * time_s) + 0.01 * noise
    # 12.5 kHz FM with speech-like modulation, 20 dB over all the noise.
    audio = np.convolve(rng.standard_normal(n), np.hanning(64), "same")
    phase = 2 * np.pi * (12_000.0 * time_s + 2_500.0 * np.cumsum(audio / np.abs(audio).max()) / n)
    return 0.1 * np.exp(1j * phase) + 0.01 * noise


def cpu_seconds(command, **extra):
    """User and system seconds of a process, and what it printed last."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD}, **extra)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, done.stdout


def peak_memory_mb(command):
    """Largest resident memory of one run, without the parent's pages that a fork starts with."""
    script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); " \
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    return int(subprocess.run([sys.executable, "-S", "-c", script, *command], check=True, stdout=subprocess.PIPE).stdout) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, help="features.py")
    parser.add_argument("--heimdalld", type=Path, default=Path(os.environ.get("HEIMDALLD", "target/release/heimdalld")))
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--signal", choices=["fm", "noise", "tone"], default="fm")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recording.cf32"
        rng = np.random.default_rng(SEED)
        with file.open("wb") as out:
            for start in range(options.seconds):
                out.write(second_of(options.signal, rng, start).astype("<c8").tobytes())
        short = Path(folder) / "short.cf32"
        short.write_bytes(file.read_bytes()[: 8 * SAMPLE_RATE_HZ])

        ours = [str(options.heimdalld), "extract", str(file)]
        theirs = [sys.executable, str(options.reference), str(file)]
        fftw = [sys.executable, "-c", FFTW, str(TRANSFORMS_PER_SECOND * options.seconds)]
        cpu_seconds(ours)
        rows = []
        for _ in range(options.rounds):
            rows.append((cpu_seconds(ours)[0], cpu_seconds(theirs)[0], float(cpu_seconds(fftw)[1])))
        per_second = [[1000 * value / options.seconds for value in row] for row in rows]
        median = [statistics.median(column) for column in zip(*per_second)]
        print(f"{options.signal}, {options.seconds} s of cf32 at 200 kHz, {options.rounds} rounds; CPU ms per second of recording, medians")
        for name, value in zip(("heimdalld extract", "reference (17 numbers)", "ten transforms, FFTW"), median):
            print(f"  {name:<24}{value:8.3f}")
        faster = [row[1] / row[0] for row in rows]
        slower = [row[0] / row[2] for row in rows]
        print(f"  faster than the reference    {statistics.median(faster):6.1f} times ({min(faster):.1f} to {max(faster):.1f})")
        print(f"  times the transforms alone   {statistics.median(slower):6.2f} ({min(slower):.2f} to {max(slower):.2f})")
        small = peak_memory_mb([str(options.heimdalld), "extract", str(short)])
        print(f"  resident memory: 1 s {small:.1f} MB, {options.seconds} s {peak_memory_mb(ours):.1f} MB")


main()
