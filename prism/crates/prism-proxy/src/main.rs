//! prism-proxy

fn main() {}
