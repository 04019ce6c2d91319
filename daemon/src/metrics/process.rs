//! The process as the system reports it, under the names that all Prometheus clients use.
//! Values that cannot be read, as on systems other than Linux, are left out.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Fields of `/proc/self/stat` by the numbers of the manual.
const USER_TICKS: usize = 14;
const SYSTEM_TICKS: usize = 15;
const THREADS: usize = 20;
const VIRTUAL_BYTES: usize = 23;
/// Linux shows every program this unit (`USER_HZ`), whatever its kernel uses.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads `/proc` for each scrape.
#[derive(Debug)]
pub(super) struct ProcessCollector {
    started_s: f64,
}

impl ProcessCollector {
    /// Takes the current time as the start of the process.
    pub(super) fn start() -> Self {
        Self {
            started_s: unix_time_s(),
        }
    }
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let gauges = [
            (
                "process_start_time_seconds",
                "Unix time at which the process started",
                Some(self.started_s),
            ),
            ("process_resident_memory_bytes", "Resident memory", resident_bytes()),
            (
                "process_virtual_memory_bytes",
                "Virtual memory",
                stat_field(&stat, VIRTUAL_BYTES),
            ),
            ("process_threads", "Threads", stat_field(&stat, THREADS)),
            ("process_open_fds", "Open file descriptors", open_files()),
            (
                "process_max_fds",
                "File descriptors that may be open at most",
                max_files(&limits),
            ),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
                ConstGauge::new(value).encode(metric)?;
            }
        }
        if let Some(seconds) = cpu_s(&stat) {
            // The encoder adds `_total`.
            let help = "Processor time of the process, user and system";
            let metric = encoder.encode_descriptor("process_cpu_seconds", help, None, MetricType::Counter)?;
            ConstCounter::new(seconds).encode(metric)?;
        }
        Ok(())
    }
}

/// Reads the line `VmRSS:  62712 kB`.
fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}

fn open_files() -> Option<f64> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count() as f64)
}

/// Reads the line `Max open files  1024  524288  files`, of which the first number holds.
fn max_files(limits: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A field of `/proc/self/stat` by its number in the manual of proc. The second one, the name of
/// the program, may contain spaces.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(number - 3)?.parse().ok()
}

fn cpu_s(stat: &str) -> Option<f64> {
    Some((stat_field(stat, USER_TICKS)? + stat_field(stat, SYSTEM_TICKS)?) / TICKS_PER_SECOND)
}

/// The time now, by the clock of this host: seconds since 1970.
pub(crate) fn unix_time_s() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_brackets_shifts_no_field() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 5 0 900 4096000 200";
        assert_eq!(cpu_s(stat), Some(3.0));
        assert_eq!(
            (stat_field(stat, THREADS), stat_field(stat, VIRTUAL_BYTES)),
            (Some(5.0), Some(4_096_000.0))
        );
        assert_eq!((cpu_s(""), max_files("")), (None, None));
        assert_eq!(
            max_files("Limit  Soft  Hard\nMax open files            1024                 524288               files\n"),
            Some(1024.0)
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_them_all() {
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        assert!(cpu_s(&stat).unwrap() >= 0.0 && stat_field(&stat, THREADS).unwrap() >= 1.0);
        assert!(max_files(&fs::read_to_string("/proc/self/limits").unwrap()).unwrap() >= 3.0);
    }
}
