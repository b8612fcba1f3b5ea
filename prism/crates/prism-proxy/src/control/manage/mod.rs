//! The runners that register: one stream each, and the routes that come and go with it.

mod commands;
mod held;
mod registration;
mod runners;
mod service;
mod session;
mod state;
mod step;

pub use self::{
    runners::{Runners, UnknownRunner},
    state::{Farewell, LastCommand},
};
pub(crate) use self::{service::ManageRunners, session::Sessions};
