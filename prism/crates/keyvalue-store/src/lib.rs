//! keyvalue-store
