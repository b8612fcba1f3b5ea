//! The launched program, as its launcher and whoever reads along see it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::process::{Child, Command, Output};

use rustix::process::{Pid, Signal, kill_process};
use tonic::Status;

use crate::launcher_answers::accepted;
use crate::program::{program, text};
use crate::scripted_launcher::{PROCESS_ID, ScriptedLauncher, TOKEN};

const ANY_PORT: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// A program that a launcher started; killed, if a test fails before it ends.
struct Launched {
    child: Child,
    /// A file, and no pipe: a program that logs everything would wait for a reader.
    log: File,
}

impl Launched {
    fn by(launcher: &ScriptedLauncher, words: &[&str]) -> Self {
        let address = launcher.address.to_string();
        let log = tempfile::tempfile().unwrap();
        let child = launched()
            .args(ANY_PORT)
            .args(["--launcher", &address, "--process-id", PROCESS_ID])
            .args(words)
            .stderr(log.try_clone().unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    fn command_line(&self) -> String {
        let path = format!("/proc/{}/cmdline", self.child.id());
        text(&std::fs::read(path).unwrap())
    }

    /// How it ended and what it logged, once it has ended.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        let mut log = String::new();
        self.log.seek(SeekFrom::Start(0)).unwrap();
        self.log.read_to_string(&mut log).unwrap();
        (code, log)
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launched() -> Command {
    let mut command = program();
    command.env("PRISM_LAUNCH_TOKEN", TOKEN);
    command
}

fn output(command: &mut Command, words: &[&str]) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.args(words).output().unwrap();
    (status.code(), text(&stdout) + &text(&stderr))
}

/// The token of a launch is neither in what the program logs, be it everything, nor on its command line.
#[tokio::test]
async fn the_token_is_shown_to_nobody() {
    let mut launcher = ScriptedLauncher::start();
    let program = Launched::by(&launcher, &["--log-level", "trace"]);
    let request = launcher.handshake().await.answer(accepted(&[]));
    launcher.beat().await;
    let command_line = program.command_line();

    program.terminate();
    launcher.stopping().await;

    let (code, log) = program.end();
    assert_eq!((code, request.launch_token.as_str()), (Some(0), TOKEN));
    assert!(log.contains("serving") && !log.contains(TOKEN), "{log}");
    assert!(command_line.contains(PROCESS_ID) && !command_line.contains(TOKEN));
}

/// A process that its launcher does not take says so in one line, and exits with a code of its own.
#[tokio::test]
async fn a_process_that_is_not_taken_says_why() {
    let mut launcher = ScriptedLauncher::start();
    let program = Launched::by(&launcher, &[]);

    let unknown = Status::not_found("no process ns:orders:keyvalue");
    launcher.handshake().await.fail(unknown);

    let (code, log) = program.end();
    assert_eq!(code, Some(69), "{log}");
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(
        log.contains("NotFound: no process ns:orders:keyvalue"),
        "{log}"
    );
}

/// A signal ends a program well that still waits for what it is to serve.
#[tokio::test]
async fn a_signal_ends_a_program_that_waits() {
    let mut launcher = ScriptedLauncher::start();
    let program = Launched::by(&launcher, &[]);
    let _waits = launcher.handshake().await;

    program.terminate();

    assert_eq!(program.end().0, Some(0));
}

/// What the launcher says does not go on the command line or into its variables beside it.
#[test]
fn the_launchers_word_is_its_own() {
    let own = ["--launcher", "127.0.0.1:1", "--process-id", PROCESS_ID];
    let words = [&own[..], &["--namespace", "a", "--store", "memstore"]].concat();

    let (code, errors) = output(launched().env("PRISM_PROXY", "127.0.0.1:2"), &words);

    assert_eq!(code, Some(64));
    for given in ["--namespace", "--store", "PRISM_PROXY"] {
        let expected = format!("{given} does not go with --launcher");
        assert!(errors.contains(&expected), "{errors}");
    }
}

/// Launcher, process id and token need each other.
#[test]
fn a_launch_is_whole() {
    for (mut command, words, expected) in [
        (
            launched(),
            ["--launcher", "127.0.0.1:1"],
            "--launcher needs --process-id",
        ),
        (
            launched(),
            ["--process-id", PROCESS_ID],
            "--process-id needs --launcher",
        ),
    ] {
        let (code, errors) = output(&mut command, &words);

        assert_eq!(code, Some(64));
        assert!(errors.contains(expected), "{errors}");
    }
}

/// A launch without its token is refused, by the name of the variable.
#[test]
fn a_launch_has_a_token() {
    let own = ["--launcher", "127.0.0.1:1", "--process-id", PROCESS_ID];

    let (code, errors) = output(&mut program(), &own);

    assert_eq!(code, Some(64));
    assert!(errors.contains("PRISM_LAUNCH_TOKEN is not set"), "{errors}");
}

/// The configuration can be looked at, without its secrets.
#[test]
fn the_configuration_can_be_looked_at() {
    let words = [
        "--print-config",
        "--launcher",
        "127.0.0.1:1",
        "--process-id",
        PROCESS_ID,
    ];
    let redis = ["--redis-url", "redis://ann:s3cret@127.0.0.1:6379"];

    let (code, printed) = output(&mut launched(), &[&words[..], &redis].concat());

    assert_eq!(code, Some(0));
    for line in [
        "listen = 127.0.0.1:9095 (default)",
        "launcher = 127.0.0.1:1 (flag)",
        "process-id = ns:orders:keyvalue (flag)",
        "launch-token = (set) (environment)",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{printed}");
    }
    assert!(
        !printed.contains(TOKEN) && !printed.contains("s3cret"),
        "{printed}"
    );
}
