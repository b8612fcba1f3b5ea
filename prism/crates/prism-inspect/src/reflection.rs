//! Server reflection: what a listener serves, for tools that have no proto files.

use tonic::service::Routes;
use tonic_reflection::server::{Builder, Error};

/// Routes with reflection beside them, in the version of today and the one that older tools ask for.
#[must_use]
pub fn reflect(routes: Routes, services: &[&str]) -> Routes {
    match (
        describe(services).build_v1(),
        describe(services).build_v1alpha(),
    ) {
        (Ok(current), Ok(older)) => routes.add_service(current).add_service(older),
        (Err(error), _) | (_, Err(error)) => without(routes, &error),
    }
}

fn describe<'b>(services: &[&str]) -> Builder<'b> {
    let described = Builder::configure()
        .register_encoded_file_descriptor_set(prism_api::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
    services.iter().fold(described, |described, service| {
        described.with_service_name(*service)
    })
}

/// The calls are worth more than their description.
fn without(routes: Routes, error: &Error) -> Routes {
    tracing::error!(%error, "server reflection is not served");
    routes
}
