//! The text of `--help`, from the options as the program declared them.

use super::{Form, Setting};
use crate::Program;

/// Where the descriptions begin.
const COLUMN: usize = 32;

pub(super) fn help(program: Program, settings: &[Setting]) -> String {
    let options: String = settings.iter().map(describe).collect();
    let Program { name, about, .. } = program;
    format!(
        "{name}: {about}\n\nUsage: {name} [OPTIONS]\n\nOptions:\n{options}{}{}{}\n\
         A flag wins over its variable, a variable over the default. Durations are written 200ms, 30s, 5m.",
        line("--print-config", "Show each value, and where it came from"),
        line("--version [--json]", "Say which build this is"),
        line("-h, --help", "Show this text"),
    )
}

fn describe(setting: &Setting) -> String {
    let Setting {
        name, shape, help, ..
    } = setting;
    let variable = setting.variable();
    let default = setting
        .default
        .map(|default| format!("default {default}, "))
        .unwrap_or_default();
    match setting.form {
        Form::Once => line(
            &format!("--{name} {shape}"),
            &format!("{help} [{default}{variable}]"),
        ),
        Form::Repeated => line(
            &format!("--{name} {shape}"),
            &format!("{help} [may be repeated, {variable}]"),
        ),
        Form::Variable => line(
            &format!("{variable}={shape}"),
            &format!("{help} [a variable only]"),
        ),
    }
}

fn line(option: &str, text: &str) -> String {
    format!("  {option:<COLUMN$}{text}\n")
}
