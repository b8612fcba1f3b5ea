//! Waiting for SIGQUIT, and answering it.

use std::io::{self, Write};
use std::thread;
use std::time::Instant;

use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Told, registry, runtimes};
use crate::Program;

/// Answers SIGQUIT from now on, in a thread of its own.
pub(crate) fn start(program: Program) -> io::Result<()> {
    // A runtime of this thread alone: it wakes up by the signal also when every other one is stuck.
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let begun = Instant::now();
    let asked = {
        let _entered = runtime.enter();
        signal(SignalKind::quit())?
    };
    thread::Builder::new()
        .name("dump".to_owned())
        .spawn(move || runtime.block_on(answer_each(program, begun, asked)))?;
    Ok(())
}

async fn answer_each(program: Program, begun: Instant, mut asked: Signal) {
    while asked.recv().await.is_some() {
        let text = compose(program, begun);
        // One write, so that no line of the log comes in between; a reader that is gone needs no dump.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

fn compose(program: Program, begun: Instant) -> String {
    let mut told = Told::default();
    told.line(format_args!(
        "dump of {}, pid {}, up for {:.1?}",
        program.name,
        std::process::id(),
        begun.elapsed()
    ));
    runtimes::tell(&mut told);
    for teller in registry::tellers() {
        teller.tell(&mut told);
    }
    format!("{told}end of dump\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Barrier;
    use std::time::Duration;

    use super::super::watch_runtime;
    use super::*;

    const PROGRAM: Program = Program {
        name: "made-up",
        about: "",
        version: "",
        commit: "",
        dirty: false,
        profile: "",
    };

    /// A runtime whose threads are all blocked is told as such, within a second, beside one that works.
    #[test]
    fn a_stuck_runtime_is_told() {
        let stuck = runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        let working = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        let _watched = ["stuck", "working"]
            .into_iter()
            .zip([&stuck, &working])
            .map(|(name, runtime)| watch_runtime(name, runtime.handle().clone()))
            .collect::<Vec<_>>();
        let release = Arc::new(Barrier::new(3));
        let entered = Arc::new(Barrier::new(3));
        for _ in 0..2 {
            let (entered, release) = (Arc::clone(&entered), Arc::clone(&release));
            stuck.spawn(async move {
                entered.wait();
                release.wait();
            });
        }
        entered.wait();

        let begun = Instant::now();
        let text = compose(PROGRAM, begun);

        assert!(begun.elapsed() < Duration::from_secs(1));
        release.wait();
        assert!(text.starts_with("dump of made-up, pid "), "{text}");
        assert!(text.contains("runtime stuck: runs no new task"), "{text}");
        assert!(
            text.contains("; 2 threads, 3 tasks alive, 1 in the common queue"),
            "{text}"
        );
        assert!(
            text.contains("runtime working: runs a new task after"),
            "{text}"
        );
        assert!(text.ends_with("end of dump\n"), "{text}");
    }
}
