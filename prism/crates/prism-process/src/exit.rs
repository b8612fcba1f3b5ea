//! How a program ends.

use std::process::ExitCode;

/// The documented exit codes of every Prism program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It was asked to stop, and did.
    Stopped = 0,
    /// Bad usage or configuration.
    Usage = 64,
    /// A peer that can never work.
    Peer = 69,
    /// An internal error.
    Internal = 70,
    /// The address to listen on can't be had.
    AddressTaken = 71,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that ends a program: its text says what, where and what to do, in one line.
pub trait Failure: std::error::Error {
    /// The code that the program exits with.
    fn exit(&self) -> Exit;
}
