//! Commands for one user or many: who is meant, a few at a time, and one row for each with what happened. That
//! one user fails does not keep the others from being served, but it is told in an error entry of its own.

use std::{cell::RefCell, collections::HashSet};

use anyhow::{Result, anyhow, bail};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    Context,
    target::{no_user, only_user},
};
use crate::{
    entry::Output,
    failure,
    markdown::{Row, table_of},
    pingone::{id::UserId, users::User},
};

/// So many users are served at once: enough to hide the network's delay, and well below PingOne's rate limits.
const AT_ONCE: usize = 10;

/// The context key of what changing commands did.
const CHANGE: &str = "PingOne.Change(val.ID && val.ID === obj.ID && val.Command === obj.Command)";

/// A user as the arguments name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
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
    /// What a success would have put into the context of it.
    pub(super) details: Row,
}

impl DoneBefore {
    /// PingOne accepted something, but it could not be seen whether it holds.
    pub(super) fn accepted(what: &str) -> Self {
        Self {
            told: ["PingOne accepted the ", what, "; then"].concat(),
            details: Row::new(),
        }
    }
}

impl Context<'_> {
    /// The users that `username`, `userId` and `email` name, each once.
    pub(super) fn named_users(&self) -> Result<Vec<Who>> {
        let mut named = Vec::new();
        let names = self
            .args
            .list("username")
            .iter()
            .cloned()
            .map(Who::Username);
        let emails = self.args.list("email").iter().cloned().map(Who::Email);
        let ids = self.args.ids("userId")?.into_iter().map(Who::Id);
        for who in names.chain(ids).chain(emails) {
            if !named.contains(&who) {
                named.push(who);
            }
        }
        if named.is_empty() {
            bail!("PingOne error: You must supply one of 'username', 'userId' and 'email'.");
        }
        Ok(named)
    }

    /// The one user that the arguments name, for a command that takes no list.
    pub(super) async fn named_user(&self) -> Result<Target> {
        let named = self.named_users()?;
        let [who] = named.as_slice() else {
            bail!("This command takes one user; {} were given.", named.len())
        };
        self.target(who).await
    }

    /// Finds a user.
    pub(super) async fn target(&self, who: &Who) -> Result<Target> {
        let user = match who {
            Who::Id(id) => {
                return Ok(Target {
                    id: *id,
                    user: None,
                });
            }
            Who::Username(name) => only_user(
                name,
                self.pingone.find_users(name).await?,
                "Give userId instead.",
            )?
            .ok_or_else(|| no_user(name))?,
            Who::Email(email) => {
                let mut users = self.pingone.find_users_by_email(email).await?;
                if users.len() > 1 {
                    let candidates = users.iter().map(|user| {
                        format!(
                            "{} ({})",
                            user.fields.username.as_deref().unwrap_or_default(),
                            user.id
                        )
                    });
                    let candidates = candidates.collect::<Vec<_>>().join(", ");
                    bail!(
                        "More than one user has the e-mail address {email}: {candidates}. Give userId instead."
                    );
                }
                users
                    .pop()
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
    /// was named twice, as by its name and its id, is served once: two at once would be in each other's way, and
    /// each would tell the half of it.
    pub(super) async fn for_each_user<T>(
        &self,
        work: impl AsyncFn(Target) -> Result<T>,
    ) -> Result<Vec<Outcome<T>>> {
        let named = self.named_users()?;
        let work = &work;
        let served = RefCell::new(HashSet::new());
        let served = &served;
        let outcomes = stream::iter(named).map(|who| async move {
            let given = who.given();
            match self.target(&who).await {
                Ok(target) if !served.borrow_mut().insert(target.id) => None,
                Ok(target) => Some(Outcome {
                    given,
                    id: Some(target.id),
                    result: work(target).await,
                }),
                Err(error) => Some(Outcome {
                    given,
                    id: None,
                    result: Err(error),
                }),
            }
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
        let only_if_all = self.args.text("failOn") == Some("all");
        if only_if_all && failed.len() < outcomes.len() {
            Vec::new()
        } else {
            failed
        }
    }

    /// What went wrong and what to do about it.
    pub(super) fn explain(&self, error: &anyhow::Error) -> String {
        failure::explain(self.command, self.access, error)
    }

    /// The answer of a command that lists something of each user: a row for each item, with the user before it.
    pub(super) fn report_items(
        &self,
        (title, columns, key): (&str, &[&str], &str),
        outcomes: &[Outcome<Vec<Value>>],
        describe: impl Fn(&Value, &Value) -> Row,
    ) -> Output {
        let (mut rows, mut context, mut raw) = (Vec::new(), Vec::new(), Vec::new());
        for Outcome { given, id, result } in outcomes {
            let user = json!(id.map(|id| id.to_string()));
            for item in result.iter().flatten() {
                let entry = describe(item, &user);
                let mut line = row([("User", json!(given))]);
                line.extend(entry.clone());
                rows.push(line);
                context.push(Value::Object(entry));
                raw.push(item.clone());
            }
        }
        let mut output = Output::new(table_of(title, columns, &rows), Some(Value::Array(raw)));
        if !context.is_empty() {
            output = output.with_context(key, Value::Array(context));
        }
        output.failures = self.failures(outcomes);
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
                }) => (*changed, *verified, result.clone(), details.clone()),
                Err(error) => {
                    let before = error.downcast_ref::<DoneBefore>();
                    let details = before.map(|before| before.details.clone());
                    let text = format!("Failed: {}", self.explain(error));
                    (false, false, text, details.unwrap_or_default())
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

/// A row or a context entry of these members, in this order.
pub(super) fn row<const N: usize>(members: [(&str, Value); N]) -> Row {
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What stands at `pointer` in an answer of PingOne; null if nothing does.
pub(super) fn at(raw: &Value, pointer: &str) -> Value {
    raw.pointer(pointer).cloned().unwrap_or(Value::Null)
}
