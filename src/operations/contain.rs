//! Contains a user: several steps in the order in which they make sense. Each step's outcome is recorded; one that fails
//! does not keep the others from being taken. What was changed stands in a record, by which `restore.rs` can undo it
//! later.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::SecretString;

use super::{
    accounts::{EnabledSince, Subject, disable, is_locked, is_locked_as_long, lock, lock_end_of},
    change::{Change, Details, changed_before, details_of},
    devices::{Wanted, delete_devices},
    find::Target,
    leave_groups::leave_groups,
    passwords::{force_change, status},
    sessions::end_all,
    steps::{Record, Step, StepOutcome, StepReport, StepResult, THE_USER, UserReport},
};
use pingone::{
    Client,
    id::{GroupId, UserId},
    passwords::PasswordOptions,
    users::User,
};

/// The steps of a containment, in the order in which they are taken.
pub const STEPS: [Step; 7] = [
    Step::Lock,
    Step::Disable,
    Step::EndSessions,
    Step::SetPassword,
    Step::ForceChange,
    Step::RemoveDevices,
    Step::LeaveGroups,
];

/// What is to be done.
pub struct Plan {
    /// These steps, in the order of [`STEPS`].
    pub steps: Vec<Step>,
    /// When the lock is to end; never if `None`.
    pub until: Option<Timestamp>,
    /// Which devices are to be deleted.
    pub devices: Wanted,
    /// Which groups are to be left; all if there are none.
    pub groups: Vec<GroupId>,
}

/// Takes the steps of a plan with one user.
pub async fn contain(pingone: &Client<'_>, target: Target, plan: &Plan) -> Result<UserReport> {
    // The state before, also for the steps that ask for it. Without it nothing is done: it could not be undone.
    let before = target.into_user(pingone).await?;
    let (mut steps, mut record) = (Vec::new(), Record::default());
    for step in plan.steps.iter().copied() {
        let result = run_step(pingone, step, &before, plan, &mut record).await;
        let changed = match &result {
            Ok(done) => Some(done.outcome == StepOutcome::Done),
            Err(error) => changed_before(error),
        };
        if changed != Some(false) && note(pingone, step, &before, &mut record) && changed.is_none()
        {
            record.unconfirmed_steps.push(step.name().to_owned());
        }
        steps.push(StepReport::new(pingone, before.id, step, result));
    }
    if pingone.is_dry_run() {
        record = Record::default();
    }
    Ok(UserReport {
        steps,
        record: Some(record),
    })
}

/// Notes what a step changed, or may have: to undo too much does no harm here. False if the step noted by itself
/// what it did.
fn note(pingone: &Client<'_>, step: Step, before: &User, record: &mut Record) -> bool {
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
            Ok(StepResult::new(StepOutcome::Already, "was locked already"))
        }
        // Only here: as a command of its own, a lock that cannot be had is a failure.
        Step::Lock if is_disabled => Ok(StepResult::new(
            StepOutcome::NotApplicable,
            "the user is disabled already and cannot sign on; PingOne locks only enabled users",
        )),
        Step::Lock => {
            let change = lock(pingone, before, plan.until, EnabledSince::Before).await?;
            Ok(change.into())
        }
        Step::Disable if is_disabled => Ok(StepResult::new(StepOutcome::Already, "was disabled")),
        Step::Disable => {
            let label = THE_USER;
            disable(pingone, Subject { id, label }).await?;
            Ok(StepResult::new(StepOutcome::Done, "disabled"))
        }
        Step::EndSessions => {
            let result = end_all(pingone, id).await;
            note_details(&result, record);
            Ok(result?.into())
        }
        Step::SetPassword => set_random_password(pingone, id).await,
        Step::ForceChange => {
            let is_replaced = record.password_replaced;
            force_password_change(pingone, id, is_replaced).await
        }
        Step::RemoveDevices => {
            let result = delete_devices(pingone, id, &plan.devices).await;
            note_details(&result, record);
            Ok(result?.into())
        }
        Step::LeaveGroups => leave_groups(pingone, id, &plan.groups, record).await,
        Step::Enable | Step::Unlock | Step::JoinGroups | Step::Nothing | Step::SignOn => {
            bail!("{} is a step of a restoration.", step.name())
        }
    }
}

/// Notes the sessions and devices that are gone, or may be.
fn note_details(result: &Result<Change>, record: &mut Record) {
    match details_of(result) {
        Details::Sessions { ended, unconfirmed } => {
            record.ended_sessions = ended.len() as u64;
            record.unconfirmed_sessions = texts(unconfirmed);
        }
        Details::Devices {
            deleted,
            unconfirmed,
            kept: _,
        } => {
            record.deleted_devices = texts(deleted);
            record.unconfirmed_devices = texts(unconfirmed);
        }
        _ => {}
    }
}

fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

async fn force_password_change(
    pingone: &Client<'_>,
    id: UserId,
    is_replaced: bool,
) -> Result<StepResult> {
    if let Some(reason) = no_own_password(pingone, id).await? {
        return Ok(StepResult::new(StepOutcome::NotApplicable, reason));
    }
    force_change(pingone, id).await?;
    let old = if is_replaced {
        ""
    } else {
        "; until then the old password goes on working"
    };
    let detail = ["must be changed at the next sign-on", old].concat();
    Ok(StepResult::new(StepOutcome::Done, detail))
}

/// Why a user has no password at PingOne that could be replaced.
async fn no_own_password(pingone: &Client<'_>, id: UserId) -> Result<Option<&'static str>> {
    let state = pingone.read_password_state(id).await?;
    Ok(match status(&state) {
        Some("EXTERNAL") => {
            Some("the password is kept by another identity provider: change it there")
        }
        Some("NO_PASSWORD") => Some("the user has no password"),
        _ => None,
    })
}

async fn set_random_password(pingone: &Client<'_>, id: UserId) -> Result<StepResult> {
    if let Some(reason) = no_own_password(pingone, id).await? {
        return Ok(StepResult::new(StepOutcome::NotApplicable, reason));
    }
    let password = random_password()?;
    pingone.hide(&password);
    let options = PasswordOptions {
        bypass_policy: true,
        ..PasswordOptions::default()
    };
    pingone.set_password(id, &password, options).await?;
    let detail = "replaced by a random one that nobody knows";
    Ok(StepResult::new(StepOutcome::Done, detail))
}

/// A password that no one has to remember: 48 characters, of every kind that a policy may ask for.
fn random_password() -> Result<SecretString> {
    const LENGTH: usize = 48;
    // 64 characters, so that six bits of chance choose one evenly.
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // The first four are one of each kind.
    const KINDS: &str = "Aa0-";
    let mut chance = zeroize::Zeroizing::new([0_u8; LENGTH]);
    SystemRandom::new()
        .fill(&mut *chance)
        .ok()
        .context("no random numbers to be had")?;
    let characters = chance
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte & 63)]));
    Ok(KINDS.chars().chain(characters).collect::<String>().into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_random_password_has_every_kind_of_character_and_differs() {
        let (one, other) = (
            random_password().expect("chance"),
            random_password().expect("chance"),
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
