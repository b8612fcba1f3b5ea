//! What the proxy is doing, for a dump.

use std::collections::BTreeMap;
use std::sync::Arc;

use prism_process::dump::{Tells, Told, try_for_a_while};

use crate::data::DataPlane;
use crate::routes::{Router, Routes, SeenRoute};
use crate::upstream::Backend;

/// Everything that a dump of the proxy tells of.
#[derive(Debug)]
pub(crate) struct Doing {
    pub(crate) plane: Arc<DataPlane>,
    pub(crate) router: Arc<Router>,
}

impl Tells for Doing {
    fn tell(&self, told: &mut Told) {
        told.line(format_args!(
            "data port: {:?}, {} client connections",
            self.plane.phase(),
            self.plane.connections()
        ));
        self.plane.underway().tell("streams", told);
        let Some(routes) = try_for_a_while(|| self.router.try_read(Routes::seen)) else {
            return told.line("routes: the table is locked");
        };
        told.line(format_args!("routes: {}", routes.len()));
        told.details(routes.iter());
        tell_upstream(&routes, told);
    }
}

fn tell_upstream(routes: &[SeenRoute], told: &mut Told) {
    let backends = routes.iter().filter_map(|route| route.backend.as_ref());
    // One runner stands in several routes.
    let backends: BTreeMap<_, _> = backends
        .map(|backend| (Arc::as_ptr(backend), backend))
        .collect();
    told.line(format_args!("runners connected to: {}", backends.len()));
    told.details(backends.into_values().map(|backend| upstream(backend)));
}

fn upstream(backend: &Backend) -> String {
    let pools: Vec<_> = backend.try_calls().collect();
    let locked = pools.iter().filter(|pool| pool.is_none()).count();
    let calls: Vec<_> = pools.into_iter().flatten().flatten().collect();
    let total: usize = calls.iter().sum();
    let busy = if locked > 0 {
        format!(", {locked} pools are locked")
    } else {
        String::new()
    };
    format!(
        "{}: {} connections, {total} calls on them{busy}",
        backend.address(),
        calls.len()
    )
}

#[cfg(test)]
mod tests {
    use http::uri::PathAndQuery;

    use super::*;

    /// Calls, routes and connections, each with what one looks for when nothing moves.
    #[test]
    fn it_tells_of_calls_and_routes() {
        let mut table = Routes::new();
        table.configure(
            "shop.Orders",
            "default",
            Arc::new(Backend::new("127.0.0.1:9", 2)),
        );
        let router = Arc::new(Router::new(table));
        let plane = Arc::new(DataPlane::new(Arc::clone(&router)));
        let _call = plane.begin_call(1, PathAndQuery::from_static("/shop.Orders/Buy"));
        let mut told = Told::default();

        Doing {
            plane: Arc::clone(&plane),
            router,
        }
        .tell(&mut told);

        let text = told.to_string();
        assert!(text.starts_with("data port: Serving, 0 client connections\nstreams: 1 under way\n  /shop.Orders/Buy: 1, the oldest for "), "{text}");
        assert!(
            text.ends_with(
                "routes: 1\n  shop.Orders in default: static at 127.0.0.1:9, not well\n\
                 runners connected to: 1\n  127.0.0.1:9: 0 connections, 0 calls on them\n"
            ),
            "{text}"
        );
    }
}
