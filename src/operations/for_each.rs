//! The same for each of several users, a few at a time. That one user fails does not keep the others from being served.

use std::{borrow::Borrow, cell::RefCell, collections::HashSet};

use anyhow::Result;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::find::{NamedUser, Target, find_user};
use pingone::{Client, id::UserId, memory};

/// So many users are served at once: enough to hide the network's delay, and well below PingOne's rate limits.
const AT_ONCE: usize = 10;

/// What is as long as an id.
pub(super) const ID: &str = "00000000-0000-0000-0000-000000000000";

/// What came of one user.
pub struct Outcome<T> {
    /// What was given.
    pub given: String,
    /// The user's id, if it was found.
    pub id: Option<UserId>,
    /// What was done, or why not.
    pub result: Result<T>,
}

/// What is kept of each user until the command's end.
pub trait Weight {
    /// What it takes in memory.
    fn weight(&self) -> usize;
}

impl<T: Borrow<Value>> Weight for Vec<T> {
    fn weight(&self) -> usize {
        self.iter()
            .map(|item| memory::ROW + memory::weight(item.borrow()))
            .sum()
    }
}

/// Does `work` for every named user, some at once; the outcomes are in the order of the names. A user that
/// was named twice, as by a name in capitals and not, is served once: two at once would be in each other's way, and
/// each would tell the half of it.
pub async fn for_each_user<T: Weight>(
    pingone: &Client<'_>,
    named: Vec<NamedUser>,
    work: impl AsyncFn(Target) -> Result<T>,
) -> Vec<Outcome<T>> {
    let work = &work;
    let served = RefCell::new(HashSet::new());
    let served = &served;
    let outcomes = stream::iter(named).map(|named| async move {
        let given = named.given();
        let (id, result) = match find_user(pingone, &named).await {
            Ok(target) if !served.borrow_mut().insert(target.id) => return None,
            Ok(target) => (Some(target.id), work(target).await),
            Err(error) => (None, Err(error)),
        };
        pingone.budget().spend(match &result {
            Ok(kept) => kept.weight(),
            Err(error) => memory::ROW + memory::text_weight(&format!("{error:#}")),
        });
        Some(Outcome { given, id, result })
    });
    let outcomes: Vec<Option<Outcome<T>>> = outcomes.buffered(AT_ONCE).collect().await;
    outcomes.into_iter().flatten().collect()
}
