//! Sessions.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::{joined, minutes};
use crate::document::{Row, at, cell, row};
use pingone::sessions::Session;

/// The note below a table with expired sessions.
pub const SOME_EXPIRED: &str =
    "PingOne still lists expired sessions; nobody is signed on with them.";

/// The columns of a list of sessions.
pub const COLUMNS: [&str; 7] = [
    "Last active",
    "Started",
    "Expires",
    "IP",
    "Location",
    "Browser",
    "ID",
];

/// A session as a table row. `now` is PingOne's time.
pub fn cells(session: &Session, now: Timestamp) -> [String; 7] {
    let raw = &session.raw;
    let expires = minutes(&at(raw, "/expiresAt"));
    let expires = if session.has_expired(now) == Some(true) {
        format!("expired {expires}")
    } else {
        expires
    };
    let software = ["browser", "operatingSystem"].map(|what| cell(&named(raw, what)));
    let browser = joined(software, " on ");
    [
        minutes(&at(raw, "/activeAt")),
        minutes(&at(raw, "/createdAt")),
        expires,
        cell(&ip(raw)),
        cell(&place(raw)),
        if browser.is_empty() {
            cell(&at(raw, "/userAgent"))
        } else {
            browser
        },
        cell(&at(raw, "/id")),
    ]
}

/// A session as a context entry. `now` is PingOne's time.
pub fn describe(session: &Session, user: &Value, now: Timestamp) -> Row {
    let expired = json!(session.has_expired(now));
    let session = &session.raw;
    row([
        ("ID", at(session, "/id")),
        ("UserID", user.clone()),
        ("Browser", named(session, "browser")),
        ("OS", named(session, "operatingSystem")),
        ("IP", ip(session)),
        ("Place", place(session)),
        ("UserAgent", at(session, "/userAgent")),
        ("Created", at(session, "/createdAt")),
        ("Active", at(session, "/activeAt")),
        ("Expires", at(session, "/expiresAt")),
        ("Expired", expired),
    ])
}

/// Name and version of the browser or operating system.
fn named(session: &Value, what: &str) -> Value {
    let parts = ["name", "version"].map(|part| at(session, &format!("/{what}/{part}")));
    texts(&parts, " ")
}

/// City and country. PingOne keeps the last five locations, newest first.
fn place(session: &Value) -> Value {
    let parts = ["city", "country"].map(|part| at(session, &format!("/locations/0/{part}")));
    texts(&parts, ", ")
}

fn ip(session: &Value) -> Value {
    match at(session, "/lastSignOn/remoteIp") {
        Value::Null => at(session, "/locations/0/remoteIp"),
        ip => ip,
    }
}

/// The values that are texts, joined; null if there are none.
fn texts(values: &[Value], separator: &str) -> Value {
    let text = joined(values.iter().filter_map(Value::as_str), separator);
    if text.is_empty() {
        Value::Null
    } else {
        json!(text)
    }
}

/// The note below a table of ended sessions.
/// <https://docs.pingidentity.com/pingone/directory/p1_manage_user_sessions.html>
pub const OWN_PAGES: &str = "Access to PingOne's own self-service pages may last some minutes longer, typically five, until their token expires.\n";
