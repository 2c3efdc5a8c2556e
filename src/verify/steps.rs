//! Every command once, as XSOAR would call it, with its check: what PingOne holds afterwards is read back
//! directly, past the command's own code. A command that has no step here fails a test below.
//!
//! To add one: its line in the table, at the place where its user still exists, and its check.

use serde_json::{Value, json};

use super::{
    bench::{Bench, Kind, get, operation, post, put},
    respond,
    trouble::Trouble,
};
use crate::entry::{ACCOUNT, Note};

/// What the steps have in common: the throwaway user and the group that the commands work on.
#[derive(Default)]
pub struct Subject {
    id: Option<String>,
    group: Option<(String, String)>,
    /// What the containment told of itself.
    pub(super) record: Option<Value>,
}

/// What a step works with.
pub struct Step<'a> {
    pub(super) bench: &'a Bench,
    pub(super) subject: &'a mut Subject,
    command: &'static str,
}

macro_rules! steps {
    ($($command:literal => $check:path, $what:literal;)*) => {
        /// The commands in the order in which they are tried, with what is checked of each.
        pub const STEPS: &[(&str, &str)] = &[$(($command, $what)),*];

        /// Tries one command; its name is one of those above.
        pub async fn run(command: &str, bench: &Bench, subject: &mut Subject) -> Result<(), Trouble> {
            match command {
                $($command => $check(Step { bench, subject, command: $command }).await,)*
                _ => Err(Trouble::Skipped("there is no check for this command")),
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

impl Step<'_> {
    /// Carries out the command of this step.
    pub(super) async fn command(&self, args: Value) -> Result<Note, Trouble> {
        self.bench.command(self.command, args).await
    }

    pub(super) fn username(&self) -> String {
        format!("{}-user", self.bench.prefix())
    }

    /// The user's id.
    pub(super) fn id(&self) -> Result<String, Trouble> {
        let id = self.subject.id.clone();
        id.ok_or(Trouble::Skipped("there is no user to try it on"))
    }

    /// The throwaway group, made when it is first needed.
    pub(super) async fn group(&mut self) -> Result<(String, String), Trouble> {
        if let Some(group) = &self.subject.group {
            return Ok(group.clone());
        }
        let group = self.bench.group("group").await?;
        self.subject.group = Some(group.clone());
        Ok(group)
    }

    async fn password_state(&self) -> Result<String, Trouble> {
        let state = self.bench.read(&["users", &self.id()?, "password"]).await?;
        Ok(state.text("/status").unwrap_or_default().to_owned())
    }

    async fn is_member(&self, group: &str) -> Result<bool, Trouble> {
        let id = self.id()?;
        let path = ["users", &id, "memberOfGroups", group];
        let answer = self.bench.ask(get(&path)).await?;
        match answer.status {
            404 => Ok(false),
            _ if answer.is_success() => Ok(true),
            _ => Err(Trouble::Refused {
                purpose: "reading the membership",
                answer: Box::new(answer),
            }),
        }
    }
}

/// Fails with our own words, which must hold no value.
pub(super) fn check(holds: bool, otherwise: &str) -> Result<(), Trouble> {
    if holds {
        return Ok(());
    }
    Err(Trouble::Different(otherwise.to_owned()))
}

/// What a command put into the context of the account.
fn account(note: &Note) -> &Value {
    note.entry_context
        .as_ref()
        .and_then(|context| context.get(ACCOUNT))
        .unwrap_or(&Value::Null)
}

async fn connection(step: Step<'_>) -> Result<(), Trouble> {
    let note = step.command(json!({})).await?;
    check(note.contents == "ok", "the answer is not 'ok'")
}

async fn create(step: Step<'_>) -> Result<(), Trouble> {
    let population = step.bench.population().await?.to_string();
    let username = step.username();
    step.bench.about_to_make();
    let note = step
        .command(json!({"username": username, "populationId": population}))
        .await?;
    let id = account(&note)["ID"].as_str().map(str::to_owned);
    let id = id.ok_or_else(|| Trouble::Different("the context has no id".to_owned()))?;
    step.bench.made(Kind::User, &id).await?;
    step.subject.id = Some(id.clone());
    let user = step.bench.read(&["users", &id]).await?;
    check(
        user.text("/username") == Some(username.as_str()),
        "the username is another",
    )?;
    check(
        user.text("/population/id") == Some(population.as_str()),
        "the population is another",
    )
}

async fn find(step: Step<'_>) -> Result<(), Trouble> {
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

async fn update(step: Step<'_>) -> Result<(), Trouble> {
    let id = step.id()?;
    let path = ["users", id.as_str()];
    step.command(json!({
        "username": step.username(),
        "given": "Vera", "middle": "Q.", "family": "Throwaway", "nickname": "Verify", "title": "Self-test",
        "locality": "Nowhere", "region": "None", "countryCode": "US", "type": "throwaway",
    }))
    .await?;
    let user = step.bench.read(&path).await?;
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
    let user = step.bench.read(&path).await?;
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

async fn set_password(step: Step<'_>) -> Result<(), Trouble> {
    let id = step.id()?;
    let password = step.bench.password()?;
    step.command(json!({"username": step.username(), "password": password}))
        .await?;
    check(
        step.password_state().await? == "MUST_CHANGE_PASSWORD",
        "the state is not MUST_CHANGE_PASSWORD",
    )?;
    let path = ["users", id.as_str(), "password"];
    let question = post(&path, CHECK, json!({"password": password}));
    step.bench
        .need("checking the new password", question)
        .await
        .map(drop)
}

async fn force_change(step: Step<'_>) -> Result<(), Trouble> {
    let id = step.id()?;
    let path = ["users", id.as_str(), "password"];
    let body = json!({"value": step.bench.password()?, "forceChange": false, "bypassPolicy": true});
    step.bench
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

async fn password_state(step: Step<'_>) -> Result<(), Trouble> {
    let id = step.id()?;
    let note = step.command(json!({"username": step.username()})).await?;
    check(account(&note)["ID"] == id.as_str(), "it is another user")?;
    check(
        account(&note)["Password"]["Status"] == step.password_state().await?,
        "the state in the context is another",
    )
}

async fn set_enabled(step: Step<'_>, wanted: bool) -> Result<(), Trouble> {
    let id = step.id()?;
    step.command(json!({"username": step.username()})).await?;
    let switch = step.bench.read(&["users", &id, "enabled"]).await?;
    check(
        switch.at("/enabled") == Some(&Value::Bool(wanted)),
        "the switch has the other position",
    )?;
    let user = step.bench.read(&["users", &id]).await?;
    check(
        user.at("/enabled") == Some(&Value::Bool(wanted)),
        "the user shows the other position",
    )
}

async fn deactivate(step: Step<'_>) -> Result<(), Trouble> {
    set_enabled(step, false).await
}

async fn activate(step: Step<'_>) -> Result<(), Trouble> {
    set_enabled(step, true).await
}

const LOCK: &str = "application/vnd.pingidentity.account.lock+json";

async fn unlock(step: Step<'_>) -> Result<(), Trouble> {
    let id = step.id()?;
    let path = ["users", id.as_str()];
    let state = async || -> Result<bool, Trouble> {
        let user = step.bench.read(&path).await?;
        Ok(user.text("/account/status") == Some("LOCKED"))
    };
    step.bench
        .need("locking the account", operation(&path, LOCK))
        .await?;
    if !state().await? {
        // Whether PingOne locks without an end is unconfirmed.
        let body = json!({"unlockAt": step.bench.in_seconds(3600)});
        step.bench
            .need("locking the account for an hour", post(&path, LOCK, body))
            .await?;
    }
    check(state().await?, "the account could not be locked before")?;
    step.command(json!({"username": step.username()})).await?;
    check(!state().await?, "the account is still locked")
}

async fn add_to_group(mut step: Step<'_>) -> Result<(), Trouble> {
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

async fn groups(step: Step<'_>) -> Result<(), Trouble> {
    let (group, name) = step
        .subject
        .group
        .clone()
        .ok_or(Trouble::Skipped("there is no group to look for"))?;
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

async fn remove_from_group(mut step: Step<'_>) -> Result<(), Trouble> {
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

async fn delete(step: Step<'_>) -> Result<(), Trouble> {
    let id = step.id()?;
    step.command(json!({"username": step.username()})).await?;
    let answer = step.bench.ask(get(&["users", &id])).await?;
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
    use crate::{commands, manifest};

    #[test]
    fn every_command_has_a_step() {
        let tried: Vec<&str> = STEPS.iter().map(|(command, _)| *command).collect();
        for command in manifest::COMMANDS {
            assert!(
                tried.contains(&command.name),
                "{} has no step: add one to src/verify/steps.rs",
                command.name
            );
        }
        for command in tried {
            assert!(
                commands::access(command).is_some(),
                "{command} is tried, but it is no command"
            );
        }
    }
}
