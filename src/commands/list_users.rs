//! `pingone-list-users`: users that match all given conditions.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::{
    access::Access,
    document::compact_table,
    entry::{Output, USER},
    handler::Handler,
    inputs::{
        groups,
        paging::{PAGE_SIZE, paging},
    },
    invocation::Invocation,
    manifest::Arg,
    operations::{
        find::{GroupRef, ensure_group_exists, find_group},
        users::{in_group, with_ids},
    },
    views::{
        page::{Page, with_entries, with_page},
        user::{COLUMNS, cells, listed},
    },
};
use pingone::{
    filter::{all, equals, in_brackets, starts_with},
    id::PopulationId,
    pages::Part,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let group = groups::optional(cx.args)?;
    let filter = user_filter(cx, group.as_ref()).await?;
    let paging = paging(cx.args, PAGE_SIZE)?;
    let found = cx.pingone.search_users(filter.as_deref(), &paging).await?;
    let Part { items, more, next } = found;
    if items.is_empty()
        && let Some(group) = &group
    {
        ensure_group_exists(cx.pingone, group).await?;
    }
    let users = with_ids(cx.pingone, &items)?;
    let rows: Vec<_> = users.iter().map(|(id, raw)| cells(*id, raw)).collect();
    let entries = users.iter().map(|(id, raw)| listed(*id, raw)).collect();
    let output = Output::new(
        compact_table("PingOne users", COLUMNS, &rows),
        Some(Value::Array(items)),
    );
    let page = Page {
        noun: "user",
        count: rows.len(),
        has_more: more,
        next: next.as_ref(),
        token_name: "UserNextToken",
    };
    Ok(with_page(with_entries(output, USER, entries), &page))
}

/// The SCIM filter for the arguments; all conditions must hold.
async fn user_filter(cx: &Invocation<'_>, group: Option<&GroupRef>) -> Result<Option<String>> {
    let mut conditions = Vec::new();
    for (arg, attribute) in [(Arg::Username, "username"), (Arg::Email, "email")] {
        let value = cx.args.text(arg);
        conditions.extend(value.map(|value| starts_with(attribute, value)));
    }
    if let Some(name) = cx.args.text(Arg::Name) {
        let parts = ["name.given", "name.family", "name.formatted"]
            .map(|attribute| starts_with(attribute, name));
        conditions.push(format!("({})", parts.join(" or ")));
    }
    if let Some(population) = cx.args.id::<PopulationId>(Arg::PopulationId)? {
        conditions.push(equals("population.id", &population.to_string()));
    }
    if let Some(group) = group {
        conditions.push(in_group(find_group(cx.pingone, group).await?));
    }
    if let Some(enabled) = cx.args.choice(Arg::Enabled)? {
        conditions.push(format!("enabled eq {enabled}"));
    }
    // In brackets, so that an `or` in the given filter cannot widen the other conditions.
    let filter = cx.args.text(Arg::Filter);
    if let Some(filter) = filter.filter(|filter| !filter.trim().is_empty()) {
        let Some(filter) = in_brackets(filter) else {
            bail!(
                "The brackets or quotes in the argument 'filter' do not match. Close each bracket and each quote that the filter opens, as in (title eq \"Manager\" or title eq \"Director\")."
            )
        };
        conditions.push(filter);
    }
    Ok(all(&conditions))
}
