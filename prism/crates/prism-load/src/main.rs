//! prism-load: measures what stands between a client and a gRPC service.
//!
//! `call` makes unary calls one after the other, `read` reads one long stream slowly, and `serve` is a service
//! to call and to read from. Messages are bytes here: nothing is encoded or decoded.

mod budget;
mod call;
mod connection;
mod error;
mod hex;
mod latency;
mod message;
mod read;
mod serve;
mod settings;
mod unary;

use std::env;
use std::process::ExitCode;

use prism_process::{Exit, run_with};

fn main() -> ExitCode {
    let program = prism_process::program!("call, read or serve: measures calls of a gRPC service");
    let mut words = env::args_os().skip(1);
    let mode = words.next().unwrap_or_default();
    match mode.to_str() {
        Some("call") => run_with(program, words, call::run),
        Some("read") => run_with(program, words, read::run),
        Some("serve") => run_with(program, words, serve::run),
        _ => {
            eprintln!("prism-load: the first word is call, read or serve; each has a --help");
            Exit::Usage.into()
        }
    }
}
