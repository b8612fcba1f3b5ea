//! What can be wrong with a configuration.

use super::Source;

/// One thing wrong with what was given; all of them are reported together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// A word that is no option, where an option was expected.
    #[error("unexpected argument {0:?}: every option is written --name VALUE")]
    Stray(String),
    /// An option that the program does not have.
    #[error("unknown option --{0}")]
    Unknown(String),
    /// An option at the end of the line, or before another one, without its value.
    #[error("--{0} needs a value")]
    MissingValue(String),
    /// A word that takes no value was given one.
    #[error("--{0} takes no value")]
    UnwantedValue(String),
    /// A value that is not what its option takes.
    #[error("{} {value:?} {reason}", origin.label(name))]
    BadValue {
        /// The option.
        name: String,
        /// Where the value was given.
        origin: Source,
        /// The value as it was given.
        value: String,
        /// What is wrong with it, as the end of a sentence.
        reason: String,
    },
    /// Values that are each good but do not go together.
    #[error("{0}")]
    Conflict(String),
}
