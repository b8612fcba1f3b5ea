//! Reading one long stream slowly.

use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::RecvStream;
use prism_process::config::ByteSize;
use serde_json::json;

use crate::error::{CallError, LoadError};
use crate::settings::ReadSettings;
use crate::{connection, message, serve, unary};

/// No sleep is shorter, and a frame is due much sooner.
const TICK: Duration = Duration::from_millis(1);

/// Reads the stream to its end and prints one line of JSON.
pub(crate) async fn run(settings: ReadSettings) -> Result<(), LoadError> {
    let client = connection::open(&settings.target).await?;
    let head = unary::head(&settings.target, serve::STREAM)?;
    let ByteSize(wanted) = settings.bytes;
    let request: Bytes = message::framed(&(wanted as u64).to_be_bytes());
    let began = Instant::now();
    let mut body = unary::ask(&client, head, request).await?;
    let bytes = read(&mut body, settings.rate).await?;
    unary::finish(body).await?;
    println!(
        "{}",
        json!({ "bytes": bytes, "seconds": began.elapsed().as_secs_f64() })
    );
    Ok(())
}

/// Takes the data no faster than so many bytes a second; what is not taken yet closes the window.
async fn read(body: &mut RecvStream, rate: ByteSize) -> Result<usize, CallError> {
    let began = Instant::now();
    let mut bytes = 0;
    while let Some(chunk) = body.data().await {
        let length = chunk?.len();
        bytes += length;
        let ahead = due(bytes, rate).saturating_sub(began.elapsed());
        if ahead > TICK {
            tokio::time::sleep(ahead).await;
        }
        body.flow_control().release_capacity(length)?;
    }
    Ok(bytes)
}

/// How long after the beginning so many bytes are due.
fn due(bytes: usize, ByteSize(rate): ByteSize) -> Duration {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a duration need not be exact to the byte"
    )]
    Duration::from_secs_f64(bytes as f64 / rate as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At a rate of two bytes a second, six are due after three.
    #[test]
    fn bytes_are_due_by_the_rate() {
        assert_eq!(due(6, ByteSize(2)), Duration::from_secs(3));
        assert_eq!(due(0, ByteSize(2)), Duration::ZERO);
    }
}
