//! Commands about the audit trail: what happened, and who failed to sign on from where.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::lists::{paging, with_next};
use crate::{
    entry::Output,
    invocation::Invocation,
    manifest::Arg,
    markdown::{Row, at, row, table_of},
};
use pingone::{
    activities::{PAGE_SIZE, Wanted},
    id::UserId,
    pages::{Paging, Part},
    times::{moment, written},
};

const ACTIVITY: &str = "PingOne.Activity(val.ID && val.ID === obj.ID)";
/// Each answer takes the place of the one before: the groups of two questions cannot be merged.
const FAILED_LOGINS: &str = "PingOne(true)";
const COLUMNS: [&str; 9] = [
    "Time",
    "Action",
    "Result",
    "User",
    "Resources",
    "Client",
    "IP",
    "Description",
    "ID",
];

/// How far back it is looked where nothing is said.
const USUAL_START: &str = "1 day ago";
/// The failed-login report counts at most so many activities.
const MOST_COUNTED: usize = 5000;

/// What PingOne records when somebody does not get in.
const FAILURES: [&str; 5] = [
    "PASSWORD.CHECK_FAILED",
    "USER.ACCESS_DENIED",
    "OTP.CHECK_FAILED",
    "OTP.INVALID",
    "DEVICE.FRAUD_REPORTED",
];

/// Which activities the arguments want.
struct Question {
    from: Timestamp,
    to: Timestamp,
    user: Option<UserId>,
    actions: Vec<String>,
    client: Option<String>,
    ip: Option<String>,
}

impl Question {
    async fn read(cx: &Invocation<'_>) -> Result<Self> {
        let now = cx.pingone.now();
        let from = match cx.args.past_time(Arg::From, now)? {
            Some(from) => from,
            None => moment(Arg::From.name(), USUAL_START, now)?,
        };
        let to = cx.args.past_time(Arg::To, now)?.unwrap_or(now);
        ensure!(
            from < to,
            "The time in the argument 'from' is not before that in 'to'."
        );
        let names_user = [Arg::Username, Arg::UserId, Arg::Email]
            .into_iter()
            .any(|arg| cx.args.is_given(arg));
        let user = if names_user {
            Some(cx.named_user().await?.id)
        } else {
            None
        };
        let text = |arg| cx.args.text(arg).map(str::to_owned);
        Ok(Self {
            from,
            to,
            user,
            // PingOne writes them in capitals.
            actions: cx
                .args
                .list(Arg::ActionType)
                .iter()
                .map(|action| action.to_ascii_uppercase())
                .collect(),
            client: text(Arg::ClientId),
            ip: text(Arg::Ip),
        })
    }

    /// What PingOne is asked: the narrowest of the conditions. Of a user, both what it did and what was done to
    /// it, such as by an administrator.
    fn wanted(&self) -> Wanted {
        let conditions = match (&self.user, &self.client) {
            (Some(user), _) => ["actors.user.id", "resources.id"]
                .map(|of| (of, user.to_string()))
                .into(),
            (None, Some(client)) => vec![("actors.client.id", client.clone())],
            (None, None) => {
                let actions = self.actions.iter().cloned();
                actions.map(|action| ("action.type", action)).collect()
            }
        };
        Wanted {
            from: self.from,
            to: self.to,
            conditions,
        }
    }

    /// The other conditions, and those of PingOne once more.
    fn keeps(&self, activity: &Value) -> bool {
        let is = |pointer: &str, wanted: &str| {
            activity
                .pointer(pointer)
                .and_then(Value::as_str)
                .is_some_and(|found| found.eq_ignore_ascii_case(wanted))
        };
        self.user.is_none_or(|user| {
            let user = user.to_string();
            let is_resource = |resource: &Value| at(resource, "/id").as_str() == Some(&user);
            is("/actors/user/id", &user) || resources(activity).any(is_resource)
        }) && self
            .client
            .as_ref()
            .is_none_or(|client| is("/actors/client/id", client))
            && (self.actions.is_empty()
                || self.actions.iter().any(|action| is("/action/type", action)))
            && self
                .ip
                .as_ref()
                .is_none_or(|ip| source(activity, Source::Ip).as_str() == Some(ip))
    }
}

/// `pingone-list-audit-activities`
pub(super) async fn list(cx: &Invocation<'_>) -> Result<Output> {
    let paging = paging(cx, PAGE_SIZE)?;
    let question = Question::read(cx).await?;
    let keep = |activity: &Value| question.keeps(activity);
    let Part { items, more, next } = cx
        .pingone
        .activities(&question.wanted(), &paging, keep)
        .await?;
    let entries: Vec<Row> = items.iter().map(describe).collect();
    let rows: Vec<Row> = entries.iter().map(line).collect();
    let context: Vec<Value> = entries.into_iter().map(Value::Object).collect();
    let readable = table_of("PingOne audit activities", &COLUMNS, &rows);
    let mut output = Output::new(readable, Some(Value::Array(items)));
    if !context.is_empty() {
        output = output.with_context(ACTIVITY, Value::Array(context));
    }
    Ok(with_next(
        output,
        "ActivityNextToken",
        (more, next.as_ref()),
    ))
}

/// What an activity was done to.
fn resources(activity: &Value) -> impl Iterator<Item = &Value> {
    let resources = activity.get("resources").and_then(Value::as_array);
    resources.into_iter().flatten()
}

/// A context entry as a line of the table: of what it was done to, the names alone.
fn line(entry: &Row) -> Row {
    let mut line = entry.clone();
    let resources = entry.get("Resources").and_then(Value::as_array);
    let names = resources.into_iter().flatten().map(|resource| {
        let name = at(resource, "/Name");
        if name.is_null() {
            at(resource, "/ID")
        } else {
            name
        }
    });
    line.insert("Resources".to_owned(), names.collect());
    line
}

fn describe(activity: &Value) -> Row {
    row([
        ("ID", at(activity, "/id")),
        ("Time", at(activity, "/recordedAt")),
        ("Action", at(activity, "/action/type")),
        ("Result", at(activity, "/result/status")),
        ("Description", at(activity, "/result/description")),
        ("User", at(activity, "/actors/user/name")),
        ("UserID", at(activity, "/actors/user/id")),
        (
            "Resources",
            resources(activity)
                .map(|resource| {
                    json!({
                        "Type": at(resource, "/type"),
                        "ID": at(resource, "/id"),
                        "Name": at(resource, "/name"),
                    })
                })
                .collect(),
        ),
        ("Client", at(activity, "/actors/client/name")),
        ("ClientID", at(activity, "/actors/client/id")),
        ("IP", source(activity, Source::Ip)),
        ("Country", source(activity, Source::Country)),
        ("UserAgent", source(activity, Source::UserAgent)),
        ("CorrelationID", at(activity, "/correlationId")),
    ])
}

/// Where an activity came from.
#[derive(Clone, Copy)]
enum Source {
    Ip,
    Country,
    UserAgent,
}

const SOURCES: [Source; 3] = [Source::Ip, Source::Country, Source::UserAgent];

/// Where PingOne puts these is UNCONFIRMED, and not every action type has them; so some places are tried.
fn source(activity: &Value, what: Source) -> Value {
    let places: &[&str] = match what {
        Source::Ip => &[
            "/source/ipAddress",
            "/source/remoteIp",
            "/internalCorrelation/remoteIp",
            "/remoteIp",
        ],
        Source::Country => &["/source/country", "/source/location/country"],
        Source::UserAgent => &["/source/userAgent", "/userAgent"],
    };
    places
        .iter()
        .map(|place| at(activity, place))
        .find(|found| !found.is_null())
        .unwrap_or(Value::Null)
}

/// `pingone-get-failed-logins`: failures, counted by address, country and browser.
pub(super) async fn failed_logins(cx: &Invocation<'_>) -> Result<Output> {
    let mut question = Question::read(cx).await?;
    if question.actions.is_empty() {
        question.actions = FAILURES.map(str::to_owned).into();
    }
    let keep = |activity: &Value| question.keeps(activity);
    let newest = Paging {
        limit: Some(MOST_COUNTED),
        page_size: PAGE_SIZE,
        from: None,
    };
    let Part {
        items: activities,
        more,
        ..
    } = cx
        .pingone
        .activities(&question.wanted(), &newest, keep)
        .await?;
    let mut groups: BTreeMap<[String; 3], Vec<&Value>> = BTreeMap::new();
    for activity in &activities {
        let key = SOURCES.map(|what| match source(activity, what) {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        });
        groups.entry(key).or_default().push(activity);
    }
    let mut rows: Vec<(usize, Row)> = groups
        .into_values()
        .map(|found| (found.len(), group(&found)))
        .collect();
    rows.sort_by(|(a, _), (b, _)| b.cmp(a));
    let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    let title = format!(
        "Failed sign-ons from {} to {}: {}",
        written(question.from),
        written(question.to),
        activities.len()
    );
    let mut readable = table_of(
        &title,
        &[
            "Count",
            "IP",
            "Country",
            "UserAgent",
            "Users",
            "Actions",
            "First",
            "Last",
        ],
        &rows,
    );
    if more {
        readable.push_str(
            &[
                "Only the newest ",
                &MOST_COUNTED.to_string(),
                " were counted.\n",
            ]
            .concat(),
        );
    }
    let groups: Vec<Value> = rows.into_iter().map(Value::Object).collect();
    Ok(Output::new(readable, Some(json!(activities)))
        .with_context(FAILED_LOGINS, json!({"FailedLogins": groups})))
}

/// One row of the report: activities from the same source, newest first.
fn group(found: &[&Value]) -> Row {
    let distinct = |values: BTreeSet<&str>| json!(values);
    let actions = found
        .iter()
        .filter_map(|activity| activity.pointer("/action/type").and_then(Value::as_str));
    let users = found.iter().flat_map(|activity| users(activity));
    let from = |what| {
        found
            .first()
            .map(|activity| source(activity, what))
            .filter(|source| source != "")
    };
    let time = |activity: Option<&&Value>| {
        activity.map_or(Value::Null, |activity| at(activity, "/recordedAt"))
    };
    row([
        ("Count", json!(found.len())),
        ("IP", json!(from(Source::Ip))),
        ("Country", json!(from(Source::Country))),
        ("UserAgent", json!(from(Source::UserAgent))),
        ("Users", distinct(users.collect())),
        ("Actions", distinct(actions.collect())),
        ("First", time(found.last())),
        ("Last", time(found.first())),
    ])
}

/// Who tried to get in: where an application tried on a user's behalf, the user is what it was done to.
fn users(activity: &Value) -> Vec<&str> {
    match activity
        .pointer("/actors/user/name")
        .and_then(Value::as_str)
    {
        Some(user) => vec![user],
        None => resources(activity)
            .filter(|resource| resource.get("type").and_then(Value::as_str) == Some("USER"))
            .filter_map(|resource| resource.get("name").and_then(Value::as_str))
            .collect(),
    }
}
