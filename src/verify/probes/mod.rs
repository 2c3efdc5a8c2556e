//! What PingOne's documentation leaves open: one probe for each question. A probe makes ready what it needs,
//! asks, and says what it found: the answer that this project assumes, another one, or that it could not be
//! settled here and why. Findings are our own words, statuses, and names and codes of PingOne's.
//!
//! To add one: its line in the table below, its function in the file of its noun, and its cases, one for each
//! way it can go, in `tests/verify/probes.rs`.

use serde_json::Value;

use super::{bench::Bench, trouble::Trouble};

mod accounts;
mod activities;
mod devices;
mod environment;
mod groups;
mod passwords;
mod users;

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which way it went.
    pub verdict: Verdict,
    /// What was seen.
    pub text: String,
}

/// Which way the answer to a question went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As the commands and the sandbox assume.
    AsAssumed,
    /// Another way.
    Otherwise,
    /// It could not be settled here.
    Open,
}

impl Finding {
    fn as_assumed(text: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::AsAssumed,
            text: text.into(),
        }
    }

    fn otherwise(text: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Otherwise,
            text: text.into(),
        }
    }

    /// What could not be settled.
    pub fn open(text: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Open,
            text: text.into(),
        }
    }

    fn of(as_assumed: bool, text: impl Into<String>) -> Self {
        if as_assumed {
            Self::as_assumed(text)
        } else {
            Self::otherwise(text)
        }
    }
}

type Found = Result<Finding, Trouble>;

/// The throwaway user and group that the probes share; each puts them into the state that it needs.
pub struct Specimen {
    id: String,
    username: String,
    group: Option<String>,
}

impl Specimen {
    /// Makes the user. Without a group, its probes stay open.
    pub async fn make(bench: &Bench) -> Result<Self, Trouble> {
        let id = bench.user("probe").await?;
        let username = format!("{}-probe", bench.prefix());
        let group = match bench.group("probe").await {
            Ok((id, _)) => Some(id),
            Err(Trouble::Interrupted) => return Err(Trouble::Interrupted),
            Err(_) => None,
        };
        Ok(Self {
            id,
            username,
            group,
        })
    }

    fn group(&self) -> Result<&str, Trouble> {
        let group = self.group.as_deref();
        group.ok_or(Trouble::Skipped("no throwaway group could be made"))
    }

    fn path(&self) -> [&str; 2] {
        ["users", &self.id]
    }

    fn password_path(&self) -> [&str; 3] {
        ["users", &self.id, "password"]
    }
}

macro_rules! probes {
    ($($name:literal => $probe:path, $question:literal;)*) => {
        /// The probes in the order in which they are asked, with what each asks.
        pub const PROBES: &[(&str, &str)] = &[$(($name, $question)),*];

        /// Asks one question; its name is one of those above.
        pub async fn run(name: &str, bench: &Bench, specimen: &Specimen) -> Found {
            match name {
                $($name => $probe(bench, specimen).await,)*
                _ => Err(Trouble::Skipped("there is no such probe")),
            }
        }
    };
}

probes! {
    "client-authentication" => environment::client_authentication, "Does the worker application take HTTP Basic (the console's default)?";
    "error-id" => environment::error_id, "Is an error's `id` the `Correlation-Id` of its answer?";
    "unknown-environment" => environment::unknown_environment, "Does an environment that does not exist answer 403?";
    "filter-escaping" => users::filter_escaping, "Does a filter read `\\\"` and `\\\\` in a value as JSON does?";
    "filter-widening" => users::filter_widening, "Does an escaped quote keep a value from widening the filter?";
    "username-filter-case" => users::username_filter_case, "Does `username eq` ignore case?";
    "username-unique-case" => users::username_unique_case, "May two usernames differ in case alone?";
    "user-id-filter" => users::user_id_filter, "Is `id eq` refused as a filter of users?";
    "create-with-password" => users::create_with_password, "Is a password in a plain creation ignored?";
    "patch-merge" => users::patch_merge, "Does a plain PATCH leave the members of `name` and `address` that it lacks?";
    "scim-patch-path" => users::scim_patch_path, "Does a SCIM patch take the path `name.middle`?";
    "enabled-answer" => accounts::enabled_answer, "Does the answer to a change of `enabled` tell the new state?";
    "disabled-status" => accounts::disabled_status, "Does `account.status` of a disabled user stay OK?";
    "disabled-lock" => accounts::disabled_lock, "Is locking and unlocking a disabled user refused with 415?";
    "enabled-unlock" => accounts::enabled_unlock, "Does an unlock right after enabling work?";
    "lock-without-end" => accounts::lock_without_end, "Does a lock without `unlockAt` lock?";
    "lock-past-end" => accounts::lock_past_end, "Does a lock with `unlockAt` in the past change nothing?";
    "unlock-media-type" => accounts::unlock_media_type, "Does `account.unlock+json` without a body end a lock?";
    "force-change-no-password" => passwords::force_change_no_password, "Is a forced change refused where there is no password?";
    "force-change-media-type" => passwords::force_change_media_type, "Is `password.forceChange` taken without `+json`, and answered 200?";
    "password-unlock-media-type" => passwords::password_unlock_media_type, "Is `password.unlock` taken with `+json`?";
    "password-warnings" => passwords::password_warnings, "Which members has a password's state after failed checks?";
    "lockout-in-account" => passwords::lockout_in_account, "Does a password lockout show as LOCKED in `account.status`?";
    "lockout-unlock" => passwords::lockout_unlock, "Does a password lockout outlast `account.unlock`?";
    "member-again" => groups::member_again, "Is adding a member once more refused with UNIQUENESS_VIOLATION?";
    "member-filter" => groups::member_filter, "Does a user's list of groups take the filter `type eq \"DIRECT\"`?";
    "member-not" => groups::member_not, "Is removing one who is no member answered 404?";
    "users-page" => users::users_page, "Does a page of users hold 200 at the most?";
    "activities-limit" => activities::activities_limit, "Does GET activities take a limit of 1000, and no higher one?";
    "activities-delay" => activities::activities_delay, "How long does it take until something shows in the audit trail?";
    "bypass-name" => devices::bypass_name, "Is the truth value of an MFA bypass called `bypassMFAEnabled`?";
}

/// `attribute eq` and the value as a JSON string, as the commands escape it.
fn equals(attribute: &str, value: &str) -> String {
    format!("{attribute} eq {}", Value::from(value))
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

/// A name or a state of PingOne's; anything else may be somebody's data.
fn word(text: &str) -> String {
    let plain = (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if plain { text } else { "(another word)" }.to_owned()
}

/// The name of a member, or those of its own members with it before them.
fn names(name: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) if !members.is_empty() => members
            .iter()
            .map(|(inner, _)| format!("{}.{}", word(name), word(inner)))
            .collect(),
        _ => vec![word(name)],
    }
}

fn member_names(value: &Value) -> String {
    let members = value.as_object().into_iter().flatten();
    let names: Vec<String> = members
        .filter(|(name, _)| *name != "_links")
        .flat_map(|(name, value)| names(name, value))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use pingone::probe::Answer;

    /// An answer, for tests of what is said about it.
    pub(super) fn answer(status: u16, body: Value) -> Answer {
        Answer {
            status,
            correlation_id: None,
            body: Some(body),
        }
    }

    #[test]
    fn names_are_told_and_values_are_not() {
        let activity = json!({"_links": {}, "id": "jane", "action": {"type": "USER.CREATED"}, "jane doe": 1, "resources": [{"name": "jane"}]});
        assert_eq!(
            member_names(&activity),
            "id, action.type, (another word), resources"
        );
    }
}
