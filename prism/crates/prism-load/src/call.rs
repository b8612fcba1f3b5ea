//! Unary calls, each worker's next one when its last one is answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::SendRequest;
use http::Request;
use serde_json::json;
use tokio::task::JoinSet;

use crate::budget::Budget;
use crate::error::LoadError;
use crate::latency::Latencies;
use crate::settings::CallSettings;
use crate::{connection, message, unary};

/// What every worker sends.
#[derive(Clone)]
struct Load {
    head: Request<()>,
    message: Bytes,
}

/// What came of the calls of one worker.
#[derive(Default)]
struct Tally {
    latencies: Vec<Duration>,
    errors: usize,
}

/// Makes the calls and prints one line of JSON.
pub(crate) async fn run(settings: CallSettings) -> Result<(), LoadError> {
    let load = Load {
        head: unary::head(&settings.target, &settings.path)?,
        message: message::framed(&settings.body.0),
    };
    let mut clients = Vec::new();
    for _ in 0..settings.connections.get() {
        clients.push(connection::open(&settings.target).await?);
    }
    let workers = settings.concurrency.get();
    make_calls(&load, &clients, workers, Budget::calls(settings.warmup)).await;
    let budget = settings
        .calls
        .map_or_else(|| Budget::time(settings.duration), Budget::calls);
    let began = Instant::now();
    let tally = make_calls(&load, &clients, workers, budget).await;
    print(tally, began.elapsed());
    Ok(())
}

async fn make_calls(
    load: &Load,
    clients: &[SendRequest<Bytes>],
    workers: usize,
    budget: Budget,
) -> Tally {
    let budget = Arc::new(budget);
    let tasks: JoinSet<Tally> = clients
        .iter()
        .cycle()
        .take(workers)
        .map(|client| work(load.clone(), client.clone(), Arc::clone(&budget)))
        .collect();
    let mut whole = Tally::default();
    for tally in tasks.join_all().await {
        whole.latencies.extend(tally.latencies);
        whole.errors += tally.errors;
    }
    whole
}

async fn work(load: Load, client: SendRequest<Bytes>, budget: Arc<Budget>) -> Tally {
    let mut tally = Tally::default();
    while budget.take() {
        let began = Instant::now();
        match unary::call(&client, load.head.clone(), load.message.clone()).await {
            Ok(()) => tally.latencies.push(began.elapsed()),
            Err(error) => {
                tracing::debug!(%error, "a call failed");
                tally.errors += 1;
            }
        }
    }
    tally
}

fn print(tally: Tally, elapsed: Duration) {
    let latencies = Latencies::from(tally.latencies);
    #[expect(clippy::cast_precision_loss, reason = "no run makes 2^52 calls")]
    let calls = latencies.count() as f64;
    let line = json!({
        "calls": latencies.count(),
        "errors": tally.errors,
        "seconds": elapsed.as_secs_f64(),
        "calls_per_second": calls / elapsed.as_secs_f64(),
        "latency_us": latencies.summary(),
    });
    println!("{line}");
}
