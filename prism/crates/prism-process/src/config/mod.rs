//! Configuration: flag over environment over default, parsed once into typed values.
//!
//! A program implements [`Configuration`]: it takes each option from [`Options`] by name, and that is the
//! only place where the option is declared; help and errors follow from it.
//!
//! ```
//! use std::net::SocketAddr;
//! use prism_process::{Common, Configuration, Options};
//!
//! struct Config {
//!     listen: SocketAddr,
//!     common: Common,
//! }
//!
//! impl Configuration for Config {
//!     fn read(options: &mut Options) -> Option<Self> {
//!         let listen = options.one("listen", "127.0.0.1:9095", "Address that is served");
//!         let common = Common::read(options);
//!         Some(Self { listen: listen?, common: common? })
//!     }
//!
//!     fn common(&self) -> &Common {
//!         &self.common
//!     }
//! }
//! ```

mod arguments;
mod common;
mod help;
mod invalid;
mod load;
mod options;
mod printed;
mod secret;
mod value;

pub use self::{
    common::{Common, Configuration},
    invalid::Invalid,
    load::{Asked, load},
    options::{Form, Options, Setting, Source},
    secret::Secret,
    value::{ByteSize, PeerAddress, Value},
};
