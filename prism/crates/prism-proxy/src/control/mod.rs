//! The control port: health, and the runners that register.

mod health;
mod life;
mod manage;
mod server;

pub use self::manage::{Farewell, LastCommand, Runners, UnknownRunner};
pub(crate) use self::{
    health::publish,
    life::ProxyAlive,
    manage::{ManageRunners, Sessions},
    server::serve,
};
