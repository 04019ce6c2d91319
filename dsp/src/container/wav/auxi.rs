//! The `auxi` chunk of receiver programs: when a recording began and ended, and the frequency of
//! the receiver. `SpectraVue`'s manual describes it; HDSDR, `SDRuno`, SDR Console and `SDRangel`
//! write it too. Some programs write XML or JSON into a chunk of this name, which is not read: a start
//! that is no time, and is not left empty, shows other contents.

use super::bytes::u32_at;
use crate::recording_info::RecordingInfo;

/// The bytes that are read: two times of 16 bytes, and the frequency.
pub(super) const BYTES: usize = 36;

/// Adds the times and the frequency to `info`, if they are valid.
pub(super) fn read(body: &[u8], info: &mut RecordingInfo) {
    if body.len() < BYTES || matches!(body[0], b'<' | b'{' | b'[') {
        return;
    }
    info.start_time = time(&body[..16]);
    if info.start_time.is_none() && body[..16].iter().any(|byte| *byte != 0) {
        return;
    }
    info.stop_time = time(&body[16..32]);
    // 32 bits of Hz. Programs write a frequency above 4.29 GHz modulo 2^32, which cannot be
    // recognised.
    let centre_frequency_hz = u32_at(body, 32);
    info.centre_frequency_hz = (centre_frequency_hz > 0).then_some(f64::from(centre_frequency_hz));
}

/// Windows' `SYSTEMTIME`: year, month, day of the week, day, hour, minute, second, millisecond.
fn time(bytes: &[u8]) -> Option<String> {
    let field = |index: usize| u16::from_le_bytes([bytes[2 * index], bytes[2 * index + 1]]);
    let [year, month, day] = [field(0), field(1), field(3)];
    let [hour, minute, second, milli] = [field(4), field(5), field(6), field(7)];
    let is_time = (1980..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && milli < 1000;
    is_time.then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(start: [u16; 8], stop: [u16; 8], centre_frequency_hz: u32) -> Vec<u8> {
        let mut bytes: Vec<u8> = start
            .iter()
            .chain(&stop)
            .flat_map(|field| field.to_le_bytes())
            .collect();
        bytes.extend(centre_frequency_hz.to_le_bytes());
        bytes
    }

    fn info_of(body: &[u8]) -> RecordingInfo {
        let mut info = RecordingInfo::default();
        read(body, &mut info);
        info
    }

    #[test]
    fn times_and_frequency_are_read() {
        let start = [2017, 11, 1, 27, 10, 41, 56, 7];
        let stop = [2017, 11, 1, 27, 10, 42, 26, 999];
        let info = info_of(&body(start, stop, 14_100_000));
        assert_eq!(info.start_time.as_deref(), Some("2017-11-27T10:41:56.007"));
        assert_eq!(info.stop_time.as_deref(), Some("2017-11-27T10:42:26.999"));
        assert_eq!(info.centre_frequency_hz, Some(14_100_000.0));
    }

    #[test]
    fn invalid_times_and_frequencies_are_left_out() {
        assert_eq!(
            info_of(&body([0; 8], [2017, 13, 1, 27, 10, 41, 56, 7], 0)),
            RecordingInfo::default()
        );
        assert_eq!(info_of(&[1; BYTES - 1]), RecordingInfo::default());
        let only_frequency = info_of(&body([0; 8], [0; 8], 14_100_000));
        assert_eq!(only_frequency.centre_frequency_hz, Some(14_100_000.0));
        let wide: Vec<u8> = "\u{feff}<?xml version=\"1.0\"?>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(info_of(&wide[..BYTES]), RecordingInfo::default());
        let xml = b"<?xml version=\"1.0\"?><SDR-XML-Root><Definition CurrentTimeUTC=\"01-01-2020\"/>";
        assert_eq!(info_of(&xml[..BYTES]), RecordingInfo::default());
        assert_eq!(
            info_of(&b"{\"centre_frequency_hz\": 14100000, \"programme\": 1}"[..BYTES]),
            RecordingInfo::default()
        );
    }
}
