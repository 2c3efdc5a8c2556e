//! The live half of the transport, and the only file that builds or holds an HTTP client: TLS roots, proxies, time
//! limits, size limits, and what network errors mean. Redirects are never followed: neither a token nor a key must
//! travel to a host that nobody configured.

use std::{cell::Cell, error::Error as StdError, io, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use reqwest::{
    Client, Proxy, RequestBuilder, Url,
    header::{
        ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderValue,
        RETRY_AFTER,
    },
    redirect,
};
use secrecy::ExposeSecret;

use super::{
    error::OUT_OF_MEMORY,
    preconnect::{self, PRECONNECTING, Preconnect},
    proxy::Proxies,
    settings::Settings,
    tls,
    wire::{Authorization, Cause, Encoding, HttpRequest, NoAnswer, Reply},
};
use crate::{gzip::gzip, memory::Budget, network_env::NetworkEnv, secrets::Mask};

/// PingOne's answers are a few hundred kilobytes at most; even 200 users of at most 16 KB would be 3.2 MB.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// A host that takes longer to accept a connection is retried rather than waited for.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections idle for longer are not reused: load balancers close theirs after a minute or so, and a request sent
/// into a closing connection may be lost.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// PingOne answers in HAL whatever the header says.
const ACCEPTED: HeaderValue = HeaderValue::from_static("application/hal+json, application/json");

/// The network.
pub struct Http {
    client: Client,
    /// The API, if a connection to it may be opened while the first token is requested.
    preconnect_to: Cell<Option<Url>>,
    proxies: Arc<Proxies>,
}

impl Http {
    /// Sets up the HTTP client; no connection is made yet.
    pub fn new(settings: &Settings, env: &NetworkEnv) -> Result<Self> {
        tls::choose_provider();
        let mut builder = Client::builder()
            .user_agent(env.user_agent)
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            // Without this, reqwest reads every proxy variable by itself, ALL_PROXY among them.
            .no_proxy();
        builder = if settings.insecure {
            builder
                .tls_certs_only([])
                .tls_danger_accept_invalid_certs(true)
        } else if settings.urls().all(|url| url.scheme() == "http") {
            // A server on this machine: no certificate is checked, so no roots are needed.
            builder.tls_certs_only([])
        } else {
            builder.tls_backend_preconfigured(tls::verifying(env)?)
        };
        let proxies = Arc::new(if settings.proxy {
            Proxies::read(env)?
        } else {
            Proxies::none()
        });
        if settings.proxy {
            let chosen = Arc::clone(&proxies);
            let proxy = Proxy::custom(move |url: &Url| chosen.proxy_for(url).cloned());
            builder = builder.proxy(proxy);
        }
        let hosts = [&settings.api, &settings.token_url].map(Url::origin);
        let is_another_host = hosts[0] != hosts[1];
        if is_another_host {
            builder = builder.connector_layer(Preconnect::to(&settings.api));
        }
        Ok(Self {
            preconnect_to: Cell::new(is_another_host.then(|| settings.api.clone())),
            client: builder.build().context("preparing HTTPS")?,
            proxies,
        })
    }

    /// Builds reqwest's form of the request.
    fn prepare(&self, request: &HttpRequest) -> RequestBuilder {
        let mut builder = self
            .client
            .request(request.method.clone(), request.url.clone())
            .header(ACCEPT, ACCEPTED);
        match &request.authorization {
            Authorization::None => {}
            Authorization::Basic(credentials) => {
                builder = builder.header(
                    AUTHORIZATION,
                    secret_header("Basic", credentials.expose_secret()),
                );
            }
            Authorization::Bearer(token) => {
                builder = builder.header(
                    AUTHORIZATION,
                    secret_header("Bearer", token.expose_secret()),
                );
            }
            Authorization::Key(key) => {
                builder = builder.header(AUTHORIZATION, secret_header("", key.expose_secret()));
            }
        }
        for (name, id) in request.external_ids.iter().flat_map(|ids| ids.headers()) {
            builder = builder.header(name, id);
        }
        if let Some(content_type) = request.content_type {
            builder = builder.header(CONTENT_TYPE, content_type);
        }
        if let Some(encoding) = request.encoding {
            builder = builder.header(CONTENT_ENCODING, encoding.name());
        }
        match &request.body {
            Some(body) if request.encoding == Some(Encoding::Gzip) => builder.body(gzip(body)),
            Some(body) => builder.body(body.to_vec()),
            // PingOne's operations without a body still expect a `Content-Length`.
            None if request.content_type.is_some() => builder.header(CONTENT_LENGTH, "0"),
            None => builder,
        }
    }

    /// Sends `request` and reads the whole answer within `timeout` and `budget`.
    pub async fn send(
        &self,
        request: &HttpRequest,
        timeout: Duration,
        mask: &Mask,
        budget: &Budget,
    ) -> Result<Reply, NoAnswer> {
        let builder = self.prepare(request).timeout(timeout);
        notice_closed_connections().await;
        let failed = |error| self.failure(request, error, timeout, mask);
        // The first request is that for a token, unless one was restored. Later requests find an open connection.
        let sent = match self.preconnect_to.take() {
            Some(api) if api.origin() != request.url.origin() => {
                tokio::join!(builder.send(), self.preconnect(api)).0
            }
            _ => builder.send().await,
        };
        let mut response = sent.map_err(failed)?;
        let headers = response.headers();
        let mut reply = Reply {
            status: response.status().as_u16(),
            content_type: header_text(headers.get(CONTENT_TYPE)),
            retry_after: header_text(headers.get(RETRY_AFTER)),
            date: header_text(headers.get(DATE)),
            correlation_id: header_text(headers.get("correlation-id")),
            body: Vec::new(),
            reservation: budget.reserve(),
        };
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            let detail = if reply.body.len() + chunk.len() > MAX_BODY_BYTES {
                format!("more than {} MiB", MAX_BODY_BYTES / 1024 / 1024)
            } else if reply.reservation.grow(chunk.len()).is_err() {
                OUT_OF_MEMORY.to_owned()
            } else {
                reply.body.extend_from_slice(&chunk);
                continue;
            };
            return Err(NoAnswer {
                cause: Cause::TooLarge,
                reached: true,
                call: request.label(),
                host: request.host(),
                detail,
            });
        }
        Ok(reply)
    }

    /// Opens a connection for the request that follows, which will report whatever goes wrong.
    async fn preconnect(&self, api: Url) {
        let never_sent = PRECONNECTING.scope((), self.client.get(api).send());
        drop(tokio::time::timeout(preconnect::MAX_WAIT, never_sent).await);
    }

    /// What a failed attempt means.
    fn failure(
        &self,
        request: &HttpRequest,
        error: reqwest::Error,
        timeout: Duration,
        mask: &Mask,
    ) -> NoAnswer {
        let connecting = error.is_connect();
        let proxy = self.proxies.proxy_for(&request.url);
        let is_unknown = connecting && text_in_chain(&error, "dns error");
        let cause = if chain(&error).any(<dyn StdError>::is::<rustls::Error>) {
            Cause::Tls
        } else if connecting && proxy.is_some() {
            Cause::Proxy
        } else if is_unknown {
            Cause::Dns
        } else if connecting {
            Cause::Connect
        } else if error.is_timeout() {
            Cause::Timeout
        } else {
            Cause::Broken
        };
        // reqwest's own messages hold the whole URL, including the search terms in it.
        let network = innermost(&error.without_url());
        let detail = match (cause, proxy.and_then(Url::host_str)) {
            (Cause::Timeout, _) => format!("waited {:.1} s", timeout.as_secs_f64()),
            // Behind a proxy, the proxy's is the only name that is looked up here.
            (Cause::Proxy, Some(proxy)) if is_unknown => mask.text(&format!(
                "the proxy's host {proxy} was not found: {network}"
            )),
            _ => mask.text(&network),
        };
        NoAnswer {
            cause,
            // Whatever fails after the connection stands may have reached PingOne.
            reached: !connecting,
            call: request.label(),
            host: request.host(),
            detail,
        }
    }
}

/// Lets the runtime notice what happened to idle connections while it was busy elsewhere. A request sent into a
/// connection that the other end has closed is lost, and a create that may have been carried out is not retried. The
/// first yield polls the sockets, the second runs the tasks that this woke.
async fn notice_closed_connections() {
    for _ in 0..2 {
        tokio::task::yield_now().await;
    }
}

/// The value of a header as text.
fn header_text(value: Option<&HeaderValue>) -> Option<String> {
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn secret_header(scheme: &str, value: &str) -> HeaderValue {
    // `token.rs` rejects any token that cannot stand in a header, `settings.rs` any such key; base64 always can.
    let mut header = HeaderValue::from_str(format!("{scheme} {value}").trim_start())
        .unwrap_or_else(|_| HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

/// The error and its causes, outermost first; I/O errors hide theirs from `source`.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        match error.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// hyper does not export the type of a failed name look-up; the text is the only sign.
fn text_in_chain(error: &(dyn StdError + 'static), text: &str) -> bool {
    chain(error).any(|cause| cause.to_string().contains(text))
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}
