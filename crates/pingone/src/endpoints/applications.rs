//! Applications, and the scopes that they may ask for.
//! <https://developer.pingidentity.com/pingone-api/platform/applications.html>

use std::borrow::Borrow;

use serde_json::Value;

use crate::{
    call::{List, Path, Read},
    id::{ApplicationId, ResourceId, read_id},
    secrets::Mask,
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

fn path(id: ApplicationId, rest: &[&str]) -> Path {
    let id = id.to_string();
    Path::of(&[&[APPLICATIONS, &*id], rest].concat())
}
