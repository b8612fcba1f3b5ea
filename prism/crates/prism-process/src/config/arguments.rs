//! The command line, split into options and their values before anybody knows what they mean.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::Invalid;

/// Words that are whole by themselves; every other option takes a value.
const SWITCHES: [&str; 4] = ["help", "version", "json", "print-config"];

/// What was typed.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    switches: Vec<String>,
    values: BTreeMap<String, Vec<String>>,
}

impl Arguments {
    /// Splits `--name VALUE`, `--name=VALUE` and the switches; what does not fit goes into `invalid`.
    pub(super) fn split(words: impl Iterator<Item = OsString>, invalid: &mut Vec<Invalid>) -> Self {
        let mut arguments = Self::default();
        let mut words = words
            .map(|word| word.to_string_lossy().into_owned())
            .peekable();
        while let Some(word) = words.next() {
            let result = match option_name(&word) {
                Some(option) => {
                    arguments.take(option, || words.next_if(|next| option_name(next).is_none()))
                }
                None => Err(Invalid::Stray(word)),
            };
            invalid.extend(result.err());
        }
        arguments
    }

    fn take(&mut self, option: &str, next: impl FnOnce() -> Option<String>) -> Result<(), Invalid> {
        let (name, given) = match option.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (option.to_owned(), None),
        };
        if SWITCHES.contains(&name.as_str()) {
            return if given.is_none() {
                self.switches.push(name);
                Ok(())
            } else {
                Err(Invalid::UnwantedValue(name))
            };
        }
        match given.or_else(next) {
            Some(value) => self.values.entry(name).or_default().push(value),
            None => return Err(Invalid::MissingValue(name)),
        }
        Ok(())
    }

    pub(super) fn has(&self, switch: &str) -> bool {
        self.switches.iter().any(|given| given == switch)
    }

    /// Every value of an option, in order; what nobody asks for stays behind as unknown.
    pub(super) fn remove(&mut self, name: &str) -> Vec<String> {
        self.values.remove(name).unwrap_or_default()
    }

    pub(super) fn into_unknown(self) -> impl Iterator<Item = Invalid> {
        self.values.into_keys().map(Invalid::Unknown)
    }
}

fn option_name(word: &str) -> Option<&str> {
    match word {
        "-h" => Some("help"),
        "-V" => Some("version"),
        _ => word.strip_prefix("--").filter(|name| !name.is_empty()),
    }
}
