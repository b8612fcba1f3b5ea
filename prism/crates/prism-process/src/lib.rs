//! The process contract that every Prism program keeps.
//!
//! A program's `main` is one call of [`run`]: it reads the configuration, starts logs and runtime, and
//! turns the outcome into an exit code. What it serves, it serves with [`listen`], tells whoever started
//! it with [`notify`], and stops when its [`Shutdown`] says so.

mod advertise;
pub mod config;
pub mod dump;
mod exit;
mod identity;
mod listen;
mod log;
pub mod notify;
pub mod peer;
mod run;
mod shutdown;
mod wall;

pub use self::{
    advertise::{Host, advertised, wildcard_conflict},
    config::{Common, Configuration, Options},
    exit::{Exit, Failure},
    identity::{Program, build_id},
    listen::{ListenError, listen},
    log::{LogFormat, LogLevel},
    run::{run, run_with},
    shutdown::{Reason, Shutdown},
    wall::wall_millis,
};
