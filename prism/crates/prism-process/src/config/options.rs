//! The options of a program, as it takes them one after the other.

use std::ffi::OsString;

use super::arguments::Arguments;
use super::{Invalid, Value};

/// Where a value came from; a later one wins over an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A `PRISM_…` variable.
    Environment,
    /// The command line.
    Flag,
}

impl Source {
    /// What a person has to look for: the flag or the variable.
    pub(super) fn label(self, name: &str) -> String {
        match self {
            Self::Environment => variable(name),
            Self::Default | Self::Flag => format!("--{name}"),
        }
    }
}

/// How an option may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Once, by its flag or its variable.
    Once,
    /// Any number of times; its variable holds values with blanks between them.
    Repeated,
    /// By its variable alone: a command line is there for everybody to read.
    Variable,
}

/// An option as the program declared it, with the value it has and where that came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The option's name, without dashes.
    pub name: &'static str,
    /// What it is for.
    pub help: &'static str,
    /// What its value looks like, such as `HOST:PORT`.
    pub shape: &'static str,
    /// The default, if there is one.
    pub default: Option<&'static str>,
    /// How it may be given.
    pub form: Form,
    /// The values as given, without what is secret in them.
    pub values: Vec<String>,
    /// Where they came from.
    pub source: Source,
}

impl Setting {
    /// The variable that gives the same value.
    pub(super) fn variable(&self) -> String {
        variable(self.name)
    }
}

fn variable(name: &str) -> String {
    format!("PRISM_{}", name.to_uppercase().replace('-', "_"))
}

/// Looks a variable up; a map in tests.
type Environment = Box<dyn Fn(&str) -> Option<OsString>>;

/// The options that were given: each is declared by taking it.
///
/// Taking one yields nothing if its value is bad; the error is kept, so that a program takes every option
/// first and gives up after the last.
pub struct Options {
    arguments: Arguments,
    environment: Environment,
    settings: Vec<Setting>,
    invalid: Vec<Invalid>,
}

impl Options {
    pub(super) fn new(
        words: impl Iterator<Item = OsString>,
        environment: impl Fn(&str) -> Option<OsString> + 'static,
    ) -> Self {
        let mut invalid = Vec::new();
        let arguments = Arguments::split(words, &mut invalid);
        Self {
            arguments,
            environment: Box::new(environment),
            settings: Vec::new(),
            invalid,
        }
    }

    /// An option with a default.
    pub fn one<T: Value>(
        &mut self,
        name: &'static str,
        default: &'static str,
        help: &'static str,
    ) -> Option<T> {
        self.take(&declare::<T>(name, help, Some(default), Form::Once))?
            .pop()
    }

    /// An option that may be absent.
    pub fn optional<T: Value>(
        &mut self,
        name: &'static str,
        help: &'static str,
    ) -> Option<Option<T>> {
        Some(
            self.take(&declare::<T>(name, help, None, Form::Once))?
                .pop(),
        )
    }

    /// An option that may be given any number of times; its variable holds values with blanks between them.
    pub fn many<T: Value>(&mut self, name: &'static str, help: &'static str) -> Option<Vec<T>> {
        self.take(&declare::<T>(name, help, None, Form::Repeated))
    }

    /// A value that may be absent, and has a variable but no flag.
    pub fn variable<T: Value>(
        &mut self,
        name: &'static str,
        help: &'static str,
    ) -> Option<Option<T>> {
        Some(
            self.take(&declare::<T>(name, help, None, Form::Variable))?
                .pop(),
        )
    }

    /// The flag or the variable by which an option that was taken was given, if it was.
    #[must_use]
    pub fn given_as(&self, name: &str) -> Option<String> {
        let mut taken = self.settings.iter();
        let setting = taken.find(|setting| setting.name == name)?;
        (setting.source != Source::Default).then(|| setting.source.label(name))
    }

    /// Refuses values that do not go together.
    pub fn refuse(&mut self, reason: impl Into<String>) {
        self.invalid.push(Invalid::Conflict(reason.into()));
    }

    /// Every option taken so far, with its value and source.
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    pub(super) fn has(&self, switch: &str) -> bool {
        self.arguments.has(switch)
    }

    pub(super) fn into_invalid(self) -> Vec<Invalid> {
        self.invalid
            .into_iter()
            .chain(self.arguments.into_unknown())
            .collect()
    }

    fn take<T: Value>(&mut self, declared: &Setting) -> Option<Vec<T>> {
        let (values, source) = self.given(declared);
        let parsed = values
            .iter()
            .map(|value| self.parse(declared.name, source, value))
            .collect::<Vec<_>>();
        self.settings.push(Setting {
            values: values.iter().map(|value| T::shown(value)).collect(),
            source,
            ..declared.clone()
        });
        parsed.into_iter().collect()
    }

    fn given(&mut self, declared: &Setting) -> (Vec<String>, Source) {
        let mut flags = match declared.form {
            Form::Once | Form::Repeated => self.arguments.remove(declared.name),
            // Left for the end, where it is unknown.
            Form::Variable => Vec::new(),
        };
        if !flags.is_empty() {
            // A later flag replaces an earlier one, so that a wrapper can append its own.
            let superseded = match declared.form {
                Form::Repeated => 0,
                Form::Once | Form::Variable => flags.len() - 1,
            };
            return (flags.split_off(superseded), Source::Flag);
        }
        match (self.environment)(&declared.variable()).filter(|value| !value.is_empty()) {
            Some(value) if declared.form == Form::Repeated => (
                value
                    .to_string_lossy()
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect(),
                Source::Environment,
            ),
            Some(value) => (
                vec![value.to_string_lossy().into_owned()],
                Source::Environment,
            ),
            None => (
                declared.default.map(str::to_owned).into_iter().collect(),
                Source::Default,
            ),
        }
    }

    fn parse<T: Value>(&mut self, name: &str, origin: Source, value: &str) -> Option<T> {
        T::parse(value)
            .map_err(|reason| {
                let (name, value) = (name.to_owned(), T::shown(value));
                self.invalid.push(Invalid::BadValue {
                    name,
                    origin,
                    value,
                    reason,
                });
            })
            .ok()
    }
}

fn declare<T: Value>(
    name: &'static str,
    help: &'static str,
    default: Option<&'static str>,
    form: Form,
) -> Setting {
    Setting {
        name,
        help,
        shape: T::SHAPE,
        default,
        form,
        values: Vec::new(),
        source: Source::Default,
    }
}
