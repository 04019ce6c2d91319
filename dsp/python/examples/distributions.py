"""Synthetic and recorded samples through the same extractor: one table, and a plot of each number's distribution.

    python distributions.py RECORDINGS OUT [--synthetic 300] [--sample-rate HZ]

RECORDINGS is a folder with recordings of any format, or one file. OUT becomes OUT.parquet, with a row for each segment and
the column `origin`, and OUT.png. Files that are no recordings are named and left out. Needs matplotlib and pyarrow.

The number above each panel is the Kolmogorov-Smirnov distance: the largest difference of the two cumulative distributions.
0 means equal distributions; at 1 a model can tell synthetic rows from recorded ones by this number alone.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from heimdall_features import COLUMNS, FeatureExtractionError, extract_batch, read

RATE_HZ = 200_000
SEED = 20_261_128
COLOURS = {"synthetic": "#4477aa", "recorded": "#cc6633"}
BINS = 40


def synthetic(count, rng):
    """One second each of narrow-band FM by noise like speech, 1 to 4 kHz of deviation, anywhere within 5 kHz of the centre,
    with two echoes, at 0 to 40 dB above all the noise."""
    time = np.arange(RATE_HZ) / RATE_HZ
    for _ in range(count):
        speech = np.convolve(rng.standard_normal(RATE_HZ), np.ones(66) / np.sqrt(66), "same")
        phase = 2 * np.pi * (rng.uniform(1e3, 4e3) * np.cumsum(speech) / RATE_HZ + rng.uniform(-5e3, 5e3) * time)
        direct = np.exp(1j * phase)
        echoes = sum(
            rng.uniform(0, 0.5) * np.exp(2j * np.pi * rng.uniform()) * np.roll(direct, rng.integers(1, 5)) for _ in range(2)
        )
        noise = (rng.standard_normal(RATE_HZ) + 1j * rng.standard_normal(RATE_HZ)) / np.sqrt(2)
        level = 10 ** (-rng.uniform(0, 40) / 20)
        yield (0.1 * (direct + echoes + level * noise)).astype(np.complex64)


def with_origin(table, origin, name):
    count = table.num_rows
    return table.add_column(0, "origin", pa.repeat(origin, count)).add_column(1, "name", pa.repeat(name, count))


def recorded(folder, rate_hz):
    """A table for each file that is a recording."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else [folder]:
        # The samples of SigMF metadata are read by their own name.
        if not path.is_file() or path.suffix == ".sigmf-meta":
            continue
        try:
            found = read(path, sample_rate_hz=rate_hz)
        except (FeatureExtractionError, OSError) as error:
            print(f"{path.name}: left out: {error}")
            continue
        used = found.interpretation
        print(f"{path.name}: {len(found)} segments, {used['iq_format']} at {used['sample_rate_hz']:g} Hz")
        for warning in found.warnings:
            print(f"{path.name}: {warning['text']}")
        yield with_origin(pa.table(found), "recorded", path.name)


def distance(a, b):
    """The Kolmogorov-Smirnov distance of two samples."""
    if not (len(a) and len(b)):
        return np.nan
    at = np.concatenate([a, b])
    a, b = np.sort(a), np.sort(b)
    return np.abs(np.searchsorted(a, at, "right") / len(a) - np.searchsorted(b, at, "right") / len(b)).max()


def panel(axes, column, values):
    """Draws the part of the rows in each bin."""
    everything = np.concatenate(list(values.values()))
    if len(everything) == 0:
        axes.set_axis_off()
        return
    low, high = np.quantile(everything, [0.005, 0.995])
    if high <= low:
        low, high = low - 0.5, high + 0.5
    # Numbers over several decades are drawn over their logarithms.
    is_wide = low > 0 and high / low > 100
    bins = np.geomspace(low, high, BINS) if is_wide else np.linspace(low, high, BINS)
    for origin, numbers in values.items():
        if len(numbers):
            weights = np.full(len(numbers), 1 / len(numbers))
            axes.hist(np.clip(numbers, bins[0], bins[-1]), bins, weights=weights, color=COLOURS[origin], alpha=0.6)
    axes.set_xscale("log" if is_wide else "linear")
    axes.set_title(column.number, fontsize=8, loc="left")
    axes.set_xlabel("" if column.unit == "1" else column.unit, fontsize=7, labelpad=1)
    axes.tick_params(labelsize=6)
    axes.set_yticks([])
    axes.set_title(f"{distance(*values.values()):.2f}", fontsize=8, loc="right")


def plot(table, path):
    shown = [column for column in COLUMNS if column.statistic == "mean"]
    across = 6
    figure, axes = plt.subplots(-(-len(shown) // across), across, figsize=(14, 10), layout="constrained")
    counts = {}
    for place, column in zip(axes.flat, shown, strict=False):
        values = {}
        for origin in COLOURS:
            part = table.filter(pc.equal(table["origin"], origin))
            counts[origin] = part.num_rows
            # A model sees single precision: what differs less is equal.
            values[origin] = part[column.name].drop_null().to_numpy().astype(np.float32)
        panel(place, column, values)
    for place in axes.flat[len(shown) :]:
        place.set_axis_off()
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour, alpha=0.6) for colour in COLOURS.values()]
    labels = [f"{origin}, {counts[origin]} rows" for origin in COLOURS]
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--synthetic", type=int, default=300)
    parser.add_argument("--sample-rate", type=float, help="of recordings that do not state theirs, Hz")
    arguments = parser.parse_args()
    samples = list(synthetic(arguments.synthetic, np.random.default_rng(SEED)))
    tables = [with_origin(pa.table(extract_batch(samples, RATE_HZ)), "synthetic", "")]
    tables += recorded(arguments.recordings, arguments.sample_rate)
    table = pa.concat_tables(tables)
    pq.write_table(table, arguments.out.with_suffix(".parquet"))
    plot(table, arguments.out.with_suffix(".png"))
    print(f"{table.num_rows} rows in {arguments.out.with_suffix('.parquet')}, plot in {arguments.out.with_suffix('.png')}")


if __name__ == "__main__":
    main()
