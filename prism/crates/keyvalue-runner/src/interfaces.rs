//! What the runner serves, as it tells a proxy.

use prism_api::interfaces::InterfaceDeclaration;
use prism_api::keyvalue::key_value_basic_interface_server::SERVICE_NAME as BASIC;
use prism_api::keyvalue::key_value_batch_interface_server::SERVICE_NAME as BATCH;
use prism_api::keyvalue::key_value_ttl_interface_server::SERVICE_NAME as TTL;

/// A data interface.
struct Interface {
    service: &'static str,
    proto_file: &'static str,
    proto_hash: &'static str,
}

/// The version of every interface; their protos change together.
const VERSION: &str = "v1";

const INTERFACES: [Interface; 3] = [
    Interface {
        service: BASIC,
        proto_file: "prism/interfaces/keyvalue/keyvalue_basic.proto",
        proto_hash: env!("PROTO_HASH_KEYVALUE_BASIC"),
    },
    Interface {
        service: TTL,
        proto_file: "prism/interfaces/keyvalue/keyvalue_ttl.proto",
        proto_hash: env!("PROTO_HASH_KEYVALUE_TTL"),
    },
    Interface {
        service: BATCH,
        proto_file: "prism/interfaces/keyvalue/keyvalue_batch.proto",
        proto_hash: env!("PROTO_HASH_KEYVALUE_BATCH"),
    },
];

/// The full names of the data interfaces.
pub(crate) fn services() -> impl Iterator<Item = &'static str> {
    INTERFACES.iter().map(|interface| interface.service)
}

/// The data interfaces as a registration lists them.
pub(crate) fn declarations() -> Vec<InterfaceDeclaration> {
    INTERFACES.iter().map(Interface::declaration).collect()
}

impl Interface {
    fn declaration(&self) -> InterfaceDeclaration {
        InterfaceDeclaration {
            name: self.service.to_owned(),
            proto_file: self.proto_file.to_owned(),
            version: VERSION.to_owned(),
            proto_hash: self.proto_hash.to_owned(),
            ..Default::default()
        }
    }
}
