//! What many durations look like in a few numbers.

use std::time::Duration;

use serde_json::{Value, json};

/// Durations, sorted.
#[derive(Debug)]
pub(crate) struct Latencies(Vec<Duration>);

impl From<Vec<Duration>> for Latencies {
    fn from(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }
}

impl Latencies {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The numbers, in microseconds; null where there are no durations.
    pub(crate) fn summary(&self) -> Value {
        let microseconds = |duration: Option<Duration>| duration.map(|it| it.as_secs_f64() * 1e6);
        json!({
            "mean": microseconds(self.mean()),
            "p50": microseconds(self.percentile(50)),
            "p90": microseconds(self.percentile(90)),
            "p99": microseconds(self.percentile(99)),
            "max": microseconds(self.percentile(100)),
        })
    }

    fn mean(&self) -> Option<Duration> {
        let count = u32::try_from(self.count())
            .ok()
            .filter(|count| *count > 0)?;
        Some(self.0.iter().sum::<Duration>() / count)
    }

    /// The shortest duration that this percentage of all do not exceed (the nearest rank).
    fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(milliseconds: impl IntoIterator<Item = u64>) -> Latencies {
        let durations: Vec<_> = milliseconds
            .into_iter()
            .map(Duration::from_millis)
            .collect();
        Latencies::from(durations)
    }

    /// Of the numbers from 1 to 100 the percentile is the number itself, in whatever order they come.
    #[test]
    fn percentiles_are_nearest_ranks() {
        let latencies = of((1..=100).rev());

        for percent in [1, 50, 90, 99, 100] {
            let expected = Duration::from_millis(percent as u64);
            assert_eq!(latencies.percentile(percent), Some(expected));
        }
    }

    /// A percentile of few is one of them, never a number between two.
    #[test]
    fn a_percentile_of_few_is_one_of_them() {
        let latencies = of([10, 20]);

        assert_eq!(latencies.percentile(50), Some(Duration::from_millis(10)));
        assert_eq!(latencies.percentile(51), Some(Duration::from_millis(20)));
    }

    /// The summary is in microseconds.
    #[test]
    fn the_summary_is_in_microseconds() {
        let summary = of([1, 3]).summary();

        assert_eq!(summary["mean"], 2000.0);
        assert_eq!(summary["p50"], 1000.0);
        assert_eq!(summary["max"], 3000.0);
    }

    /// Of nothing nothing is said.
    #[test]
    fn no_durations_have_no_numbers() {
        let summary = of([]).summary();

        assert_eq!(summary["mean"], Value::Null);
        assert_eq!(summary["p99"], Value::Null);
    }
}
