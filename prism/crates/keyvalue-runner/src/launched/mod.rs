//! The launcher that started the runner: it says what to serve, hears how it goes, and may end it.
//!
//! The runner asks what to serve before it serves anything. Then it sends heartbeats, and goes on with what it
//! knows while the launcher is away.

mod answer;
mod contact;
mod hearing;
mod launcher;
mod link;
mod settings;
mod welcome;

pub use self::{
    answer::BadAnswer,
    settings::{LaunchSettings, ProcessId},
};
pub(crate) use self::{
    link::Link,
    welcome::{Welcome, welcome},
};
