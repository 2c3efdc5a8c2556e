//! Request lines as XSOAR's server sends them, for an instance whose PingOne is a server on loopback.

use serde_json::{Value, json};

use crate::http_server::{Answer, HttpServer};

pub(crate) const ENVIRONMENT: &str = "b4f5e266-a946-4f77-9cc5-5dc91b046431";
pub(crate) const CLIENT_ID: &str = "5e0d3a7b-92c4-4f16-8b6d-c1a7f0e4d938";
/// It looks different in JSON, in a URL and in base64.
pub(crate) const CLIENT_SECRET: &str = r#"the-client/secret "1"+"#;
pub(crate) const ACCESS_TOKEN: &str = "the-access-token.of-the-test";
pub(crate) const EMMA: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";
pub(crate) const POPULATION: &str = "4cd45bdb-0eb2-42fe-8475-4bcd908269f1";

/// The path of something in the environment.
pub(crate) fn path(rest: &str) -> String {
    format!("/v1/environments/{ENVIRONMENT}{rest}")
}

/// `POST …/as/token`, as [`HttpServer::calls`] has it.
pub(crate) fn token_call() -> String {
    format!("POST /{ENVIRONMENT}/as/token")
}

/// A user of PingOne's, in the shape that every answer has.
pub(crate) fn user(id: &str, username: &str) -> Value {
    json!({
        "_links": {"self": {"href": path(&format!("/users/{id}"))}},
        "id": id,
        "environment": {"id": ENVIRONMENT},
        "account": {"canAuthenticate": true, "status": "OK"},
        "createdAt": "2021-09-03T18:04:03.916Z",
        "email": format!("{username}@example.com"),
        "enabled": true,
        "name": {"given": "Emma", "family": "Sharp", "formatted": "Emma Sharp"},
        "population": {"id": POPULATION},
        "updatedAt": "2021-09-23T17:18:11.747Z",
        "username": username,
    })
}

/// A server that gives a token and knows Emma by her id.
pub(crate) fn pingone() -> HttpServer {
    let server = HttpServer::start();
    let token = json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600});
    server.on(
        "POST",
        &format!("/{ENVIRONMENT}/as/token"),
        Answer::json(200, &token),
    );
    server.on(
        "GET",
        &path(&format!("/users/{EMMA}")),
        Answer::json(200, &user(EMMA, "emma.sharp")),
    );
    server
}

/// The parameters of an instance that reaches `address`.
pub(crate) fn params(address: &str) -> Value {
    json!({
        "environment_id": ENVIRONMENT,
        "region": "US",
        "credentials": {"identifier": CLIENT_ID, "password": CLIENT_SECRET},
        "insecure": false,
        "proxy": false,
        "api_url": address,
        "auth_url": address,
    })
}

/// A request, to be changed if need be.
pub(crate) fn request(address: &str, command: &str, args: &Value) -> Value {
    json!({
        "script": "skipped",
        "integration": true,
        "native": false,
        "command": command,
        "params": params(address),
        "args": args,
        "context": {"IntegrationBrand": "PingOne", "IntegrationInstance": "PingOne_instance_1"},
    })
}

/// Asks for Emma by her id: one call after the token.
pub(crate) fn get_emma(server: &HttpServer) -> Value {
    request(&server.url(), "pingone-get-user", &json!({"userId": EMMA}))
}

/// A request that is refused before any call: its entry names `id`.
pub(crate) fn refused(id: &str) -> Value {
    // Nothing listens there; nothing may be sent either.
    request(
        "http://127.0.0.1:1",
        "pingone-get-user",
        &json!({"userId": id}),
    )
}

/// The answer to [`refused`].
pub(crate) fn refusal(id: &str) -> Value {
    let contents = format!(
        "Failed to execute pingone-get-user command. Error: '{id}' is not a valid PingOne ID for 'userId'. Use a \
         UUID such as 9bc53389-f806-47b6-9480-ab1e3c6269b5."
    );
    json!({
        "type": "result",
        "results": [{"Type": 4, "ContentsFormat": "text", "Contents": contents, "EntryContext": null}],
    })
}

pub(crate) fn pong() -> Value {
    json!({"type": "pong"})
}

pub(crate) fn completed() -> Value {
    json!({"type": "completed"})
}

/// The one entry of a result message.
pub(crate) fn entry(message: &Value) -> &Value {
    let entries = message["results"].as_array();
    match (message["type"].as_str(), entries.map(Vec::as_slice)) {
        (Some("result"), Some([entry])) => entry,
        _ => panic!("not a result with one entry: {message}"),
    }
}
