//! The runner over real sockets, as its clients, its proxies and its keeper see it.
#![allow(clippy::unwrap_used, clippy::expect_used)] // A test that can't go on may as well panic.

mod basic;
mod batch;
mod drain;
mod harness;
mod health;
mod held_call;
mod launched;
mod launched_end;
mod launched_program;
mod launched_proxies;
mod launched_talk;
mod launcher_answers;
mod lifecycle;
mod limits;
mod metrics;
mod namespaces;
mod orders;
mod program;
mod purge;
mod redis;
mod registration;
mod scripted_launcher;
mod scripted_proxy;
mod ttl;
