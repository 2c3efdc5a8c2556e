//! A server on loopback that answers each method and path with a prepared answer: routes on top of
//! [`crate::server`], which does the HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::server::{self, Request, Server};

/// What a request is answered with.
#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Answer {
    /// A JSON body.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: Some(body.to_string()),
        }
    }

    /// No body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    /// Adds a header.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn steps(&self) -> server::Answer {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        match &self.body {
            Some(body) => server::reply(self.status, &headers, "", body),
            // 204 may not have a length (RFC 9110, section 8.6).
            None if self.status == 204 => {
                let mut bytes = server::head(self.status, &headers, "");
                bytes.extend(b"\r\n");
                vec![server::Step::Send(bytes)]
            }
            None => server::reply(self.status, &headers, "", ""),
        }
    }
}

/// Answers requests with this method whose target starts with this prefix.
struct Route {
    method: &'static str,
    prefix: String,
    answer: Answer,
    used: bool,
}

/// A running server. It stops when it is dropped.
pub(crate) struct HttpServer {
    server: Server,
    routes: Arc<Mutex<Vec<Route>>>,
}

impl HttpServer {
    /// Starts a server without any route.
    pub(crate) fn start() -> Self {
        let routes = Arc::<Mutex<Vec<Route>>>::default();
        let server = Server::start({
            let routes = Arc::clone(&routes);
            move |request| {
                let mut routes = routes.lock().unwrap_or_else(PoisonError::into_inner);
                answer(&mut routes, request)
            }
        });
        Self { server, routes }
    }

    /// Adds an answer. Several for the same method and prefix are given in turn; the last one is repeated.
    pub(crate) fn on(&self, method: &'static str, prefix: &str, answer: Answer) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        routes.push(Route {
            method,
            prefix: prefix.to_owned(),
            answer,
            used: false,
        });
    }

    /// `http://…`, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.host())
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.server.seen()
    }

    /// Method and target of the requests so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.server.calls()
    }

    /// Closes every connection, as a server does whose keep-alive timeout expires.
    pub(crate) fn close_connections(&self) {
        self.server.close_connections();
    }
}

/// The longest prefix wins; of several routes with the same one, the first that was not used yet.
fn answer(routes: &mut [Route], request: &Request) -> server::Answer {
    let mut chosen: Option<&mut Route> = None;
    for route in routes {
        if route.method != request.method || !request.target.starts_with(&route.prefix) {
            continue;
        }
        let is_better = match &chosen {
            None => true,
            Some(other) if other.prefix == route.prefix => other.used,
            Some(other) => other.prefix.len() < route.prefix.len(),
        };
        if is_better {
            chosen = Some(route);
        }
    }
    let Some(route) = chosen else {
        // 400 is final, and its text is shown in the entry.
        let message = format!("the test's server has no route for {}", request.call());
        return Answer::json(400, &json!({"message": message})).steps();
    };
    route.used = true;
    route.answer.steps()
}
