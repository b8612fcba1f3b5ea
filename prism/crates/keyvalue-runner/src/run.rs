//! The runner from start to end.

use prism_process::{Shutdown, advertised, listen};
use tokio::net::TcpListener;

use crate::assignment::{AssignedBy, Assignment};
use crate::config::Config;
use crate::error::RunError;
use crate::launched::{Link, Welcome, welcome};
use crate::records::Records;
use crate::running::{Running, Start};
use crate::store::{self, StoreSettings};

/// Serves as configured until a signal or an order ends it.
pub async fn serve(config: Config) -> Result<(), RunError> {
    let shutdown = Shutdown::on_signals().map_err(|cause| RunError::System {
        what: "listen for signals",
        cause,
    })?;
    let listener = listen(config.listen)?;
    run(config, listener, store::open, shutdown).await
}

/// Learns what to serve, serves it on a listener until the shutdown, and goes through the drain.
///
/// The store is opened once it is known; a runner that is asked to stop before ends without one.
pub async fn run(
    config: Config,
    listener: TcpListener,
    open: impl AsyncFnOnce(&StoreSettings) -> Records,
    shutdown: Shutdown,
) -> Result<(), RunError> {
    let endpoint = listener.local_addr().map_err(|cause| RunError::System {
        what: "tell its own address",
        cause,
    })?;
    let told = advertised(endpoint, config.advertise.as_ref());
    let Some(Task { assignment, link }) =
        task(&config.assigned_by, told.clone(), &shutdown).await?
    else {
        return Ok(());
    };
    let records = open(&assignment.store).await;
    let mut running = Running::start(Start {
        config,
        assignment,
        endpoint,
        told,
        listener,
        records,
        shutdown,
        link,
    })
    .await;
    running.until_drain().await?;
    running.drain().await;
    Ok(())
}

/// What there is to do, and the launcher to tell of it if it was a launcher that said so.
struct Task {
    assignment: Assignment,
    link: Option<Link>,
}

async fn task(
    assigned_by: &AssignedBy,
    told: String,
    shutdown: &Shutdown,
) -> Result<Option<Task>, RunError> {
    match assigned_by.clone() {
        AssignedBy::Flags(assignment) => Ok(Some(Task {
            assignment,
            link: None,
        })),
        AssignedBy::Launcher(settings) => {
            let welcome = welcome(settings, told, shutdown).await?;
            Ok(welcome.map(|Welcome { assignment, link }| Task {
                assignment,
                link: Some(link),
            }))
        }
    }
}
