//! The way from `main` to the exit code.

use std::ffi::OsString;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::{env, fmt, io};

use tokio::runtime::{Builder, Runtime};

use crate::config::{self, Asked, Configuration, Invalid};
use crate::{Exit, Failure, Program, dump, log};

/// Runs a program: reads its configuration, starts logs and runtime, serves, and says how it ended.
///
/// An error is printed once, in one line on stderr; the exit code is the error's own.
pub fn run<C, F, S, E>(program: Program, serve: F) -> ExitCode
where
    C: Configuration,
    F: FnOnce(C) -> S,
    S: Future<Output = Result<(), E>>,
    E: Failure,
{
    run_with(program, env::args_os().skip(1), serve)
}

/// The same for a program of several modes, whose first word has chosen one: these are the words after it.
pub fn run_with<C, F, S, E>(
    program: Program,
    words: impl Iterator<Item = OsString>,
    serve: F,
) -> ExitCode
where
    C: Configuration,
    F: FnOnce(C) -> S,
    S: Future<Output = Result<(), E>>,
    E: Failure,
{
    let configuration = match config::load::<C>(program, words, |name| env::var_os(name)) {
        Ok(Asked::Serve(configuration)) => configuration,
        Ok(Asked::Print(text)) => return print(&text),
        Err(errors) => return report_invalid(program, &errors),
    };
    let common = configuration.common();
    log::start(common.log_format, common.log_level.clone());
    if let Err(error) = dump::start(program) {
        tracing::warn!(%error, "SIGQUIT will end the program: nothing can answer it");
    }
    panic::catch_unwind(AssertUnwindSafe(|| {
        run_to_end(program, serve(configuration))
    }))
    .unwrap_or(Exit::Internal)
    .into()
}

fn run_to_end<E: Failure>(program: Program, served: impl Future<Output = Result<(), E>>) -> Exit {
    let runtime = match start_runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            return report(
                program,
                &format_args!("cannot start its threads: {error}"),
                Exit::Internal,
            );
        }
    };
    let watched = dump::watch_runtime("main", runtime.handle().clone());
    let outcome = runtime.block_on(served);
    drop(watched);
    // Whatever a drain left running has had its time.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => Exit::Stopped,
        Err(error) => report(program, &error, error.exit()),
    }
}

fn start_runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

fn print(text: &str) -> ExitCode {
    // A reader that has gone away wants no more of it.
    let _ = writeln!(io::stdout(), "{text}");
    Exit::Stopped.into()
}

fn report(program: Program, error: &dyn fmt::Display, exit: Exit) -> Exit {
    let _ = writeln!(io::stderr(), "{}: {error}", program.name);
    exit
}

fn report_invalid(program: Program, errors: &[Invalid]) -> ExitCode {
    for error in errors {
        report(program, error, Exit::Usage);
    }
    report(program, &"see --help", Exit::Usage).into()
}
