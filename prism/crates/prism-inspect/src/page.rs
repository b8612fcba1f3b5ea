//! The text that Prometheus reads.

use std::fmt::{Display, Write};

/// A page in Prometheus' text format, as it is written.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// Begins a family of samples; all of a family stand together.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    /// Adds a value under its labels.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> = labels
            .iter()
            .map(|(label, text)| format!("{label}=\"{}\"", escaped(text)))
            .collect();
        if labels.is_empty() {
            self.line(format_args!("{name} {value}"));
        } else {
            self.line(format_args!("{name}{{{}}} {value}", labels.join(",")));
        }
    }

    /// A family of one value.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// The page.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string can't fail.
        let _ = writeln!(self.text, "{line}");
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A family has its words before its values, and no label breaks out of its quotes.
    #[test]
    fn a_page_is_lines() {
        let mut page = Page::default();

        page.family("calls_total", "counter", "Calls.");
        page.sample(
            "calls_total",
            &[("service", "a\"b\\c\nd"), ("status", "OK")],
            7,
        );
        page.gauge("connections", "Connections.", 2);

        assert_eq!(
            page.into_text(),
            "# HELP calls_total Calls.\n\
             # TYPE calls_total counter\n\
             calls_total{service=\"a\\\"b\\\\c\\nd\",status=\"OK\"} 7\n\
             # HELP connections Connections.\n\
             # TYPE connections gauge\n\
             connections 2\n"
        );
    }
}
