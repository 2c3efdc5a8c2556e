//! Unlinks accounts at external identity providers from a user.

use anyhow::Result;
use serde_json::Value;

use super::{
    change::{
        Change, Details, LinkedAccount, LinkedAccounts, PartialSuccess, Verb, changed_by,
        for_each_best_effort,
    },
    phrases::{Named, counted, list},
};
use pingone::{
    Client,
    id::{LinkedAccountId, UserId},
};

const UNLINK: Verb = Verb {
    base: "unlink",
    past: "unlinked",
};

/// Unlinks these accounts, then lists the user's accounts again to verify that they are gone.
pub async fn unlink(
    pingone: &Client<'_>,
    user: UserId,
    wanted: &[LinkedAccountId],
) -> Result<Change> {
    let mut outcome = LinkedAccounts::default();
    let selected = linked(pingone, user, wanted, &outcome).await?;
    let missing = wanted
        .iter()
        .filter(|id| !selected.iter().any(|account| account.id == **id));
    outcome.not_found = missing.copied().map(Named::by_id).collect();
    if !selected.is_empty() {
        let work = async |account| pingone.unlink_account(user, account).await;
        if let Some(failures) = for_each_best_effort(&selected, &mut outcome.unlinked, work).await {
            let rest = format!("; {}", failures.summary(UNLINK));
            outcome.unconfirmed = failures.unconfirmed;
            return Err(partial(outcome, &rest).with_cause(failures.error));
        }
        let left = linked(pingone, user, wanted, &outcome).await?;
        if !left.is_empty() {
            let is_left = |account: &LinkedAccount| left.iter().any(|left| left.id == account.id);
            outcome.unlinked.retain(|account| !is_left(account));
            let still = format!(", but PingOne still lists {}.", list(&left));
            return Err(partial(outcome, &still).into());
        }
    }
    Ok(Change {
        changed: !outcome.unlinked.is_empty(),
        verified: true,
        details: Details::LinkedAccounts(outcome),
    })
}

/// Those of the `wanted` accounts that are linked to the user, by their ids at the identity provider. What was already
/// unlinked is part of the failure.
async fn linked(
    pingone: &Client<'_>,
    user: UserId,
    wanted: &[LinkedAccountId],
    before: &LinkedAccounts,
) -> Result<Vec<LinkedAccount>> {
    let failed = |error| partial(before.clone(), ", then failed").with_cause(error);
    let listed = pingone.linked_accounts(user).await.map_err(failed)?;
    let mut accounts = Vec::new();
    for (id, raw) in listed {
        let Some(id) = id else {
            let nameless = ", but PingOne lists a linked account without an id.";
            return Err(partial(before.clone(), nameless).into());
        };
        if wanted.contains(&id) {
            let name = raw.get("externalId").and_then(Value::as_str);
            let name = name.filter(|name| !name.trim().is_empty());
            accounts.push(Named {
                id,
                name: name.map(str::to_owned),
            });
        }
    }
    Ok(accounts)
}

/// What was unlinked before something failed.
fn partial(outcome: LinkedAccounts, rest: &str) -> PartialSuccess {
    PartialSuccess {
        summary: outcome.summary() + rest,
        changed: changed_by(&outcome.unlinked, &outcome.unconfirmed),
        details: Details::LinkedAccounts(outcome),
    }
}

impl LinkedAccounts {
    /// `Unlinked 2 accounts (ext-5512, ext-5513)`.
    fn summary(&self) -> String {
        let count = counted(self.unlinked.len(), "account");
        if self.unlinked.is_empty() {
            format!("Unlinked {count}")
        } else {
            format!("Unlinked {count} ({})", list(&self.unlinked))
        }
    }
}
