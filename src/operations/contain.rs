//! Contains a user: takes several steps in the order in which they make sense. A failed step does not stop the others.
//! The record of what was changed lets `restore.rs` undo it later.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::SecretString;

use super::{
    accounts::{
        EnabledSince, Subject, disable, existing_lock, is_locked, is_locked_as_long, lock,
        lock_end_of,
    },
    change::{Change, Details, changed_before, details_of},
    device_states::change_devices,
    devices::{Selection, delete_devices},
    find::Target,
    leave_groups::leave_groups,
    passwords::{force_change, status},
    role_changes::{WantedRoles, remove_roles},
    sessions::end_all,
    steps::{
        Detail, Record, Step, StepOutcome, StepReport, StepResult, THE_USER, UserReport, texts,
    },
};
use pingone::{
    Client,
    devices::DeviceOperation,
    id::{GroupId, UserId},
    passwords::PasswordOptions,
    users::User,
};

/// The steps of a containment, in the order in which they are taken.
pub const STEPS: [Step; 9] = [
    Step::Lock,
    Step::Disable,
    Step::EndSessions,
    Step::RemoveRoles,
    Step::SetPassword,
    Step::ForceChange,
    Step::BlockDevices,
    Step::RemoveDevices,
    Step::LeaveGroups,
];

/// What to do.
pub struct Plan {
    /// These steps, in the order of [`STEPS`].
    pub steps: Vec<Step>,
    /// When the lock ends; `None` for never.
    pub until: Option<Timestamp>,
    /// Which devices to block or delete.
    pub devices: Selection,
    /// Which groups to leave; all if empty.
    pub groups: Vec<GroupId>,
}

/// Takes the steps of a plan with one user.
pub async fn contain(pingone: &Client<'_>, target: Target, plan: &Plan) -> Result<UserReport> {
    // Some steps need the state before. Without it nothing is done: it could not be undone.
    let before = target.into_user(pingone).await?;
    let (mut steps, mut record) = (Vec::new(), Record::default());
    for step in plan.steps.iter().copied() {
        let result = run_step(pingone, step, &before, plan, &mut record).await;
        let changed = match &result {
            Ok(done) => Some(done.outcome == StepOutcome::Done),
            Err(error) => changed_before(error),
        };
        if changed != Some(false)
            && record_step(pingone, step, &before, &mut record)
            && changed.is_none()
        {
            record.unconfirmed_steps.push(step.name().to_owned());
        }
        steps.push(StepReport::new(pingone, before.id, step, result));
    }
    if pingone.is_dry_run() {
        record = Record::default();
    }
    Ok(UserReport {
        username: before.fields.username,
        steps,
        record: Some(record.into()),
    })
}

/// Records what a step changed, or may have changed: undoing too much does no harm here. False for a step that records
/// what it did by itself.
fn record_step(pingone: &Client<'_>, step: Step, before: &User, record: &mut Record) -> bool {
    match step {
        Step::Lock if is_locked(&before.fields) => {
            record.locked_until_before = lock_end_of(pingone, before);
        }
        Step::Lock => record.locked = true,
        Step::Disable => record.disabled = true,
        Step::SetPassword => record.password_replaced = true,
        Step::ForceChange => record.change_forced = true,
        _ => return false,
    }
    true
}

async fn run_step(
    pingone: &Client<'_>,
    step: Step,
    before: &User,
    plan: &Plan,
    record: &mut Record,
) -> Result<StepResult> {
    let id = before.id;
    let is_disabled = before.fields.enabled == Some(false);
    match step {
        // A containment must not shorten a lock.
        Step::Lock if is_locked_as_long(pingone, before, plan.until) => {
            Ok(existing_lock(pingone, before, plan.until).into())
        }
        // Only here: for `pingone-lock-user`, this is a failure.
        Step::Lock if is_disabled => Ok(StepResult::text(
            StepOutcome::NotApplicable,
            "The user is already disabled and cannot sign on. PingOne only locks enabled users.",
        )),
        Step::Lock => {
            let change = lock(pingone, before, plan.until, EnabledSince::Before).await?;
            Ok(change.into())
        }
        Step::Disable if is_disabled => Ok(StepResult::plain(StepOutcome::Already)),
        Step::Disable => {
            let label = THE_USER;
            disable(pingone, Subject { id, label }).await?;
            Ok(StepResult::plain(StepOutcome::Done))
        }
        Step::EndSessions => {
            let result = end_all(pingone, id).await;
            record_details(&result, record);
            Ok(result?.into())
        }
        Step::RemoveRoles => {
            let result = remove_roles(pingone, id.into(), &WantedRoles::All).await;
            record_details(&result, record);
            Ok(result?.into())
        }
        Step::SetPassword => set_random_password(pingone, id).await,
        Step::ForceChange => force_password_change(pingone, id, record).await,
        Step::BlockDevices => {
            let operation = DeviceOperation::Block;
            let result = change_devices(pingone, id, operation, &plan.devices).await;
            record_details(&result, record);
            Ok(result?.into())
        }
        Step::RemoveDevices => {
            let result = delete_devices(pingone, id, &plan.devices).await;
            record_details(&result, record);
            Ok(result?.into())
        }
        Step::LeaveGroups => leave_groups(pingone, id, &plan.groups, record).await,
        Step::Enable
        | Step::Unlock
        | Step::UnblockDevices
        | Step::JoinGroups
        | Step::AssignRoles
        | Step::Nothing
        | Step::SignOn
        | Step::DisableApplication
        | Step::RotateSecret
        | Step::EnableApplication => {
            bail!("{} is no step of a user's containment.", step.name())
        }
    }
}

/// Records the sessions and devices that are gone or blocked, or may be.
fn record_details(result: &Result<Change>, record: &mut Record) {
    match details_of(result) {
        Details::Sessions(sessions) => {
            record.ended_sessions = sessions.ended.len() as u64;
            record.unconfirmed_sessions = texts(&sessions.unconfirmed);
        }
        Details::Roles(roles) => record.roles_removed(roles),
        Details::DeviceStates(states) => record.blocked(&states.changed, &states.unconfirmed),
        Details::Devices(devices) => record.deleted(&devices.deleted, &devices.unconfirmed),
        _ => {}
    }
}

async fn force_password_change(
    pingone: &Client<'_>,
    id: UserId,
    record: &Record,
) -> Result<StepResult> {
    if let Some(reason) = no_own_password(pingone, id).await? {
        return Ok(StepResult::text(StepOutcome::NotApplicable, reason));
    }
    force_change(pingone, id).await?;
    let detail = if record.password_replaced {
        Detail::Plain
    } else {
        Detail::Note("until then, the old password keeps working")
    };
    Ok(StepResult::new(StepOutcome::Done, detail))
}

/// Why a user has no password at PingOne that could be replaced.
async fn no_own_password(pingone: &Client<'_>, id: UserId) -> Result<Option<&'static str>> {
    let state = pingone.read_password_state(id).await?;
    Ok(match status(&state) {
        Some("EXTERNAL") => {
            Some("Another identity provider manages the password. Change it there.")
        }
        Some("NO_PASSWORD") => Some("The user has no password"),
        _ => None,
    })
}

async fn set_random_password(pingone: &Client<'_>, id: UserId) -> Result<StepResult> {
    if let Some(reason) = no_own_password(pingone, id).await? {
        return Ok(StepResult::text(StepOutcome::NotApplicable, reason));
    }
    let password = random_password()?;
    pingone.hide(&password);
    let options = PasswordOptions {
        bypass_policy: true,
        ..PasswordOptions::default()
    };
    pingone.set_password(id, &password, options).await?;
    Ok(StepResult::plain(StepOutcome::Done))
}

/// A password that nobody has to remember: 52 characters, of every kind that a policy may require.
fn random_password() -> Result<SecretString> {
    const LENGTH: usize = 48;
    // 64 characters, so that six random bits choose each with the same probability.
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // The first four are one of each kind.
    const KINDS: &str = "Aa0-";
    let mut random = zeroize::Zeroizing::new([0_u8; LENGTH]);
    SystemRandom::new()
        .fill(&mut *random)
        .ok()
        .context("no random numbers are available")?;
    let characters = random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte & 63)]));
    Ok(KINDS.chars().chain(characters).collect::<String>().into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn random_passwords_differ_and_have_every_kind_of_character() {
        let (one, other) = (
            random_password().expect("random numbers"),
            random_password().expect("random numbers"),
        );
        let text = one.expose_secret();
        assert_eq!(text.len(), 52);
        assert!(
            text.contains(char::is_uppercase)
                && text.contains(char::is_lowercase)
                && text.contains(|c: char| c.is_ascii_digit())
                && text.contains('-')
        );
        assert_ne!(text, other.expose_secret());
    }
}
