//! The control port: health, and the runners that register.

mod health;
mod server;

pub(crate) use self::{health::publish, server::serve};
