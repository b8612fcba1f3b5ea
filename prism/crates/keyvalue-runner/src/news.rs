//! The word that the runner's health may have changed.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells those who listen; clones tell the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct News {
    told: Arc<watch::Sender<()>>,
}

/// Who listens; what was told since it last looked is one piece of news.
#[derive(Debug)]
pub(crate) struct Listener {
    told: watch::Receiver<()>,
}

impl News {
    pub(crate) fn tell(&self) {
        self.told.send_replace(());
    }

    pub(crate) fn listen(&self) -> Listener {
        Listener {
            told: self.told.subscribe(),
        }
    }
}

impl Listener {
    /// Completes when there is news; never, once nobody is left to tell any.
    pub(crate) async fn heard(&mut self) {
        if self.told.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
