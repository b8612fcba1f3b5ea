//! The wire of Prism, generated from `proto/` at build time; nothing here is written by hand.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]

/// What admin, proxies and launchers tell each other.
pub mod prism {
    tonic::include_proto!("prism");

    pub mod admin {
        tonic::include_proto!("prism.admin");
    }

    pub mod common {
        tonic::include_proto!("prism.common");
    }

    pub mod interfaces {
        tonic::include_proto!("prism.interfaces");

        pub mod keyvalue {
            tonic::include_proto!("prism.interfaces.keyvalue");
        }
    }

    pub mod launcher {
        tonic::include_proto!("prism.launcher");
    }
}

pub use prism::{admin, common, interfaces, interfaces::keyvalue, launcher};

/// All proto files and what they import, encoded, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
