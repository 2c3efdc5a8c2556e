//! Applications as table rows and context entries, and everything about one of them.

use anyhow::Error;
use serde_json::{Value, json};

use super::{
    cells::{choose, joined, minutes},
    role,
};
use crate::{
    document::{Block, Document, Row, at, cell, compact_table, row},
    entry::Output,
    invocation::Invocation,
    manifest::{Arg, CommandName},
    operations::applications::{Permissions, ScopeGrant, ScopeGrants},
};
use pingone::applications::Application;

/// The key of applications in the context.
pub const KEY: &str = "PingOne.Application(val.ID && val.ID === obj.ID)";

/// The columns of a list of applications.
pub const COLUMNS: [&str; 8] = [
    "Name",
    "Type",
    "State",
    "Grant types",
    "Token authentication",
    "Created",
    "Changed",
    "ID",
];

/// An application as a row of a list.
pub fn cells(application: &Application) -> [String; 8] {
    let raw = &application.raw;
    [
        application.name.clone(),
        cell(&at(raw, "/type")),
        state(raw),
        list(raw, "/grantTypes"),
        cell(&at(raw, "/tokenEndpointAuthMethod")),
        minutes(&at(raw, "/createdAt")),
        minutes(&at(raw, "/updatedAt")),
        application.id.to_string(),
    ]
}

/// An application as a context entry.
pub fn describe(application: &Application) -> Row {
    let raw = &application.raw;
    row([
        ("ID", json!(application.id.to_string())),
        ("Name", json!(application.name)),
        ("Description", at(raw, "/description")),
        ("Enabled", at(raw, "/enabled")),
        ("Type", at(raw, "/type")),
        ("Protocol", at(raw, "/protocol")),
        ("GrantTypes", at(raw, "/grantTypes")),
        (
            "TokenEndpointAuthMethod",
            at(raw, "/tokenEndpointAuthMethod"),
        ),
        ("RedirectURIs", at(raw, "/redirectUris")),
        ("RefreshTokenDuration", at(raw, "/refreshTokenDuration")),
        (
            "SkipTokenSessionValidation",
            at(raw, "/skipTokenSessionValidation"),
        ),
        ("CreatedAt", at(raw, "/createdAt")),
        ("UpdatedAt", at(raw, "/updatedAt")),
    ])
}

/// Everything about an application: its settings, then its roles and the scopes that it may ask for.
pub fn report(cx: &Invocation<'_>, application: Application, permissions: Permissions) -> Output {
    let mut entry = describe(&application);
    let title = format!("PingOne application: {}", application.name);
    let settings = settings(&application);
    let mut readable = Document::from(compact_table(&title, ["Setting", "Value"], &settings));
    let mut section = |title: &str, member: &str, content: Result<Section, Error>| {
        readable.push("\n");
        let value = match content {
            Ok(Section { blocks, context }) => {
                for block in blocks {
                    readable.push(block);
                }
                context
            }
            Err(error) => {
                readable.push(Block::Heading(title.to_owned()));
                readable.push(format!("Not available: {}\n", cx.explain(&error)));
                // Null replaces what an earlier answer knew.
                Value::Null
            }
        };
        entry.insert(member.to_owned(), value);
    };
    let Permissions { roles, grants } = permissions;
    let roles = roles.map(|(roles, names)| {
        let rows: Vec<_> = roles.iter().map(|one| role::cells(one, &names)).collect();
        let table = compact_table(ROLES, role::COLUMNS, &rows);
        let mut blocks = vec![Block::Table(table)];
        if roles.iter().any(|one| names.of(one).is_none()) {
            blocks.push(Block::Paragraph(role::why_unnamed(cx, &names)));
        }
        let context = roles.iter().map(|one| {
            let mut entry = role::describe(one, &names, ("ApplicationID", Value::Null));
            // The application is the entry around it, and holds no role through a group.
            entry.retain(|name, _| {
                !matches!(
                    name.as_str(),
                    "ApplicationID" | "ThroughGroup" | "ThroughGroupID"
                )
            });
            Value::Object(entry)
        });
        Section {
            blocks,
            context: context.collect(),
        }
    });
    section(ROLES, "Roles", roles.map_err(Error::from));
    let grants = grants.map(|ScopeGrants { grants, unnamed }| {
        let rows: Vec<_> = grants.iter().map(grant_cells).collect();
        let mut blocks = vec![Block::Table(compact_table(
            GRANTS,
            ["Resource", "Scopes"],
            &rows,
        ))];
        blocks.extend(unnamed.map(|error| {
            let reason = cx.explain(&error.into());
            Block::Paragraph(format!(
                "The names of some resources and scopes are not available: {reason}"
            ))
        }));
        let context = grants
            .iter()
            .map(|grant| json!({"Resource": grant.resource, "Scopes": grant.scopes}));
        Section {
            blocks,
            context: context.collect(),
        }
    });
    section(GRANTS, "Grants", grants.map_err(Error::from));
    if has_secret(&application) {
        let text = "PingOne does not say when the secret was last used. To see what the application changed, run:";
        readable.push(Block::Paragraph(text.to_owned()));
        readable.push(Block::Command(activities_of(&application)));
    }
    Output::new(readable, Some(application.raw)).with_context(KEY, json!([entry]))
}

/// Whether the application authenticates with a secret.
fn has_secret(application: &Application) -> bool {
    let method = at(&application.raw, "/tokenEndpointAuthMethod");
    let method = method.as_str().unwrap_or_default();
    method.starts_with("CLIENT_SECRET_")
}

/// The command that lists what the application did.
pub fn activities_of(application: &Application) -> String {
    format!(
        "!{} {}={}",
        CommandName::ListAuditActivities.name(),
        Arg::ClientId.name(),
        application.id
    )
}

const ROLES: &str = "Administrator roles";
const GRANTS: &str = "Scopes";

struct Section {
    blocks: Vec<Block>,
    context: Value,
}

fn grant_cells(grant: &ScopeGrant) -> [String; 2] {
    [grant.resource.clone(), grant.scopes.join(", ")]
}

/// The settings that are worth a look. Those that PingOne does not send are left out.
fn settings(application: &Application) -> Vec<[String; 2]> {
    let raw = &application.raw;
    let text = |pointer| cell(&at(raw, pointer));
    let settings = [
        ("State", state(raw)),
        ("Type", joined([text("/type"), text("/protocol")], ", ")),
        ("Description", text("/description")),
        ("Grant types", list(raw, "/grantTypes")),
        ("Token authentication", text("/tokenEndpointAuthMethod")),
        ("JWKS URL", text("/jwksUrl")),
        ("Redirect URIs", text("/redirectUris")),
        ("Sign-off URLs", text("/postLogoutRedirectUris")),
        ("Only for", only_for(raw)),
        ("Refresh tokens", refresh_tokens(raw)),
        (
            "Tokens after the session",
            choose(
                &at(raw, "/skipTokenSessionValidation"),
                "stay valid (skipTokenSessionValidation)",
                "end with it",
            ),
        ),
        ("Created", minutes(&at(raw, "/createdAt"))),
        ("Changed", minutes(&at(raw, "/updatedAt"))),
        ("ID (client ID)", application.id.to_string()),
    ];
    let settings = settings.into_iter().filter(|(_, value)| !value.is_empty());
    settings
        .map(|(name, value)| [name.to_owned(), value])
        .collect()
}

fn state(raw: &Value) -> String {
    choose(&at(raw, "/enabled"), "enabled", "disabled")
}

/// Who may use the application. <https://developer.pingidentity.com/pingone-api/platform/applications.html>
fn only_for(raw: &Value) -> String {
    let groups = at(raw, "/accessControl/group/groups");
    let groups = groups.as_array().map_or(0, Vec::len);
    let groups = match groups {
        0 => String::new(),
        1 => "members of 1 group".to_owned(),
        count => format!("members of {count} groups"),
    };
    let role = match at(raw, "/accessControl/role/type").as_str() {
        Some("ADMIN_USERS_ONLY") => "administrators",
        _ => "",
    };
    joined([role, &groups], ", ")
}

fn refresh_tokens(raw: &Value) -> String {
    const DAY: u64 = 24 * 60 * 60;
    match at(raw, "/refreshTokenDuration").as_u64() {
        None => String::new(),
        Some(seconds) if seconds % DAY == 0 => format!("valid for {} days", seconds / DAY),
        Some(seconds) => format!("valid for {seconds} seconds"),
    }
}

fn list(raw: &Value, pointer: &str) -> String {
    let items = at(raw, pointer);
    let items = items.as_array().into_iter().flatten().map(cell);
    joined(items, ", ")
}
