//! `heimdalld extract` on files: output, plots, exit statuses.

mod pixels;

use std::collections::HashSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::Value;

use self::pixels::Pixels;
use crate::support::daemon::command;
use crate::support::recordings;

/// A folder that is removed when the test ends.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).expect("written");
        self.path(name)
    }

    /// Runs `heimdalld extract` in the folder.
    fn extract(&self, arguments: &[&str]) -> Output {
        let mut command = command();
        command.current_dir(self.0.path()).arg("extract").args(arguments);
        command.output().expect("the binary runs")
    }
}

/// A tone over noise at 12 kHz, for a number of seconds, at a frequency from -6 to 6 kHz.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of samples in single precision"
)]
fn tone(frequency_hz: f64, seconds: f64) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(2);
    let count = (recordings::SAMPLE_RATE_HZ * seconds) as usize;
    recordings::to_bytes((0..count).map(|n| {
        let (sin, cos) = (std::f64::consts::TAU * frequency_hz * n as f64 / recordings::SAMPLE_RATE_HZ).sin_cos();
        let mut noise = || 0.01 * (rng.f64() - 0.5);
        ((0.3 * cos + noise()) as f32, (0.3 * sin + noise()) as f32)
    }))
}

/// Columns that are bright (yellow or green) in a row of the waterfall's upper half.
fn bright_columns(pixels: &Pixels) -> Vec<usize> {
    let row = 500;
    (79..pixels.width - 108)
        .filter(|x| {
            let [red, green, blue] = pixels.at(*x, row);
            red > 150 && green > 200 && blue < 80
        })
        .collect()
}

#[test]
fn a_plot_shows_a_tone_in_its_column_and_the_output_stays_the_same() {
    let folder = Folder::new();
    for (frequency_hz, part) in [(-4_500.0, 0.125), (1_000.0, 7.0 / 12.0)] {
        folder.put("tone.cf32", &tone(frequency_hz, 2.0));
        let plain = folder.extract(&["tone.cf32", "--sample-rate", "12000"]);
        let drawn = folder.extract(&["tone.cf32", "--sample-rate", "12000", "--plot", "tone.png"]);
        assert_eq!(drawn.status.code(), Some(0), "{drawn:?}");
        assert_eq!(drawn.stdout, plain.stdout);
        assert_eq!(drawn.stderr, plain.stderr);
        let pixels = Pixels::read(&folder.path("tone.png"));
        assert_eq!((pixels.width, pixels.height), (1280, 1160));
        // The band has 1093 pixels from column 79 on. The line is two bins of 11.7 Hz wide, one or
        // two pixels each.
        let expected = 79.0 + part * 1093.0;
        let columns = bright_columns(&pixels);
        assert!(!columns.is_empty() && columns.len() <= 8, "{columns:?}");
        for column in columns {
            assert!((column as f64 - expected).abs() <= 5.0, "{column} {expected}");
        }
    }
}

#[test]
fn a_burst_is_in_the_right_rows_of_the_waterfall() {
    let folder = Folder::new();
    let mut bytes = tone(2_000.0, 10.0);
    // Before 2 s and from 4 s on the tone is 60 dB weaker.
    let second = 12_000 * 8;
    for piece in [0..2 * second, 4 * second..10 * second] {
        for component in bytes[piece].as_chunks_mut::<4>().0 {
            *component = (f32::from_le_bytes(*component) / 1000.0).to_le_bytes();
        }
    }
    folder.put("burst.cf32", &bytes);
    let output = folder.extract(&["burst.cf32", "--sample-rate", "12000", "--plot", "burst.png"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let pixels = Pixels::read(&folder.path("burst.png"));
    let column = 79 + 1093 * 8 / 12;
    let bright = |y: &usize| (column - 2..column + 3).any(|x| pixels.at(x, *y)[1] > 200);
    // Rows 439 to 867, 43 per second.
    let rows: Vec<usize> = (439..867).filter(bright).collect();
    let (first, last) = (rows[0], rows[rows.len() - 1]);
    assert!(first.abs_diff(439 + 2 * 429 / 10) <= 6, "{first}");
    assert!(last.abs_diff(439 + 4 * 429 / 10) <= 6, "{last}");
    assert!(rows.len() >= last - first, "no gap in it: {rows:?}");
}

#[test]
fn an_svg_file_has_its_labels_and_warnings_as_text() {
    let folder = Folder::new();
    // Over twice full scale, and half a second of zeros: two warnings.
    let mut bytes = tone(1_000.0, 3.0);
    for component in bytes.as_chunks_mut::<4>().0 {
        *component = (f32::from_le_bytes(*component) * 20.0).to_le_bytes();
    }
    bytes[12_000 * 8..18_000 * 8].fill(0);
    folder.put("a<b>&c.cf32", &bytes);
    let output = folder.extract(&["a<b>&c.cf32", "--sample-rate", "12000", "--plot", "out.svg"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let document = std::fs::read_to_string(folder.path("out.svg")).expect("text");
    for text in [
        "a&lt;b&gt;&amp;c.cf32",
        "cf32_le (extension) · 12.00 kS/s (argument) · 3.000 s",
        "dropout (1 of 3 segments), unscaled",
        "dBFS/Hz",
        "kHz from the centre",
        "carrier (centroid) +1.0000 ± 0.000",
        "99 % within",
        "± one standard error",
        "duty cycle 0.83 ± ",
        "chunks of 200 ms",
        "−4",
    ] {
        assert!(document.contains(text), "{text} is missing");
    }
    let image = document.split("data:image/png;base64,").nth(1).expect("a waterfall");
    assert!(image.split('"').next().is_some_and(|data| data.len() > 10_000));
    assert!(document.trim_end().ends_with("</svg>"));
}

#[test]
fn the_summary_says_how_a_file_was_read_and_what_contradicts_it() {
    let folder = Folder::new();
    // The header says 12 kHz and more samples than the file has. The name says 8 kHz.
    let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec();
    wav.extend(12_000_u32.to_le_bytes());
    wav.extend(48_000_u32.to_le_bytes());
    wav.extend(b"\x04\0\x10\0data");
    wav.extend(100_000_u32.to_le_bytes());
    wav.extend((0..24_000_u16).flat_map(|n| n.wrapping_mul(40_503).to_le_bytes()));
    folder.put("station_8k.wav", &wav);
    let output = folder.extract(&["station_8k.wav", "--format", "cu8"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let expected = [
        "station_8k.wav: read as wav, ci16_le (wav header), scale x / 32768, at 12000 Hz (wav header)",
        "station_8k.wav: warning: argument says cu8, wav header says ci16_le: read as ci16_le",
        "station_8k.wav: warning: file name says 8000 Hz, wav header says 12000 Hz: 12000 Hz was used",
        "station_8k.wav: the header announces 100000 bytes of samples, the object has 48000",
    ];
    assert_eq!(stderr.lines().collect::<Vec<_>>(), expected, "{stderr}");
}

#[test]
fn signals_keyed_in_turn_are_each_labelled() {
    let folder = Folder::new();
    let bytes = [tone(-4_000.0, 1.0), tone(3_000.0, 1.0)].concat();
    folder.put("turns.cf32", &bytes);
    let output = folder.extract(&["turns.cf32", "--sample-rate", "12000", "--plot", "out.svg"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let document = std::fs::read_to_string(folder.path("out.svg")).expect("text");
    for text in [
        "99 % of each of 2 signals in turn",
        "carriers (centroids) −4.000, +3.000 kHz",
    ] {
        assert!(document.contains(text), "{text} is missing");
    }
}

#[test]
fn a_bad_file_among_many_fails_alone() {
    let folder = Folder::new();
    folder.put("one.cf32", &tone(1_000.0, 1.0));
    folder.put("two.cf32", &tone(-1_000.0, 2.5));
    folder.put("short.cf32", &tone(0.0, 0.1));
    let files = ["one.cf32", "short.cf32", "missing.cf32", "two.cf32"];
    let mut arguments = vec!["--sample-rate", "12000", "--plot", "pictures/"];
    arguments.extend(files);
    let output = folder.extract(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<Value> = output
        .stdout
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| serde_json::from_slice(line).expect("JSON"))
        .collect();
    for (line, (file, segments, kind)) in lines.iter().zip([
        ("one.cf32", Some(1), None),
        ("short.cf32", None, Some("too_short")),
        ("missing.cf32", None, Some("not_found")),
        ("two.cf32", Some(3), None),
    ]) {
        assert_eq!(line["file"], file);
        assert_eq!(line["segments"].as_array().map(Vec::len), segments, "{line}");
        assert_eq!(line["error"]["kind"].as_str(), kind, "{line}");
    }
    assert_eq!(lines[0]["interpretation"]["iq_format"], "cf32_le");
    let stderr = String::from_utf8(output.stderr).expect("text");
    let lines: Vec<&str> = stderr.lines().collect();
    // The lines are in the order of the files.
    let read = "read as cf32_le (extension), scale x, at 12000 Hz (argument)";
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(lines[0], format!("one.cf32: {read}"));
    assert_eq!(
        lines[1],
        "short.cf32: Recording too short: 1200 samples, one chunk needs 2400"
    );
    assert!(lines[2].starts_with("missing.cf32: "), "{lines:?}");
    assert_eq!(lines[3], format!("two.cf32: {read}"));
    let pictures: HashSet<String> = std::fs::read_dir(folder.path("pictures"))
        .expect("the folder was created")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(pictures, ["one.cf32.png", "two.cf32.png"].map(str::to_owned).into());
}

#[test]
fn an_ambiguous_plot_path_is_refused_before_any_work() {
    let folder = Folder::new();
    folder.put("a.cf32", &tone(1_000.0, 1.0));
    folder.put("b.cf32", &tone(1_000.0, 1.0));
    let cases: [(&[&str], &str); 4] = [
        (
            &["a.cf32", "b.cf32", "--plot", "out.png"],
            "heimdalld: --plot out.png: one plot, but 2 files: name a folder, such as plots/\n",
        ),
        (
            &["a.cf32", "./a.cf32", "--plot", "out/"],
            "heimdalld: --plot out/: both a.cf32 and ./a.cf32 would become out/a.cf32.png\n",
        ),
        (
            &["a.cf32", "--plot", "nowhere/out.png"],
            "heimdalld: --plot nowhere/out.png: there is no folder nowhere\n",
        ),
        (
            &["-", "a.cf32", "-"],
            "heimdalld: - (the standard input) can be read only once\n",
        ),
    ];
    for (arguments, message) in cases {
        let output = folder.extract(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), message);
        assert_eq!(output.stdout, b"");
    }
    assert_eq!(std::fs::read_dir(folder.path(".")).expect("a folder").count(), 2);
}

#[test]
fn a_plot_that_cannot_be_written_is_an_error_with_the_file_name() {
    let folder = Folder::new();
    folder.put("a.cf32", &tone(1_000.0, 1.0));
    std::fs::create_dir_all(folder.path("out/a.cf32.png")).expect("a folder in the way");
    let output = folder.extract(&["a.cf32", "--sample-rate", "12000", "--plot", "out"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.ends_with(b"]}\n"), "the output is complete");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let last = stderr.lines().last().expect("the reason");
    assert!(last.starts_with("a.cf32: plot: out/a.cf32.png: "), "{stderr}");
}

#[test]
fn standard_input_works_like_a_file() {
    let folder = Folder::new();
    let bytes = tone(1_000.0, 2.0);
    folder.put("a.cf32", &bytes);
    let from_file = folder.extract(&["a.cf32", "--sample-rate", "12000"]);
    let mut child = command()
        .args(["extract", "-", "--sample-rate", "12000", "--plot"])
        .arg(folder.path("out.png"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("a pipe").write_all(&bytes).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let segments = |line: &[u8]| serde_json::from_slice::<Value>(line).expect("JSON")["segments"].clone();
    assert_eq!(segments(&output.stdout), segments(&from_file.stdout));
    assert_eq!(Pixels::read(&folder.path("out.png")).width, 1280);
}
