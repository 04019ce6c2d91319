"""The earlier service's extractor: 17 numbers per 200 ms chunk, in NumPy, float64.

`compare.py` checks it against the reference where HEIMDALL_REFERENCE names that file.
"""

import numpy as np

CHUNK_MS = 200.0
CHUNKS_PER_SEGMENT = 5
# Keeps logarithms and quotients finite for a chunk of zeros.
FLOOR = 1e-12
# A power of 1 in the samples' own scale is called 1 W, that is 30 dBm.
DBM = 30.0
# Lags of the delay profile below this share of its peak are taken for noise.
PROFILE_THRESHOLD = 0.1


def decibel(ratio):
    return 10.0 * np.log10(ratio)


def delay_spread_confidence(snr_db):
    """How far a delay spread can be trusted at this SNR: 0 to 1, in four pieces."""
    if snr_db > 15.0:
        return 1.0
    if snr_db > 10.0:
        return snr_db / 10.0 - 0.5
    if snr_db > 5.0:
        return snr_db / 10.0 - 0.2
    return max(0.0, snr_db / 15.0)


def delay_profile(periodogram, sample_rate_hz, snr_db):
    """RMS delay spread (us), coherence bandwidth (kHz) and their confidence.

    The profile is the squared circular autocorrelation over the first half of the lags.
    """
    n = periodogram.size
    correlation = np.fft.ifft(periodogram * n).real[: n // 2 + 1]
    profile = np.square(correlation)
    profile /= profile.max() + FLOOR
    lags = np.flatnonzero(profile > PROFILE_THRESHOLD)
    if lags.size < 2:
        return 0.0, 0.0, 0.0
    delays_s, weights = lags / sample_rate_hz, profile[lags]
    mean_s = np.average(delays_s, weights=weights)
    spread_s = np.sqrt(np.average(np.square(delays_s - mean_s), weights=weights))
    coherence_hz = 1.0 / (5.0 * spread_s + FLOOR)
    return spread_s * 1e6, coherence_hz / 1e3, delay_spread_confidence(snr_db)


def extract_chunk(samples, sample_rate_hz):
    x = samples.astype(np.complex128)
    n = x.size
    power = np.square(x.real) + np.square(x.imag)
    mean_power = power.mean()
    envelope = np.sqrt(power)
    envelope /= envelope.max() + FLOOR

    spectrum = np.fft.fft(x)
    periodogram = (np.square(spectrum.real) + np.square(spectrum.imag)) / n
    psd = np.fft.fftshift(periodogram)
    frequencies_hz = np.fft.fftshift(np.fft.fftfreq(n, 1.0 / sample_rate_hz))
    peak = psd.argmax()
    running = psd.cumsum()
    rolloff = np.argmax(running >= 0.85 * running[-1])

    noise = np.median(np.sort(psd)[: max(1, int(0.3 * n))])
    snr_db = decibel(mean_power / (noise + FLOOR))
    spread_us, coherence_khz, confidence = delay_profile(periodogram, sample_rate_hz, snr_db)

    return {
        "rssi_dbm": decibel(mean_power + FLOOR) + DBM,
        "snr_db": snr_db,
        "noise_floor_dbm": decibel(noise + FLOOR) + DBM,
        "frequency_offset_hz": frequencies_hz[peak],
        "bandwidth_hz": np.count_nonzero(psd > 0.5 * psd[peak]) * sample_rate_hz / n,
        "psd_dbm_per_hz": decibel(psd[peak] / sample_rate_hz + FLOOR) + DBM,
        "spectral_centroid_hz": (frequencies_hz * psd).sum() / (psd.sum() + FLOOR),
        "spectral_rolloff_hz": frequencies_hz[rolloff],
        "envelope_mean": envelope.mean(),
        "envelope_std": envelope.std(),
        "envelope_max": envelope.max(),
        "peak_to_avg_ratio_db": decibel(power.max() / (mean_power + FLOOR)),
        "zero_crossing_rate": np.count_nonzero(np.diff(np.sign(x.real))) / n,
        "multipath_delay_spread_us": spread_us,
        "coherence_bandwidth_khz": coherence_khz,
        "delay_spread_confidence": confidence,
        "confidence_score": np.clip(snr_db / 30.0, 0.0, 1.0),
        "signal_present": float(snr_db > 0.0),
    }


def extract_segments(samples, sample_rate_hz):
    """One object per 1000 ms: every number's mean, std, min and max over its chunks."""
    size = int(sample_rate_hz * CHUNK_MS / 1000.0)
    whole = samples[: samples.size // size * size].reshape(-1, size)
    segments = []
    for first in range(0, len(whole), CHUNKS_PER_SEGMENT):
        rows = [extract_chunk(chunk, sample_rate_hz) for chunk in whole[first : first + CHUNKS_PER_SEGMENT]]
        segment = {"num_chunks": len(rows)}
        for name in rows[0]:
            values = np.array([row[name] for row in rows])
            segment[name] = {
                "mean": float(values.mean()),
                "std": float(values.std()),
                "min": float(values.min()),
                "max": float(values.max()),
            }
        segments.append(segment)
    return segments
