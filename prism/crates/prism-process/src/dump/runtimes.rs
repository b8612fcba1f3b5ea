//! The runtimes of the program, and whether they still run anything.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::Told;

/// A runtime that works runs a new task in well under a millisecond; past this it is busy, blocked or stuck.
const ANSWER_LIMIT: Duration = Duration::from_millis(250);

/// A runtime that is told of while this lives.
#[derive(Debug)]
pub struct Watched {
    name: String,
    handle: Handle,
}

static RUNTIMES: Mutex<Vec<Weak<Watched>>> = Mutex::new(Vec::new());

/// Has every dump tell of a runtime, as long as what it returns is held.
#[must_use]
pub fn watch_runtime(name: impl Into<String>, handle: Handle) -> Arc<Watched> {
    let watched = Arc::new(Watched {
        name: name.into(),
        handle,
    });
    let mut runtimes = RUNTIMES.lock().unwrap_or_else(PoisonError::into_inner);
    runtimes.retain(|known| known.strong_count() > 0);
    runtimes.push(Arc::downgrade(&watched));
    watched
}

/// Tells of every runtime; each is asked at the same time, so that many stuck ones take no longer than one.
pub(super) fn tell(told: &mut Told) {
    let runtimes: Vec<Arc<Watched>> = RUNTIMES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .filter_map(Weak::upgrade)
        .collect();
    let asked = Instant::now();
    let answers: Vec<_> = runtimes.iter().map(|runtime| runtime.ask(asked)).collect();
    for (runtime, answer) in runtimes.iter().zip(answers) {
        let left = ANSWER_LIMIT.saturating_sub(asked.elapsed());
        runtime.tell(&answer, left, told);
    }
}

impl Watched {
    /// Has the runtime run a task that says how long it waited to be run.
    fn ask(&self, asked: Instant) -> Receiver<Duration> {
        let (answer, answered) = sync_channel(1);
        self.handle.spawn(async move {
            let _ = answer.send(asked.elapsed());
        });
        answered
    }

    fn tell(&self, answer: &Receiver<Duration>, limit: Duration, told: &mut Told) {
        // Read before the wait, for the task that asks is one of them.
        let metrics = self.handle.metrics();
        let alive = match answer.recv_timeout(limit) {
            Ok(waited) => format!("runs a new task after {waited:.1?}"),
            Err(RecvTimeoutError::Disconnected) => "has ended".to_owned(),
            Err(RecvTimeoutError::Timeout) => {
                format!("runs no new task within {ANSWER_LIMIT:?}: its threads are blocked or busy")
            }
        };
        told.line(format_args!(
            "runtime {}: {alive}; {} threads, {} tasks alive, {} in the common queue",
            self.name,
            metrics.num_workers(),
            metrics.num_alive_tasks(),
            metrics.global_queue_depth(),
        ));
    }
}
