//! What PingOne's documentation leaves open: one probe for each question. A probe makes ready what it needs,
//! asks, and says what it found: the answer that this project assumes, another one, or that it could not be
//! settled here and why. Findings are our own words, statuses, and names and codes of PingOne's.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    bench::{Bench, JSON, get, operation, patch, post, put, unused_id},
    trouble::{Trouble, status_and_codes},
};
use crate::pingone::{
    probe::{Answer, Question},
    token::ClientAuthentication,
};

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
    "client-authentication" => client_authentication, "Does the worker application take HTTP Basic (the console's default)?";
    "error-id" => error_id, "Is an error's `id` the `Correlation-Id` of its answer?";
    "unknown-environment" => unknown_environment, "Does an environment that does not exist answer 403?";
    "filter-escaping" => filter_escaping, "Does a filter read `\\\"` and `\\\\` in a value as JSON does?";
    "filter-widening" => filter_widening, "Does an escaped quote keep a value from widening the filter?";
    "username-filter-case" => username_filter_case, "Does `username eq` ignore case?";
    "username-unique-case" => username_unique_case, "May two usernames differ in case alone?";
    "user-id-filter" => user_id_filter, "Is `id eq` refused as a filter of users?";
    "create-with-password" => create_with_password, "Is a password in a plain creation ignored?";
    "patch-merge" => patch_merge, "Does a plain PATCH leave the members of `name` and `address` that it lacks?";
    "scim-patch-path" => scim_patch_path, "Does a SCIM patch take the path `name.middle`?";
    "enabled-answer" => enabled_answer, "Does the answer to a change of `enabled` tell the new state?";
    "disabled-status" => disabled_status, "Does `account.status` of a disabled user stay OK?";
    "disabled-lock" => disabled_lock, "Is locking and unlocking a disabled user refused with 415?";
    "enabled-unlock" => enabled_unlock, "Does an unlock right after enabling work?";
    "lock-without-end" => lock_without_end, "Does a lock without `unlockAt` lock?";
    "lock-past-end" => lock_past_end, "Does a lock with `unlockAt` in the past change nothing?";
    "unlock-media-type" => unlock_media_type, "Does `account.unlock+json` without a body end a lock?";
    "force-change-no-password" => force_change_no_password, "Is a forced change refused where there is no password?";
    "force-change-media-type" => force_change_media_type, "Is `password.forceChange` taken without `+json`, and answered 200?";
    "password-unlock-media-type" => password_unlock_media_type, "Is `password.unlock` taken with `+json`?";
    "password-warnings" => password_warnings, "Which members has a password's state after failed checks?";
    "lockout-in-account" => lockout_in_account, "Does a password lockout show as LOCKED in `account.status`?";
    "lockout-unlock" => lockout_unlock, "Does a password lockout outlast `account.unlock`?";
    "member-again" => member_again, "Is adding a member once more refused with UNIQUENESS_VIOLATION?";
    "member-filter" => member_filter, "Does a user's list of groups take the filter `type eq \"DIRECT\"`?";
    "member-not" => member_not, "Is removing one who is no member answered 404?";
    "users-page" => users_page, "Does a page of users hold 200 at the most?";
    "activities-limit" => activities_limit, "Does GET activities take a limit of 1000, and no higher one?";
    "activities-delay" => activities_delay, "How long does it take until something shows in the audit trail?";
    "bypass-name" => bypass_name, "Is the truth value of an MFA bypass called `bypassMFAEnabled`?";
}

const LOCK: &str = "application/vnd.pingidentity.account.lock+json";
const UNLOCK: &str = "application/vnd.pingidentity.account.unlock+json";
const SCIM_PATCH: &str = "application/vnd.pingidentity.user.scim.patch+json";
const SET_PASSWORD: &str = "application/vnd.pingidentity.password.set+json";
const CHECK_PASSWORD: &str = "application/vnd.pingidentity.password.check+json";
const FORCE_CHANGE: &str = "application/vnd.pingidentity.password.forceChange";
const FORCE_CHANGE_JSON: &str = "application/vnd.pingidentity.password.forceChange+json";
const UNLOCK_PASSWORD: &str = "application/vnd.pingidentity.password.unlock";
const UNLOCK_PASSWORD_JSON: &str = "application/vnd.pingidentity.password.unlock+json";

// The environment and its ways.

async fn client_authentication(bench: &Bench, _: &Specimen) -> Found {
    Ok(match bench.authentication().await {
        Some(ClientAuthentication::Basic) => {
            Finding::as_assumed("Basic worked, as this application is set")
        }
        Some(ClientAuthentication::Form) => Finding::otherwise(
            "Basic was refused, the form worked: was the application's setting changed by hand?",
        ),
        None => Finding::open("no token came"),
    })
}

async fn error_id(bench: &Bench, _: &Specimen) -> Found {
    let answer = bench.ask(get(&["users", &unused_id()?])).await?;
    if answer.is_success() {
        return Ok(Finding::open("PingOne gave no error to look at"));
    }
    Ok(match (answer.text("/id"), &answer.correlation_id) {
        (Some(id), Some(header)) if id == header => Finding::as_assumed("they are the same"),
        (Some(_), Some(_)) => Finding::otherwise("they differ"),
        (None, Some(_)) => Finding::otherwise("the error has no `id`"),
        (Some(_), None) => Finding::otherwise("the answer has no `Correlation-Id`"),
        (None, None) => Finding::otherwise("there is neither"),
    })
}

async fn unknown_environment(bench: &Bench, _: &Specimen) -> Found {
    let answer = bench.ask_environment(&unused_id()?).await?;
    Ok(Finding::of(
        answer.status == 403,
        format!("it answers {}", status_and_codes(&answer)),
    ))
}

// Users and filters.

async fn find_users(bench: &Bench, filter: &str) -> Result<Answer, Trouble> {
    let query = [("filter", filter)];
    bench
        .ask(Question {
            query: &query,
            ..get(&["users"])
        })
        .await
}

fn usernames(answer: &Answer) -> Vec<&str> {
    let users = answer.items("users").iter();
    users.filter_map(|user| user["username"].as_str()).collect()
}

/// `attribute eq` and the value as a JSON string, as the commands escape it.
fn equals(attribute: &str, value: &str) -> String {
    format!("{attribute} eq {}", Value::from(value))
}

async fn filter_escaping(bench: &Bench, _: &Specimen) -> Found {
    let suffix = r#"q"uo\te"#;
    let created = bench.try_user(suffix, Value::Null).await?;
    if !created.is_success() {
        return Ok(Finding::open(format!(
            "PingOne takes no such username: {}",
            status_and_codes(&created)
        )));
    }
    let username = format!("{}-{suffix}", bench.prefix());
    let answer = find_users(bench, &equals("username", &username)).await?;
    Ok(escaping(&answer, &username))
}

fn escaping(answer: &Answer, username: &str) -> Finding {
    if !answer.is_success() {
        return Finding::otherwise(format!(
            "the filter is refused: {}",
            status_and_codes(answer)
        ));
    }
    match usernames(answer).as_slice() {
        [found] if *found == username => Finding::as_assumed("exactly the user meant is found"),
        [] => Finding::otherwise("the filter is taken, but the user is not found"),
        found if found.contains(&username) => {
            Finding::otherwise("the filter finds other users too")
        }
        _ => Finding::otherwise("the filter finds other users only"),
    }
}

async fn filter_widening(bench: &Bench, _: &Specimen) -> Found {
    // If the quote ended the value, this would find the users of this run.
    let value = format!(
        "{prefix}-nobody\" or username sw \"{prefix}",
        prefix = bench.prefix()
    );
    let answer = find_users(bench, &equals("username", &value)).await?;
    Ok(widening(&answer))
}

fn widening(answer: &Answer) -> Finding {
    if !answer.is_success() {
        return Finding::as_assumed(format!(
            "yes: the filter is refused: {}",
            status_and_codes(answer)
        ));
    }
    Finding::of(
        usernames(answer).is_empty(),
        if usernames(answer).is_empty() {
            "yes: the filter is taken and finds nobody"
        } else {
            "NO: the filter was widened (the commands compare again what it finds)"
        },
    )
}

async fn username_filter_case(bench: &Bench, specimen: &Specimen) -> Found {
    let answer = find_users(
        bench,
        &equals("username", &specimen.username.to_uppercase()),
    )
    .await?;
    if !answer.is_success() {
        return Ok(Finding::open(status_and_codes(&answer)));
    }
    let found = usernames(&answer).contains(&specimen.username.as_str());
    Ok(Finding::of(
        found,
        if found {
            "yes: the name in capitals finds the user"
        } else {
            "no: the name in capitals finds nobody"
        },
    ))
}

async fn username_unique_case(bench: &Bench, _: &Specimen) -> Found {
    let answer = bench.try_user("PROBE", Value::Null).await?;
    Ok(if answer.is_success() {
        Finding::as_assumed("yes: a second user could be created")
    } else if answer.has_code("UNIQUENESS_VIOLATION") {
        Finding::otherwise(format!("no: {}", status_and_codes(&answer)))
    } else {
        Finding::open(status_and_codes(&answer))
    })
}

async fn user_id_filter(bench: &Bench, specimen: &Specimen) -> Found {
    let answer = find_users(bench, &equals("id", &specimen.id)).await?;
    Ok(if !answer.is_success() {
        Finding::as_assumed(format!("yes: {}", status_and_codes(&answer)))
    } else if usernames(&answer) == [specimen.username.as_str()] {
        Finding::otherwise("no: it finds the user")
    } else {
        Finding::otherwise("no: it is taken, but does not find exactly the user")
    })
}

async fn create_with_password(bench: &Bench, _: &Specimen) -> Found {
    let password = json!({"password": {"value": bench.password()?}});
    let answer = bench.try_user("password", password).await?;
    if !answer.is_success() {
        return Ok(Finding::otherwise(format!(
            "no: the creation is refused: {}",
            status_and_codes(&answer)
        )));
    }
    let id = answer.text("/id").unwrap_or_default();
    let state = bench.read(&["users", id, "password"]).await?;
    Ok(match state.text("/status") {
        Some("NO_PASSWORD") => Finding::as_assumed("yes: the user has no password"),
        Some(status) => {
            Finding::otherwise(format!("no: it is taken; the state is {}", word(status)))
        }
        None => Finding::open("the password's state has no status"),
    })
}

async fn patch_merge(bench: &Bench, specimen: &Specimen) -> Found {
    let path = specimen.path();
    let whole = json!({
        "name": {"given": "Vera", "family": "Throwaway"},
        "address": {"locality": "Nowhere", "region": "None"},
    });
    bench
        .need("giving the user a name", patch(&path, JSON, whole))
        .await?;
    let part = json!({"name": {"given": "Viola"}, "address": {"locality": "Elsewhere"}});
    bench
        .need("changing a part of the name", patch(&path, JSON, part))
        .await?;
    let user = bench.read(&path).await?;
    if user.text("/name/given") != Some("Viola") {
        return Ok(Finding::open("the change did not show"));
    }
    let name = user.text("/name/family") == Some("Throwaway");
    let address = user.text("/address/region") == Some("None");
    Ok(Finding::of(
        name && address,
        match (name, address) {
            (true, true) => "yes: both are merged",
            (false, false) => "no: both are replaced",
            (true, false) => "no: `name` is merged, `address` is replaced",
            (false, true) => "no: `name` is replaced, `address` is merged",
        },
    ))
}

async fn scim_patch_path(bench: &Bench, specimen: &Specimen) -> Found {
    let path = specimen.path();
    let body =
        json!({"Operations": [{"op": "replace", "path": "name.middle", "value": "Quentin"}]});
    let answer = bench.ask(patch(&path, SCIM_PATCH, body)).await?;
    if !answer.is_success() {
        return Ok(Finding::otherwise(format!(
            "no: {}",
            status_and_codes(&answer)
        )));
    }
    let set = bench.read(&path).await?.text("/name/middle") == Some("Quentin");
    Ok(Finding::of(
        set,
        if set {
            "yes: the middle name is set"
        } else {
            "no: it is taken, but the middle name is not set"
        },
    ))
}

// Accounts.

async fn enable(bench: &Bench, specimen: &Specimen, enabled: bool) -> Result<Answer, Trouble> {
    let path = ["users", &specimen.id, "enabled"];
    let body = json!({"enabled": enabled});
    bench
        .need("changing `enabled`", put(&path, JSON, body))
        .await
}

async fn unlock(bench: &Bench, specimen: &Specimen) -> Result<Answer, Trouble> {
    bench.ask(operation(&specimen.path(), UNLOCK)).await
}

async fn lock(
    bench: &Bench,
    specimen: &Specimen,
    until: Option<String>,
) -> Result<Answer, Trouble> {
    let path = specimen.path();
    bench
        .ask(match until {
            Some(until) => post(&path, LOCK, json!({"unlockAt": until})),
            None => operation(&path, LOCK),
        })
        .await
}

async fn is_locked(bench: &Bench, specimen: &Specimen) -> Result<bool, Trouble> {
    let user = bench.read(&specimen.path()).await?;
    Ok(user.text("/account/status") == Some("LOCKED"))
}

/// A time that is ahead on any clock.
pub(super) fn in_an_hour() -> String {
    shifted(3600)
}

fn shifted(seconds: i64) -> String {
    let at = Timestamp::from_second(Timestamp::now().as_second() + seconds);
    at.unwrap_or_default().to_string()
}

async fn enabled_answer(bench: &Bench, specimen: &Specimen) -> Found {
    let answer = enable(bench, specimen, true).await?;
    Ok(match answer.at("/enabled") {
        Some(Value::Bool(true)) => Finding::as_assumed("yes"),
        Some(_) => Finding::otherwise("no: `enabled` is not what was set"),
        None => Finding::otherwise(format!(
            "no: the answer ({}) has no `enabled`",
            answer.status
        )),
    })
}

async fn disabled_status(bench: &Bench, specimen: &Specimen) -> Found {
    enable(bench, specimen, false).await?;
    let user = bench.read(&specimen.path()).await;
    enable(bench, specimen, true).await?;
    let user = user?;
    let status = user.text("/account/status").unwrap_or_default();
    let may = user.at("/account/canAuthenticate");
    Ok(Finding::of(
        status == "OK" && may == Some(&Value::Bool(false)),
        format!(
            "`status` is {}, `canAuthenticate` is {}",
            word(status),
            may.and_then(Value::as_bool)
                .map_or("absent", |may| if may { "true" } else { "false" })
        ),
    ))
}

async fn disabled_lock(bench: &Bench, specimen: &Specimen) -> Found {
    enable(bench, specimen, false).await?;
    let unlocked = unlock(bench, specimen).await?;
    let locked = lock(bench, specimen, Some(in_an_hour())).await?;
    enable(bench, specimen, true).await?;
    unlock(bench, specimen).await?;
    Ok(Finding::of(
        unlocked.status == 415 && locked.status == 415,
        format!(
            "unlocking answers {}, locking {}",
            status_and_codes(&unlocked),
            status_and_codes(&locked)
        ),
    ))
}

async fn enabled_unlock(bench: &Bench, specimen: &Specimen) -> Found {
    enable(bench, specimen, false).await?;
    enable(bench, specimen, true).await?;
    let answer = unlock(bench, specimen).await?;
    Ok(Finding::of(
        answer.is_success(),
        format!("it answers {}", status_and_codes(&answer)),
    ))
}

async fn lock_without_end(bench: &Bench, specimen: &Specimen) -> Found {
    unlock(bench, specimen).await?;
    let answer = lock(bench, specimen, None).await?;
    let locked = is_locked(bench, specimen).await?;
    unlock(bench, specimen).await?;
    Ok(Finding::of(
        locked,
        format!("{}: it answers {}", yes(locked), status_and_codes(&answer)),
    ))
}

async fn lock_past_end(bench: &Bench, specimen: &Specimen) -> Found {
    unlock(bench, specimen).await?;
    let answer = lock(bench, specimen, Some(shifted(-3600))).await?;
    let locked = is_locked(bench, specimen).await?;
    unlock(bench, specimen).await?;
    Ok(past_lock(&answer, locked))
}

fn past_lock(answer: &Answer, locked: bool) -> Finding {
    let status = status_and_codes(answer);
    if !answer.is_success() {
        return Finding::otherwise(format!("no: it is refused: {status}"));
    }
    Finding::of(
        !locked,
        if locked {
            format!("no: it answers {status} and locks all the same")
        } else {
            format!("yes: it answers {status}")
        },
    )
}

async fn unlock_media_type(bench: &Bench, specimen: &Specimen) -> Found {
    lock(bench, specimen, Some(in_an_hour())).await?;
    if !is_locked(bench, specimen).await? {
        return Ok(Finding::open("the account could not be locked before"));
    }
    let answer = unlock(bench, specimen).await?;
    let locked = is_locked(bench, specimen).await?;
    Ok(Finding::of(
        answer.is_success() && !locked,
        format!("{}: it answers {}", yes(!locked), status_and_codes(&answer)),
    ))
}

// Passwords.

async fn password_status(bench: &Bench, specimen: &Specimen) -> Result<String, Trouble> {
    let state = bench.read(&specimen.password_path()).await?;
    Ok(state.text("/status").unwrap_or_default().to_owned())
}

/// Gives the user a password that is in use.
async fn give_password(bench: &Bench, specimen: &Specimen) -> Result<(), Trouble> {
    let body = json!({"value": bench.password()?, "forceChange": false, "bypassPolicy": true});
    let path = specimen.password_path();
    bench
        .need("setting a password", put(&path, SET_PASSWORD, body))
        .await
        .map(drop)
}

async fn force_change_no_password(bench: &Bench, specimen: &Specimen) -> Found {
    if password_status(bench, specimen).await? != "NO_PASSWORD" {
        return Ok(Finding::open("a new user has a password"));
    }
    let path = specimen.password_path();
    let answer = bench.ask(operation(&path, FORCE_CHANGE)).await?;
    Ok(Finding::of(
        answer.status == 400,
        format!("it answers {}", status_and_codes(&answer)),
    ))
}

async fn force_change_media_type(bench: &Bench, specimen: &Specimen) -> Found {
    let path = specimen.password_path();
    give_password(bench, specimen).await?;
    let bare = bench.ask(operation(&path, FORCE_CHANGE)).await?;
    let forced = password_status(bench, specimen).await? == "MUST_CHANGE_PASSWORD";
    give_password(bench, specimen).await?;
    let with_json = bench.ask(operation(&path, FORCE_CHANGE_JSON)).await?;
    Ok(Finding::of(
        bare.status == 200 && forced,
        format!(
            "without, it answers {}{}; with, {}",
            status_and_codes(&bare),
            if forced {
                ""
            } else {
                " and the state is not MUST_CHANGE_PASSWORD"
            },
            status_and_codes(&with_json)
        ),
    ))
}

async fn password_unlock_media_type(bench: &Bench, specimen: &Specimen) -> Found {
    let path = specimen.password_path();
    give_password(bench, specimen).await?;
    let with_json = bench.ask(operation(&path, UNLOCK_PASSWORD_JSON)).await?;
    let bare = bench.ask(operation(&path, UNLOCK_PASSWORD)).await?;
    Ok(Finding::of(
        with_json.is_success(),
        format!(
            "with, it answers {}; without, {}",
            status_and_codes(&with_json),
            status_and_codes(&bare)
        ),
    ))
}

/// More failed checks than any sensible policy allows.
const MOST_CHECKS: usize = 15;

/// What failed checks showed.
struct Lockout {
    /// Members of the password's state that the documentation does not name.
    unknown: Vec<String>,
    /// Whether the password is locked out in the end.
    locked_out: bool,
}

/// Fails to give the password until it is locked out.
async fn lock_out(bench: &Bench, specimen: &Specimen) -> Result<Lockout, Trouble> {
    const KNOWN: &[&str] = &[
        "_links",
        "_embedded",
        "environment",
        "user",
        "passwordPolicy",
        "status",
        "lastChangedAt",
        "secondsUntilUnlock",
    ];
    give_password(bench, specimen).await?;
    let path = specimen.password_path();
    let mut lockout = Lockout {
        unknown: Vec::new(),
        locked_out: false,
    };
    for _ in 0..MOST_CHECKS {
        let body = json!({"password": "not the password"});
        bench.ask(post(&path, CHECK_PASSWORD, body)).await?;
        let state = bench.read(&path).await?;
        let members = state.body.as_ref().and_then(Value::as_object);
        for (name, value) in members.into_iter().flatten() {
            if KNOWN.contains(&name.as_str()) {
                continue;
            }
            for name in names(name, value) {
                if !lockout.unknown.contains(&name) {
                    lockout.unknown.push(name);
                }
            }
        }
        lockout.locked_out = state.text("/status") == Some("PASSWORD_LOCKED_OUT");
        if lockout.locked_out {
            break;
        }
    }
    Ok(lockout)
}

async fn password_warnings(bench: &Bench, specimen: &Specimen) -> Found {
    let Lockout {
        unknown,
        locked_out,
    } = lock_out(bench, specimen).await?;
    let until = if locked_out {
        "until the lockout"
    } else {
        "without a lockout"
    };
    Ok(if unknown.is_empty() {
        Finding::as_assumed(format!("none that is not documented, {until}"))
    } else {
        Finding::otherwise(format!("{}, {until}", unknown.join(", ")))
    })
}

async fn lockout_in_account(bench: &Bench, specimen: &Specimen) -> Found {
    unlock(bench, specimen).await?;
    if !lock_out(bench, specimen).await?.locked_out {
        return Ok(no_lockout());
    }
    let locked = is_locked(bench, specimen).await?;
    give_password(bench, specimen).await?;
    Ok(Finding::of(locked, yes(locked)))
}

async fn lockout_unlock(bench: &Bench, specimen: &Specimen) -> Found {
    if !lock_out(bench, specimen).await?.locked_out {
        return Ok(no_lockout());
    }
    let answer = unlock(bench, specimen).await?;
    let still = password_status(bench, specimen).await? == "PASSWORD_LOCKED_OUT";
    give_password(bench, specimen).await?;
    Ok(Finding::of(
        still,
        format!("{}: it answers {}", yes(still), status_and_codes(&answer)),
    ))
}

fn no_lockout() -> Finding {
    Finding::open(format!(
        "{MOST_CHECKS} failed checks did not lock the password out"
    ))
}

// Groups.

async fn member_again(bench: &Bench, specimen: &Specimen) -> Found {
    let group = specimen.group()?;
    let path = ["users", &specimen.id, "memberOfGroups"];
    let add = || post(&path, JSON, json!({"id": group}));
    bench.need("adding the user to the group", add()).await?;
    let again = bench.ask(add()).await?;
    Ok(Finding::of(
        again.status == 400 && again.has_code("UNIQUENESS_VIOLATION"),
        format!("it answers {}", status_and_codes(&again)),
    ))
}

async fn member_filter(bench: &Bench, specimen: &Specimen) -> Found {
    let group = specimen.group()?;
    let member = ["users", &specimen.id, "memberOfGroups", group];
    if !bench.ask(get(&member)).await?.is_success() {
        return Ok(Finding::open("the user is not in the group"));
    }
    let filter = equals("type", "DIRECT");
    let query = [("expand", "group"), ("filter", filter.as_str())];
    let answer = bench
        .ask(Question {
            query: &query,
            ..get(&member[..3])
        })
        .await?;
    if !answer.is_success() {
        return Ok(Finding::otherwise(format!(
            "no: {}",
            status_and_codes(&answer)
        )));
    }
    let listed = answer.items("groupMemberships").iter();
    let ours = listed.clone().any(|one| one["id"] == group);
    let direct = listed.clone().all(|one| one["type"] == "DIRECT");
    let named = listed
        .clone()
        .all(|one| one["name"].is_string() || one["_embedded"]["group"]["name"].is_string());
    Ok(Finding::of(
        ours && direct && named,
        match (ours, direct, named) {
            (false, ..) => "no: it is taken, but the group is not listed",
            (_, false, _) => "no: others than DIRECT are listed too",
            (_, _, false) => "yes, but a group has no name",
            _ => "yes",
        },
    ))
}

async fn member_not(bench: &Bench, specimen: &Specimen) -> Found {
    let path = ["users", &specimen.id, "memberOfGroups", specimen.group()?];
    let remove = || Question {
        method: Method::DELETE,
        ..get(&path)
    };
    bench.ask(remove()).await?;
    let again = bench.ask(remove()).await?;
    Ok(Finding::of(
        again.status == 404,
        format!("it answers {}", status_and_codes(&again)),
    ))
}

// Pages and the audit trail.

async fn users_page(bench: &Bench, _: &Specimen) -> Found {
    let query = [("limit", "201")];
    let question = Question {
        query: &query,
        ..get(&["users"])
    };
    Ok(page_of_users(&bench.ask(question).await?))
}

fn page_of_users(answer: &Answer) -> Finding {
    if !answer.is_success() {
        return Finding::otherwise(format!(
            "a limit of 201 is refused: {}",
            status_and_codes(answer)
        ));
    }
    let size = answer.items("users").len();
    let more = answer.at("/_links/next").is_some();
    match size {
        201.. => Finding::otherwise("no: a page with a limit of 201 holds 201 users"),
        200 if more => {
            Finding::as_assumed("yes: with a limit of 201, a page holds 200 and more follow")
        }
        _ if more => Finding::otherwise(format!(
            "with a limit of 201, a page holds {size} and more follow"
        )),
        _ => {
            Finding::open("a limit of 201 is taken; the environment has too few users to show more")
        }
    }
}

async fn activities(bench: &Bench, filter: &str, limit: &str) -> Result<Answer, Trouble> {
    let query = [("filter", filter), ("limit", limit)];
    bench
        .ask(Question {
            query: &query,
            ..get(&["activities"])
        })
        .await
}

async fn activities_limit(bench: &Bench, _: &Specimen) -> Found {
    let filter = format!("recordedAt gt \"{}\"", shifted(-60));
    let within = activities(bench, &filter, "1000").await?;
    let beyond = activities(bench, &filter, "1001").await?;
    Ok(limits(&within, &beyond))
}

fn limits(within: &Answer, beyond: &Answer) -> Finding {
    let text = format!(
        "1000 answers {}, 1001 answers {}",
        status_and_codes(within),
        status_and_codes(beyond)
    );
    if within.status == 403 {
        return Finding::open(text);
    }
    Finding::of(within.is_success() && beyond.status == 400, text)
}

async fn activities_delay(bench: &Bench, _: &Specimen) -> Found {
    const FIRST_PAUSE: Duration = Duration::from_millis(500);
    const LONGEST_PAUSE: Duration = Duration::from_secs(5);
    // The clocks here and there may differ.
    let since = shifted(-600);
    let id = bench.user("audit").await?;
    let filter = format!("recordedAt gt \"{since}\" and resources.id eq \"{id}\"");
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let answer = activities(bench, &filter, "10").await?;
        if !answer.is_success() {
            return Ok(Finding::open(format!(
                "the search is refused: {}",
                status_and_codes(&answer)
            )));
        }
        let waited = began.elapsed();
        if let Some(activity) = answer.items("activities").first() {
            return Ok(Finding::as_assumed(format!(
                "{:.0} s; members: {}",
                waited.as_secs_f64(),
                member_names(activity)
            )));
        }
        let left = bench.patience().saturating_sub(waited);
        if left.is_zero() {
            return Ok(Finding::otherwise(format!(
                "more than {} s: it was not waited longer (--wait)",
                bench.patience().as_secs()
            )));
        }
        bench.pause(pause.min(left)).await?;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

// MFA.

async fn bypass_name(bench: &Bench, specimen: &Specimen) -> Found {
    let path = ["users", &specimen.id, "bypassMFA"];
    let answer = bench.ask(get(&path)).await?;
    Ok(bypass(&answer))
}

fn bypass(answer: &Answer) -> Finding {
    if !answer.is_success() {
        return Finding::open(format!("it answers {}", status_and_codes(answer)));
    }
    let members = answer.body.as_ref().and_then(Value::as_object);
    let booleans: Vec<String> = members
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.is_boolean())
        .map(|(name, _)| word(name))
        .collect();
    match booleans.as_slice() {
        [] => Finding::open("without a bypass the answer has no truth value, as documented"),
        [name] if name == "bypassMFAEnabled" => Finding::as_assumed("yes"),
        names => Finding::otherwise(format!("no: {}", names.join(", "))),
    }
}

// Words.

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
    use super::*;

    fn answer(status: u16, body: Value) -> Answer {
        Answer {
            status,
            correlation_id: None,
            body: Some(body),
        }
    }

    fn users(names: &[&str]) -> Answer {
        let users: Vec<Value> = names.iter().map(|name| json!({"username": name})).collect();
        answer(200, json!({"_embedded": {"users": users}}))
    }

    #[test]
    fn every_outcome_of_an_escaped_filter_has_its_finding() {
        let refused = answer(400, json!({"code": "INVALID_REQUEST"}));
        for (given, verdict, text) in [
            (users(&["q"]), Verdict::AsAssumed, "exactly"),
            (users(&[]), Verdict::Otherwise, "not found"),
            (users(&["q", "jane"]), Verdict::Otherwise, "too"),
            (users(&["jane"]), Verdict::Otherwise, "only"),
            (refused, Verdict::Otherwise, "400 INVALID_REQUEST"),
        ] {
            let found = escaping(&given, "q");
            assert!(
                found.verdict == verdict && found.text.contains(text),
                "{found:?}"
            );
            assert!(!found.text.contains("jane"), "{found:?}");
        }
    }

    #[test]
    fn a_widened_filter_is_told() {
        assert_eq!(widening(&users(&[])).verdict, Verdict::AsAssumed);
        assert_eq!(
            widening(&answer(400, Value::Null)).verdict,
            Verdict::AsAssumed
        );
        let found = widening(&users(&["jane"]));
        assert_eq!(found.verdict, Verdict::Otherwise);
        assert!(found.text.contains("widened") && !found.text.contains("jane"));
    }

    #[test]
    fn a_page_of_users_tells_its_size_only_if_there_are_enough() {
        let page = |size: usize, more: bool| {
            let mut page = users(&vec!["x"; size]);
            if let Some(body) = page.body.as_mut().filter(|_| more) {
                body["_links"] = json!({"next": {"href": "…"}});
            }
            page_of_users(&page)
        };
        assert_eq!(page(200, true).verdict, Verdict::AsAssumed);
        assert_eq!(page(201, false).verdict, Verdict::Otherwise);
        assert_eq!(page(100, true).verdict, Verdict::Otherwise);
        assert_eq!(page(200, false).verdict, Verdict::Open);
        assert_eq!(
            page_of_users(&answer(400, Value::Null)).verdict,
            Verdict::Otherwise
        );
    }

    #[test]
    fn a_lock_with_an_end_in_the_past_has_three_outcomes() {
        assert_eq!(
            past_lock(&answer(200, Value::Null), false).verdict,
            Verdict::AsAssumed
        );
        assert_eq!(
            past_lock(&answer(200, Value::Null), true).verdict,
            Verdict::Otherwise
        );
        let refused = past_lock(&answer(400, json!({"code": "INVALID_DATA"})), false);
        assert_eq!(refused.text, "no: it is refused: 400 INVALID_DATA");
    }

    #[test]
    fn the_name_of_the_bypass_needs_a_truth_value() {
        let found = |body: Value| bypass(&answer(200, body)).verdict;
        assert_eq!(found(json!({"_links": {}})), Verdict::Open);
        assert_eq!(
            found(json!({"bypassMFAEnabled": false})),
            Verdict::AsAssumed
        );
        assert_eq!(found(json!({"enabled": false})), Verdict::Otherwise);
        assert_eq!(
            bypass(&answer(403, json!({"code": "ACCESS_FAILED"}))).verdict,
            Verdict::Open
        );
    }

    #[test]
    fn limits_of_the_audit_trail() {
        let ok = answer(200, json!({}));
        let refused = answer(400, json!({"code": "INVALID_REQUEST"}));
        let forbidden = answer(403, json!({"code": "ACCESS_FAILED"}));
        assert_eq!(limits(&ok, &refused).verdict, Verdict::AsAssumed);
        assert_eq!(limits(&ok, &ok).verdict, Verdict::Otherwise);
        assert_eq!(limits(&refused, &refused).verdict, Verdict::Otherwise);
        assert_eq!(limits(&forbidden, &forbidden).verdict, Verdict::Open);
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
