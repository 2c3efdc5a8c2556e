//! Runs every command once, the way XSOAR would call it, and checks the result: the state is read back from PingOne
//! directly, without the command's own code.
//!
//! A read-only command needs no line here: it is run on the temporary user. A command that changes something needs a
//! line, at a point where the user still exists, and a check. A test below fails without them.

use serde_json::{Value, json};

use super::{
    applications,
    error::VerifyError,
    respond,
    step::{Step, Subject, check},
    test_context::{Kind, TestContext, get, operation, post, put},
};
use crate::{
    commands::{self, Access},
    entry::{ACCOUNT, Note},
    manifest::{self, Command},
};

macro_rules! steps {
    ($($command:literal => $check:path, $what:literal;)*) => {
        /// The commands that have their own check, in the order in which they run.
        const STEPS: &[(&str, &str)] = &[$(($command, $what)),*];

        /// Runs one command and its check.
        pub async fn run(command: &str, cx: &TestContext, subject: &mut Subject) -> Result<(), VerifyError> {
            match command {
                $($command => $check(Step { cx, subject, command: $command }).await,)*
                _ => run_default_step(cx, subject, command).await,
            }
        }
    };
}

steps! {
    "test-module" => connection, "the worker application can read users";
    "pingone-create-user" => create, "the user exists, with the right name and population";
    "pingone-get-user" => find, "finds the new user by name and by id";
    "pingone-update-user" => update, "changed attributes have their new values, the others are unchanged";
    "pingone-set-password" => set_password, "the new password works and must be changed";
    "pingone-password-force-change" => force_change, "the current password must be changed";
    "pingone-read-password-state" => password_state, "returns the state that PingOne has";
    "pingone-deactivate-user" => deactivate, "the user is disabled";
    "pingone-activate-user" => activate, "the user is enabled again";
    "pingone-unlock-user" => unlock, "a locked account is unlocked";
    "pingone-add-to-group" => add_to_group, "the user is a member; adding again says so";
    "pingone-get-groups" => groups, "the group is in the list";
    "pingone-remove-from-group" => remove_from_group, "the user is not a member; removing again says so";
    "pingone-list-users" => respond::list_users, "the user is in the list";
    "pingone-list-groups" => respond::list_groups, "the temporary group is in the list";
    "pingone-get-group-members" => respond::group_members, "an empty group has no members";
    "pingone-list-populations" => respond::populations, "the user's population is in the list";
    "pingone-list-role-assignments" => respond::roles, "a new user has no roles";
    "pingone-remove-role-assignment" => respond::remove_role, "a temporary role is removed";
    "pingone-list-sessions" => respond::sessions, "a new user has no sessions";
    "pingone-find-sessions-by-ip" => respond::sessions_by_ip, "nobody was seen at an address for documentation";
    "pingone-clear-user-sessions" => respond::clear_sessions, "no session is left";
    "pingone-list-mfa-devices" => respond::devices, "a new user has no devices";
    "pingone-delete-mfa-device" => respond::delete_device, "deleting an unknown device is not an error";
    "pingone-block-mfa-device" => respond::block_device, "a temporary TOTP device is blocked";
    "pingone-unblock-mfa-device" => respond::unblock_device, "the device is not blocked";
    "pingone-unlock-mfa-device" => respond::unlock_device, "a device that is not locked is unchanged";
    "pingone-get-mfa-bypass" => respond::bypass, "a new user has no MFA bypass";
    "pingone-end-mfa-bypass" => respond::end_bypass, "an MFA bypass of ten minutes ends";
    "pingone-reset-mfa" => respond::reset_mfa, "no device is left";
    "pingone-set-mfa-enabled" => respond::set_mfa_enabled, "MFA is turned on, then off";
    "pingone-verify-push" => respond::verify_push, "a user without a device is sent nothing";
    "pingone-get-verification" => respond::no_verification, "an id that does not exist is reported";
    "pingone-check-otp" => respond::no_verification, "an id that does not exist is reported";
    "pingone-cancel-verification" => respond::no_verification, "an id that does not exist is reported";
    "pingone-unlink-account" => respond::unlink_account, "unlinking an unknown account is not an error";
    "pingone-unlock-password" => respond::unlock_password, "a password that is not locked out is unchanged";
    "pingone-lock-user" => respond::lock, "the account is locked";
    "pingone-list-audit-activities" => respond::activities, "the audit trail can be read";
    "pingone-get-failed-logins" => respond::failed_logins, "the audit trail can be read";
    "fetch-incidents" => respond::incidents, "the audit trail can be read as a feed";
    "pingone-list-applications" => applications::list, "the worker application is in the list";
    "pingone-get-application" => applications::get, "finds the worker application by its id";
    "pingone-set-application-enabled" => applications::set_enabled, "a temporary application is disabled, then enabled";
    "pingone-rotate-application-secret" => applications::rotate_secret, "the application has a new secret, and the old one works on";
    "pingone-contain-application" => applications::contain, "the application is disabled and has no roles";
    "pingone-restore-application" => applications::restore, "the application is enabled and has its role again";
    "pingone-check-posture" => respond::posture, "the environment is looked at";
    "pingone-list-webhooks" => respond::webhooks, "webhooks are listed";
    "pingone-get-risk-evaluation" => respond::no_evaluation, "an id that does not exist is reported";
    "pingone-submit-risk-feedback" => respond::feedback, "feedback that the user is legitimate is accepted";
    "pingone-contain-user" => respond::contain, "the user is disabled";
    "pingone-restore-user" => respond::restore, "the user is enabled again";
    "pingone-delete-user" => delete, "the user no longer exists; deleting again says so";
}

/// All commands in the order in which they run, with the check of each. The last one deletes the user.
pub fn all() -> Vec<(&'static str, &'static str)> {
    let [before @ .., last] = STEPS else {
        return Vec::new();
    };
    let others = manifest::COMMANDS
        .iter()
        .filter(|command| has_default_step(command))
        .map(|command| (command.name, DEFAULT_CHECK));
    before
        .iter()
        .copied()
        .chain(others)
        .chain([*last])
        .collect()
}

/// The check of a command that does not have its own.
const DEFAULT_CHECK: &str = "returns a result for the user";

/// Whether a command can run without its own check: it is read-only and needs no argument but the user.
fn has_default_step(command: &Command) -> bool {
    let mut arguments = command.arguments.iter();
    STEPS.iter().all(|(known, _)| *known != command.name)
        && commands::access(command.name) == Some(Access::Read)
        && arguments.all(|argument| !argument.required || argument.name == "userId")
}

async fn run_default_step(
    cx: &TestContext,
    subject: &Subject,
    command: &str,
) -> Result<(), VerifyError> {
    let described = manifest::command(command).filter(|command| has_default_step(command));
    let described = described.ok_or(VerifyError::Skipped("this command has no check"))?;
    let mut arguments = described.arguments.iter();
    let args = if arguments.any(|argument| argument.name == "userId") {
        let id = subject.id.as_ref();
        json!({"userId": id.ok_or(VerifyError::Skipped("the temporary user could not be created"))?})
    } else {
        json!({})
    };
    cx.command(command, args).await.map(drop)
}

/// The account in a command's context.
fn account(note: &Note) -> &Value {
    note.entry_context
        .as_ref()
        .and_then(|context| context.get(ACCOUNT))
        .unwrap_or(&Value::Null)
}

async fn connection(step: Step<'_>) -> Result<(), VerifyError> {
    let note = step.command(json!({})).await?;
    check(note.contents == "ok", "the answer is not 'ok'")
}

async fn create(step: Step<'_>) -> Result<(), VerifyError> {
    let population = step.cx.population().await?.to_string();
    let username = step.username();
    step.cx.expect_creation();
    let note = step
        .command(json!({"username": username, "populationId": population}))
        .await?;
    let id = account(&note)["ID"].as_str().map(str::to_owned);
    let id = id.ok_or_else(|| VerifyError::Mismatch("the context has no id".to_owned()))?;
    step.cx.record_created(Kind::User, &id).await?;
    step.subject.id = Some(id.clone());
    let user = step.cx.read(&["users", &id]).await?;
    check(
        user.text("/username") == Some(username.as_str()),
        "the username is different",
    )?;
    check(
        user.text("/population/id") == Some(population.as_str()),
        "the population is different",
    )
}

async fn find(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    for (args, by) in [
        (json!({"username": step.username()}), "by name"),
        (json!({"userId": id}), "by id"),
    ] {
        let note = step.command(args).await?;
        check(
            account(&note)[0]["ID"] == id.as_str(),
            &format!("{by}, the command returns another user"),
        )?;
    }
    Ok(())
}

async fn update(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let path = ["users", id.as_str()];
    step.command(json!({
        "username": step.username(),
        "given": "Vera", "middle": "Q.", "family": "Temporary", "nickname": "Verify", "title": "Self-test",
        "locality": "Nowhere", "region": "None", "countryCode": "US", "type": "temporary",
    }))
    .await?;
    let user = step.cx.read(&path).await?;
    for (pointer, value) in [
        ("/name/given", "Vera"),
        ("/name/middle", "Q."),
        ("/name/family", "Temporary"),
        ("/nickname", "Verify"),
        ("/title", "Self-test"),
        ("/address/locality", "Nowhere"),
        ("/address/region", "None"),
        ("/address/countryCode", "US"),
        ("/type", "temporary"),
    ] {
        check(
            user.text(pointer) == Some(value),
            &format!("{pointer} was not set"),
        )?;
    }
    // Changing one part of the name or address must leave the other parts alone.
    step.command(json!({"username": step.username(), "given": "Viola", "locality": "Elsewhere"}))
        .await?;
    let user = step.cx.read(&path).await?;
    for (pointer, value) in [
        ("/name/given", "Viola"),
        ("/name/family", "Temporary"),
        ("/address/locality", "Elsewhere"),
        ("/address/region", "None"),
    ] {
        check(
            user.text(pointer) == Some(value),
            &format!("{pointer} is wrong after a second update"),
        )?;
    }
    Ok(())
}

const SET: &str = "application/vnd.pingidentity.password.set+json";
const CHECK: &str = "application/vnd.pingidentity.password.check+json";

async fn set_password(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let password = step.cx.password()?;
    step.command(json!({"username": step.username(), "password": password}))
        .await?;
    check(
        step.password_state().await? == "MUST_CHANGE_PASSWORD",
        "the state is not MUST_CHANGE_PASSWORD",
    )?;
    let path = ["users", id.as_str(), "password"];
    let question = post(&path, CHECK, json!({"password": password}));
    step.cx
        .require("checking the new password", question)
        .await
        .map(drop)
}

async fn force_change(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let path = ["users", id.as_str(), "password"];
    let body = json!({"value": step.cx.password()?, "forceChange": false, "bypassPolicy": true});
    step.cx
        .require("setting a current password", put(&path, SET, body))
        .await?;
    check(
        step.password_state().await? == "OK",
        "the state was not OK before the command",
    )?;
    step.command(json!({"username": step.username()})).await?;
    check(
        step.password_state().await? == "MUST_CHANGE_PASSWORD",
        "the state is not MUST_CHANGE_PASSWORD",
    )
}

async fn password_state(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let note = step.command(json!({"username": step.username()})).await?;
    check(
        account(&note)["ID"] == id.as_str(),
        "the command returns another user",
    )?;
    check(
        account(&note)["Password"]["Status"] == step.password_state().await?,
        "the state in the context is different",
    )
}

async fn check_enabled(step: Step<'_>, expected: Value) -> Result<(), VerifyError> {
    let id = step.id()?;
    step.command(json!({"username": step.username()})).await?;
    let switch = step.cx.read(&["users", &id, "enabled"]).await?;
    check(
        switch.at("/enabled") == Some(&expected),
        "`enabled` is not as expected",
    )?;
    let user = step.cx.read(&["users", &id]).await?;
    check(
        user.at("/enabled") == Some(&expected),
        "`enabled` of the user is not as expected",
    )
}

async fn deactivate(step: Step<'_>) -> Result<(), VerifyError> {
    check_enabled(step, json!(false)).await
}

async fn activate(step: Step<'_>) -> Result<(), VerifyError> {
    check_enabled(step, json!(true)).await
}

const LOCK: &str = "application/vnd.pingidentity.account.lock+json";

async fn unlock(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let path = ["users", id.as_str()];
    let state = async || -> Result<bool, VerifyError> {
        let user = step.cx.read(&path).await?;
        Ok(user.text("/account/status") == Some("LOCKED"))
    };
    step.cx
        .require("locking the account", operation(&path, LOCK))
        .await?;
    if !state().await? {
        // UNCONFIRMED: whether PingOne locks an account without `unlockAt`.
        let body = json!({"unlockAt": step.cx.in_seconds(3600)});
        step.cx
            .require("locking the account for an hour", post(&path, LOCK, body))
            .await?;
    }
    check(state().await?, "the account could not be locked")?;
    step.command(json!({"username": step.username()})).await?;
    check(!state().await?, "the account is still locked")
}

async fn add_to_group(mut step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let (group, name) = step.group().await?;
    let args = json!({"username": step.username(), "groupName": name});
    let note = step.command(args.clone()).await?;
    check(
        note.text() == format!("User: {id} added to group: {name} successfully"),
        "the text is different",
    )?;
    check(step.is_member(&group).await?, "there is no membership")?;
    step.command(args).await?;
    check(
        step.is_member(&group).await?,
        "after adding a second time, the membership is gone",
    )
}

async fn groups(step: Step<'_>) -> Result<(), VerifyError> {
    let (group, name) = step.subject.group.clone().ok_or(VerifyError::Skipped(
        "the temporary group could not be created",
    ))?;
    let note = step.command(json!({"username": step.username()})).await?;
    // The environment's dynamic groups may include the user too.
    let listed = account(&note)["Group"].as_array().into_iter().flatten();
    check(
        listed
            .into_iter()
            .any(|one| *one == json!({"ID": group, "Name": name})),
        "the group is not in the context",
    )?;
    check(step.is_member(&group).await?, "there is no membership")
}

async fn remove_from_group(mut step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let (group, name) = step.group().await?;
    let args = json!({"userId": id, "groupId": group});
    let note = step.command(args.clone()).await?;
    check(
        note.text() == format!("User: {id} was removed from group: {group} successfully"),
        "the text is different",
    )?;
    check(
        !step.is_member(&group).await?,
        "the membership is still there",
    )?;
    let args = json!({"username": step.username(), "groupName": name});
    let again = step.command(args).await?;
    check(
        again.text().contains("is not a member of group"),
        "the second time, the text does not say that nothing was removed",
    )
}

async fn delete(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    step.command(json!({"username": step.username()})).await?;
    let answer = step.cx.ask(get(&["users", &id])).await?;
    check(answer.status == 404, "the user still exists")?;
    let again = step.command(json!({"userId": id})).await?;
    check(
        again.text().contains("nothing was deleted"),
        "the second time, the text does not say that nothing was deleted",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_runs_once() {
        let mut steps: Vec<&str> = all().iter().map(|(command, _)| *command).collect();
        assert_eq!(
            steps.last(),
            Some(&"pingone-delete-user"),
            "the other commands need the user"
        );
        steps.sort_unstable();
        let mut known = commands::NAMES.to_vec();
        known.sort_unstable();
        assert_eq!(
            steps, known,
            "a command that changes something, or needs arguments other than the user, needs a step in \
             src/verify/steps.rs"
        );
    }
}
