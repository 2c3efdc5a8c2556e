//! The audit trail: records what happened, finds it again.
//!
//! Rules: `developer.pingidentity.com/pingone-api/platform/audit-activities/get-user-activities.html`.
//! How late PingOne records is undocumented; the sandbox does at once.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::attributes;
use super::clock::{after, text};
use super::error::Problem;
use super::filter::{Filter, Operand, Operator, Rejection};
use super::hal::{self, Paging, link};
use super::message::{Outcome, Reply};
use super::seed;
use super::state::{Actor, Group, User, Visit, World};

/// A query may span this much without a restore job.
const WINDOW: Duration = Duration::from_hours(14 * 24);

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    pub(crate) order: u64,
    pub(crate) id: String,
    pub(crate) correlation_id: String,
    pub(crate) at: Timestamp,
    action: String,
    client: Option<Actor>,
    user: Option<Subject>,
    resources: Vec<Subject>,
    failed: bool,
    description: String,
    remote_ip: Option<String>,
    user_agent: Option<String>,
}

/// A thing in an activity.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    kind: &'static str,
    id: String,
    name: String,
    population: Option<String>,
    href: String,
}

impl Subject {
    fn to_value(&self, environment: &str) -> Value {
        let mut value = Map::new();
        value.insert("type".to_owned(), self.kind.into());
        value.insert("id".to_owned(), self.id.clone().into());
        value.insert("name".to_owned(), self.name.clone().into());
        value.insert("environment".to_owned(), json!({ "id": environment }));
        if let Some(population) = &self.population {
            value.insert("population".to_owned(), json!({ "id": population }));
        }
        value.insert("href".to_owned(), self.href.clone().into());
        value.into()
    }
}

impl Activity {
    /// An activity of a seed: a user's own doing. Its order and ids are given later.
    pub(crate) fn of_user(
        world: &World,
        subject: &Subject,
        seed: seed::Activity,
        start: Timestamp,
    ) -> Self {
        Self {
            order: 0,
            id: String::new(),
            correlation_id: String::new(),
            at: seed.at.resolve(start),
            action: seed.action,
            client: world.applications.first().map(|application| Actor {
                id: application.id.clone(),
                name: application.name.clone(),
            }),
            user: Some(subject.clone()),
            resources: vec![subject.clone()],
            failed: seed.failed,
            description: seed.description,
            remote_ip: seed.remote_ip,
            user_agent: seed.user_agent,
        }
    }

    fn to_value(&self, world: &World) -> Value {
        let environment = &world.environment.id;
        let url = world.environment_url();
        let mut actors = Map::new();
        if let Some(client) = &self.client {
            actors.insert(
                "client".to_owned(),
                json!({
                    "id": client.id,
                    "name": client.name,
                    "environment": { "id": environment },
                    "href": format!("{url}/applications/{}", client.id),
                    "type": "CLIENT",
                }),
            );
        }
        if let Some(user) = &self.user {
            actors.insert("user".to_owned(), user.to_value(environment));
        }
        let resources: Vec<Value> = self
            .resources
            .iter()
            .map(|subject| subject.to_value(environment))
            .collect();
        let mut value = Map::new();
        let own = format!("{url}/activities/{}", self.id);
        value.insert("_links".to_owned(), json!({ "self": link(&own) }));
        value.insert("id".to_owned(), self.id.clone().into());
        value.insert("recordedAt".to_owned(), text(self.at).into());
        value.insert("createdAt".to_owned(), text(self.at).into());
        value.insert(
            "correlationId".to_owned(),
            self.correlation_id.clone().into(),
        );
        value.insert("actors".to_owned(), actors.into());
        value.insert(
            "action".to_owned(),
            json!({ "type": self.action, "description": words(&self.action) }),
        );
        value.insert("resources".to_owned(), resources.into());
        value.insert(
            "result".to_owned(),
            json!({
                "status": if self.failed { "FAILURE" } else { "SUCCESS" },
                "description": self.description,
            }),
        );
        // Where the address and the browser stand in an activity is UNCONFIRMED: the public
        // samples have neither.
        let mut source = Map::new();
        if let Some(remote_ip) = &self.remote_ip {
            source.insert("ipAddress".to_owned(), remote_ip.clone().into());
        }
        if let Some(user_agent) = &self.user_agent {
            source.insert("userAgent".to_owned(), user_agent.clone().into());
        }
        if !source.is_empty() {
            value.insert("source".to_owned(), source.into());
        }
        value.into()
    }
}

/// `USER.LOCKED` as `User Locked`.
fn words(action: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        format!("{first}{}", rest.to_lowercase())
    };
    action
        .split(['.', '_'])
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

impl World {
    /// A user as the subject of an activity.
    pub(crate) fn subject(&self, user: &User) -> Subject {
        Subject {
            kind: "USER",
            id: user.id.clone(),
            name: user.username().to_owned(),
            population: Some(user.population.clone()),
            href: self.user_url(&user.id),
        }
    }

    /// A group as the subject of an activity.
    pub(crate) fn group_subject(&self, group: &Group) -> Subject {
        Subject {
            kind: "GROUP",
            id: group.id.clone(),
            name: group.name.clone(),
            population: group.population.clone(),
            href: format!("{}/groups/{}", self.environment_url(), group.id),
        }
    }
}

impl Visit<'_> {
    /// Records a success of this visit's worker.
    pub(crate) fn record(&mut self, action: &str, resources: Vec<Subject>) {
        self.note(action, resources, false);
    }

    /// Records a failure.
    pub(crate) fn record_failure(&mut self, action: &str, resources: Vec<Subject>) {
        self.note(action, resources, true);
    }

    /// Records something about the user in the path, who must exist.
    pub(crate) fn record_user(&mut self, action: &str) -> Result<(), Problem> {
        let subject = self.world.subject(self.user()?);
        self.record(action, vec![subject]);
        Ok(())
    }

    fn note(&mut self, action: &str, resources: Vec<Subject>, failed: bool) {
        let world = &mut *self.world;
        let activity = Activity {
            order: world.next_order(),
            id: world.ids.uuid(),
            correlation_id: world.ids.uuid(),
            at: self.now,
            action: action.to_owned(),
            client: Some(self.actor.clone()),
            user: None,
            resources,
            failed,
            description: words(action),
            remote_ip: None,
            user_agent: None,
        };
        world.activities.push(activity);
    }
}

/// `GET /activities?filter=…&limit=…`
pub(crate) fn list(visit: &mut Visit<'_>) -> Outcome {
    let world = &*visit.world;
    let filter = visit.request.parameter("filter").unwrap_or_default();
    let items = search(world, &filter, visit.now)?;
    let paging = Paging {
        name: "activities",
        default: 100,
        cap: world.limits.items_per_page,
        counted: world.limits.counted,
    };
    let url = format!("{}/activities", world.environment_url());
    hal::page(visit.request, &url, &paging, items, |value| value)
}

/// `POST /activities` with `{"filter", "limit", "offset"}`.
pub(crate) fn find(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.json()?;
    let world = &*visit.world;
    let filter = body
        .get("filter")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let number = |name: &str, default: u64| {
        let value = body.get(name).map_or(Some(default), Value::as_u64);
        value
            .and_then(|value| usize::try_from(value).ok())
            .ok_or_else(|| Problem::invalid("INVALID_VALUE", name, "must be a whole number"))
    };
    let (limit, offset) = (number("limit", 100)?, number("offset", 0)?);
    let items = search(world, filter, visit.now)?;
    let count = items.len();
    let shown: Vec<Value> = items
        .into_iter()
        .skip(offset)
        .take(limit.min(world.limits.items_per_page))
        .map(|(_, value)| value)
        .collect();
    let url = format!("{}/activities", world.environment_url());
    Ok(Reply::ok(json!({
        "_links": { "self": link(&url) },
        "_embedded": { "activities": shown },
        "count": count,
        "size": shown.len(),
    })))
}

/// `GET /activities/{id}`
pub(crate) fn read(visit: &mut Visit<'_>) -> Outcome {
    let world = &*visit.world;
    world
        .activities
        .iter()
        .find(|activity| activity.id == visit.id(0))
        .map(|activity| Reply::ok(activity.to_value(world)))
        .ok_or_else(Problem::not_found)
}

fn search(world: &World, filter: &str, now: Timestamp) -> Result<Vec<(u64, Value)>, Problem> {
    let filter = Filter::parse(filter, &attributes::activities()).map_err(Problem::filter)?;
    check(&filter, now).map_err(|message| {
        Problem::filter(Rejection {
            message: message.to_owned(),
            operators: Vec::new(),
            attributes: Vec::new(),
        })
    })?;
    Ok(world
        .activities
        .iter()
        .map(|activity| (activity.order, activity.to_value(world)))
        .filter(|(_, value)| filter.matches(value))
        .collect())
}

/// The rules beyond the language: joined by `and` only, a date bound, at most fourteen days, one
/// family of further attributes. The error that PingOne gives for each is UNCONFIRMED.
fn check(filter: &Filter, now: Timestamp) -> Result<(), &'static str> {
    if has_or(filter) {
        return Err("conditions can only be joined by 'and'");
    }
    let (mut from, mut to) = (None, None);
    let mut families: Vec<&str> = Vec::new();
    for comparison in filter.comparisons() {
        match (&comparison.operand, comparison.operator) {
            (Operand::Time(at), Operator::Gt | Operator::Ge) => from = Some(*at),
            (Operand::Time(at), Operator::Lt | Operator::Le) => to = Some(*at),
            (Operand::Time(at), _) => (from, to) = (Some(*at), Some(*at)),
            _ => {
                let family = comparison.path.as_str();
                if family != "resources.population.id" && !families.contains(&family) {
                    families.push(family);
                }
            }
        }
    }
    if families.len() > 1 {
        return Err("only one kind of attribute may stand beside the dates");
    }
    match (from, to) {
        (None, None) => Err("a bound on 'recordedAt' or 'createdAt' is required"),
        (Some(from), to) if after(from, WINDOW) < to.unwrap_or(now) => {
            Err("the dates may be at most fourteen days apart")
        }
        _ => Ok(()),
    }
}

fn has_or(filter: &Filter) -> bool {
    match filter {
        Filter::Or(_) => true,
        Filter::And(parts) => parts.iter().any(has_or),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), &'static str> {
        let now = "2026-03-20T00:00:00Z".parse().expect("valid");
        let filter = Filter::parse(text, &attributes::activities()).expect("valid");
        check(&filter, now)
    }

    #[test]
    fn a_search_needs_dates_within_fourteen_days() {
        assert!(checked(r#"action.type eq "USER.LOCKED""#).is_err());
        assert!(checked(r#"recordedAt gt "2026-03-10T00:00:00Z""#).is_ok());
        assert!(
            checked(r#"recordedAt gt "2026-03-01T00:00:00Z""#).is_err(),
            "open to now"
        );
        assert!(
            checked(
                r#"recordedAt gt "2026-03-01T00:00:00Z" and recordedAt lt "2026-03-15T00:00:00Z""#
            )
            .is_ok()
        );
        assert!(
            checked(
                r#"recordedAt gt "2026-03-01T00:00:00Z" and recordedAt lt "2026-03-15T00:00:01Z""#
            )
            .is_err()
        );
    }

    #[test]
    fn one_family_joined_by_and() {
        let dates = r#"recordedAt gt "2026-03-10T00:00:00Z""#;
        assert!(
            checked(&format!(
                r#"{dates} and actors.user.id eq "x" and resources.population.id eq "y""#
            ))
            .is_ok()
        );
        assert!(
            checked(&format!(
                r#"{dates} and actors.user.id eq "x" and action.type eq "y""#
            ))
            .is_err()
        );
        assert!(checked(&format!(r#"{dates} or actors.user.id eq "x""#)).is_err());
    }

    #[test]
    fn actions_read_as_words() {
        assert_eq!(words("MEMBER_OF_GROUP.CREATED"), "Member Of Group Created");
    }
}
