//! What the process uses of its machine.

use std::fs;
use std::time::{Duration, Instant};

use prism_api::prism::ResourceUsage;
use rustix::time::{ClockId, clock_gettime};

/// Where the kernel tells of this process.
const STATUS: &str = "/proc/self/status";

/// Looks at what the process uses, and remembers the last look.
#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    looked: Instant,
    cpu: Duration,
}

impl Meter {
    /// Measures from now on.
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self {
            started: now,
            looked: now,
            cpu: cpu_time(),
        }
    }

    /// What is used now; the processor, since the last look.
    pub(super) fn look(&mut self) -> ResourceUsage {
        let (now, cpu) = (Instant::now(), cpu_time());
        let used = cpu.saturating_sub(self.cpu);
        let elapsed = now.duration_since(self.looked);
        (self.looked, self.cpu) = (now, cpu);
        let status = fs::read_to_string(STATUS).unwrap_or_default();
        ResourceUsage {
            cpu_percent: percent(used, elapsed),
            memory_mb: field(&status, "VmRSS").unwrap_or_default() / 1024,
            goroutine_count: field(&status, "Threads")
                .and_then(|threads| threads.try_into().ok())
                .unwrap_or_default(),
            uptime_seconds: now
                .duration_since(self.started)
                .as_secs()
                .try_into()
                .unwrap_or(i64::MAX),
        }
    }
}

/// The processor time of all threads so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// 100 is one processor.
fn percent(used: Duration, elapsed: Duration) -> f32 {
    if elapsed.is_zero() {
        return 0.0;
    }
    used.div_duration_f32(elapsed) * 100.0
}

/// A number of the kernel's list, in the unit that stands there.
fn field(status: &str, name: &str) -> Option<i64> {
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(key, _)| *key == name)?;
    value.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number is found by its name, whatever its unit.
    #[test]
    fn a_field_is_found_by_its_name() {
        let status = "Name:\tprism-proxy\nVmRSS:\t   20480 kB\nThreads:\t5\n";

        assert_eq!(field(status, "VmRSS"), Some(20480));
        assert_eq!(field(status, "Threads"), Some(5));
        assert_eq!(field(status, "Name"), None);
        assert_eq!(field(status, "VmSwap"), None);
    }

    /// Two busy threads are 200 per cent, and no time is none.
    #[test]
    fn the_processor_is_told_in_per_cent_of_one() {
        let second = Duration::from_secs(1);

        assert!((percent(second * 2, second) - 200.0).abs() < 0.01);
        assert!(percent(second, Duration::ZERO).abs() < f32::EPSILON);
    }

    /// This process uses memory, threads and some time.
    #[test]
    fn this_process_is_measured() {
        let usage = Meter::start().look();

        assert!(usage.memory_mb > 0, "{usage:?}");
        assert!(usage.goroutine_count > 0, "{usage:?}");
        assert!(usage.cpu_percent >= 0.0 && usage.cpu_percent.is_finite());
    }
}
