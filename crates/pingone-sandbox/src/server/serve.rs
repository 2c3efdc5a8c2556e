//! The HTTP server: accepts connections, reads requests, applies faults, logs and responds.
//!
//! Knows nothing of PingOne: `router.rs` handles its requests, `control.rs` the sandbox's own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioTimer;
use tokio::net::{TcpListener, TcpStream};

use crate::model::fault::{Fault, take_matching};
use crate::protocol::error::ApiError;
use crate::protocol::message::{Reply, Request};
use crate::server::calls::Call;
use crate::server::control;
use crate::server::origin;
use crate::server::router;
use crate::server::shared::{InFlight, Shared};
use crate::server::wire::{Connection, ResetFlag, ResponseBody};

/// PingOne's limit is undocumented; a user profile has at most 16 KB.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Accepts connections until dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connection = 0;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connection += 1;
                tokio::spawn(handle_connection(stream, Arc::clone(&shared), connection));
            }
            // Out of file descriptors, perhaps; some will be closed soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn handle_connection(stream: TcpStream, shared: Arc<Shared>, connection: u64) {
    let _ = stream.set_nodelay(true);
    let reset = ResetFlag::default();
    let io = Connection::new(stream, Arc::clone(&reset));
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        let reset = Arc::clone(&reset);
        async move { handle_request(&shared, request, connection, &reset).await }
    });
    // Connection errors are the client's concern.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(io, service)
        .await;
}

/// Handles one request; an error closes the connection without a response.
async fn handle_request(
    shared: &Shared,
    incoming: hyper::Request<Incoming>,
    connection: u64,
    reset: &ResetFlag,
) -> io::Result<Response<ResponseBody>> {
    let _in_flight = InFlight::enter(shared);
    let (parts, body) = incoming.into_parts();
    if !origin::is_local(&parts) {
        let reply = router::error_reply(&mut shared.store(), ApiError::not_local());
        return to_hyper(&reply, None);
    }
    let header = |name: HeaderName| {
        let value = parts.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut request = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        content_type: header(CONTENT_TYPE),
        authorization: header(AUTHORIZATION),
        body: Vec::new(),
    };
    let Ok(collected) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
        let reply = router::error_reply(&mut shared.store(), ApiError::too_large());
        return to_hyper(&reply, None);
    };
    request.body = collected.to_bytes().into();
    if request.path == "/sandbox" || request.path.starts_with("/sandbox/") {
        let outcome = control::handle(shared, &request);
        let reply = outcome.unwrap_or_else(|error| router::error_reply(&mut shared.store(), error));
        return to_hyper(&reply, None);
    }
    let number = shared.log(Call::of(
        &request,
        |name| header(HeaderName::from_static(name)),
        connection,
    ));
    let fault = take_matching(&mut shared.faults(), &request.method, &request.path);
    let reply = match &fault {
        None => router::handle(&mut shared.store(), &request),
        Some(fault) => apply_fault(shared, fault, &request).await,
    };
    if fault.as_ref().is_some_and(|fault| fault.reset) {
        reset.store(true, Ordering::Relaxed);
        return Err(io::Error::other("reset by a fault"));
    }
    shared.set_status(number, reply.status);
    to_hyper(&reply, fault.as_ref())
}

/// The reply to a request that a fault applies to.
async fn apply_fault(shared: &Shared, fault: &Fault, request: &Request) -> Reply {
    let instead = fault.reset || fault.status.is_some();
    // Apply the change before the delay: if the client hangs up, nothing after it runs.
    let mut reply = fault
        .applied
        .then(|| router::handle(&mut shared.store(), request));
    if fault.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    if instead {
        let status = fault.status.unwrap_or(500);
        reply = Some(router::error_reply(
            &mut shared.store(),
            ApiError::from_status(status),
        ));
    }
    reply.unwrap_or_else(|| router::handle(&mut shared.store(), request))
}

/// Converts the reply, with the changes of a fault, to hyper's response.
fn to_hyper(reply: &Reply, fault: Option<&Fault>) -> io::Result<Response<ResponseBody>> {
    let mut headers = HeaderMap::new();
    if reply.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    }
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-store"),
    );
    let changed = fault.map(|fault| &fault.headers).into_iter().flatten();
    let own = reply.headers.iter().map(|(name, value)| (name, value));
    for (name, value) in own.chain(changed) {
        let name: HeaderName = name.parse().map_err(io::Error::other)?;
        headers.insert(name, value.parse().map_err(io::Error::other)?);
    }
    let bytes = match (fault.and_then(|fault| fault.body.as_ref()), &reply.body) {
        (Some(body), _) => body.clone().into_bytes(),
        (None, Some(body)) => serde_json::to_vec(body)?,
        (None, None) => Vec::new(),
    };
    let body = match fault.and_then(|fault| fault.truncate) {
        Some(kept) => ResponseBody::truncated(bytes, kept),
        None => ResponseBody::complete(bytes),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).map_err(io::Error::other)?;
    *response.headers_mut() = headers;
    Ok(response)
}
