//! Commands that list what an environment holds: users, groups, members and populations.

use std::str::FromStr;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::target::Named;
use crate::{
    entry::{Output, USER},
    invocation::Invocation,
    manifest::Arg,
    markdown::{Row, at, row, table, table_of},
    views::user::row as user_row,
};
use pingone::{
    filter::{all, equals, in_brackets, starts_with},
    id::{GroupId, PopulationId, UserId},
    pages::{Paging, Part},
};

const GROUP_MEMBER: &str =
    "PingOne.GroupMember(val.ID && val.ID === obj.ID && val.GroupID === obj.GroupID)";
const GROUP: &str = "PingOne.Group(val.ID && val.ID === obj.ID)";
const POPULATION: &str = "PingOne.Population(val.ID && val.ID === obj.ID)";
/// Where a page token stands: each list overwrites its own.
const PAGE_TOKEN: &str = "PingOne(true)";

/// What XSOAR's conventions give a list command where nothing is said.
const LIMIT: usize = 50;
/// PingOne's documented cap for users; what a page is asked for where nothing is said.
const PAGE_SIZE: usize = 200;
/// The most that PingOne takes for any list.
const LARGEST_PAGE: usize = 1_000;

/// `limit`, `page_size`, `next_token` and `all_results`, as XSOAR's conventions have them.
pub(super) fn paging<Place: FromStr>(
    cx: &Invocation<'_>,
    page_size: usize,
) -> Result<Paging<Place>> {
    let from = cx.args.text(Arg::NextToken).map(str::parse);
    let Ok(from) = from.transpose() else {
        bail!("The argument 'next_token' is no token of an earlier list.")
    };
    let limit = cx.args.count(Arg::Limit)?.unwrap_or(LIMIT);
    let limit = (!cx.args.flag(Arg::AllResults)?).then_some(limit);
    let page_size = cx.args.count(Arg::PageSize)?.unwrap_or(page_size);
    Ok(Paging {
        limit,
        page_size: page_size.min(LARGEST_PAGE),
        from,
    })
}

/// The text below a table, and the context, that tell how to go on.
pub(super) fn with_next(
    mut output: Output,
    name: &str,
    (more, next): (bool, Option<&impl ToString>),
) -> Output {
    let token = next.map(ToString::to_string);
    let hint = match &token {
        Some(token) => &[
            "There are more: give next_token=",
            token,
            " for the next part.\n",
        ]
        .concat(),
        None if more => {
            "There are more, but PingOne does not say where to go on: give a larger limit, or all_results=true.\n"
        }
        None => "",
    };
    output.readable.push_str(hint);
    output.with_context(PAGE_TOKEN, json!({name: token}))
}

/// `pingone-list-users`
pub(super) async fn users(cx: &Invocation<'_>) -> Result<Output> {
    let group = Named::group(cx.args)?;
    let filter = user_filter(cx, &group).await?;
    let Part { items, more, next } = cx
        .pingone
        .search_users(filter.as_deref(), &paging(cx, PAGE_SIZE)?)
        .await?;
    if items.is_empty() {
        cx.ensure_group(&group).await?;
    }
    let (rows, context) = describe_users(cx, &items)?;
    let context: Vec<Value> = context.into_iter().map(Value::Object).collect();
    let mut output = Output::new(table("PingOne users", &rows), Some(Value::Array(items)));
    if !context.is_empty() {
        output = output.with_context(USER, Value::Array(context));
    }
    Ok(with_next(output, "UserNextToken", (more, next.as_ref())))
}

/// The filter that the arguments make, each condition joined to the others by `and`.
async fn user_filter(cx: &Invocation<'_>, group: &Named<'_, GroupId>) -> Result<Option<String>> {
    let mut conditions = Vec::new();
    for (arg, attribute) in [(Arg::Username, "username"), (Arg::Email, "email")] {
        conditions.extend(cx.args.text(arg).map(|value| starts_with(attribute, value)));
    }
    if let Some(name) = cx.args.text(Arg::Name) {
        let parts = ["name.given", "name.family", "name.formatted"]
            .map(|attribute| starts_with(attribute, name));
        conditions.push(format!("({})", parts.join(" or ")));
    }
    if let Some(population) = cx.args.id::<PopulationId>(Arg::PopulationId)? {
        conditions.push(equals("population.id", &population.to_string()));
    }
    if group.name.is_some() || group.id.is_some() {
        conditions.push(in_group(cx.group(group).await?));
    }
    if let Some(enabled) = cx.args.choice(Arg::Enabled)? {
        conditions.push(format!("enabled eq {enabled}"));
    }
    // The filter is the user's own text; an `or` in it must not widen the other conditions.
    if let Some(filter) = cx.args.text(Arg::Filter) {
        let Some(filter) = in_brackets(filter) else {
            bail!(
                "The brackets or quotes in the argument 'filter' do not match. Close each bracket and each quote that the filter opens, as in (title eq \"Manager\" or title eq \"Director\")."
            )
        };
        conditions.push(filter);
    }
    Ok(all(&conditions))
}

/// PingOne wants the form with brackets.
/// <https://developer.pingidentity.com/pingone-api/platform/users/group-membership/read-all-users-in-a-group.html>
fn in_group(group: GroupId) -> String {
    format!("memberOfGroups[{}]", equals("id", &group.to_string()))
}

/// The users of a list: the rows of a table, and what stands in the context.
fn describe_users(cx: &Invocation<'_>, items: &[Value]) -> Result<(Vec<Row>, Vec<Row>)> {
    let mut rows = Vec::with_capacity(items.len());
    let mut context = Vec::with_capacity(items.len());
    for raw in items {
        let id = cx.pingone.listed_user(raw)?;
        rows.push(user_row(id, raw));
        context.push(describe_user(id, raw));
    }
    Ok((rows, context))
}

fn describe_user(id: UserId, raw: &Value) -> Row {
    row([
        ("ID", json!(id.to_string())),
        ("Username", at(raw, "/username")),
        ("DisplayName", at(raw, "/name/formatted")),
        ("Email", at(raw, "/email")),
        ("Enabled", at(raw, "/enabled")),
        ("AccountStatus", at(raw, "/account/status")),
        ("PopulationID", at(raw, "/population/id")),
        ("CreatedAt", at(raw, "/createdAt")),
        ("UpdatedAt", at(raw, "/updatedAt")),
    ])
}

/// `pingone-get-group-members`
pub(super) async fn members(cx: &Invocation<'_>) -> Result<Output> {
    let named = Named::group(cx.args)?;
    if named.name.is_none() && named.id.is_none() {
        bail!("PingOne error: You must supply either 'groupName' or 'groupId'.");
    }
    let group = cx.group(&named).await?;
    let Part { items, more, next } = cx
        .pingone
        .search_users(Some(&in_group(group)), &paging(cx, PAGE_SIZE)?)
        .await?;
    if items.is_empty() {
        cx.ensure_group(&named).await?;
    }
    let (rows, users) = describe_users(cx, &items)?;
    let context = users.into_iter().map(|user| {
        let mut entry = row([
            ("GroupID", json!(group.to_string())),
            ("GroupName", json!(named.name)),
        ]);
        entry.extend(user);
        Value::Object(entry)
    });
    let context = context.collect::<Vec<_>>();
    let called = named.name.map_or_else(|| group.to_string(), str::to_owned);
    let mut output = Output::new(
        table(&format!("Members of group: {called}"), &rows),
        Some(Value::Array(items)),
    );
    if !context.is_empty() {
        output = output.with_context(GROUP_MEMBER, Value::Array(context));
    }
    Ok(with_next(
        output,
        "GroupMemberNextToken",
        (more, next.as_ref()),
    ))
}

/// `pingone-list-groups`
pub(super) async fn groups(cx: &Invocation<'_>) -> Result<Output> {
    let mut conditions: Vec<String> = cx
        .args
        .text(Arg::Name)
        .map(|name| starts_with("name", name))
        .into_iter()
        .collect();
    if let Some(population) = cx.args.id::<PopulationId>(Arg::PopulationId)? {
        conditions.push(equals("population.id", &population.to_string()));
    }
    let part = cx
        .pingone
        .search_groups(all(&conditions).as_deref(), &paging(cx, PAGE_SIZE)?)
        .await?;
    let describe = |group: &Value| {
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
    };
    Ok(listed(
        "PingOne groups",
        &[
            "ID",
            "Name",
            "Description",
            "PopulationID",
            "UserFilter",
            "DirectUsers",
        ],
        (GROUP, "GroupNextToken"),
        part,
        describe,
    ))
}

/// `pingone-list-populations`
pub(super) async fn populations(cx: &Invocation<'_>) -> Result<Output> {
    let conditions: Vec<String> = cx
        .args
        .text(Arg::Name)
        .map(|name| starts_with("name", name))
        .into_iter()
        .collect();
    let part = cx
        .pingone
        .search_populations(all(&conditions).as_deref(), &paging(cx, PAGE_SIZE)?)
        .await?;
    let describe = |population: &Value| {
        row([
            ("ID", at(population, "/id")),
            ("Name", at(population, "/name")),
            ("Description", at(population, "/description")),
            ("Default", at(population, "/default")),
            ("UserCount", at(population, "/userCount")),
            ("PasswordPolicyID", at(population, "/passwordPolicy/id")),
        ])
    };
    Ok(listed(
        "PingOne populations",
        &["ID", "Name", "Description", "Default", "UserCount"],
        (POPULATION, "PopulationNextToken"),
        part,
        describe,
    ))
}

/// A list whose rows and context entries are the same.
fn listed(
    title: &str,
    columns: &[&str],
    (key, token): (&str, &str),
    part: Part,
    describe: impl Fn(&Value) -> Row,
) -> Output {
    let rows: Vec<Row> = part.items.iter().map(describe).collect();
    let readable = table_of(title, columns, &rows);
    let context: Vec<Value> = rows.into_iter().map(Value::Object).collect();
    let mut output = Output::new(readable, Some(Value::Array(part.items)));
    if !context.is_empty() {
        output = output.with_context(key, Value::Array(context));
    }
    with_next(output, token, (part.more, part.next.as_ref()))
}
