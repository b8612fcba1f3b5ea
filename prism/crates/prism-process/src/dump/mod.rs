//! What a program is doing, told on SIGQUIT: for whoever looks at one that hangs.
//!
//! A thread of its own answers, with what atomics and locks that are free at that moment can tell, so it answers also
//! when every other thread is stuck. The answer is text on stderr, between a line `dump of …` and a line `end of dump`.
//! SIGQUIT ends nothing: the program goes on.

mod answer;
mod registry;
mod runtimes;
mod tell;
mod underway;

pub(crate) use self::answer::start;
pub use self::{
    registry::{Tells, register},
    runtimes::{Watched, watch_runtime},
    tell::{Told, try_for_a_while},
    underway::{Ticket, Underway},
};
