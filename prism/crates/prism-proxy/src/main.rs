//! prism-proxy

use std::process::ExitCode;

fn main() -> ExitCode {
    prism_process::run(
        prism_process::program!("passes each gRPC call to the runner that serves it"),
        prism_proxy::serve,
    )
}
