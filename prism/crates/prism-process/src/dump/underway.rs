//! What is under way, and since when: calls by method, for a dump to tell.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::{Told, try_for_a_while};

/// A table of what is under way; one of its parts is locked for a few instructions at a begin and at an end.
///
/// Threads that take a part of their own each never meet there, except with a dump.
#[derive(Debug)]
pub struct Underway<L> {
    parts: Box<[Mutex<Part<L>>]>,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Part<L> {
    entries: Vec<Option<(L, Instant)>>,
    free: Vec<usize>,
}

impl<L> Default for Part<L> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
        }
    }
}

/// Held as long as it is under way.
#[derive(Debug)]
pub struct Ticket<L> {
    table: Arc<Underway<L>>,
    part: usize,
    index: usize,
}

impl<L> Underway<L> {
    /// A table of so many parts.
    #[must_use]
    pub fn new(parts: usize) -> Self {
        Self {
            parts: (0..parts.max(1)).map(|_| Mutex::default()).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// Notes that something begins, in the part of this thread.
    pub fn begin_in(self: &Arc<Self>, part: usize, label: L) -> Ticket<L> {
        let part = part % self.parts.len();
        let mut held = self.parts[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let entry = Some((label, Instant::now()));
        let index = if let Some(index) = held.free.pop() {
            held.entries[index] = entry;
            index
        } else {
            held.entries.push(entry);
            held.entries.len() - 1
        };
        drop(held);
        Ticket {
            table: Arc::clone(self),
            part,
            index,
        }
    }

    /// Notes that something begins, for threads that have no part of their own.
    pub fn begin(self: &Arc<Self>, label: L) -> Ticket<L> {
        self.begin_in(self.next.fetch_add(1, Ordering::Relaxed), label)
    }

    fn end(&self, part: usize, index: usize) {
        let mut held = self.parts[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let ended = held.entries[index].take();
        held.free.push(index);
        drop(held);
        // Only now: whatever the label gives back takes its time outside.
        drop(ended);
    }
}

impl<L> Drop for Ticket<L> {
    fn drop(&mut self) {
        self.table.end(self.part, self.index);
    }
}

impl<L: fmt::Display> Underway<L> {
    /// Tells how many are under way, by label, the label of the oldest first.
    pub fn tell(&self, what: &str, told: &mut Told) {
        let now = Instant::now();
        let mut groups: BTreeMap<String, Ages> = BTreeMap::new();
        let mut locked = 0;
        for part in &self.parts {
            let Some(held) = try_for_a_while(|| match part.try_lock() {
                Ok(held) => Some(held),
                Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            }) else {
                locked += 1;
                continue;
            };
            for (label, began) in held.entries.iter().flatten() {
                let age = now.saturating_duration_since(*began);
                groups.entry(label.to_string()).or_default().add(age);
            }
        }
        let total: usize = groups.values().map(|ages| ages.count).sum();
        told.line(format_args!("{what}: {total} under way"));
        if locked > 0 {
            told.detail(format_args!("{locked} parts of the table are locked"));
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, ages)| std::cmp::Reverse(ages.oldest));
        told.details(
            groups
                .iter()
                .map(|(label, ages)| format!("{label}: {ages}")),
        );
    }
}

#[derive(Debug, Default)]
struct Ages {
    count: usize,
    oldest: Duration,
    youngest: Option<Duration>,
}

impl Ages {
    fn add(&mut self, age: Duration) {
        self.count += 1;
        self.oldest = self.oldest.max(age);
        self.youngest = Some(self.youngest.map_or(age, |youngest| youngest.min(age)));
    }
}

impl fmt::Display for Ages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, the oldest for {:.1?}", self.count, self.oldest)?;
        match self.youngest {
            Some(youngest) if self.count > 1 => write!(f, ", the youngest for {youngest:.1?}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(table: &Underway<&'static str>) -> String {
        let mut told = Told::default();
        table.tell("calls", &mut told);
        told.to_string()
    }

    /// What has ended is not told, and its place is used again.
    #[test]
    fn only_what_is_under_way_is_told() {
        let table = Arc::new(Underway::new(1));
        let first = table.begin("/first");
        drop(first);
        let _second = table.begin("/second");

        let text = told(&table);
        assert!(
            text.starts_with("calls: 1 under way\n  /second: 1, the oldest for "),
            "{text}"
        );
        assert_eq!(table.parts[0].lock().unwrap().entries.len(), 1);
    }

    /// Whatever began first explains the rest.
    #[test]
    fn the_label_of_the_oldest_comes_first() {
        let table = Arc::new(Underway::new(2));
        let held = ["/z", "/a", "/a"].map(|label| table.begin(label));

        let text = told(&table);
        assert!(text.find("/z: 1").unwrap() < text.find("/a: 2").unwrap());
        drop(held);
        assert_eq!(told(&table), "calls: 0 under way\n");
    }

    /// A part that somebody is stuck in is told as that, and the others are told all the same.
    #[test]
    fn a_locked_part_does_not_hide_the_others() {
        let table = Arc::new(Underway::new(2));
        let _ticket = table.begin_in(1, "/seen");
        let _stuck = table.parts[0].lock().unwrap();

        let text = told(&table);
        assert!(text.contains("1 parts of the table are locked"), "{text}");
        assert!(text.contains("/seen: 1"), "{text}");
    }
}
