//! Every command once, as XSOAR would call it, with its check: what PingOne holds afterwards is read back
//! directly, past the command's own code.
//!
//! A command that only looks needs no line here: it is asked about the throwaway user. One that changes something
//! does, at a place where its user still exists, and its check; without them it fails a test below.

use serde_json::{Value, json};

use super::{
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
        /// The commands that have a check of their own, in the order in which they are tried.
        const STEPS: &[(&str, &str)] = &[$(($command, $what)),*];

        /// Attempts one command.
        pub async fn run(command: &str, cx: &TestContext, subject: &mut Subject) -> Result<(), VerifyError> {
            match command {
                $($command => $check(Step { cx, subject, command: $command }).await,)*
                _ => look(cx, subject, command).await,
            }
        }
    };
}

steps! {
    "test-module" => connection, "the worker application may read users";
    "pingone-create-user" => create, "the user exists, with its name, in the population";
    "pingone-get-user" => find, "by name and by id, it is the user that was created";
    "pingone-update-user" => update, "each attribute has its new value, and the others are as before";
    "pingone-set-password" => set_password, "the password is the new one and must be changed";
    "pingone-password-force-change" => force_change, "a password in use must be changed";
    "pingone-read-password-state" => password_state, "it tells the state that PingOne holds";
    "pingone-deactivate-user" => deactivate, "the user is disabled";
    "pingone-activate-user" => activate, "the user is enabled again";
    "pingone-unlock-user" => unlock, "an account that was locked is not locked any more";
    "pingone-add-to-group" => add_to_group, "the membership exists; once more, the note says so";
    "pingone-get-groups" => groups, "the group is in the list";
    "pingone-remove-from-group" => remove_from_group, "the membership is gone; once more, the note says so";
    "pingone-list-users" => respond::list_users, "the user is in the list";
    "pingone-list-groups" => respond::list_groups, "the throwaway group is in the list";
    "pingone-get-group-members" => respond::group_members, "a group without members has none";
    "pingone-list-populations" => respond::populations, "the user's population is in the list";
    "pingone-list-role-assignments" => respond::roles, "a new user has none";
    "pingone-list-sessions" => respond::sessions, "a new user has none";
    "pingone-clear-user-sessions" => respond::clear_sessions, "none is left";
    "pingone-list-mfa-devices" => respond::devices, "a new user has none";
    "pingone-delete-mfa-device" => respond::delete_device, "a device that is not there is no error";
    "pingone-reset-mfa" => respond::reset_mfa, "none is left";
    "pingone-set-mfa-enabled" => respond::set_mfa_enabled, "on, then off again";
    "pingone-unlock-password" => respond::unlock_password, "a password that is not locked out stays as it is";
    "pingone-lock-user" => respond::lock, "the account is locked";
    "pingone-list-audit-activities" => respond::activities, "the audit trail can be read";
    "pingone-get-failed-logins" => respond::failed_logins, "the audit trail can be read";
    "pingone-contain-user" => respond::contain, "the user is disabled";
    "pingone-restore-user" => respond::restore, "the user is enabled again";
    "pingone-delete-user" => delete, "the user is gone; once more, the note says so";
}

/// The commands in the order in which they are tried, with what is checked of each. The last one deletes the user.
pub fn all() -> Vec<(&'static str, &'static str)> {
    let [before @ .., last] = STEPS else {
        return Vec::new();
    };
    let others = manifest::COMMANDS
        .iter()
        .filter(|command| needs_no_step(command))
        .map(|command| (command.name, LOOKS));
    before
        .iter()
        .copied()
        .chain(others)
        .chain([*last])
        .collect()
}

/// What is checked of a command that has no check of its own.
const LOOKS: &str = "it answers, asked about the user";

/// Whether a command can be tried without a check of its own: it only looks, and its user is all it has to be told.
fn needs_no_step(command: &Command) -> bool {
    let mut arguments = command.arguments.iter();
    STEPS.iter().all(|(known, _)| *known != command.name)
        && commands::access(command.name) == Some(Access::Read)
        && arguments.all(|argument| !argument.required || argument.name == "userId")
}

async fn look(cx: &TestContext, subject: &Subject, command: &str) -> Result<(), VerifyError> {
    let described = manifest::command(command).filter(|command| needs_no_step(command));
    let described = described.ok_or(VerifyError::Skipped("there is no check for this command"))?;
    let mut arguments = described.arguments.iter();
    let args = if arguments.any(|argument| argument.name == "userId") {
        let id = subject.id.as_ref();
        json!({"userId": id.ok_or(VerifyError::Skipped("there is no user to try it on"))?})
    } else {
        json!({})
    };
    cx.command(command, args).await.map(drop)
}

/// What a command put into the context of the account.
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
    step.cx.about_to_make();
    let note = step
        .command(json!({"username": username, "populationId": population}))
        .await?;
    let id = account(&note)["ID"].as_str().map(str::to_owned);
    let id = id.ok_or_else(|| VerifyError::Different("the context has no id".to_owned()))?;
    step.cx.made(Kind::User, &id).await?;
    step.subject.id = Some(id.clone());
    let user = step.cx.read(&["users", &id]).await?;
    check(
        user.text("/username") == Some(username.as_str()),
        "the username is another",
    )?;
    check(
        user.text("/population/id") == Some(population.as_str()),
        "the population is another",
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
            &format!("{by}, it is another user"),
        )?;
    }
    Ok(())
}

async fn update(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let path = ["users", id.as_str()];
    step.command(json!({
        "username": step.username(),
        "given": "Vera", "middle": "Q.", "family": "Throwaway", "nickname": "Verify", "title": "Self-test",
        "locality": "Nowhere", "region": "None", "countryCode": "US", "type": "throwaway",
    }))
    .await?;
    let user = step.cx.read(&path).await?;
    for (pointer, value) in [
        ("/name/given", "Vera"),
        ("/name/middle", "Q."),
        ("/name/family", "Throwaway"),
        ("/nickname", "Verify"),
        ("/title", "Self-test"),
        ("/address/locality", "Nowhere"),
        ("/address/region", "None"),
        ("/address/countryCode", "US"),
        ("/type", "throwaway"),
    ] {
        check(
            user.text(pointer) == Some(value),
            &format!("{pointer} was not set"),
        )?;
    }
    // A part of the name and of the address alone must leave the other parts.
    step.command(json!({"username": step.username(), "given": "Viola", "locality": "Elsewhere"}))
        .await?;
    let user = step.cx.read(&path).await?;
    for (pointer, value) in [
        ("/name/given", "Viola"),
        ("/name/family", "Throwaway"),
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
        .need("checking the new password", question)
        .await
        .map(drop)
}

async fn force_change(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let path = ["users", id.as_str(), "password"];
    let body = json!({"value": step.cx.password()?, "forceChange": false, "bypassPolicy": true});
    step.cx
        .need("setting a password in use", put(&path, SET, body))
        .await?;
    check(
        step.password_state().await? == "OK",
        "the state was not OK before",
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
    check(account(&note)["ID"] == id.as_str(), "it is another user")?;
    check(
        account(&note)["Password"]["Status"] == step.password_state().await?,
        "the state in the context is another",
    )
}

async fn set_enabled(step: Step<'_>, wanted: bool) -> Result<(), VerifyError> {
    let id = step.id()?;
    step.command(json!({"username": step.username()})).await?;
    let switch = step.cx.read(&["users", &id, "enabled"]).await?;
    check(
        switch.at("/enabled") == Some(&Value::Bool(wanted)),
        "the switch has the other position",
    )?;
    let user = step.cx.read(&["users", &id]).await?;
    check(
        user.at("/enabled") == Some(&Value::Bool(wanted)),
        "the user shows the other position",
    )
}

async fn deactivate(step: Step<'_>) -> Result<(), VerifyError> {
    set_enabled(step, false).await
}

async fn activate(step: Step<'_>) -> Result<(), VerifyError> {
    set_enabled(step, true).await
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
        .need("locking the account", operation(&path, LOCK))
        .await?;
    if !state().await? {
        // Whether PingOne locks without an end is unconfirmed.
        let body = json!({"unlockAt": step.cx.in_seconds(3600)});
        step.cx
            .need("locking the account for an hour", post(&path, LOCK, body))
            .await?;
    }
    check(state().await?, "the account could not be locked before")?;
    step.command(json!({"username": step.username()})).await?;
    check(!state().await?, "the account is still locked")
}

async fn add_to_group(mut step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let (group, name) = step.group().await?;
    let args = json!({"username": step.username(), "groupName": name});
    let note = step.command(args.clone()).await?;
    check(
        note.human_readable == format!("User: {id} added to group: {name} successfully"),
        "the text is another",
    )?;
    check(step.is_member(&group).await?, "there is no membership")?;
    step.command(args).await?;
    check(
        step.is_member(&group).await?,
        "after a second time, the membership is gone",
    )
}

async fn groups(step: Step<'_>) -> Result<(), VerifyError> {
    let (group, name) = step
        .subject
        .group
        .clone()
        .ok_or(VerifyError::Skipped("there is no group to look for"))?;
    let note = step.command(json!({"username": step.username()})).await?;
    // A filter of the environment may have put the user into other groups too.
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
        note.human_readable == format!("User: {id} was removed from group: {group} successfully"),
        "the text is another",
    )?;
    check(
        !step.is_member(&group).await?,
        "the membership is still there",
    )?;
    let args = json!({"username": step.username(), "groupName": name});
    let again = step.command(args).await?;
    check(
        again.human_readable.contains("is not a member of group"),
        "a second time, the text does not say that nothing was removed",
    )
}

async fn delete(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    step.command(json!({"username": step.username()})).await?;
    let answer = step.cx.ask(get(&["users", &id])).await?;
    check(answer.status == 404, "the user can still be read")?;
    let again = step.command(json!({"userId": id})).await?;
    check(
        again.human_readable.contains("nothing was deleted"),
        "a second time, the text does not say that nothing was deleted",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_tried_once() {
        let mut tried: Vec<&str> = all().iter().map(|(command, _)| *command).collect();
        assert_eq!(
            tried.last(),
            Some(&"pingone-delete-user"),
            "the user is needed before"
        );
        tried.sort_unstable();
        let mut known = commands::NAMES.to_vec();
        known.sort_unstable();
        assert_eq!(
            tried, known,
            "a command that changes something, or has to be told more than its user, needs a step in \
             src/verify/steps.rs"
        );
    }
}
