//! The text of `--print-config`: each value, and where it came from.

use super::{Setting, Source};

/// What stands for a value that nobody gave.
const NOTHING: &str = "";

pub(super) fn printed(settings: &[Setting]) -> String {
    let lines: Vec<_> = settings.iter().map(line).collect();
    lines.join("\n")
}

fn line(setting: &Setting) -> String {
    let Setting {
        name,
        values,
        source,
        ..
    } = setting;
    let text = match values.as_slice() {
        [] => NOTHING.to_owned(),
        values => values.join(" "),
    };
    format!("{name} = {text} ({})", origin(*source))
}

fn origin(source: Source) -> &'static str {
    match source {
        Source::Default => "default",
        Source::Environment => "environment",
        Source::Flag => "flag",
    }
}
