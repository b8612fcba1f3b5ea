//! keyvalue-runner: serves the key-value interfaces over a store.

use std::process::ExitCode;

fn main() -> ExitCode {
    let program = prism_process::program!("serves the key-value interfaces over a store");
    prism_process::run(program, keyvalue_runner::serve)
}
