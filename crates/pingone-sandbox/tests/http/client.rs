//! A plain HTTP client for the tests: one sandbox, one token, no retries.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pingone_sandbox::{Sandbox, Seed};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde_json::Value;

pub(crate) const ENVIRONMENT: &str = "b4f5e266-a946-4f77-9cc5-5dc91b046431";
pub(crate) const EMMA: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";
pub(crate) const RICHARD: &str = "9bc53389-f806-47b6-9480-ab1e3c6269b5";
pub(crate) const JSON: &str = "application/json";

/// One of Ping's own media types.
pub(crate) fn vendor(rest: &str) -> String {
    format!("application/vnd.pingidentity.{rest}")
}

/// A complete response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Null if the body is empty or not JSON.
    pub(crate) body: Value,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The codes in `details`.
    pub(crate) fn details(&self) -> Vec<&str> {
        let details = self.body["details"].as_array();
        details
            .into_iter()
            .flatten()
            .filter_map(|detail| detail["code"].as_str())
            .collect()
    }
}

/// A sandbox and a client with a token for it.
pub(crate) struct Client {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

impl Client {
    /// The built-in company, signed in as its first application.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The built-in company with a modified seed.
    pub(crate) async fn with(change: impl FnOnce(&mut Seed)) -> Self {
        // Succeeds once per process; later calls find it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut seed = Seed::built_in();
        change(&mut seed);
        let sandbox = Sandbox::start(seed).expect("started");
        let mut client = Self {
            sandbox,
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client without TLS roots"),
            token: String::new(),
        };
        client.sign_in(0).await;
        client
    }

    /// Obtains a token as the application at `position`, with Basic authentication.
    pub(crate) async fn sign_in(&mut self, position: usize) {
        let params = self.sandbox.params_for(position);
        let id = params["credentials"]["identifier"].as_str().expect("an id");
        let secret = params["credentials"]["password"]
            .as_str()
            .expect("a secret");
        let response = self.token_by_basic(id, secret).await;
        assert_eq!(response.status, 200, "{}", response.text);
        response.body["access_token"]
            .as_str()
            .expect("a token")
            .clone_into(&mut self.token);
    }

    pub(crate) async fn token_by_basic(&self, id: &str, secret: &str) -> Response {
        let request = self
            .http
            .post(format!("{}/{ENVIRONMENT}/as/token", self.sandbox.url()))
            .header(
                AUTHORIZATION,
                format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))),
            )
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        read(request.send().await.expect("a response")).await
    }

    pub(crate) async fn token_by_form(&self, form: &str) -> Response {
        let request = self
            .http
            .post(format!("{}/{ENVIRONMENT}/as/token", self.sandbox.url()))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.to_owned());
        read(request.send().await.expect("a response")).await
    }

    /// `path` is relative to the environment, without a leading slash.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        media_type: &str,
        body: &str,
    ) -> reqwest::Result<Response> {
        let url = format!(
            "{}/v1/environments/{ENVIRONMENT}/{path}",
            self.sandbox.url()
        );
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if !media_type.is_empty() {
            request = request.header(CONTENT_TYPE, media_type);
        }
        if !body.is_empty() {
            request = request.body(body.to_owned());
        }
        try_read(request.send().await?).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        media_type: &str,
        body: &str,
    ) -> Response {
        self.try_send(method, path, media_type, body)
            .await
            .expect("a response")
    }

    /// A request to the authentication host; `path` is relative to `/{environment}`.
    pub(crate) async fn auth(
        &self,
        method: Method,
        path: &str,
        media_type: &str,
        body: &str,
    ) -> Response {
        let url = format!("{}/{ENVIRONMENT}/{path}", self.sandbox.url());
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if !media_type.is_empty() {
            request = request
                .header(CONTENT_TYPE, media_type)
                .body(body.to_owned());
        }
        read(request.send().await.expect("a response")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, "", "").await
    }

    pub(crate) async fn post(&self, path: &str, media_type: &str, body: &str) -> Response {
        self.send(Method::POST, path, media_type, body).await
    }

    pub(crate) async fn put(&self, path: &str, media_type: &str, body: &str) -> Response {
        self.send(Method::PUT, path, media_type, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &str) -> Response {
        self.send(Method::PATCH, path, JSON, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Response {
        self.send(Method::DELETE, path, "", "").await
    }

    /// Searches users; the filter is not yet encoded.
    pub(crate) async fn find(&self, filter: &str) -> Response {
        self.get(&format!("users?filter={}", encode(filter))).await
    }

    /// The usernames that a filter matches.
    pub(crate) async fn usernames(&self, filter: &str) -> Vec<String> {
        let response = self.find(filter).await;
        assert_eq!(response.status, 200, "{}", response.text);
        field_of_each(&response, "users", "username")
    }

    /// Gets an absolute URL, such as a `next` link.
    pub(crate) async fn follow(&self, url: &str) -> Response {
        let request = self.http.get(url).bearer_auth(&self.token);
        read(request.send().await.expect("a response")).await
    }

    /// Sends a request to the sandbox's own URLs.
    pub(crate) async fn control(&self, method: Method, path: &str, body: &str) -> Response {
        let url = format!("{}/sandbox/{path}", self.sandbox.url());
        let request = self.http.request(method, url).body(body.to_owned());
        read(request.send().await.expect("a response")).await
    }
}

/// Encodes a query value.
pub(crate) fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// One member of every item in a collection.
pub(crate) fn field_of_each(response: &Response, collection: &str, member: &str) -> Vec<String> {
    let items = response.body["_embedded"][collection].as_array();
    items
        .expect("a collection")
        .iter()
        .map(|item| item[member].as_str().unwrap_or_default().to_owned())
        .collect()
}

pub(crate) async fn read(response: reqwest::Response) -> Response {
    try_read(response).await.expect("a whole body")
}

async fn try_read(response: reqwest::Response) -> reqwest::Result<Response> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or_default();
    Ok(Response {
        status,
        headers,
        text,
        body,
    })
}
