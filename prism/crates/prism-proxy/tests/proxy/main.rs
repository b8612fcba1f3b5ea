//! The proxy as clients and runners see it, over real sockets.
//!
//! The rows that tests name are those of the checklist of what a transparent gRPC proxy keeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests, what they share too"
)]

mod abuse;
mod admin;
mod admin_away;
mod assignments;
mod connections;
mod deadlines;
mod drain;
mod endings;
mod figures;
mod flow;
mod framing;
mod health;
mod metadata;
mod passthrough;
mod process;
mod registration;
mod resets;
mod revocations;
mod routing;
mod sessions;
mod support;
mod threads;
