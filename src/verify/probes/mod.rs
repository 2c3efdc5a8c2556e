//! What PingOne's documentation leaves open: one probe per question. A probe sets up what it needs, makes its calls and
//! returns a finding: PingOne behaves as this project assumes, it behaves differently, or the probe could not find out
//! and why. Findings only contain our own words, HTTP statuses, and PingOne's names and codes.
//!
//! To add a probe: a line in the table below, a function in the file of its noun, and a case for each possible finding
//! in `tests/verify/probes.rs`.

use super::{
    error::VerifyError,
    probe::{Fixture, ProbeResult},
    test_context::TestContext,
};

mod accounts;
mod activities;
mod applications;
mod devices;
mod environment;
mod groups;
mod passwords;
mod users;

macro_rules! probes {
    ($($name:literal => $probe:path, $question:literal;)*) => {
        /// The probes in the order in which they run, each with its question.
        pub const PROBES: &[(&str, &str)] = &[$(($name, $question)),*];

        /// Runs the probe with this name.
        pub async fn run(name: &str, cx: &TestContext, fixture: &Fixture) -> ProbeResult {
            match name {
                $($name => $probe(cx, fixture).await,)*
                _ => Err(VerifyError::Skipped("there is no such probe")),
            }
        }
    };
}

probes! {
    "client-authentication" => environment::client_authentication, "Does the worker application accept HTTP Basic (the console's default)?";
    "error-id" => environment::error_id, "Is an error's `id` the `Correlation-Id` of its response?";
    "unknown-environment" => environment::unknown_environment, "Does an unknown environment return 403?";
    "filter-escaping" => users::filter_escaping, "Does a filter treat `\\\"` and `\\\\` in a value as JSON does?";
    "filter-widening" => users::filter_widening, "Does escaping quotes keep a value from widening the filter?";
    "username-filter-case" => users::username_filter_case, "Does `username eq` ignore case?";
    "username-unique-case" => users::username_unique_case, "Can two usernames differ only in case?";
    "user-id-filter" => users::user_id_filter, "Is the user filter `id eq` rejected?";
    "create-with-password" => users::create_with_password, "Is a password ignored when a user is created with `application/json`?";
    "patch-merge" => users::patch_merge, "Does a plain PATCH keep members of `name` and `address` that it does not contain?";
    "scim-patch-path" => users::scim_patch_path, "Does a SCIM patch accept the path `name.middle`?";
    "enabled-answer" => accounts::enabled_answer, "Does the response to a change of `enabled` contain the new state?";
    "disabled-status" => accounts::disabled_status, "Does a disabled user's `account.status` remain OK?";
    "disabled-lock" => accounts::disabled_lock, "Are locking and unlocking a disabled user rejected with 415?";
    "enabled-unlock" => accounts::enabled_unlock, "Does unlocking right after enabling work?";
    "lock-without-end" => accounts::lock_without_end, "Does a lock without `unlockAt` lock the account?";
    "lock-past-end" => accounts::lock_past_end, "Does a lock with `unlockAt` in the past have no effect?";
    "unlock-media-type" => accounts::unlock_media_type, "Does `account.unlock+json` without a body unlock the account?";
    "force-change-no-password" => passwords::force_change_no_password, "Is forcing a password change rejected if the user has no password?";
    "force-change-media-type" => passwords::force_change_media_type, "Is `password.forceChange` accepted without `+json`, with status 200?";
    "password-unlock-media-type" => passwords::password_unlock_media_type, "Is `password.unlock` accepted with `+json`?";
    "password-warnings" => passwords::password_warnings, "Which members does a password state have after failed checks?";
    "lockout-in-account" => passwords::lockout_in_account, "Does a password lockout show as LOCKED in `account.status`?";
    "lockout-unlock" => passwords::lockout_unlock, "Does a password lockout survive `account.unlock`?";
    "member-again" => groups::member_again, "Is adding a member twice rejected with UNIQUENESS_VIOLATION?";
    "member-filter" => groups::member_filter, "Does a user's group list accept the filter `type eq \"DIRECT\"`?";
    "member-not" => groups::member_not, "Does removing a user who is not a member return 404?";
    "users-page" => users::users_page, "Does a page of users contain at most 200?";
    "activities-limit" => activities::activities_limit, "Does GET activities accept a limit of 1000, but no more?";
    "activities-delay" => activities::activities_delay, "How long until an activity appears in the audit trail?";
    "worker-roles" => applications::removed_roles, "Does an access token lose the roles that its worker application loses?";
    "disabled-worker" => applications::disabled, "Does an access token outlive the disabling of its worker application?";
    "bypass-name" => devices::bypass_name, "Is the boolean of an MFA bypass called `bypassMFAEnabled`?";
    "bypass-end" => devices::bypass_end, "Does an end in the past end an MFA bypass?";
}
