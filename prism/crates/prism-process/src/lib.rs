//! prism-process
