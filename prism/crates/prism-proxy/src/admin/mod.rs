//! The admin: it says which namespaces are the proxy's, and hears how they are.
//!
//! The proxy registers, sends heartbeats, and is told on its control port what it holds. It goes on with
//! what it knows while the admin is away.

mod assignments;
mod contact;
mod fields;
mod holdings;
mod leaving;
mod link;
mod report;
mod resources;
mod service;
mod settings;

pub use self::settings::{AdminSettings, ProxyId};
pub(crate) use self::{
    holdings::Holdings,
    link::{Endpoints, Link},
    service::TakeAssignments,
};
