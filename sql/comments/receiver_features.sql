-- The comment on measurement_features.receiver_features, written by dsp/tests/dictionary. It is set only where it
-- differs, because COMMENT ON waits for a running vacuum of the table.
DO $$
DECLARE
    meaning CONSTANT text := $text$One object per 1000 ms segment of this receiver's recording. Empty when extraction_failed.
A number of the sets reference and extended, but not detection_rate, has mean, std, min and max over the segment's
200 ms chunks. Those of the set extended have the standard_error of the mean too.
rx_id, rx_lat, rx_lon: the receiver's name and position in degrees
x: samples of a chunk, full scale 1. N: their number. fs: sample rate in Hz.
P: |FFT of x|^2 / N, rectangular window, 0 Hz in the middle. Frequencies are from the centre of the band
-- The segment:
segment_index [1]: Number of the segment, from 0. A number is missing if every chunk of its segment lacks samples.
segment_start_ms [ms]: Start of the segment in the recording, lost samples included.
num_chunks [1]: Chunks of 200 ms that were measured: 5, or fewer in the last segment and where samples were lost.
signal_present [boolean]: True if the detector found a signal in more than half of the chunks. detection_rate is the part of the chunks. The rule of the training data (snr_db above 0) is true for noise alone. This detector is another one.
-- Reference features: the 17 numbers of the training data:
rssi_dbm [dB]: Mean power over full scale, plus 30: 10 log10(mean |x|^2) + 30. Not a calibrated power: the receiver's gain is unknown. Lowest value -90.
snr_db [dB]: Mean power over the noise of noise_floor_dbm: 10 log10(mean |x|^2 / noise). 7.9 dB high at low SNR, because the noise is read 7.9 dB low: noise alone reads 7.9 dB. Also, the power includes the noise. The bias shrinks to 7.6 dB where the signal fills 6 % of the band, 6.5 dB at 25 %, 4.5 dB at 50 %. Kept because models are trained on it. snr_unbiased_db has no such bias.
noise_floor_dbm [dB]: 10 log10(noise) + 30, where noise is the median of the weakest 30 % of the bins of P. It is the 15th percentile of an exponential distribution: 7.9 dB below the mean power of white noise. Lowest value -90.
frequency_offset_hz [Hz]: Frequency of the largest bin of P. For a flat signal of 12.5 kHz it is anywhere in the signal: 3.7 kHz rms off at any SNR.
bandwidth_hz [Hz]: Number of bins of P above half of the largest, anywhere in the band, times fs / N. Not a bandwidth: a signal 12.5 kHz wide reads 224 Hz, noise alone 900 Hz in 200 kHz.
psd_dbm_per_hz [dB]: Density of the largest bin: 10 log10(max P / fs) + 30. The maximum of a single periodogram: noise alone reads 10 to 12 dB above its mean density. Lowest value -90.
spectral_centroid_hz [Hz]: Centroid of P over the whole band: sum f P / sum P. Includes the noise, which pulls it towards 0 by the factor signal / (signal + noise).
spectral_rolloff_hz [Hz]: Frequency below which 85 % of the power lies, summed from -fs / 2 upwards. Two-sided: white noise reads +0.35 fs, and a mirrored signal reads another value.
envelope_mean [1]: Mean of |x| / max |x|. Relative to the chunk's own maximum: one click changes it.
envelope_std [1]: Standard deviation of |x| / max |x|. Relative to the chunk's own maximum: one click changes it.
envelope_max [1]: Maximum of |x| / max |x|. Always 1, apart from an epsilon of 1e-12.
peak_to_avg_ratio_db [dB]: 10 log10(max |x|^2 / mean |x|^2). An epsilon of 1e-12 makes it too low below a power of about -90 dBFS.
zero_crossing_rate [1]: Changes of sign of the real part, per sample. Zero counts as a sign of its own. Only the real part counts. An exact zero counts twice, so coarse samples read high.
multipath_delay_spread_us [us]: Standard deviation of the lags whose squared autocorrelation exceeds a tenth of the largest, weighted by it. Not a property of the channel: without any multipath it reads 0.186 / bandwidth. 0 where one lag alone exceeds the threshold.
coherence_bandwidth_khz [kHz]: 1 / (5 x delay spread). About 1.07 times the signal's bandwidth. 0 where the delay spread is 0.
delay_spread_confidence [1]: Piecewise linear in snr_db: 0 at 0 dB, 1 above 15 dB; 0 where the delay spread is 0. Not monotonic: it falls from 0.333 to 0.3 at 5 dB and from 0.8 to 0.5 at 10 dB.
confidence_score [1]: snr_db / 30, limited to 0 to 1. Noise alone reads 0.26.
-- Extended features (extended):
detection_rate [1]: Part of the chunks in which the detector found a signal. At most 1 in 1,000 segments of noise has such a chunk (constant false-alarm rate).
power_dbfs [dBFS]: Mean power: 10 log10(mean |x|^2). -300 for silence.
snr_unbiased_db [dB]: Signal over noise power, both in the whole pass-band: 10 log10((P - N) / N). A line at 0 Hz counts only if it is a carrier. Unknown without a signal, where no noise is visible, and where its standard deviation exceeds 0.4 dB.
noise_density_dbfs_hz [dBFS/Hz]: Power density of the noise within the pass-band. Unknown where signals or their slopes cover the noise; then bounds has the most that it can be.
occupied_bandwidth_99_hz [Hz]: Width of the band outside which 0.5 % of the signal's power lies on either side, after the noise is subtracted. Of several signals: from the lowest to the highest, gaps included. Of several signals, one at the edge with less than 0.5 % of the power is left out. Unknown without a signal, and where the noise may change it by more than 5 % and 10 Hz.
occupied_lower_edge_hz [Hz]: Lower edge of the occupied band. Beyond half the sample rate if the band continues across the end of the spectrum: upper minus lower edge is always the bandwidth. Unknown where the bandwidth is.
occupied_upper_edge_hz [Hz]: Upper edge of the occupied band, in the same way. Unknown where the bandwidth is.
carrier_offset_hz [Hz]: Frequency from the phase of the autocorrelation at lag 1, of the power above the noise: the centroid of a narrow signal, the carrier of a symmetrical one. Of several signals: a frequency between them, across the end of the band if that way is shorter. Unknown without a signal.
spectral_flatness [1]: Geometric mean over arithmetic mean of the power density in the pass-band, both of means over about 400 Hz. White noise reads 1.
envelope_kurtosis [1]: mean |x|^4 / (mean |x|^2)^2. A constant envelope reads 1, Gaussian noise 2, silence 0. Includes the noise.
duty_cycle [1]: Part of the 4 ms frames whose power is more than 3 dB above the noise in the pass-band. The noise counts as no stronger than the weakest tenth of the frames. 0 without a signal. Unknown if a signal was found that is too weak for any frame.
standard_error of a number: that of its mean, or that of the scatter of the chunks if it is significantly larger:
power_dbfs: From the scatter of the means of frames of 4, 8 and 20 ms (batch means), whatever the signal is.
snr_unbiased_db: From those of the power and of the noise density. The noise is in both, with the covariance N^2 / bins.
noise_density_dbfs_hz: 4.34 dB x sqrt(1.94 / bins of noise + t^2). The factor 1.94 is that of the Hann window, whose bins are correlated. Where tails of signals are subtracted, t is half of the part that they have.
occupied_bandwidth_99_hz: Those of both edges, as independent. At least 10 Hz.
occupied_lower_edge_hz: Half of the distance between the edges for the power outside plus and minus its standard deviation, sqrt(1.94 sum P^2) over the bins outside, and that of the noise there. At least 5 Hz: the window widens a line by up to two standard errors.
occupied_upper_edge_hz: As for the lower edge.
carrier_offset_hz: From the scatter of the bins across the direction of the autocorrelation: P^2 for each bin of a signal and of noise, 2 P N for those of a line. At least 0.56 Hz: what the ends of a chunk add. Too large for symmetrical side bands, as those of AM, whose errors cancel.
spectral_flatness: From the scatter of the logarithm of both means over the blocks, less what they share. Too large where the flatness reads 1, its limit.
envelope_kurtosis: From the scatter of mean |x|^4 and mean |x|^2 of frames of 4, 8 and 20 ms (delta method).
duty_cycle: sqrt(p (1 - p) / frames) in a chunk, with p = (busy frames + 1/2) / (frames + 1). Too large for periodic bursts.
-- Quality (quality):
clipped_fraction [1]: Part of the components (I or Q) that are clipped: at the end of the format, or at an extreme value below it, if more than four times as many are there as within the last 1 % of the scale beside it, or in the next lower step. Reaching the end of the scale is not clipping. 0 where less than about 1.5 % of a signal's amplitude is cut off.
codes_used [1]: Number of different values of I or of Q, whichever has fewer. Counting ends at 256. Only for integer formats of up to 16 bits.
dc_offset_dbfs [dBFS]: Power of the mean sample. A carrier at 0 Hz reads the same as an offset.
dc_spike_db [dB]: Power in the bin at 0 Hz over the mean of the 32 bins near it. A carrier at 0 Hz reads the same as an offset; the warning dc_spike tells them apart.
iq_gain_imbalance_db [dB]: Power of I over power of Q, from the correlation of mirrored frequencies: a signal on one side of the band does not count. Null where the correlation shows something else: a signal that fills the band or has its carrier at 0 Hz, one component alone, rounding stronger than the noise, a filter that passes less than half of the band, clicks that are not recognised, or too few samples (below 12 kHz for 200 ms).
iq_phase_error_deg [deg]: Deviation of the angle between I and Q from 90 degrees, from the same correlation. As for iq_gain_imbalance_db.
impulses_per_second [1/s]: Rate of clicks: events as short as the receiver's filter allows (up to 4 samples at half height), alone within 48 samples and 32 us on either side, and far above noise of the chunk's median power. Clicks less than about 17 dB above the noise or the signal are missed. Presence, SNR, noise, place and duty cycle of the extended set, dc_spike_db and the imbalance are measured without clicks that raise a chunk's power by more than 1 dB; the reference features are with them.
impulse_level_db [dB]: Peak power of the clicks over the noise: mean of their levels, relative to the median of |x|^2 over ln 2. Null without clicks. Relative to the signal, if there is one most of the time.
longest_identical_run_ms [ms]: Longest run of identical samples.
zero_fraction [1]: Part of the samples that are exactly zero.
lost_samples [1]: Samples of this segment that the recorder lost. All other numbers are of chunks that lack none.
warnings: what is wrong, in words; empty if nothing is$text$;
    results regclass;
BEGIN
    FOREACH results IN ARRAY ARRAY[heimdall.results_table(), 'heimdall.extracted_features'] LOOP
        IF col_description(results, (SELECT attnum FROM pg_attribute
                                     WHERE attrelid = results AND attname = 'receiver_features'))
            IS DISTINCT FROM meaning THEN
            EXECUTE format('COMMENT ON COLUMN %s.receiver_features IS %L', results, meaning);
        END IF;
    END LOOP;
END
$$;
