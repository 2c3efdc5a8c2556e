//! What PingOne's documentation leaves open: one probe for each question. A probe makes ready what it needs,
//! asks, and says what it found: the answer that this project assumes, another one, or that it could not be
//! settled here and why. Findings are our own words, statuses, and names and codes of PingOne's.
//!
//! To add one: its line in the table below, its function in the file of its noun, and its cases, one for each
//! way it can go, in `tests/verify/probes.rs`.

use super::{
    error::VerifyError,
    probe::{Fixture, Found},
    test_context::TestContext,
};

mod accounts;
mod activities;
mod devices;
mod environment;
mod groups;
mod passwords;
mod users;

macro_rules! probes {
    ($($name:literal => $probe:path, $question:literal;)*) => {
        /// The probes in the order in which they are asked, with what each asks.
        pub const PROBES: &[(&str, &str)] = &[$(($name, $question)),*];

        /// Asks one question; its name is one of those above.
        pub async fn run(name: &str, cx: &TestContext, fixture: &Fixture) -> Found {
            match name {
                $($name => $probe(cx, fixture).await,)*
                _ => Err(VerifyError::Skipped("there is no such probe")),
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
