"""The 17 reference features of a chunk, written from the dictionary in dsp/README.md, in double precision."""

import numpy as np

EPSILON = 1e-12

# How far the extractor may be off: decibels absolutely, what is counted not at all, the rest as a part of itself.
DECIBELS = {"rssi_dbm", "snr_db", "noise_floor_dbm", "psd_dbm_per_hz", "peak_to_avg_ratio_db"}
COUNTED = {"frequency_offset_hz", "bandwidth_hz", "zero_crossing_rate"}


def decibel(power):
    return 10.0 * np.log10(power)


def confidence(snr_db):
    for above, base in ((15.0, None), (10.0, 0.5), (5.0, 0.3)):
        if snr_db > above:
            return 1.0 if base is None else base + (snr_db - above) / 10.0
    return max(0.0, snr_db / 15.0)


def of_chunk(samples, rate):
    x = samples.astype(np.complex128)
    count = len(x)
    power = np.abs(x) ** 2
    psd = np.fft.fftshift(np.abs(np.fft.fft(x)) ** 2 / count)
    frequencies = np.fft.fftshift(np.fft.fftfreq(count, 1 / rate))
    noise = np.median(np.sort(psd)[: max(1, int(0.3 * count))])
    snr_db = decibel(power.mean() / (noise + EPSILON))
    largest = psd.argmax()
    below = np.cumsum(psd)
    envelope = np.abs(x) / (np.abs(x).max() + EPSILON)
    correlation = np.fft.ifft(np.fft.ifftshift(psd) * count).real[: count // 2 + 1] ** 2
    correlation /= correlation.max() + EPSILON
    lags = np.flatnonzero(correlation > 0.1)
    spread = coherence = certainty = 0.0
    if len(lags) > 1:
        weights = correlation[lags]
        mean = np.average(lags / rate, weights=weights)
        seconds = np.sqrt(np.average((lags / rate - mean) ** 2, weights=weights))
        spread, coherence = 1e6 * seconds, 1 / (5 * seconds + EPSILON) / 1000
        certainty = confidence(snr_db)
    return {
        "rssi_dbm": decibel(power.mean() + EPSILON) + 30,
        "snr_db": snr_db,
        "noise_floor_dbm": decibel(noise + EPSILON) + 30,
        "frequency_offset_hz": frequencies[largest],
        "bandwidth_hz": np.count_nonzero(psd > psd[largest] / 2) * rate / count,
        "psd_dbm_per_hz": decibel(psd[largest] / rate + EPSILON) + 30,
        "spectral_centroid_hz": np.sum(frequencies * psd) / (psd.sum() + EPSILON),
        "spectral_rolloff_hz": frequencies[np.argmax(below >= 0.85 * below[-1])],
        "envelope_mean": envelope.mean(),
        "envelope_std": envelope.std(),
        "envelope_max": envelope.max(),
        "peak_to_avg_ratio_db": decibel(power.max() / (power.mean() + EPSILON)),
        "zero_crossing_rate": np.count_nonzero(np.diff(np.sign(x.real))) / count,
        "multipath_delay_spread_us": spread,
        "coherence_bandwidth_khz": coherence,
        "delay_spread_confidence": certainty,
        "confidence_score": min(max(snr_db / 30, 0.0), 1.0),
    }


def tolerance(name, value, rate, chunk):
    if name in DECIBELS:
        return 1e-3
    if name in COUNTED:
        return 1e-9 * abs(value) + 1e-12
    if name == "spectral_rolloff_hz":
        return 2.001 * rate / chunk
    return 1e-4 * abs(value) + (1e-11 * rate if name == "spectral_centroid_hz" else 1e-12)
