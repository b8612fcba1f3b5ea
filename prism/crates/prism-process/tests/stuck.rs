//! A program that is stuck, and what it tells on SIGQUIT.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use prism_process::{Common, Configuration, Exit, Failure, Options, Program};
use rustix::process::{Pid, Signal, kill_process};

const BE_STUCK: &str = "PRISM_TEST_BE_STUCK";
const PATIENCE: Duration = Duration::from_secs(20);
const PROGRAM: Program = Program {
    name: "stuck",
    about: "blocks every thread of its runtime",
    version: "0",
    commit: "unknown",
    dirty: false,
    profile: "test",
};

struct Config(Common);

impl Configuration for Config {
    fn read(options: &mut Options) -> Option<Self> {
        Common::read(options).map(Self)
    }

    fn common(&self) -> &Common {
        &self.0
    }
}

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

impl Failure for Never {
    fn exit(&self) -> Exit {
        Exit::Internal
    }
}

/// The program itself, when the test below has started it: blocks every thread, and says so.
async fn be_stuck(_: Config) -> Result<(), Never> {
    let threads = tokio::runtime::Handle::current().metrics().num_workers();
    let (blocked, all_blocked) = channel();
    for _ in 0..threads {
        let blocked = blocked.clone();
        tokio::spawn(async move {
            let _ = blocked.send(());
            loop {
                thread::park();
            }
        });
    }
    for _ in 0..threads {
        let _ = all_blocked.recv();
    }
    eprintln!("stuck");
    loop {
        thread::park();
    }
}

/// It answers within a second, says that its runtime runs nothing, and goes on.
#[test]
fn it_answers_although_every_thread_is_blocked() {
    if env::var_os(BE_STUCK).is_some() {
        prism_process::run_with(PROGRAM, std::iter::empty(), be_stuck);
        return;
    }
    let mut program = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "it_answers_although_every_thread_is_blocked",
            "--nocapture",
        ])
        .env(BE_STUCK, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(program.stderr.take().unwrap());
    let (line, lines) = channel();
    thread::spawn(move || {
        stderr
            .lines()
            .map_while(Result::ok)
            .try_for_each(|text| line.send(text))
    });
    let until = |last: &str, patience: Duration| {
        let mut seen = Vec::new();
        while seen.last().is_none_or(|text: &String| text != last) {
            match lines.recv_timeout(patience) {
                Ok(text) => seen.push(text),
                Err(error) => panic!("{last:?} did not come ({error}) after {seen:#?}"),
            }
        }
        seen
    };
    until("stuck", PATIENCE);

    for _ in 0..2 {
        kill_process(Pid::from_child(&program), Signal::QUIT).unwrap();
        let dump = until("end of dump", PATIENCE);
        assert!(dump[0].starts_with("dump of stuck, pid "), "{dump:#?}");
        assert!(
            dump[1].starts_with("runtime main: runs no new task"),
            "{dump:#?}"
        );
    }

    program.kill().unwrap();
    program.wait().unwrap();
}
