//! The calls of a program, counted by service and status.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use crate::latency::Latency;
use crate::page::Page;
use crate::status::NAMES;

/// The most services with figures of their own: whoever may register services must not fill the memory of the
/// program, nor of the one who collects its figures.
const MOST_SERVICES: usize = 64;
/// The name under which all others are counted.
const OTHER: &str = "other";
/// What a call ends with that nobody waited for.
const CANCELLED: usize = 1;
/// What a call ends with whose status is none of gRPC's.
const UNKNOWN: usize = 2;

/// Calls, by service.
#[derive(Debug)]
pub struct Calls {
    services: RwLock<BTreeMap<Box<str>, Arc<Service>>>,
    other: Arc<Service>,
}

/// The calls of one service.
#[derive(Debug, Default)]
pub struct Service {
    in_flight: AtomicI64,
    ended: [AtomicU64; NAMES.len()],
    latency: Latency,
}

/// A call that is under way; it is counted when it goes.
#[derive(Debug)]
pub struct Call {
    service: Arc<Service>,
    begun: Instant,
    status: usize,
}

impl Calls {
    /// Figures of these services, which are zero until somebody calls.
    pub fn of<'a>(services: impl IntoIterator<Item = &'a str>) -> Self {
        let zero = |name: &str| (name.into(), Arc::default());
        Self {
            services: RwLock::new(services.into_iter().map(zero).collect()),
            other: Arc::default(),
        }
    }

    /// The figures of a service: its own if it has any.
    #[must_use]
    pub fn service(&self, name: &str) -> Arc<Service> {
        let services = self.services.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(services.get(name).unwrap_or(&self.other))
    }

    /// The figures of a service that somebody serves: its own from now on, unless there are too many.
    #[must_use]
    pub fn served(&self, name: &str) -> Arc<Service> {
        let known = self.service(name);
        if Arc::ptr_eq(&known, &self.other) {
            self.add(name)
        } else {
            known
        }
    }

    fn add(&self, name: &str) -> Arc<Service> {
        let services = self.services.write();
        let mut services = services.unwrap_or_else(PoisonError::into_inner);
        if services.len() < MOST_SERVICES {
            Arc::clone(services.entry(name.into()).or_default())
        } else {
            Arc::clone(&self.other)
        }
    }

    /// Writes all figures.
    pub fn write(&self, page: &mut Page) {
        let services = self.services.read().unwrap_or_else(PoisonError::into_inner);
        let named = services.iter().map(|(name, service)| (&**name, service));
        let all: Vec<_> = named.chain([(OTHER, &self.other)]).collect();
        page.family("prism_calls_total", "counter", "Calls that have ended.");
        for (name, service) in &all {
            service.write_ended(page, name);
        }
        page.family("prism_calls_in_flight", "gauge", "Calls under way.");
        for (name, service) in &all {
            let in_flight = service.in_flight.load(Ordering::Relaxed);
            page.sample("prism_calls_in_flight", &[("service", name)], in_flight);
        }
        let duration = "prism_call_duration_seconds";
        page.family(duration, "histogram", "From the head of a call to its end.");
        for (name, service) in &all {
            service.latency.write(page, duration, name);
        }
    }
}

impl Service {
    /// Counts a call, from now until it goes.
    #[must_use]
    pub fn begin(self: Arc<Self>) -> Call {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Call {
            service: self,
            begun: Instant::now(),
            status: CANCELLED,
        }
    }

    /// Statuses that never were are left out, but for success: who collects can tell no calls from no service.
    fn write_ended(&self, page: &mut Page, name: &str) {
        for (index, (status, ended)) in NAMES.iter().zip(&self.ended).enumerate() {
            let ended = ended.load(Ordering::Relaxed);
            if ended > 0 || index == 0 {
                let labels = [("service", name), ("status", status)];
                page.sample("prism_calls_total", &labels, ended);
            }
        }
    }
}

impl Call {
    /// Notes the code of the call's status; one that is dropped without was cancelled.
    pub fn ends(&mut self, code: i32) {
        let known = usize::try_from(code)
            .ok()
            .filter(|code| *code < NAMES.len());
        self.status = known.unwrap_or(UNKNOWN);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.service.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.service.ended[self.status].fetch_add(1, Ordering::Relaxed);
        self.service.latency.note(self.begun.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(calls: &Calls) -> String {
        let mut page = Page::default();
        calls.write(&mut page);
        page.into_text()
    }

    fn has(calls: &Calls, line: &str) {
        let page = page(calls);
        assert!(page.lines().any(|each| each == line), "{line}\n{page}");
    }

    /// A call is in flight until it ends, and then counted under its status.
    #[test]
    fn a_call_is_counted() {
        let calls = Calls::of(["a.B"]);
        has(&calls, "prism_calls_total{service=\"a.B\",status=\"OK\"} 0");

        let mut call = calls.service("a.B").begin();
        has(&calls, "prism_calls_in_flight{service=\"a.B\"} 1");
        call.ends(14);
        drop(call);
        drop(calls.service("a.B").begin());

        has(&calls, "prism_calls_in_flight{service=\"a.B\"} 0");
        has(
            &calls,
            "prism_calls_total{service=\"a.B\",status=\"UNAVAILABLE\"} 1",
        );
        has(
            &calls,
            "prism_calls_total{service=\"a.B\",status=\"CANCELLED\"} 1",
        );
        has(
            &calls,
            "prism_call_duration_seconds_count{service=\"a.B\"} 2",
        );
    }

    /// A status that is none of gRPC's is no reason to lose the call.
    #[test]
    fn a_strange_status_is_unknown() {
        let calls = Calls::of(["a.B"]);
        for code in [-1, 17, i32::MAX] {
            calls.service("a.B").begin().ends(code);
        }

        has(
            &calls,
            "prism_calls_total{service=\"a.B\",status=\"UNKNOWN\"} 3",
        );
    }

    /// Services that nobody serves share one name, and those served too once there are many.
    #[test]
    fn the_names_are_bounded() {
        let calls = Calls::of([]);
        drop(calls.service("nobody.Serves").begin());
        has(
            &calls,
            "prism_call_duration_seconds_count{service=\"other\"} 1",
        );

        for number in 0..1000 {
            drop(calls.served(&format!("service-{number}")).begin());
        }

        assert_eq!(page(&calls).matches("_count{").count(), MOST_SERVICES + 1);
        has(
            &calls,
            "prism_call_duration_seconds_count{service=\"other\"} 937",
        );
        has(
            &calls,
            "prism_call_duration_seconds_count{service=\"service-0\"} 1",
        );
    }
}
