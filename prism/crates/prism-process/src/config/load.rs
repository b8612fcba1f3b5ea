//! From what was typed to what the program is asked to do.

use std::ffi::OsString;

use super::help::help;
use super::printed::printed;
use super::{Configuration, Invalid, Options};
use crate::Program;

/// What a command line asks for.
#[derive(Debug)]
pub enum Asked<C> {
    /// To serve with this configuration.
    Serve(C),
    /// To print this and exit.
    Print(String),
}

/// Reads a configuration from the words of the command line and the environment, or every error in it.
pub fn load<C: Configuration>(
    program: Program,
    words: impl Iterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<OsString> + 'static,
) -> Result<Asked<C>, Vec<Invalid>> {
    let mut options = Options::new(words, environment);
    let configuration = C::read(&mut options);
    if options.has("help") {
        return Ok(Asked::Print(help(program, options.settings())));
    }
    if options.has("version") {
        return Ok(Asked::Print(version(program, options.has("json"))));
    }
    if options.has("json") {
        options.refuse("--json goes with --version");
    }
    let printed = options
        .has("print-config")
        .then(|| printed(options.settings()));
    let invalid = options.into_invalid();
    let configuration = configuration
        .filter(|_| invalid.is_empty())
        .ok_or(invalid)?;
    Ok(printed.map_or(Asked::Serve(configuration), Asked::Print))
}

fn version(program: Program, json: bool) -> String {
    if json {
        program.version_json().to_string()
    } else {
        program.version_line()
    }
}

#[cfg(test)]
mod tests;
