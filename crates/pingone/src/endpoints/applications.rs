//! Applications, the scopes that they may ask for, and their secrets.
//! <https://developer.pingidentity.com/pingone-api/platform/applications.html>

use std::borrow::Borrow;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::{
    call::{Effect, JSON, List, Path, Read, Write},
    id::{ApplicationId, ResourceId, read_id},
    retry::Repeat,
    secrets::{Mask, wipe},
    times::to_rfc3339_millis,
};

const APPLICATIONS: &str = "applications";
const RESOURCES: &str = "resources";
/// How the types of PingOne's own applications begin: the admin console, the application portal.
const SYSTEM: &str = "PING_ONE_";

/// An application. Its id is its client id.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Its name; not unique.
    pub name: String,
    /// Its type, such as `WORKER` or `WEB_APP`.
    pub kind: Option<String>,
    /// Whether it is enabled, if PingOne says so.
    pub enabled: Option<bool>,
    /// PingOne's answer.
    pub raw: Value,
}

impl Application {
    /// Decodes an application, with every secret masked.
    pub(crate) fn read(raw: Value, mask: &Mask) -> Result<Self, String> {
        let text = |member| raw.get(member).and_then(Value::as_str);
        Ok(Self {
            id: read_id(&raw, "an application")?,
            name: mask.text(text("name").unwrap_or_default()),
            kind: text("type").map(|kind| mask.text(kind)),
            enabled: raw.get("enabled").and_then(Value::as_bool),
            raw: mask.value(raw),
        })
    }

    /// Whether it is one of PingOne's own.
    pub fn is_system(&self) -> bool {
        self.kind.as_deref().is_some_and(is_system)
    }
}

/// What decides whether an application may be changed. Nothing is masked: for comparison only.
#[derive(Clone, Debug)]
pub(crate) struct ApplicationNames {
    pub(crate) name: String,
    pub(crate) kind: String,
}

impl ApplicationNames {
    /// `None` if the answer is about another application, or lacks the name or the type.
    pub(crate) fn read(raw: &Value, application: ApplicationId) -> Option<Self> {
        let text = |member| raw.get(member).and_then(Value::as_str);
        if text("id")?.parse::<ApplicationId>().ok()? != application {
            return None;
        }
        Some(Self {
            name: text("name")?.to_owned(),
            kind: text("type")?.to_owned(),
        })
    }
}

/// An application as it was just read, to be written back whole: PingOne has no PATCH for applications, and no `ETag`.
pub struct Draft {
    /// The application as it was read.
    pub application: Application,
    /// What is written back. Not masked, or a setting that contains a secret would be overwritten.
    body: Map<String, Value>,
}

/// What PingOne sets by itself and does not accept.
const NOT_WRITTEN: [&str; 4] = ["_links", "environment", "createdAt", "updatedAt"];

impl Draft {
    /// Decodes an application.
    pub(crate) fn read(raw: Value, mask: &Mask) -> Result<Self, String> {
        let mut body = raw.as_object().cloned().unwrap_or_default();
        body.retain(|name, _| !NOT_WRITTEN.contains(&name.as_str()));
        Ok(Self {
            application: Application::read(raw, mask)?,
            body,
        })
    }

    /// Enables or disables it.
    pub fn set_enabled(&mut self, enabled: bool) {
        self.body.insert("enabled".to_owned(), json!(enabled));
    }

    /// The settings in which `other` differs, by name.
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let known = self.body.iter();
        let changed = known.filter(|(name, value)| other.body.get(*name) != Some(*value));
        let added = other
            .body
            .keys()
            .filter(|name| !self.body.contains_key(*name));
        let names = changed.map(|(name, _)| name).chain(added);
        names.map(String::as_str).collect()
    }
}

/// What PingOne tells of an application's secret, without the secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretState {
    /// The secret before, if it still works.
    pub previous: Option<PreviousSecret>,
}

/// A secret that was replaced and still works for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreviousSecret {
    /// When it stops working.
    pub expires_at: Option<String>,
    /// When it was last used, if PingOne says so.
    pub last_used: Option<String>,
}

impl SecretState {
    /// Decodes an answer about a secret.
    pub(crate) fn read(raw: Value) -> Result<Self, String> {
        let text = |pointer| raw.pointer(pointer).and_then(Value::as_str);
        let has_new = text("/secret").is_some_and(|new| !new.is_empty());
        let time = |pointer| {
            let text = text(pointer)?;
            text.parse()
                .ok()
                .map(|time: Timestamp| to_rfc3339_millis(time))
        };
        let previous = raw.get("previous").filter(|previous| previous.is_object());
        let previous = previous.map(|_| PreviousSecret {
            expires_at: time("/previous/expiresAt"),
            last_used: time("/previous/lastUsed"),
        });
        wipe(raw);
        if has_new {
            Ok(Self { previous })
        } else {
            Err("it has no secret".to_owned())
        }
    }
}

/// The members of PingOne's answers about applications that hold secrets: the client secret, and the keys of a native
/// application for Google's integrity service.
const SECRETS: [&str; 4] = [
    "secret",
    "decryptionKey",
    "verificationKey",
    "serviceAccountCredentialsJson",
];

/// The secrets in an answer about applications, which must be shown nowhere.
pub fn secrets_in(answer: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    collect_secrets(answer, false, &mut found);
    found
}

fn collect_secrets<'a>(value: &'a Value, is_secret: bool, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if is_secret && !text.is_empty() => found.push(text),
        Value::Array(items) => {
            for item in items {
                collect_secrets(item, is_secret, found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let is_secret = is_secret || SECRETS.contains(&name.as_str());
                collect_secrets(member, is_secret, found);
            }
        }
        _ => {}
    }
}

/// Whether this is the type of one of PingOne's own applications.
pub(crate) fn is_system(kind: &str) -> bool {
    kind.starts_with(SYSTEM)
}

impl Borrow<Value> for Application {
    fn borrow(&self) -> &Value {
        &self.raw
    }
}

impl From<Application> for Value {
    fn from(application: Application) -> Self {
        application.raw
    }
}

/// The applications of the environment, PingOne's own included. There are at most 1,000, and no filter is documented.
pub(crate) fn applications() -> List {
    List::at(Path::of(&[APPLICATIONS]), APPLICATIONS)
}

/// An application.
pub(crate) fn application(id: ApplicationId) -> Read {
    Read::at(path(id, &[]))
}

/// The scopes that an application may ask for, by resource.
/// <https://developer.pingidentity.com/pingone-api/platform/applications/application-resource-grants.html>
pub(crate) fn grants(id: ApplicationId) -> List {
    List::at(path(id, &["grants"]), "grants")
}

/// The resources of the environment: a grant has only their ids.
pub(crate) fn resources() -> List {
    List::at(Path::of(&[RESOURCES]), RESOURCES)
}

/// The scopes of a resource: a grant has only their ids.
pub(crate) fn scopes(resource: ResourceId) -> List {
    let path = Path::of(&[RESOURCES, &resource.to_string(), "scopes"]);
    List::at(path, "scopes")
}

/// Writes an application back.
pub(crate) fn replace(draft: &Draft) -> Write {
    let id = draft.application.id;
    Write::bare(Method::PUT, path(id, &[]), Effect::Application(id))
        .with_body(JSON, Value::Object(draft.body.clone()))
}

/// The secret of an application. PingOne records `SECRET.READ`.
/// <https://developer.pingidentity.com/pingone-api/platform/applications/application-secret.html>
pub(crate) fn secret(id: ApplicationId) -> Read {
    Read::at(path(id, &["secret"]))
}

/// Replaces the secret. The old one works until `keep_until`, or no more.
pub(crate) fn rotate_secret(id: ApplicationId, keep_until: Option<Timestamp>) -> Write {
    let (body, repeat) = match keep_until {
        // A second rotation would make the secret of the first the previous one, and end the old one at once.
        Some(at) => (
            json!({"previous": {"expiresAt": to_rfc3339_millis(at)}}),
            Repeat::OnlyIfUnsent,
        ),
        None => (json!({}), Repeat::Safe),
    };
    Write::bare(Method::POST, path(id, &["secret"]), Effect::Application(id))
        .with_body(JSON, body)
        .with_repeat(repeat)
}

/// Ends the secret before the current one.
pub(crate) fn drop_previous_secret(id: ApplicationId) -> Write {
    Write::delete(path(id, &["secret"]), Effect::Application(id))
}

fn path(id: ApplicationId, rest: &[&str]) -> Path {
    let id = id.to_string();
    Path::of(&[&[APPLICATIONS, &*id], rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = r#"{
        "_links": {}, "id": "5c2e5c21-e505-5275-9c60-cf68cc38d552", "environment": {"id": "e"}, "name": "A hunter22 app",
        "type": "WORKER", "enabled": true, "createdAt": "then", "updatedAt": "now", "settings": {"a": [1.50, null]}
    }"#;

    fn draft(raw: &str) -> Draft {
        let mut mask = Mask::default();
        mask.add("hunter22");
        Draft::read(serde_json::from_str(raw).expect("JSON"), &mask).expect("an application")
    }

    #[test]
    fn what_is_written_back_is_what_was_read_without_what_pingone_sets() {
        let mut draft = draft(RAW);
        draft.set_enabled(false);
        assert_eq!(draft.application.name, "A <XX_REPLACED> app");
        assert_eq!(
            Value::Object(draft.body),
            json!({
                "id": "5c2e5c21-e505-5275-9c60-cf68cc38d552", "name": "A hunter22 app", "type": "WORKER",
                "enabled": false, "settings": {"a": [1.5, null]},
            })
        );
    }

    #[test]
    fn differences_are_found_on_both_sides() {
        let before = draft(RAW);
        let after = draft(
            &RAW.replace("\"settings\"", "\"grants\"")
                .replace("now", "later"),
        );
        assert_eq!(before.differences(&after), ["settings", "grants"]);
        assert!(
            before
                .differences(&draft(&RAW.replace("now", "later")))
                .is_empty()
        );
    }

    #[test]
    fn secrets_are_found_and_not_kept() {
        let raw = json!({
            "secret": "new-secret",
            "previous": {"secret": "old-secret", "expiresAt": "2026-03-05T00:00:00Z", "lastUsed": "old-secret"},
        });
        assert_eq!(secrets_in(&raw), ["new-secret", "old-secret"]);
        let native = json!([{"name": "n", "mobile": {"googlePlay": {"decryptionKey": "k", "verificationKey": ""}}}]);
        assert_eq!(secrets_in(&native), ["k"]);
        let state = SecretState::read(raw).expect("a secret");
        let previous = state.previous.expect("a previous secret");
        assert_eq!(
            previous.expires_at.as_deref(),
            Some("2026-03-05T00:00:00.000Z")
        );
        assert_eq!(previous.last_used, None);
        assert!(SecretState::read(json!({"secret": ""})).is_err());
    }

    #[test]
    fn only_a_rotation_at_once_may_be_repeated() {
        let id = "5c2e5c21-e505-5275-9c60-cf68cc38d552"
            .parse()
            .expect("an id");
        let until = "2026-03-05T00:00:00Z".parse().expect("a time");
        assert_eq!(rotate_secret(id, None).repeat(), Repeat::Safe);
        assert_eq!(
            rotate_secret(id, Some(until)).repeat(),
            Repeat::OnlyIfUnsent
        );
    }

    #[test]
    fn names_are_those_of_the_application_asked_for() {
        let raw: Value = serde_json::from_str(RAW).expect("JSON");
        let id = "5c2e5c21-e505-5275-9c60-cf68cc38d552"
            .parse()
            .expect("an id");
        let names = ApplicationNames::read(&raw, id).expect("names");
        assert_eq!((&*names.name, &*names.kind), ("A hunter22 app", "WORKER"));
        let other = "7d4b2a90-1c3e-4f5a-8b6d-9e0f1a2b3c44"
            .parse()
            .expect("an id");
        assert!(ApplicationNames::read(&raw, other).is_none());
        assert!(is_system("PING_ONE_PORTAL") && !is_system("WORKER"));
    }
}
