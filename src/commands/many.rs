//! Commands for one user or many: who is meant, a few at a time, and one row for each with what happened. That
//! one user fails does not keep the others from being served, but it is told in an error entry of its own.

use std::{borrow::Borrow, cell::RefCell, collections::HashSet, fmt};

use anyhow::{Result, anyhow, bail};
use futures_util::{StreamExt as _, future::try_join_all, stream};
use serde_json::{Value, json};

use super::target::{GIVE_USER_ID, no_user, only_user};
use crate::{
    entry::Output,
    invocation::Invocation,
    manifest::Arg,
    markdown::{Row, row, table_of},
};
use pingone::{error::Problem, id::UserId, memory, users::User};

/// So many users are served at once: enough to hide the network's delay, and well below PingOne's rate limits.
const AT_ONCE: usize = 10;

/// The context key of what changing commands did.
const CHANGE: &str = "PingOne.Change(val.ID && val.ID === obj.ID && val.Command === obj.Command)";

/// The member of a change's details that names what PingOne may have done without saying so.
pub(super) const UNCONFIRMED: &str = "Unconfirmed";

/// One way in which the arguments name a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    /// By its name.
    Username(String),
    /// By its id.
    Id(UserId),
    /// By its e-mail address.
    Email(String),
}

impl Who {
    /// What was given.
    fn given(&self) -> String {
        match self {
            Self::Username(text) | Self::Email(text) => text.clone(),
            Self::Id(id) => id.to_string(),
        }
    }
}

/// A user as the arguments name it: in one way, or in several that have to agree.
pub(super) struct NamedUser {
    ways: Vec<Who>,
}

impl NamedUser {
    /// What was given; where there are several ways, the first.
    fn given(&self) -> String {
        self.ways.first().map(Who::given).unwrap_or_default()
    }
}

/// A user that was found.
pub(super) struct Target {
    /// Its id.
    pub(super) id: UserId,
    /// The user itself, where finding it brought it along; with an id it does not.
    pub(super) user: Option<User>,
}

/// What came of one user.
pub(super) struct Outcome<T> {
    /// What was given.
    pub(super) given: String,
    /// The user's id, if it was found.
    pub(super) id: Option<UserId>,
    /// What was done, or why not.
    pub(super) result: Result<T>,
}

/// What a changing command did to one user.
#[derive(Debug)]
pub(super) struct Change {
    /// False if it was so already.
    pub(super) changed: bool,
    /// Whether PingOne was seen to hold the new state.
    pub(super) verified: bool,
    /// What happened, in a sentence.
    pub(super) result: String,
    /// More for the context.
    pub(super) details: Row,
}

/// What was done before the rest of it failed: told with the failure, since it stays done.
#[derive(Debug, thiserror::Error)]
#[error("{told}")]
pub(super) struct DoneBefore {
    /// What was done, in words.
    pub(super) told: String,
    /// Whether that is something; `None` if that is not known.
    pub(super) changed: Option<bool>,
    /// What a success would have put into the context of it.
    pub(super) details: Row,
}

impl DoneBefore {
    /// PingOne accepted something, but it could not be seen whether it holds.
    pub(super) fn accepted(what: &str) -> Self {
        Self {
            told: ["PingOne accepted the ", what, "; then"].concat(),
            changed: Some(true),
            details: Row::new(),
        }
    }

    /// The failure that came after it; by itself where surely nothing was done.
    pub(super) fn then(self, error: pingone::Error) -> anyhow::Error {
        let error = anyhow::Error::from(error);
        if self.changed == Some(false) {
            error
        } else {
            error.context(self)
        }
    }
}

/// PingOne accepted a change, but does not say whether it holds.
#[derive(Debug, thiserror::Error)]
#[error("PingOne accepted the {change}, but does not say whether {state}: look in PingOne.")]
pub(super) struct NotTold {
    /// What was accepted.
    pub(super) change: &'static str,
    /// What should hold now.
    pub(super) state: String,
}

/// What failed of several things of a user.
pub(super) struct Failures<T> {
    /// Those that surely were not done.
    not_done: Vec<T>,
    /// Those that PingOne may have done without saying so.
    pub(super) unconfirmed: Vec<T>,
    /// The failure that tells most.
    pub(super) error: pingone::Error,
}

impl<T: fmt::Display> Failures<T> {
    /// What was not `done`, and what may have been: "not deleted: …; may have been deleted: …".
    pub(super) fn told(&self, done: &str) -> String {
        let parts = [
            ("not", &self.not_done),
            ("may have been", &self.unconfirmed),
        ];
        let parts = parts.into_iter().filter(|(_, things)| !things.is_empty());
        let parts = parts.map(|(how, things)| {
            let things: Vec<String> = things.iter().map(ToString::to_string).collect();
            format!("{how} {done}: {}", things.join(", "))
        });
        parts.collect::<Vec<_>>().join("; ")
    }
}

/// Whether something was changed: `done` holds what was, `unconfirmed` what may have been; `None` if that is not
/// known.
pub(super) fn changed_by<T>(done: &[T], unconfirmed: &[T]) -> Option<bool> {
    match (done, unconfirmed) {
        ([], []) => Some(false),
        ([], _) => None,
        _ => Some(true),
    }
}

/// Does `work` for several things of a user, one after the other. One that fails does not keep the others from being
/// done: it may be another that matters. `work` says whether the thing was there; those that were are added to
/// `done`. Gives what failed, if something did.
pub(super) async fn each<T: Copy + PartialEq>(
    things: &[T],
    done: &mut Vec<T>,
    work: impl AsyncFn(T) -> Result<bool, pingone::Error>,
) -> Option<Failures<T>> {
    let (mut not_done, mut unconfirmed) = (Vec::new(), Vec::new());
    let mut worst = None::<pingone::Error>;
    for thing in things {
        match work(*thing).await {
            Ok(true) if !done.contains(thing) => done.push(*thing),
            Ok(_) => {}
            Err(error) => {
                if error.may_have_changed() {
                    unconfirmed.push(*thing);
                } else {
                    not_done.push(*thing);
                }
                // The instance forbids the user to be changed, not this thing.
                let is_final = matches!(*error.problem, Problem::Forbidden(_));
                let tells_more =
                    |worst: &pingone::Error| error.may_have_changed() && !worst.may_have_changed();
                if worst.as_ref().is_none_or(tells_more) {
                    worst = Some(error);
                }
                if is_final {
                    break;
                }
            }
        }
    }
    worst.map(|error| Failures {
        not_done,
        unconfirmed,
        error,
    })
}

/// Whether something was changed before this failure; `None` if that is not known.
pub(super) fn changed_before(error: &anyhow::Error) -> Option<bool> {
    if let Some(before) = error.downcast_ref::<DoneBefore>()
        && before.changed != Some(false)
    {
        return before.changed;
    }
    if error.is::<NotTold>() {
        return None;
    }
    let error = error.downcast_ref::<pingone::Error>();
    let may_have = error.is_some_and(pingone::Error::may_have_changed);
    (!may_have).then_some(false)
}

/// What is kept of each user until the command's end.
pub(super) trait Kept {
    /// What it takes in memory.
    fn weight(&self) -> usize;
}

impl<T: Borrow<Value>> Kept for Vec<T> {
    fn weight(&self) -> usize {
        self.iter()
            .map(|item| memory::ROW + memory::weight(item.borrow()))
            .sum()
    }
}

impl Kept for Change {
    fn weight(&self) -> usize {
        let details = self.details.values().map(memory::weight).sum::<usize>();
        memory::ROW + memory::text_weight(&self.result) + details
    }
}

impl Invocation<'_> {
    /// The users that `username`, `userId` or `email` name, each once. More than one of these arguments have to
    /// name the same user, as with the documented commands; with lists it could not be told who belongs to whom.
    pub(super) fn named_users(&self) -> Result<Vec<NamedUser>> {
        let texts = |arg| self.args.list(arg).iter().cloned();
        let ids = self.args.ids(Arg::UserId)?.into_iter();
        let mut given: Vec<Vec<Who>> = vec![
            texts(Arg::Username).map(Who::Username).collect(),
            ids.map(Who::Id).collect(),
            texts(Arg::Email).map(Who::Email).collect(),
        ];
        given.retain(|ways| !ways.is_empty());
        let named: Vec<Vec<Who>> = match given.len() {
            0 => bail!("PingOne error: You must supply one of 'username', 'userId' and 'email'."),
            1 => given.into_iter().flatten().map(|who| vec![who]).collect(),
            _ if given.iter().all(|ways| ways.len() == 1) => vec![given.concat()],
            _ => bail!("Give several users by only one of 'username', 'userId' and 'email'."),
        };
        let mut users: Vec<NamedUser> = Vec::with_capacity(named.len());
        let mut seen = HashSet::with_capacity(named.len());
        for ways in named {
            if seen.insert(ways.clone()) {
                users.push(NamedUser { ways });
            }
        }
        Ok(users)
    }

    /// The one user that the arguments name, for a command that takes no list.
    pub(super) async fn named_user(&self) -> Result<Target> {
        let named = self.named_users()?;
        let [named] = named.as_slice() else {
            bail!("This command takes one user; {} were given.", named.len())
        };
        self.target(named).await
    }

    /// Finds a user; all ways in which it is named have to lead to the same one.
    async fn target(&self, named: &NamedUser) -> Result<Target> {
        let ways = named.ways.iter().map(|who| self.find(who));
        let mut found = try_join_all(ways).await?;
        if found.iter().any(|target| target.id != found[0].id) {
            let ways = named.ways.iter().zip(&found);
            let ways = ways.map(|(who, target)| match who {
                Who::Username(name) => format!("username {name} is {}", target.id),
                Who::Email(email) => format!("email {email} is {}", target.id),
                Who::Id(id) => format!("userId is {id}"),
            });
            bail!(
                "The arguments name different users ({}): give only one of 'username', 'userId' and 'email'.",
                ways.collect::<Vec<_>>().join(", ")
            );
        }
        let known = found.iter().position(|target| target.user.is_some());
        Ok(found.swap_remove(known.unwrap_or_default()))
    }

    async fn find(&self, who: &Who) -> Result<Target> {
        let user = match who {
            Who::Id(id) => {
                return Ok(Target {
                    id: *id,
                    user: None,
                });
            }
            Who::Username(name) => {
                let users = self.pingone.find_users(name).await?;
                only_user("username", name, users, GIVE_USER_ID)?.ok_or_else(|| no_user(name))?
            }
            Who::Email(email) => {
                let users = self.pingone.find_users_by_email(email).await?;
                only_user("e-mail address", email, users, GIVE_USER_ID)?
                    .ok_or_else(|| anyhow!("Failed to find user for {email} e-mail address."))?
            }
        };
        Ok(Target {
            id: user.id,
            user: Some(user),
        })
    }

    /// The user itself; read only if finding it did not bring it along.
    pub(super) async fn user_of(&self, target: &mut Target) -> Result<User> {
        match target.user.take() {
            Some(user) => Ok(user),
            None => Ok(self.pingone.read_user(target.id).await?),
        }
    }

    /// Does `work` for every named user, some at once; the outcomes are in the order of the names. A user that
    /// was named twice, as by a name in capitals and not, is served once: two at once would be in each other's way, and
    /// each would tell the half of it.
    pub(super) async fn for_each_user<T: Kept>(
        &self,
        work: impl AsyncFn(Target) -> Result<T>,
    ) -> Result<Vec<Outcome<T>>> {
        let named = self.named_users()?;
        let work = &work;
        let served = RefCell::new(HashSet::new());
        let served = &served;
        let outcomes = stream::iter(named).map(|named| async move {
            let given = named.given();
            let (id, result) = match self.target(&named).await {
                Ok(target) if !served.borrow_mut().insert(target.id) => return None,
                Ok(target) => (Some(target.id), work(target).await),
                Err(error) => (None, Err(error)),
            };
            self.pingone.budget().spend(match &result {
                Ok(kept) => kept.weight(),
                Err(error) => memory::ROW + memory::text_weight(&format!("{error:#}")),
            });
            Some(Outcome { given, id, result })
        });
        let outcomes: Vec<Option<Outcome<T>>> = outcomes.buffered(AT_ONCE).collect().await;
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// The sentences for the users that failed, as `failOn` wants: of any, or only if all did.
    pub(super) fn failures<T>(&self, outcomes: &[Outcome<T>]) -> Vec<String> {
        let failed: Vec<String> = outcomes
            .iter()
            .filter_map(|Outcome { given, result, .. }| {
                Some(format!("{given}: {}", self.explain(result.as_ref().err()?)))
            })
            .collect();
        let only_if_all = self.args.text(Arg::FailOn) == Some("all");
        if only_if_all && failed.len() < outcomes.len() {
            Vec::new()
        } else {
            failed
        }
    }

    /// The answer of a command that lists something of each user: a row for each item, with the user before it, and
    /// a line for each user without any.
    pub(super) fn report_items<T: Borrow<Value> + Into<Value>>(
        &self,
        (title, columns, key): (&str, &[&str], &str),
        outcomes: Vec<Outcome<Vec<T>>>,
        describe: impl Fn(&T, &Value) -> Row,
    ) -> Output {
        let failures = self.failures(&outcomes);
        let (mut rows, mut context) = (Vec::new(), Vec::new());
        for Outcome { given, id, result } in &outcomes {
            let user = json!(id.map(|id| id.to_string()));
            for item in result.iter().flatten() {
                let entry = describe(item, &user);
                let mut line = row([("User", json!(given))]);
                line.extend(entry.clone());
                rows.push(line);
                context.push(Value::Object(entry));
            }
        }
        let mut readable = table_of(title, columns, &rows);
        for Outcome { given, result, .. } in &outcomes {
            let none = match result {
                Ok(items) if items.is_empty() && outcomes.len() > 1 => "none".to_owned(),
                Ok(_) => continue,
                Err(error) => self.explain(error),
            };
            readable.push_str(&[given, ": ", &none, "\n"].concat());
        }
        let raw = outcomes
            .into_iter()
            .filter_map(|outcome| outcome.result.ok());
        let raw = raw.flatten().map(Into::into).collect();
        let mut output = Output::new(readable, Some(Value::Array(raw)));
        if !context.is_empty() {
            output = output.with_context(key, Value::Array(context));
        }
        output.failures = failures;
        output
    }

    /// The answer of a changing command: one row for each user.
    pub(super) fn report_changes(&self, title: &str, outcomes: &[Outcome<Change>]) -> Output {
        let mut rows = Vec::new();
        let mut context = Vec::new();
        for Outcome { given, id, result } in outcomes {
            let id = id.map(|id| id.to_string());
            let (changed, verified, text, details) = match result {
                Ok(Change {
                    changed,
                    verified,
                    result,
                    details,
                }) => (Some(*changed), *verified, result.clone(), details.clone()),
                Err(error) => {
                    let before = error.downcast_ref::<DoneBefore>();
                    let details = before.map(|before| before.details.clone());
                    let text = format!("Failed: {}", self.explain(error));
                    (
                        changed_before(error),
                        false,
                        text,
                        details.unwrap_or_default(),
                    )
                }
            };
            rows.push(row([
                ("User", json!(given)),
                ("ID", json!(id)),
                ("Changed", json!(changed)),
                ("Verified", json!(verified)),
                ("Result", json!(text)),
            ]));
            // Without an id there is nothing by which a context entry could be found again.
            if id.is_some() {
                let mut entry = row([
                    ("ID", json!(id)),
                    ("User", json!(given)),
                    ("Command", json!(self.command)),
                ]);
                entry.extend(row([
                    ("Changed", json!(changed)),
                    ("Verified", json!(verified)),
                    ("Result", json!(text)),
                ]));
                entry.extend(details);
                context.push(Value::Object(entry));
            }
        }
        let readable = table_of(
            title,
            &["User", "ID", "Changed", "Verified", "Result"],
            &rows,
        );
        let mut output = Output::new(readable, Some(Value::Array(context.clone())));
        if !context.is_empty() {
            output = output.with_context(CHANGE, Value::Array(context));
        }
        output.failures = self.failures(outcomes);
        output
    }
}
