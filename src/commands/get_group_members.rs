//! `pingone-get-group-members`: the users in a group.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::{
    access::Access,
    document::{compact_table, row},
    entry::Output,
    handler::Handler,
    inputs::{
        groups,
        paging::{PAGE_SIZE, paging},
    },
    invocation::Invocation,
    operations::{
        find::{ensure_group_exists, find_group},
        users::{in_group, with_ids},
    },
    views::{
        page::{Page, with_entries, with_page},
        user::{COLUMNS, cells, listed},
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
    let Some(group_ref) = groups::optional(cx.args)? else {
        bail!("Provide groupName or groupId.");
    };
    let group = find_group(cx.pingone, &group_ref).await?;
    let paging = paging(cx.args, PAGE_SIZE)?;
    let filter = in_group(group);
    let found = cx.pingone.search_users(Some(&filter), &paging).await?;
    let Part { items, more, next } = found;
    if items.is_empty() {
        ensure_group_exists(cx.pingone, &group_ref).await?;
    }
    let users = with_ids(cx.pingone, &items)?;
    let rows: Vec<_> = users.iter().map(|(id, raw)| cells(*id, raw)).collect();
    let entries = users.iter().map(|(id, raw)| {
        let mut entry = row([
            ("GroupID", json!(group.to_string())),
            ("GroupName", json!(group_ref.name())),
        ]);
        entry.extend(listed(*id, raw));
        entry
    });
    let entries = entries.collect();
    let title = format!("Members of group: {}", group_ref.label());
    let output = Output::new(
        compact_table(&title, COLUMNS, &rows),
        Some(Value::Array(items)),
    );
    let page = Page {
        noun: "member",
        count: rows.len(),
        has_more: more,
        next: next.as_ref(),
        token_name: "GroupMemberNextToken",
    };
    Ok(with_page(
        with_entries(output, GROUP_MEMBER, entries),
        &page,
    ))
}
