//! Whether the backend of a static route answers.

use std::sync::Arc;
use std::time::Duration;

use crate::routes::Router;
use crate::static_route::StaticRoute;
use crate::upstream::Backend;

/// The first pause between two tries to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// The longest pause: a backend that comes back is seen this soon.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What is watched, and for whom.
pub(crate) struct Probe {
    pub(crate) router: Arc<Router>,
    pub(crate) route: StaticRoute,
    pub(crate) backend: Arc<Backend>,
    /// Whose connections are watched.
    pub(crate) worker: usize,
}

/// Keeps the state of a static route true, for as long as it is driven.
///
/// ## Down => Up when a connection stands; Up => Down when it is lost and can't be made again
pub(crate) async fn watch(probe: Probe) {
    let Probe {
        router,
        route,
        backend,
        worker,
    } = probe;
    let mut pause = FIRST_PAUSE;
    loop {
        match backend.connected(worker).await {
            Ok(lost) => {
                router.change(|routes| routes.set_up(&route.name, &route.namespace, true));
                tracing::info!(
                    name = route.name,
                    runner = route.address,
                    "static route is up"
                );
                lost.await;
                pause = FIRST_PAUSE;
            }
            Err(error) => {
                router.change(|routes| routes.set_up(&route.name, &route.namespace, false));
                tracing::debug!(name = route.name, runner = route.address, %error, "static route is down");
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        tokio::time::sleep(pause).await;
    }
}
