//! How long calls took, counted by steps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::page::Page;

/// The longest call of each step, in microseconds; longer ones have a step of their own.
const STEPS: [u64; 15] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 10_000_000,
];

/// A histogram; each call is one addition to a step and one to the sum.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    steps: [AtomicU64; STEPS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Latency {
    pub(crate) fn note(&self, took: Duration) {
        let step = STEPS.partition_point(|longest| u128::from(*longest) < took.as_micros());
        self.steps[step].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Writes the steps as Prometheus adds them up: each with all that were shorter.
    pub(crate) fn write(&self, page: &mut Page, name: &str, service: &str) {
        let mut count = 0;
        let limits = STEPS.iter().map(|micros| seconds(*micros));
        for (step, limit) in self.steps.iter().zip(limits.chain(["+Inf".to_owned()])) {
            count += step.load(Ordering::Relaxed);
            let labels = [("service", service), ("le", &limit)];
            page.sample(&format!("{name}_bucket"), &labels, count);
        }
        let labels = [("service", service)];
        let sum = Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed));
        page.sample(&format!("{name}_sum"), &labels, sum.as_secs_f64());
        page.sample(&format!("{name}_count"), &labels, count);
    }
}

fn seconds(micros: u64) -> String {
    Duration::from_micros(micros).as_secs_f64().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call counts in its step and in every longer one, and the limit of a step is part of it.
    #[test]
    fn steps_add_up() {
        let latency = Latency::default();
        for millis in [1, 2, 60_000] {
            latency.note(Duration::from_millis(millis));
        }
        let mut page = Page::default();

        latency.write(&mut page, "d", "s");

        let text = page.into_text();
        for line in [
            "d_bucket{service=\"s\",le=\"0.0005\"} 0\n",
            "d_bucket{service=\"s\",le=\"0.001\"} 1\n",
            "d_bucket{service=\"s\",le=\"0.0025\"} 2\n",
            "d_bucket{service=\"s\",le=\"10\"} 2\n",
            "d_bucket{service=\"s\",le=\"+Inf\"} 3\n",
            "d_sum{service=\"s\"} 60.003\n",
            "d_count{service=\"s\"} 3\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }
}
