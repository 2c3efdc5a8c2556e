//! `pingone-get-group-members`: the users in a group.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::{
    access::Access,
    document::{row as row_of, table},
    entry::Output,
    handler::Handler,
    inputs::{
        groups,
        paging::{PAGE_SIZE, paging},
    },
    invocation::Invocation,
    operations::{
        find::{ensure_group, find_group},
        users::{identified, in_group},
    },
    views::{
        page::{Next, with_entries, with_next},
        user::{listed, row},
    },
};
use pingone::pages::Part;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const GROUP_MEMBER: &str =
    "PingOne.GroupMember(val.ID && val.ID === obj.ID && val.GroupID === obj.GroupID)";

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let Some(named) = groups::optional(cx.args)? else {
        bail!("Provide groupName or groupId.");
    };
    let group = find_group(cx.pingone, &named).await?;
    let paging = paging(cx.args, PAGE_SIZE)?;
    let filter = in_group(group);
    let found = cx.pingone.search_users(Some(&filter), &paging).await?;
    let Part { items, more, next } = found;
    if items.is_empty() {
        ensure_group(cx.pingone, &named).await?;
    }
    let users = identified(cx.pingone, &items)?;
    let rows: Vec<_> = users.iter().map(|(id, raw)| row(*id, raw)).collect();
    let entries = users.iter().map(|(id, raw)| {
        let mut entry = row_of([
            ("GroupID", json!(group.to_string())),
            ("GroupName", json!(named.name())),
        ]);
        entry.extend(listed(*id, raw));
        entry
    });
    let entries = entries.collect();
    let title = format!("Members of group: {}", named.label());
    let output = Output::new(table(&title, &rows), Some(Value::Array(items)));
    let next = Next {
        name: "GroupMemberNextToken",
        more,
        place: next.as_ref(),
    };
    Ok(with_next(
        with_entries(output, GROUP_MEMBER, entries),
        &next,
    ))
}
