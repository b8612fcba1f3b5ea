//! The proxy as clients and runners see it, over real sockets.
//!
//! The rows that tests name are those of the checklist of what a transparent gRPC proxy keeps.

mod passthrough;
mod support;
