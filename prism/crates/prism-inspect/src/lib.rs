//! What a program shows of itself on its control listener: figures for Prometheus, and server reflection.

mod calls;
mod latency;
mod page;
mod reflection;
mod serve;
mod status;

pub use self::{
    calls::{Call, Calls, Service},
    page::Page,
    reflection::reflect,
    serve::with_metrics,
};
