//! `pingone-list-users`: users that a search finds.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::{
    access::Access,
    document::table,
    entry::{Output, USER},
    handler::Handler,
    inputs::{
        groups,
        paging::{PAGE_SIZE, paging},
    },
    invocation::Invocation,
    manifest::Arg,
    operations::{
        find::{NamedGroup, ensure_group, find_group},
        users::{identified, in_group},
    },
    views::{
        page::{Next, with_entries, with_next},
        user::{listed, row},
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
        ensure_group(cx.pingone, group).await?;
    }
    let users = identified(cx.pingone, &items)?;
    let rows: Vec<_> = users.iter().map(|(id, raw)| row(*id, raw)).collect();
    let entries = users.iter().map(|(id, raw)| listed(*id, raw)).collect();
    let output = Output::new(table("PingOne users", &rows), Some(Value::Array(items)));
    let next = Next {
        name: "UserNextToken",
        more,
        place: next.as_ref(),
    };
    Ok(with_next(with_entries(output, USER, entries), &next))
}

/// The filter that the arguments make, each condition joined to the others by `and`.
async fn user_filter(cx: &Invocation<'_>, group: Option<&NamedGroup>) -> Result<Option<String>> {
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
    // The filter is the user's own text; an `or` in it must not widen the other conditions.
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
