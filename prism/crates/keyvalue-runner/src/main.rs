//! keyvalue-runner

fn main() {}
