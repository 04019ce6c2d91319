use super::*;

#[test]
fn the_rate_of_every_recorder_is_read() {
    for (name, rate) in [
        ("f1860M_1920k_rtlsdr.cu8", 1_920_000.0),
        ("a/b_9k/modes1_1090M_2000k.cu8", 2_000_000.0),
        ("g001_433.92M_250k.cu8", 250_000.0),
        ("gqrx_20240131_120000_145500000_1920000_fc.raw", 1_920_000.0),
        ("2026-11-27_12-00-00_2400000SPS_137500000Hz.cs16", 2_400_000.0),
        ("2023-05-01_18-12-59_6000000SPS_1701300000Hz.s16", 6_000_000.0),
        ("rtlsdr_868.950M_1M6_samples2.cu8", 1_600_000.0),
        ("rtl_868.950M_2M4_x.cu8", 2_400_000.0),
        ("x_2M048.cu8", 2_048_000.0),
        ("osmo-f1.626000e+09-s1.600000e+06-t20261127120000.cfile", 1_600_000.0),
        ("cap_2.4MSPS.cs8", 2_400_000.0),
        ("cap-2400ksps.cs8", 2_400_000.0),
        ("x_2.4Msps", 2_400_000.0),
        ("capture 250 kSps.cs16", 250_000.0),
        ("cap_250000_sps.cs16", 250_000.0),
        ("x_48000sps.iq", 48_000.0),
        ("capture2.4msps.iq", 2_400_000.0),
        ("stream2400KSPS.iq", 2_400_000.0),
        ("cap.2.4Msps.iq", 2_400_000.0),
        ("x_122.88Msps.cs16", 122_880_000.0),
        ("x_sr2400000_145500000.iq", 2_400_000.0),
        ("x rate=2.4M.iq", 2_400_000.0),
        ("x_fs2.4M.iq", 2_400_000.0),
        ("x_fs2.4MHz_137.5MHz.iq", 2_400_000.0),
        ("x_Fs=2M4.iq", 2_400_000.0),
        ("x_fs2.4e6.iq", 2_400_000.0),
        ("x_fs_2400000.iq", 2_400_000.0),
        ("x_samp_rate_48k_25k.iq", 48_000.0),
        ("samplerate-96000.iq", 96_000.0),
        ("same_48k_48k.bin", 48_000.0),
        ("14M2_2M4.iq", 2_400_000.0),
        ("HackRF-20261127_120000-433_92MHz-2MSps-2MHz.complex16s", 2_000_000.0),
        (
            "HackRF-20261127_120000-433_92MHz-2_4MSps-2_4MHz.complex16s",
            2_400_000.0,
        ),
        ("RTL-SDR-20261127_120000-868MHz-2_048MSps.complex", 2_048_000.0),
        ("RTL-SDR-20261127_120000-868_3MHz-250KSps.complex", 250_000.0),
        ("HackRF 433_92MHz 2_4MSps 2_4MHz.complex", 2_400_000.0),
        ("2026-11-27_12-00-00_2MSPS.cs16", 2_000_000.0),
        ("2026-11-27_12-00-30_250kSPS.cs16", 250_000.0),
        ("20261127_120000_2MSPS.cs16", 2_000_000.0),
        ("rx_1_48k.cf32", 48_000.0),
        ("cap_2.4MSPS_12_5k.cs8", 2_400_000.0),
    ] {
        assert_eq!(find(name), NamedRate::Hz(rate), "{name}");
    }
}

#[test]
fn options_units_and_marks_that_people_write_are_read() {
    for (name, rate) in [
        ("gqrx_20240131_120000_145500000_2400000_fc(1).raw", 2_400_000.0),
        ("gqrx_20240131_120000_145500000_2400000_fc - copy.raw", 2_400_000.0),
        ("f1860_s1.92_g0_1s_rtlsdr.bin", 1_920_000.0),
        ("f2585_s19.2_bw20_1s_hackrf.bin", 19_200_000.0),
        ("rtl_sdr_f100000000_s2048000.bin", 2_048_000.0),
        ("rtl_sdr_f_100e6_s_3.2e6_g40.bin", 3_200_000.0),
        ("usrp_f915e6_s4e6.cfile", 4_000_000.0),
        ("s1000k_f433M.iq", 1_000_000.0),
        ("145.500MHz_2.4MSs.cf32", 2_400_000.0),
        ("145.500MHz_2.4MS_s.cf32", 2_400_000.0),
        ("x_500kSa.iq", 500_000.0),
        ("x_500KSa-s_100MHz.iq", 500_000.0),
        ("x_2MSa_s_100MHz.iq", 2_000_000.0),
        ("x_250kS.cu8", 250_000.0),
        ("x 1 MS_s.iq", 1_000_000.0),
        ("x_100.5M_2.0M_sps.iq", 2_000_000.0),
        ("x_3.2e6sps.bin", 3_200_000.0),
        ("x_1E6_sps.iq", 1_000_000.0),
        ("x_2p4Msps.iq", 2_400_000.0),
        ("x_fs2p4M.iq", 2_400_000.0),
        ("x_fs_2400_kHz.iq", 2_400_000.0),
        ("x_fs_2.4_MHz.iq", 2_400_000.0),
        ("x_samplerate_2400_ksps.iq", 2_400_000.0),
        ("samp_rate=2e6;freq=1e8.iq", 2_000_000.0),
        ("x.fs2e6.f100e6.cf32", 2_000_000.0),
        ("x.48k.iq", 48_000.0),
        ("x_2.4Msps.part1.iq", 2_400_000.0),
        ("lora_bw_125k_1M6.iq", 1_600_000.0),
        ("am_198k_freq_48ksps.iq", 48_000.0),
        ("fsk_9.6k_baud_48k.iq", 48_000.0),
        ("rtlsdr_868.95M_1M6_samples.cu8", 1_600_000.0),
    ] {
        assert_eq!(find(name), NamedRate::Hz(rate), "{name}");
    }
}

#[test]
fn a_frequency_a_date_and_a_count_are_no_rates() {
    for name in [
        "SDRSharp_20150804_204030Z_145500000Hz_IQ.wav",
        "HDSDR_20131120_162410Z_7100kHz_RF.wav",
        "SDRuno_20200714_115246Z_7100kHz.wav",
        "baseband_137500000Hz_12-00-00_27-11-2026.wav",
        "x_2.4MHz.iq",
        "gqrx_2024_120000_145500000_x_fc.raw",
        "gqrx_20240131_120000_145500000_x_fc.raw",
        "12k5_x.bin",
        "x_symbol_rate_9600.iq",
        "x_baud_rate9600.iq",
        "x_symbol_rate_9.6k.iq",
        "x_bitrate_38k.iq",
        "am_freq_198k.iq",
        "am_f_198k.iq",
        "lora_sf12_bw_125k.iq",
        "lora_125k_bw.iq",
        "fm_dev_75k.iq",
        "tone_10k.iq",
        "x_64k_fft.iq",
        "x_20ms.iq",
        "x_20mS.iq",
        "x_f2_s48.iq",
        "f2_s1.92.iq",
        "x_.5k.iq",
        "usrp_samples.dat",
        "k.bin",
        "sps.bin",
        "fs.bin",
        "sr_x.bin",
        "_k_..k_",
        "tiny_0.5k.bin",
        "huge_99999999999k.bin",
        "145M5.iq",
        "x_s1.6e+06.iq",
        "2026/11/22/3f/145500000/1732233600.bin",
        "\u{e9}k\u{e9}sps_\u{e9}",
        "",
    ] {
        assert_eq!(find(name), NamedRate::Unknown, "{name}");
    }
}

#[test]
fn a_doubtful_name_gives_its_readings() {
    for (name, readings) in [
        (
            "two_48k_96k.bin",
            "48k (48000 Hz) and 96k (96000 Hz), each of which can be the sample rate",
        ),
        (
            "a_2.4Msps_1Msps.bin",
            "2.4Msps (2400000 Hz) and 1Msps (1000000 Hz), each of which can be the sample rate",
        ),
        (
            "part_2M.bin",
            "2M (2000000 Hz), which can be the sample rate or a frequency",
        ),
        ("x_2_4MSPS.cs16", "2_4MSPS, which can be 2400000 Hz or 4000000 Hz"),
        ("capture 2,4MSps.cs16", "2,4MSps, which can be 2400000 Hz or 4000000 Hz"),
        ("x_12_5k.cs16", "12_5k, which can be 12500 Hz or 5000 Hz"),
        (
            "x_14M2.bin",
            "14M2 (14200000 Hz), which can be the sample rate or a frequency",
        ),
        (
            "x_100k_samples.cu8",
            "100k (100000 Hz), which can be the sample rate or a number of samples",
        ),
        (
            "CAP_20MS.CS16",
            "20MS (20000000 Hz), which can be the sample rate or a time in milliseconds",
        ),
        (
            "48k_offset_5k.iq",
            "48k (48000 Hz), which can be the sample rate or another quantity",
        ),
        (
            "433.92M_bw_125k.iq",
            "125k (125000 Hz), which can be the sample rate or another quantity",
        ),
        ("x_fs_2048_100k.iq", "2048, which can be 2048 Hz or 2048000 Hz"),
    ] {
        assert_eq!(find(name), NamedRate::Doubtful(readings.to_owned()), "{name}");
    }
}
