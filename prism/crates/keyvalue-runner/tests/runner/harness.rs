//! A runner in this process, on a free port, with a clock that the test moves.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use keyvalue_runner::{Config, Records, RunError, StoreSettings, run};
use keyvalue_store::{ManualClock, MemStore};
use prism_api::interfaces::HealthCheckRequest;
use prism_api::interfaces::lifecycle_interface_client::LifecycleInterfaceClient;
use prism_api::keyvalue::key_value_basic_interface_client::KeyValueBasicInterfaceClient;
use prism_api::keyvalue::key_value_batch_interface_client::KeyValueBatchInterfaceClient;
use prism_api::keyvalue::key_value_ttl_interface_client::KeyValueTtlInterfaceClient;
use prism_api::keyvalue::{GetRequest, GetResponse, SetRequest, SetResponse};
use prism_process::config::{Asked, load};
use prism_process::{Reason, Shutdown};
use redis_store::RedisStore;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// Far more than anything here takes; only a bug gets this far.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for what has to come.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("it did not come in time")
}

/// A configuration from the words of a command line.
pub(crate) fn config(words: &[&str]) -> Config {
    let program = prism_process::program!("a test");
    let words: Vec<OsString> = words.iter().map(Into::into).collect();
    match load::<Config>(program, words.into_iter(), |_| None) {
        Ok(Asked::Serve(config)) => config,
        other => panic!("{other:?}"),
    }
}

pub(crate) struct Runner {
    pub(crate) address: SocketAddr,
    pub(crate) channel: Channel,
    pub(crate) clock: ManualClock,
    pub(crate) shutdown: Shutdown,
    pub(crate) ended: JoinHandle<Result<(), RunError>>,
}

impl Runner {
    /// Starts a runner with these words on its command line; it serves.
    pub(crate) async fn start(words: &[&str]) -> Self {
        let runner = Self::of(config(words)).await;
        let answer = runner.lifecycle().health_check(HealthCheckRequest {}).await;
        answer.unwrap();
        runner
    }

    /// Starts a runner with this configuration; a launched one has yet to hear what to serve.
    pub(crate) async fn of(config: Config) -> Self {
        let clock = ManualClock::default();
        let listener = prism_process::listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new();
        let open = {
            let clock = clock.clone();
            async move |store: &StoreSettings| open(store, clock).await
        };
        let ended = tokio::spawn(run(config, listener, open, shutdown.clone()));
        let channel = connect(address).await;
        Self {
            address,
            channel,
            clock,
            shutdown,
            ended,
        }
    }

    pub(crate) fn basic(&self) -> KeyValueBasicInterfaceClient<Channel> {
        KeyValueBasicInterfaceClient::new(self.channel.clone())
    }

    pub(crate) fn ttl(&self) -> KeyValueTtlInterfaceClient<Channel> {
        KeyValueTtlInterfaceClient::new(self.channel.clone())
    }

    pub(crate) fn batch(&self) -> KeyValueBatchInterfaceClient<Channel> {
        KeyValueBatchInterfaceClient::new(self.channel.clone())
    }

    pub(crate) fn lifecycle(&self) -> LifecycleInterfaceClient<Channel> {
        LifecycleInterfaceClient::new(self.channel.clone())
    }

    pub(crate) async fn set(&self, key: &str, value: &str) -> Result<SetResponse, Status> {
        soon(self.basic().set(set_request(key, value)))
            .await
            .map(tonic::Response::into_inner)
    }

    /// Sets a key in a namespace.
    pub(crate) async fn set_in(
        &self,
        namespace: &str,
        key: &str,
        value: &str,
    ) -> Result<SetResponse, Status> {
        let request = within(namespace, set_request(key, value));
        soon(self.basic().set(request))
            .await
            .map(tonic::Response::into_inner)
    }

    /// Gets a key in a namespace.
    pub(crate) async fn get_in(&self, namespace: &str, key: &str) -> Result<GetResponse, Status> {
        let key = key.to_owned();
        let request = within(namespace, GetRequest { key });
        soon(self.basic().get(request))
            .await
            .map(tonic::Response::into_inner)
    }

    pub(crate) async fn get(&self, key: &str) -> Result<GetResponse, Status> {
        let request = GetRequest {
            key: key.to_owned(),
        };
        soon(self.basic().get(request))
            .await
            .map(tonic::Response::into_inner)
    }

    /// Does what SIGTERM does.
    pub(crate) fn terminate(&self) {
        self.shutdown.begin(Reason::Terminated);
    }

    /// How the runner ended, once it has.
    pub(crate) async fn end(self) -> Result<(), RunError> {
        soon(self.ended).await.unwrap()
    }
}

async fn open(store: &StoreSettings, clock: ManualClock) -> Records {
    match store {
        StoreSettings::Memstore { max_keys } => {
            Records::AtHand(Arc::new(MemStore::new(*max_keys, clock)))
        }
        StoreSettings::Redis(address) => {
            Records::InRedis(Arc::new(RedisStore::open(address.clone()).await))
        }
    }
}

pub(crate) async fn connect(address: SocketAddr) -> Channel {
    soon(
        Endpoint::from_shared(format!("http://{address}"))
            .unwrap()
            .connect(),
    )
    .await
    .unwrap()
}

pub(crate) fn set_request(key: &str, value: &str) -> SetRequest {
    SetRequest {
        key: key.to_owned(),
        value: value.to_owned().into(),
        tags: None,
    }
}

/// A request in a namespace.
pub(crate) fn within<T>(namespace: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .append("x-prism-namespace", namespace.parse().unwrap());
    request
}
