//! The program, as whoever starts it sees it.

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::PATIENCE;
use crate::held_call::{HeldCall, until_draining};

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyvalue-runner"));
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn output(words: &[&str]) -> Output {
    program().args(words).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A program that has said that it is ready; killed, if a test fails before it ends.
struct Ready {
    child: Child,
    message: String,
}

impl Ready {
    fn start(words: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let child = program()
            .args(words)
            .env("NOTIFY_SOCKET", &path)
            .spawn()
            .unwrap();
        let mut ready = Self {
            child,
            message: String::new(),
        };
        let mut buffer = [0; 512];
        let length = socket.recv(&mut buffer).unwrap();
        ready.message = text(&buffer[..length]);
        ready
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    fn address(&self) -> &str {
        self.message
            .lines()
            .find_map(|line| line.strip_prefix("X_ENDPOINT_DATA="))
            .unwrap()
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ready comes with the address that port 0 became, and there it answers.
#[test]
fn ready_names_the_bound_address() {
    let ready = Ready::start(&["--listen", "127.0.0.1:0"]);

    assert!(ready.message.starts_with("READY=1\n"), "{}", ready.message);
    assert!(!ready.address().ends_with(":0"));
    std::net::TcpStream::connect(ready.address()).unwrap();
}

/// Either signal ends an idle program well.
#[test]
fn a_signal_ends_the_program_well() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut ready = Ready::start(&["--listen", "127.0.0.1:0"]);

        ready.signal(signal);

        assert_eq!(ready.exit_code(), Some(0), "{signal:?}");
    }
}

/// A second signal does not wait for the drain.
#[tokio::test]
async fn a_second_signal_ends_the_program_at_once() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut ready = Ready::start(&["--listen", "127.0.0.1:0", "--drain-timeout", "1h"]);
        let _held = HeldCall::at(ready.address().parse().unwrap()).await;
        ready.signal(Signal::TERM);
        until_draining(ready.address().parse().unwrap()).await;

        ready.signal(signal);

        assert_eq!(ready.exit_code(), Some(code), "{signal:?}");
    }
}

/// A taken address is named, with a code of its own.
#[test]
fn a_taken_address_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let output = output(&["--listen", &address]);

    assert_eq!(output.status.code(), Some(71));
    assert!(text(&output.stderr).contains(&address), "{output:?}");
}

/// Everything wrong with a command line is said at once.
#[test]
fn a_bad_configuration_is_reported_whole() {
    let output = output(&[
        "--max-keys",
        "0",
        "--namespace",
        "A",
        "--heartbeat-interval",
        "0s",
        "--bogus",
        "1",
    ]);

    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(64));
    for option in [
        "--max-keys",
        "--namespace",
        "--heartbeat-interval",
        "--bogus",
    ] {
        assert!(errors.contains(option), "{option}: {errors}");
    }
}

/// Who is told of a runner could not call it at a wildcard; where nobody is told, it may be bound to one.
#[test]
fn a_wildcard_needs_a_host_where_somebody_is_told() {
    let wildcard = ["--listen", "0.0.0.0:0", "--print-config"];
    for (words, code) in [
        (&[][..], 0),
        (&["--proxy", "127.0.0.1:1"], 64),
        (
            &["--proxy", "127.0.0.1:1", "--advertise", "runner-1.internal"],
            0,
        ),
    ] {
        let output = output(&[&wildcard[..], words].concat());

        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {errors}");
        assert_eq!(errors.contains("--advertise"), code == 64, "{errors}");
    }
}

/// What is wrong with a Redis is said by option, and never with what may be a password.
#[test]
fn a_bad_redis_is_reported_without_its_password() {
    for (words, expected) in [
        (
            &["--store", "redis", "--redis-url", "rediss://:s3cret@there"][..],
            "--redis-url \"(set)\" asks for TLS",
        ),
        (
            &["--store", "redis", "--redis-url", "redis://:s3cret"],
            "--redis-url \"(set)\" is not of the form redis://",
        ),
        (&["--store", "redis"], "--store redis needs --redis-url"),
        (
            &["--store", "redis", "--max-keys", "5"],
            "--max-keys goes with --store memstore",
        ),
        (
            &["--redis-url", "redis://:s3cret@127.0.0.1"],
            "--redis-url goes with --store redis",
        ),
    ] {
        let output = output(words);

        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{words:?}");
        assert!(errors.contains(expected), "{errors}");
        assert!(!errors.contains("s3cret"), "{errors}");
    }
}

/// The build says which it is, to people and to programs.
#[test]
fn a_build_has_an_identity() {
    let json: Value = serde_json::from_slice(&output(&["--version", "--json"]).stdout).unwrap();

    assert_eq!(json["name"], "keyvalue-runner");
    let build_id = json["build_id"].as_str().unwrap();
    assert_eq!(build_id.len(), 40);
    assert!(text(&output(&["--version"]).stdout).contains(build_id));
}
