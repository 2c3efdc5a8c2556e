//! `pingone-list-administrators`: the users who hold administrator roles.

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    access::Access,
    document::{Block, Document, compact_table},
    entry::Output,
    handler::Handler,
    invocation::Invocation,
    manifest::Arg,
    operations::administrators::{AdministratorSearch, administrators},
    views::{
        administrator::{COLUMNS, describe, notes, rows},
        page::with_entries,
    },
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

/// Half a minute at PingOne's usual speed.
const MAX_USERS: usize = 500;

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let search = AdministratorSearch {
        population: cx.args.id(Arg::PopulationId)?,
        max_users: cx.args.count(Arg::MaxUsers)?.unwrap_or(MAX_USERS),
    };
    let administrators = administrators(cx.pingone, &search).await?;
    let (found, names) = (&administrators.found, &administrators.names);
    let table: Vec<_> = found.iter().flat_map(|one| rows(one, names)).collect();
    let mut readable = Document::from(compact_table("PingOne administrators", COLUMNS, &table));
    for note in notes(cx, &administrators) {
        readable.push(Block::Paragraph(note));
    }
    let entries: Vec<_> = found.iter().map(|one| describe(one, names)).collect();
    let raw = found.iter().map(|one| {
        let roles: Vec<&Value> = one.roles.iter().map(|held| &held.assignment.raw).collect();
        json!({"user": one.user, "roleAssignments": roles})
    });
    let output = Output::new(readable, Some(raw.collect()));
    let key = "PingOne.Administrator(val.ID && val.ID === obj.ID)";
    Ok(with_entries(output, key, entries))
}
