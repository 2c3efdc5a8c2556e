//! The steps of the commands for investigation and containment. The temporary user has no sessions or roles, so
//! the steps about those only test the calls and their empty results.

use serde_json::{Value, json};

use super::{
    error::VerifyError,
    step::{Step, check, contains_id, context},
    test_context::{JSON, get, post, put, unused_id},
};
use crate::entry::Note;

/// Whether a command reports that its user was verified and needed no change.
fn is_unchanged(note: &Note) -> bool {
    let change = &context(note, "PingOne.Change")[0];
    change["Verified"] == true && change["Changed"] == false
}

impl Step<'_> {
    /// Runs the command on the temporary user, with extra arguments.
    async fn on_user(&self, more: Value) -> Result<Note, VerifyError> {
        let mut args = json!({"userId": self.id()?});
        if let (Some(args), Value::Object(more)) = (args.as_object_mut(), more) {
            args.extend(more);
        }
        self.command(args).await
    }

    async fn user_has(&self, pointer: &str, value: &Value) -> Result<bool, VerifyError> {
        let id = self.id()?;
        let user = self.cx.read(&["users", &id]).await?;
        Ok(user.body.as_ref().and_then(|body| body.pointer(pointer)) == Some(value))
    }
}

pub(super) async fn list_users(step: Step<'_>) -> Result<(), VerifyError> {
    let note = step.command(json!({"username": step.username()})).await?;
    check(
        contains_id(&note, "PingOne.User", &step.id()?),
        "the user is not in the list",
    )
}

pub(super) async fn list_groups(mut step: Step<'_>) -> Result<(), VerifyError> {
    let (id, name) = step.group().await?;
    let note = step.command(json!({"name": name})).await?;
    check(
        contains_id(&note, "PingOne.Group", &id),
        "the group is not in the list",
    )
}

pub(super) async fn group_members(mut step: Step<'_>) -> Result<(), VerifyError> {
    let (id, _) = step.group().await?;
    let note = step.command(json!({"groupId": id})).await?;
    check(
        context(&note, "PingOne.GroupMember").is_null(),
        "the group has members",
    )
}

pub(super) async fn populations(step: Step<'_>) -> Result<(), VerifyError> {
    let population = step.cx.population().await?.to_string();
    let note = step.command(json!({"all_results": "true"})).await?;
    check(
        contains_id(&note, "PingOne.Population", &population),
        "the population is not in the list",
    )
}

pub(super) async fn roles(step: Step<'_>) -> Result<(), VerifyError> {
    let note = step.on_user(json!({})).await?;
    check(
        context(&note, "PingOne.RoleAssignment").is_null(),
        "the user has a role",
    )
}

pub(super) async fn sessions(step: Step<'_>) -> Result<(), VerifyError> {
    let note = step.on_user(json!({})).await?;
    check(
        context(&note, "PingOne.Session").is_null(),
        "the user has a session",
    )
}

pub(super) async fn sessions_by_ip(step: Step<'_>) -> Result<(), VerifyError> {
    let args = json!({"ip": "192.0.2.1", "since": "10 minutes ago"});
    let note = step.command(args).await?;
    check(
        context(&note, "PingOne.Session").is_null(),
        "there is a session",
    )
}

pub(super) async fn clear_sessions(step: Step<'_>) -> Result<(), VerifyError> {
    let note = step.on_user(json!({})).await?;
    check(is_unchanged(&note), "it was not verified that none is left")
}

pub(super) async fn devices(step: Step<'_>) -> Result<(), VerifyError> {
    let note = step.on_user(json!({})).await?;
    check(
        context(&note, "PingOne.Device").is_null(),
        "the user has a device",
    )
}

pub(super) async fn delete_device(step: Step<'_>) -> Result<(), VerifyError> {
    // No device has this id.
    let note = step
        .on_user(json!({"deviceId": "00000000-0000-4000-8000-000000000000"}))
        .await?;
    check(is_unchanged(&note), "the command changed something")
}

pub(super) async fn unlink_account(step: Step<'_>) -> Result<(), VerifyError> {
    // Only a sign-on at an identity provider links an account.
    let note = step
        .on_user(json!({"linkedAccountId": unused_id()?}))
        .await?;
    check(is_unchanged(&note), "the command changed something")
}

/// Creates a TOTP device: PingOne messages nobody about it.
async fn create_device(step: &mut Step<'_>) -> Result<String, VerifyError> {
    let id = step.id()?;
    let path = ["users", &id, "devices"];
    let created = post(&path, "application/json", json!({"type": "TOTP"}));
    let created = step.cx.ask(created).await?;
    let device = created.text("/id").filter(|_| created.is_success());
    let device = device.ok_or(VerifyError::Skipped("PingOne did not create a TOTP device"))?;
    step.subject.device = Some(device.to_owned());
    Ok(device.to_owned())
}

fn device_of(step: &Step<'_>) -> Result<String, VerifyError> {
    let device = step.subject.device.clone();
    device.ok_or(VerifyError::Skipped("there is no temporary MFA device"))
}

async fn check_block(step: &Step<'_>, device: &str, status: &str) -> Result<(), VerifyError> {
    let id = step.id()?;
    let device = step.cx.read(&["users", &id, "devices", device]).await?;
    check(
        device.text("/block/status") == Some(status),
        "the device's `block.status` is not as expected",
    )
}

pub(super) async fn block_device(mut step: Step<'_>) -> Result<(), VerifyError> {
    let device = create_device(&mut step).await?;
    step.on_user(json!({"deviceId": device})).await?;
    check_block(&step, &device, "BLOCKED").await
}

pub(super) async fn unblock_device(step: Step<'_>) -> Result<(), VerifyError> {
    let device = device_of(&step)?;
    step.on_user(json!({"deviceId": device})).await?;
    check_block(&step, &device, "UNBLOCKED").await
}

pub(super) async fn unlock_device(step: Step<'_>) -> Result<(), VerifyError> {
    let device = device_of(&step)?;
    let note = step.on_user(json!({"deviceId": device})).await?;
    check(is_unchanged(&note), "the command changed something")
}

pub(super) async fn bypass(step: Step<'_>) -> Result<(), VerifyError> {
    let note = step.on_user(json!({})).await?;
    check(
        context(&note, "PingOne.MFABypass")[0]["Active"] == false,
        "the user has an MFA bypass",
    )
}

pub(super) async fn end_bypass(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let path = ["users", &id, "bypassMFA"];
    let until = json!({"bypassMFAEnabledUntil": step.cx.in_seconds(600)});
    let start = put(&path, JSON, until);
    step.cx.require("starting an MFA bypass", start).await?;
    step.on_user(json!({})).await?;
    let bypass = step.cx.read(&path).await?;
    // Where PingOne refuses an end in the past, the command lets the bypass end within a minute.
    let soon = step.cx.in_seconds(120);
    let end = bypass.text("/bypassMFAEnabledUntil");
    check(
        end.is_none_or(|end| end < soon.as_str()),
        "the MFA bypass goes on",
    )
}

pub(super) async fn reset_mfa(step: Step<'_>) -> Result<(), VerifyError> {
    let has_device = step.subject.device.is_some();
    let note = step.on_user(json!({})).await?;
    let change = &context(&note, "PingOne.Change")[0];
    check(
        change["Verified"] == true && change["Changed"] == has_device,
        "it was not verified that none is left",
    )
}

pub(super) async fn set_mfa_enabled(step: Step<'_>) -> Result<(), VerifyError> {
    for enabled in [true, false] {
        step.on_user(json!({"enabled": enabled.to_string()}))
            .await?;
        let id = step.id()?;
        let state = step.cx.read(&["users", &id, "mfaEnabled"]).await?;
        let now = state.body.as_ref().map(|body| &body["mfaEnabled"]);
        check(
            now == Some(&json!(enabled)),
            "MFA is not in the expected state",
        )?;
    }
    Ok(())
}

/// The throwaway user has no device, so nobody can be messaged.
pub(super) async fn verify_push(step: Step<'_>) -> Result<(), VerifyError> {
    let answer = step.on_user(json!({})).await;
    fails_with(answer, "The user has no MFA device, so nothing was sent.")
}

pub(super) async fn no_verification(step: Step<'_>) -> Result<(), VerifyError> {
    let args = json!({"verificationId": unused_id()?, "otp": "000000"});
    fails_with(step.command(args).await, "PingOne has no verification ")
}

pub(super) async fn posture(step: Step<'_>) -> Result<(), VerifyError> {
    let note = step.command(json!({"maxUsers": "5"})).await?;
    check(
        context(&note, "PingOne.Posture")["Findings"].is_array(),
        "there is no list of findings",
    )
}

pub(super) async fn webhooks(step: Step<'_>) -> Result<(), VerifyError> {
    let listed = step.cx.ask(get(&["subscriptions"])).await?;
    if listed.status == 403 {
        return Err(VerifyError::Skipped(
            "the worker application needs Configuration Read Only",
        ));
    }
    let note = step.command(json!({})).await?;
    let listed = listed.at("/_embedded/subscriptions");
    check(
        listed.and_then(Value::as_array).map(Vec::len) == note.contents.as_array().map(Vec::len),
        "another number of webhooks is listed",
    )
}

/// An environment without Protect cannot be tested.
fn skip_without_protect(answer: Result<Note, VerifyError>) -> Result<Note, VerifyError> {
    match answer {
        Err(VerifyError::Command(error)) if error.contains("PingOne Protect") => Err(
            VerifyError::Skipped("the environment does not include PingOne Protect"),
        ),
        answer => answer,
    }
}

pub(super) async fn no_evaluation(step: Step<'_>) -> Result<(), VerifyError> {
    let answer = step.command(json!({"evaluationId": unused_id()?})).await;
    fails_with(skip_without_protect(answer), "There is no risk evaluation ")
}

pub(super) async fn feedback(step: Step<'_>) -> Result<(), VerifyError> {
    let args = json!({"verdict": "LEGITIMATE", "since": "1 minute ago", "reason": "Self-test"});
    let note = skip_without_protect(step.on_user(args).await)?;
    let feedback = &context(&note, "PingOne.RiskFeedback")[0];
    check(feedback["ID"].is_string(), "PingOne's answer has no id")
}

fn fails_with(answer: Result<Note, VerifyError>, text: &str) -> Result<(), VerifyError> {
    match answer {
        Err(VerifyError::Command(error)) if error.contains(text) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => check(false, "it does not fail"),
    }
}

pub(super) async fn unlock_password(step: Step<'_>) -> Result<(), VerifyError> {
    let note = step.on_user(json!({})).await?;
    check(is_unchanged(&note), "the command changed something")
}

pub(super) async fn lock(step: Step<'_>) -> Result<(), VerifyError> {
    step.on_user(json!({"duration": "1 hour"})).await?;
    let is_locked = step.user_has("/account/status", &json!("LOCKED")).await?;
    check(is_locked, "the account is not locked")
}

pub(super) async fn activities(step: Step<'_>) -> Result<(), VerifyError> {
    step.on_user(json!({"from": "1 hour ago", "limit": "1"}))
        .await
        .map(drop)
}

pub(super) async fn failed_logins(step: Step<'_>) -> Result<(), VerifyError> {
    step.on_user(json!({"from": "1 hour ago"})).await.map(drop)
}

pub(super) async fn incidents(step: Step<'_>) -> Result<(), VerifyError> {
    let note = step.command(json!({})).await?;
    let list = note
        .contents
        .as_str()
        .map(serde_json::from_str::<Vec<Value>>);
    check(
        matches!(list, Some(Ok(_))),
        "the command returns no list of incidents",
    )
}

pub(super) async fn contain(step: Step<'_>) -> Result<(), VerifyError> {
    let note = step
        .on_user(json!({"steps": "disable,endSessions,setPassword"}))
        .await?;
    step.subject.record = Some(context(&note, "PingOne.Containment").clone());
    let is_disabled = step.user_has("/enabled", &json!(false)).await?;
    check(is_disabled, "the user is not disabled")
}

pub(super) async fn restore(step: Step<'_>) -> Result<(), VerifyError> {
    let record = step.subject.record.clone();
    let record = record.ok_or(VerifyError::Skipped("there is no containment to undo"))?;
    step.on_user(json!({"record": record})).await?;
    let is_enabled = step.user_has("/enabled", &json!(true)).await?;
    check(is_enabled, "the user is not enabled")
}

/// The id of Identity Data Read Only where it was seen. That it is the same everywhere is UNCONFIRMED.
const READ_ONLY_ROLE: &str = "ce00e15f-f845-4df1-abf3-fdc4ff4e176c";

pub(super) async fn remove_role(step: Step<'_>) -> Result<(), VerifyError> {
    let id = step.id()?;
    let path = ["users", &id, "roleAssignments"];
    let environment = step.cx.settings().environment.to_string();
    let assigned = post(
        &path,
        JSON,
        json!({
            "role": {"id": READ_ONLY_ROLE},
            "scope": {"id": environment, "type": "ENVIRONMENT"},
        }),
    );
    let assigned = step.cx.require("assigning a role", assigned).await?;
    let assignment = assigned.text("/id").map(str::to_owned);
    step.on_user(json!({"assignmentId": assignment})).await?;
    let left = step.cx.read(&path).await?;
    let left = left.body.as_ref();
    let left = left.and_then(|body| body.pointer("/_embedded/roleAssignments"));
    check(
        left.is_some_and(|left| *left == json!([])),
        "the user still has a role",
    )
}
