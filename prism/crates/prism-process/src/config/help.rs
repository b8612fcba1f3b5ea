//! The text of `--help`, from the options as the program declared them.

use super::Setting;
use crate::Program;

/// Where the descriptions begin.
const COLUMN: usize = 32;

pub(super) fn help(program: Program, settings: &[Setting]) -> String {
    let options: String = settings.iter().map(describe).collect();
    let Program { name, about, .. } = program;
    format!(
        "{name}: {about}\n\nUsage: {name} [OPTIONS]\n\nOptions:\n{options}{}{}\n\
         A flag wins over its variable, a variable over the default. Durations are written 200ms, 30s, 5m.",
        line("--version [--json]", "Say which build this is"),
        line("-h, --help", "Show this text"),
    )
}

fn describe(setting: &Setting) -> String {
    let default = setting
        .default
        .map(|default| format!("default {default}, "))
        .unwrap_or_default();
    let repeated = if setting.repeatable {
        "may be repeated, "
    } else {
        ""
    };
    let facts = format!(
        "{} [{default}{repeated}{}]",
        setting.help,
        setting.variable()
    );
    line(&format!("--{} {}", setting.name, setting.shape), &facts)
}

fn line(option: &str, text: &str) -> String {
    format!("  {option:<COLUMN$}{text}\n")
}
