//! Runs an operation for each of several users, some concurrently. A failure for one user does not stop the others.

use std::{
    borrow::Borrow,
    cell::{Cell, RefCell},
    collections::HashSet,
};

use anyhow::Result;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::find::{Target, UserRef, find_user};
use pingone::{Client, devices::MfaBypass, id::Principal, memory};

/// Enough to hide network latency, and well below PingOne's rate limits.
const MAX_CONCURRENT: usize = 10;

/// An id, to estimate the size of ids.
pub(super) const SAMPLE_ID: &str = "00000000-0000-0000-0000-000000000000";

/// The outcome for one user, or for one application.
pub struct Outcome<T> {
    /// The user as the request gave it: username, id or email address; the application by name or id.
    pub label: String,
    /// The id of the user, if the user was found; or of a group or application.
    pub id: Option<Principal>,
    /// The operation's result.
    pub result: Result<T>,
}

/// A result that is held in memory until the command ends.
pub trait Weight {
    /// Its approximate size in bytes.
    fn weight(&self) -> usize;
}

impl<T: Borrow<Value>> Weight for Vec<T> {
    fn weight(&self) -> usize {
        self.iter()
            .map(|item| memory::ROW + memory::weight(item.borrow()))
            .sum()
    }
}

impl Weight for MfaBypass {
    fn weight(&self) -> usize {
        memory::ROW + memory::weight(&self.raw)
    }
}

/// Runs `work` for every user, some concurrently. Outcomes come in the order of `users`. A user who is given twice, such
/// as once in capitals, is processed once: concurrent runs would interfere, and each would report half of the work.
pub async fn for_each_user<T: Weight>(
    pingone: &Client<'_>,
    users: Vec<UserRef>,
    work: impl AsyncFn(Target) -> Result<T>,
) -> Vec<Outcome<T>> {
    let work = &work;
    let seen = RefCell::new(HashSet::new());
    let seen = &seen;
    let total = users.len();
    let done = Cell::new(0_usize);
    let done = &done;
    let outcomes = stream::iter(users).map(|user| async move {
        let label = user.label();
        let (id, result) = match find_user(pingone, &user).await {
            Ok(target) if !seen.borrow_mut().insert(target.id) => return None,
            Ok(target) => (Some(target.id.into()), work(target).await),
            Err(error) => (None, Err(error)),
        };
        pingone.budget().spend(match &result {
            Ok(kept) => kept.weight(),
            Err(error) => memory::ROW + memory::text_weight(&format!("{error:#}")),
        });
        done.set(done.get() + 1);
        if total > 1 {
            pingone.set_progress(format!("{} of {total} users", done.get()));
        }
        Some(Outcome { label, id, result })
    });
    let outcomes: Vec<Option<Outcome<T>>> = outcomes.buffered(MAX_CONCURRENT).collect().await;
    outcomes.into_iter().flatten().collect()
}
