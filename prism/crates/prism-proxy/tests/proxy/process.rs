//! The program itself: what it tells whoever started it, and how it ends.

use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Client, PATIENCE, get};

fn start(notify: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_prism-proxy"))
        .args(["--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"])
        .args(arguments)
        .env_clear()
        .env("NOTIFY_SOCKET", notify)
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn endpoint(message: &str, name: &str) -> SocketAddr {
    let line = message
        .lines()
        .find_map(|line| line.strip_prefix(&format!("X_ENDPOINT_{name}=")));
    line.unwrap().parse().unwrap()
}

/// It is ready without any runner, with the addresses that it has, and SIGTERM ends it with 0.
#[tokio::test]
async fn it_tells_when_it_is_ready_and_stops_when_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut program = start(&path, &["--drain-notice", "10ms"]);
    let mut buffer = [0; 512];
    let length = socket.recv(&mut buffer).unwrap();
    let message = String::from_utf8(buffer[..length].to_vec()).unwrap();

    let client = Client::connect(endpoint(&message, "DATA")).await;
    let answer = client.call(get()).await.unwrap();
    let pid = Pid::from_child(&program);
    kill_process(pid, Signal::TERM).unwrap();
    let ended = tokio::task::spawn_blocking(move || program.wait()).await;

    assert!(message.starts_with("READY=1\n"), "{message}");
    assert_ne!(endpoint(&message, "CONTROL").port(), 0);
    assert!(answer.message().contains("not connected"));
    assert_eq!(ended.unwrap().unwrap().code(), Some(0));
}

/// A configuration that can't be is refused with 64, every error of it.
#[test]
fn a_bad_configuration_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_prism-proxy"))
        .env_clear()
        .args(["--backend", "keyvalue", "--drain-notice", "soon"])
        .output()
        .unwrap();

    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(
        errors.contains("--backend") && errors.contains("--drain-notice"),
        "{errors}"
    );
}
