//! Looks applications up, and reads what an application may do: its administrator roles, and the scopes that it may ask
//! for.

use std::collections::HashMap;

use anyhow::{Error, Result, anyhow, bail};
use futures_util::future::join_all;
use serde_json::Value;

use super::roles::{RoleNames, role_names};
use pingone::{
    Client,
    applications::Application,
    id::{ApplicationId, ResourceId},
    roles::RoleAssignment,
};

/// A reference to an application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ApplicationRef {
    /// Its id.
    Id(ApplicationId),
    /// Its exact name.
    Name(String),
}

impl ApplicationRef {
    /// The application as the request gave it.
    pub fn label(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Name(name) => name.clone(),
        }
    }
}

/// Finds the application. A name must be that of exactly one.
pub async fn find_application(
    pingone: &Client<'_>,
    application: &ApplicationRef,
) -> Result<Application> {
    let found = match application {
        ApplicationRef::Id(id) => pingone.read_application(*id).await?,
        ApplicationRef::Name(name) => unique(name, pingone.find_applications(name).await?)?,
    };
    found.ok_or_else(|| no_such_application(&application.label()))
}

/// The error for an application that does not exist.
pub fn no_such_application(label: &str) -> Error {
    anyhow!(
        "There is no application {label}. List the applications with pingone-list-applications."
    )
}

fn unique(name: &str, mut found: Vec<Application>) -> Result<Option<Application>> {
    if found.len() > 1 {
        let candidates = found.iter().map(|application| {
            let Application { id, name, .. } = application;
            format!("{name} ({id})")
        });
        bail!(
            "More than one application has the name {name}: {}. Provide the ID instead.",
            candidates.collect::<Vec<_>>().join(", ")
        );
    }
    Ok(found.pop())
}

/// What an application may do. A part that PingOne refused is an error by itself.
pub struct Permissions {
    /// Its administrator roles, and the names of roles; without roles, no names.
    pub roles: Result<(Vec<RoleAssignment>, RoleNames), pingone::Error>,
    /// The scopes that it may ask for.
    pub grants: Result<ScopeGrants, pingone::Error>,
}

/// The scopes that an application may ask for.
#[derive(Default)]
pub struct ScopeGrants {
    /// By resource.
    pub grants: Vec<ScopeGrant>,
    /// Why some stand without names.
    pub unnamed: Option<pingone::Error>,
}

/// Scopes of one resource that an application may ask for.
#[derive(Debug, PartialEq, Eq)]
pub struct ScopeGrant {
    /// The resource's name; its id where the name is not known.
    pub resource: String,
    /// The scopes' names; their ids where the names are not known.
    pub scopes: Vec<String>,
}

/// Reads what an application may do.
pub async fn permissions(pingone: &Client<'_>, id: ApplicationId) -> Permissions {
    let (roles, grants) = tokio::join!(named_roles(pingone, id), named_grants(pingone, id));
    Permissions { roles, grants }
}

async fn named_roles(
    pingone: &Client<'_>,
    id: ApplicationId,
) -> Result<(Vec<RoleAssignment>, RoleNames), pingone::Error> {
    let roles = pingone.role_assignments(id).await?;
    let mut names = RoleNames::default();
    if !roles.is_empty() {
        names = role_names(pingone).await;
        names.read_places(pingone, roles.iter()).await;
    }
    Ok((roles, names))
}

async fn named_grants(
    pingone: &Client<'_>,
    id: ApplicationId,
) -> Result<ScopeGrants, pingone::Error> {
    let grants = pingone.application_grants(id).await?;
    if grants.is_empty() {
        return Ok(ScopeGrants::default());
    }
    let ids = grants
        .iter()
        .filter_map(|grant| resource(grant)?.parse().ok());
    let scopes = ids.map(async |id: ResourceId| pingone.scopes(id).await);
    let (resources, scopes) = tokio::join!(pingone.resources(), join_all(scopes));
    // A name that cannot be read is no error: ids then stand without names.
    let (mut names, mut unnamed) = (HashMap::new(), None);
    for things in scopes.into_iter().chain([resources]) {
        match things {
            Ok(things) => names.extend(things.iter().filter_map(|thing| {
                Some((
                    text(thing, "id")?.to_owned(),
                    text(thing, "name")?.to_owned(),
                ))
            })),
            Err(error) => unnamed = Some(error),
        }
    }
    let named = |id: &str| names.get(id).map_or_else(|| id.to_owned(), String::clone);
    let grants = grants.iter().map(|grant| ScopeGrant {
        resource: named(resource(grant).unwrap_or_default()),
        scopes: scope_ids(grant).map(named).collect(),
    });
    Ok(ScopeGrants {
        grants: grants.collect(),
        unnamed,
    })
}

fn resource(grant: &Value) -> Option<&str> {
    grant.pointer("/resource/id")?.as_str()
}

fn scope_ids(grant: &Value) -> impl Iterator<Item = &str> {
    let scopes = grant.get("scopes").and_then(Value::as_array);
    scopes
        .into_iter()
        .flatten()
        .filter_map(|scope| text(scope, "id"))
}

fn text<'a>(raw: &'a Value, member: &str) -> Option<&'a str> {
    raw.get(member)?.as_str()
}
