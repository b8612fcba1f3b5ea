//! The data port: every call, passed through.

mod accept;
mod call;
mod connection;
mod count;
mod deadline;
mod downstream;
mod ending;
mod exchange;
mod forward;
mod plane;
mod workers;

pub(crate) use self::{
    accept::serve,
    plane::{DataPlane, Phase},
    workers::Workers,
};
