//! Sessions.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::document::{Row, at, row};
use pingone::sessions::Session;

/// The note below a table with expired sessions.
pub const SOME_EXPIRED: &str =
    "PingOne goes on listing sessions that have expired: nobody is signed on with those.\n";

/// A session as a context entry; the table shows some of its members. `now` is PingOne's time.
pub fn describe(session: &Session, user: &Value, now: Timestamp) -> Row {
    let expired = json!(session.has_expired(now));
    let session = &session.raw;
    // PingOne keeps the last five locations, newest first.
    let place = ["city", "country"].map(|part| at(session, &format!("/locations/0/{part}")));
    let place: Vec<&str> = place
        .iter()
        .filter_map(Value::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    let named = |what: &str| {
        let parts = ["name", "version"].map(|part| at(session, &format!("/{what}/{part}")));
        let parts: Vec<&str> = parts
            .iter()
            .filter_map(Value::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        if parts.is_empty() {
            Value::Null
        } else {
            json!(parts.join(" "))
        }
    };
    let ip = match at(session, "/lastSignOn/remoteIp") {
        Value::Null => at(session, "/locations/0/remoteIp"),
        ip => ip,
    };
    row([
        ("ID", at(session, "/id")),
        ("UserID", user.clone()),
        ("Browser", named("browser")),
        ("OS", named("operatingSystem")),
        ("IP", ip),
        (
            "Place",
            if place.is_empty() {
                Value::Null
            } else {
                json!(place.join(", "))
            },
        ),
        ("UserAgent", at(session, "/userAgent")),
        ("Created", at(session, "/createdAt")),
        ("Active", at(session, "/activeAt")),
        ("Expires", at(session, "/expiresAt")),
        ("Expired", expired),
    ])
}

/// The note below a table of ended sessions.
/// <https://docs.pingidentity.com/pingone/directory/p1_manage_user_sessions.html>
pub const OWN_PAGES: &str = "Access to PingOne's own self-service pages may last some minutes longer, typically five, until their token expires.\n";
