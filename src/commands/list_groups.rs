//! `pingone-list-groups`: groups that match all given conditions.

use anyhow::Result;
use serde_json::Value;

use crate::{
    access::Access,
    document::{Row, at, cell, row},
    entry::Output,
    handler::Handler,
    inputs::paging::{PAGE_SIZE, paging},
    invocation::Invocation,
    manifest::Arg,
    views::{items::Listing, page::listed},
};
use pingone::{
    filter::{all, equals, starts_with},
    id::PopulationId,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const LISTING: Listing<'static, 6> = Listing {
    title: "PingOne groups",
    noun: "group",
    columns: [
        "Name",
        "Description",
        "Direct users",
        "User filter",
        "Population ID",
        "ID",
    ],
    key: "PingOne.Group(val.ID && val.ID === obj.ID)",
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let name = cx.args.text(Arg::Name);
    let mut conditions: Vec<String> = name
        .map(|name| starts_with("name", name))
        .into_iter()
        .collect();
    if let Some(population) = cx.args.id::<PopulationId>(Arg::PopulationId)? {
        conditions.push(equals("population.id", &population.to_string()));
    }
    let paging = paging(cx.args, PAGE_SIZE)?;
    let filter = all(&conditions);
    let part = cx.pingone.search_groups(filter.as_deref(), &paging).await?;
    Ok(listed(&LISTING, "GroupNextToken", part, cells, describe))
}

fn cells(group: &Value) -> [String; 6] {
    [
        "/name",
        "/description",
        "/directMemberCounts/users",
        "/userFilter",
        "/population/id",
        "/id",
    ]
    .map(|member| cell(&at(group, member)))
}

fn describe(group: &Value) -> Row {
    row([
        ("ID", at(group, "/id")),
        ("Name", at(group, "/name")),
        ("Description", at(group, "/description")),
        ("PopulationID", at(group, "/population/id")),
        ("UserFilter", at(group, "/userFilter")),
        ("DirectUsers", at(group, "/directMemberCounts/users")),
        ("CreatedAt", at(group, "/createdAt")),
        ("UpdatedAt", at(group, "/updatedAt")),
    ])
}
