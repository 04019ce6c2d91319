"""Compares the 17 reference features with the NumPy reference, over random recordings of many kinds.

    python3 tests/load/reference.py PATH/features.py HEIMDALLD [--recordings 300] [--seed 1] [--largest]

Recordings of one to seven chunks: rates from 1 kHz to 2 MHz (--largest: and two of 20 MHz), among them such whose chunks have a
prime number of samples; amplitudes from 1e-6 to 1e3; tones on and off a bin, several tones, frequency modulation,
noise white and coloured, bursts, silence inside, offsets, real-valued samples, integers, a full-scale square wave, clicks.
Prints the largest deviation of each number in units of the contract's tolerance, and where it was seen. Ends with
status 1 if any is beyond it.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

RATES_HZ = [1_000, 8_000, 8_005, 12_000, 12_001, 12_500, 20_250, 48_000, 50_000, 96_035, 192_000, 200_000, 200_045, 250_000]
# A chunk of 400,000 samples costs the reference a second: one recording in so many.
WIDE_RATES_HZ, WIDE_EVERY = [1_024_000, 1_920_000, 2_000_000, 2_000_015], 25
LARGEST_RATE_HZ = 20_000_000

# The contract: decibels within 0.001 for an SNR of up to 90 dB, what is counted equal, the roll-off within two bins, the rest
# within 1e-4 of itself. Where a number is a small difference of large ones, it is they whose rounding counts: the centroid's
# and the counts' absolute parts are those of double precision, as parts of the rate.
DECIBELS = {"rssi_dbm", "snr_db", "noise_floor_dbm", "psd_dbm_per_hz", "peak_to_avg_ratio_db"}
COUNTED = {"frequency_offset_hz", "bandwidth_hz", "zero_crossing_rate"}
MAX_SNR_DB = 90.0


def tolerance(name, value, rate):
    if name in DECIBELS:
        return 1e-3
    if name in COUNTED:
        return 1e-9 * abs(value) + 1e-12
    if name == "spectral_rolloff_hz":
        return 2.001 * rate / int(rate * 0.2)
    absolute = 1e-11 * rate if name == "spectral_centroid_hz" else 1e-12
    return 1e-4 * abs(value) + absolute


def white(rng, n):
    return (rng.standard_normal(n) + 1j * rng.standard_normal(n)) / np.sqrt(2)


def turn(cycles, n, chunk):
    """A tone of so many cycles in a chunk."""
    return np.exp(2j * np.pi * ((cycles * np.arange(n) / chunk) % 1.0))


def signals(rng, n, chunk):
    """What recordings are made of, by name: functions, since few of them are wanted each time."""
    anywhere = rng.uniform(-0.5, 0.5) * chunk
    inside = slice(n // 3, n // 2)

    def only(part, samples):
        out = np.zeros(n, complex)
        out[part] = samples[part]
        return out

    def two_tones():
        return turn(anywhere, n, chunk) + 0.5 * turn(rng.uniform(-0.5, 0.5) * chunk, n, chunk)

    def frequency_modulated():
        audio = np.convolve(rng.standard_normal(n), np.hanning(32), "same")
        return np.exp(2j * np.pi * (anywhere * np.arange(n) / chunk + 0.05 * np.cumsum(audio / np.abs(audio).max())))

    def coloured():
        kernel = rng.uniform(0.2, 0.9) ** np.arange(24)
        return np.convolve(white(rng, n), kernel, "same")

    def clicks():
        return only(rng.integers(0, n, 5), np.ones(n))

    return {
        "tone on a bin": lambda: turn(round(anywhere), n, chunk),
        "tone": lambda: turn(anywhere, n, chunk),
        "two tones": two_tones,
        "FM": frequency_modulated,
        "noise alone": lambda: np.zeros(n),
        "coloured noise": coloured,
        "burst": lambda: only(inside, turn(anywhere, n, chunk)),
        "burst of noise": lambda: 10 * only(inside, white(rng, n)),
        "offset": lambda: 0.3 + 0.1j + turn(anywhere, n, chunk),
        "offset alone": lambda: np.full(n, 1.0 + 0.5j),
        "AM": lambda: turn(anywhere, n, chunk) * (1 + 0.5 * turn(40, n, chunk).real),
        "square wave": lambda: np.sign(turn(anywhere, n, chunk).real) + 1j * np.sign(turn(anywhere, n, chunk).imag),
        "clicks": clicks,
    }


def recording(rng, index, rate, chunks):
    """Samples of one recording as complex64, and what they are."""
    chunk = int(rate * 0.2)
    n = chunks * chunk + int(rng.integers(0, chunk))
    kinds = signals(rng, n, chunk)
    kind = list(kinds)[index % len(kinds)]
    snr_db = rng.uniform(-10.0, 90.0)
    amplitude = 10.0 ** rng.uniform(-6.0, 3.0)
    samples = kinds[kind]() + 10.0 ** (-snr_db / 20.0) * white(rng, n)
    what = [kind, f"{snr_db:.1f} dB"]
    variant = index // len(kinds) % 5
    if variant == 1:
        samples, what = samples.real + 0j, [*what, "real"]
    elif variant == 2:
        steps = 10.0 ** rng.uniform(0.0, 4.0) / max(np.abs(samples.real).max(), np.abs(samples.imag).max())
        samples, amplitude = np.round(samples.real * steps) + 1j * np.round(samples.imag * steps), 1 / 32768
        what.append("integers")
    elif variant == 3:
        samples[n // 4 : n // 4 + chunk // 2] = 0
        what.append("silence inside")
    return (amplitude * samples).astype("<c8"), ", ".join([*what, f"amplitude {amplitude:.1e}"])


class Worst:
    """The largest deviation of each number in units of its tolerance."""

    def __init__(self):
        self.of = {}
        self.ties = self.beyond = 0

    def see(self, name, deviation, where):
        if deviation > self.of.get(name, (-1.0, ""))[0]:
            self.of[name] = (deviation, where)


def compare(ours, theirs, rate, where, worst):
    """Deviations of one segment."""
    is_beyond = "snr_db" in theirs and theirs["snr_db"]["max"] > MAX_SNR_DB
    worst.beyond += is_beyond
    for name in theirs:
        if name == "num_chunks":
            assert ours[name] == theirs[name], f"{where}: {ours[name]} chunks, not {theirs[name]}"
            continue
        if is_beyond and name in DECIBELS:
            continue
        largest = max(abs(theirs[name]["min"]), abs(theirs[name]["max"]))
        for which, expected in theirs[name].items():
            # Values that agree within the tolerance have means and deviations that agree as well.
            allowed = tolerance(name, expected if which in ("min", "max") else largest, rate)
            worst.see(name, abs(ours[name][which] - expected) / allowed, f"{which} {ours[name][which]!r}, not {expected!r}: {where}")


def ties(features, samples, rate):
    """Which numbers hang on bins that are equal but for the rounding of double precision, as in the symmetrical spectrum of
    real samples, or in that of a few equal clicks: which bin is the largest, or above half of it, is chance then, in the
    reference too."""
    chunk = int(rate * features.CHUNK_MS / 1000.0)
    tied = set()
    for start in range(0, len(samples) - chunk + 1, chunk):
        power = np.abs(np.fft.fft(samples[start : start + chunk].astype(complex))) ** 2
        if np.count_nonzero(power >= power.max() * (1 - 1e-12)) > 1:
            tied.add("frequency_offset_hz")
        if np.any(np.abs(power - power.max() / 2) < power.max() * 1e-12):
            tied.add("bandwidth_hz")
    return tied


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference", type=Path)
    parser.add_argument("heimdalld", type=Path)
    parser.add_argument("--recordings", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--largest", action="store_true")
    arguments = parser.parse_args()
    spec = importlib.util.spec_from_file_location("features", arguments.reference)
    features = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(features)
    rng = np.random.default_rng(arguments.seed)
    worst = Worst()
    rates = [
        int(rng.choice(WIDE_RATES_HZ if i % WIDE_EVERY == WIDE_EVERY - 1 else RATES_HZ)) for i in range(arguments.recordings)
    ] + [LARGEST_RATE_HZ] * (2 * arguments.largest)
    segments = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.cf32"
        for index, rate in enumerate(rates):
            samples, what = recording(rng, index, rate, 1 if rate > 500_000 else int(rng.integers(1, 8)))
            samples.tofile(path)
            where = f"recording {index}, {rate} Hz, {what}"
            command = [arguments.heimdalld, "extract", path, "--sample-rate", str(rate), "--format", "cf32_le"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{where}: {done.stderr}"
            # An empty chunk has no SNR, which the reference calls -inf and a database refuses.
            with np.errstate(divide="ignore", invalid="ignore"):
                theirs = features.segments(samples, rate)
            tied = ties(features, samples, rate)
            worst.ties += bool(tied)
            for mine, reference in zip(json.loads(done.stdout)["segments"], theirs, strict=True):
                segments += 1
                reference = {
                    name: value
                    for name, value in reference.items()
                    if name == "num_chunks" or (name not in tied and np.isfinite(value["min"]))
                }
                compare(mine, reference, rate, where, worst)
    print(f"{len(rates)} recordings, {segments} segments; {worst.ties} recordings with equal bins, of which the numbers that")
    print(f"hang on them are not compared; {worst.beyond} segments above {MAX_SNR_DB:.0f} dB, whose decibels are not")
    print(f"{'number':<28}{'deviation / tolerance':>22}  seen")
    for name, (deviation, where) in worst.of.items():
        print(f"{name:<28}{deviation:>22.3g}  {where}")
    sys.exit(any(deviation > 1.0 for deviation, _ in worst.of.values()))


if __name__ == "__main__":
    main()
