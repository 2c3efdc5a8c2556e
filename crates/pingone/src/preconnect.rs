//! Connects to PingOne's API while the token is being requested: they are different hosts, and a new connection takes
//! two or three times as long as a request. Nothing is sent before there is a token.
//!
//! reqwest cannot open a connection without a request. So a request is started whose connection, once established, is
//! kept here as a spare for the next request to the same host; the request itself fails before any of it is sent.

use std::{
    fmt::Debug,
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use reqwest::Url;
use tower::{BoxError, Layer, Service, util::BoxCloneSyncService};

use super::clock::Moment;

/// Retrying is better than waiting longer for a connection.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(1);
/// A spare connection kept for longer may have been closed by the other end unnoticed.
const MAX_IDLE: Duration = Duration::from_secs(5);

tokio::task_local! {
    /// Set for the request whose connection becomes the spare.
    pub(super) static PRECONNECTING: ();
}

/// Adds the spare connection in front of reqwest's own connector.
#[derive(Clone)]
pub(super) struct Preconnect {
    /// The API's host as it stands in an address: `//api.pingone.com`. No other connection is ever kept.
    host: Arc<str>,
}

impl Preconnect {
    /// Keeps connections to the API alone.
    pub(super) fn to(api: &Url) -> Self {
        Self {
            host: format!("//{}", api.authority()).into(),
        }
    }
}

impl<To, Connection> Layer<BoxCloneSyncService<To, Connection, BoxError>> for Preconnect {
    type Service = Connector<To, Connection>;

    fn layer(&self, inner: BoxCloneSyncService<To, Connection, BoxError>) -> Self::Service {
        Connector {
            inner,
            api: Arc::clone(&self.host),
            spare: Arc::default(),
        }
    }
}

/// A spare connection.
struct Spare<Connection> {
    host: String,
    since: Moment,
    connection: Connection,
}

/// Opens connections, or takes the spare.
pub(super) struct Connector<To, Connection> {
    inner: BoxCloneSyncService<To, Connection, BoxError>,
    api: Arc<str>,
    spare: Arc<Mutex<Option<Spare<Connection>>>>,
}

impl<To, Connection> Clone for Connector<To, Connection> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            api: Arc::clone(&self.api),
            spare: Arc::clone(&self.spare),
        }
    }
}

impl<To, Connection> Service<To> for Connector<To, Connection>
where
    To: Debug,
    Connection: Send + 'static,
{
    type Response = Connection;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, to: To) -> Self::Future {
        // reqwest reveals the host in no other way. Should it stop doing so, every connection is simply a new one.
        let host = format!("{to:?}");
        if !host.contains(&*self.api) {
            return self.inner.call(to);
        }
        let spare = Arc::clone(&self.spare);
        if PRECONNECTING.try_with(|()| ()).is_ok() {
            let connecting = self.inner.call(to);
            return Box::pin(async move {
                let connection = connecting.await?;
                *spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(Spare {
                    host,
                    since: Moment::now(),
                    connection,
                });
                Err("the connection is kept for the request that follows".into())
            });
        }
        let mut spare = spare.lock().unwrap_or_else(PoisonError::into_inner);
        match spare.take_if(|spare| spare.host == host) {
            Some(spare) if spare.since.elapsed() < MAX_IDLE => {
                Box::pin(ready(Ok(spare.connection)))
            }
            _ => self.inner.call(to),
        }
    }
}
