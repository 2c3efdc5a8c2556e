//! `pingone-list-populations`: populations, all or by name.

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
    views::{cells::yes_no, items::Listing, page::listed},
};
use pingone::filter::{all, starts_with};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const LISTING: Listing<'static, 5> = Listing {
    title: "PingOne populations",
    noun: "population",
    columns: ["Name", "Users", "Default", "Description", "ID"],
    key: "PingOne.Population(val.ID && val.ID === obj.ID)",
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let name = cx.args.text(Arg::Name);
    let conditions: Vec<String> = name
        .map(|name| starts_with("name", name))
        .into_iter()
        .collect();
    let paging = paging(cx.args, PAGE_SIZE)?;
    let filter = all(&conditions);
    let part = cx
        .pingone
        .search_populations(filter.as_deref(), &paging)
        .await?;
    Ok(listed(
        &LISTING,
        "PopulationNextToken",
        part,
        cells,
        describe,
    ))
}

fn cells(population: &Value) -> [String; 5] {
    [
        cell(&at(population, "/name")),
        cell(&at(population, "/userCount")),
        yes_no(&at(population, "/default")),
        cell(&at(population, "/description")),
        cell(&at(population, "/id")),
    ]
}

fn describe(population: &Value) -> Row {
    row([
        ("ID", at(population, "/id")),
        ("Name", at(population, "/name")),
        ("Description", at(population, "/description")),
        ("Default", at(population, "/default")),
        ("UserCount", at(population, "/userCount")),
        ("PasswordPolicyID", at(population, "/passwordPolicy/id")),
    ])
}
