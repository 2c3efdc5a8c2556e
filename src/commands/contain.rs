//! `pingone-contain-user` and `pingone-restore-user`: several steps on one user in the order in which they make
//! sense. Each step's outcome is recorded; one that fails does not keep the others from being taken. What was
//! changed stands in a record, by which it can be undone later as far as PingOne lets it be undone.

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Context,
    accounts::{is_locked, is_locked_as_long, lock_one, set_enabled, unlock},
    devices::reset_one,
    many::{Change, DoneBefore, Outcome, Target, row},
    sessions::clear_all,
};
use crate::{
    entry::Output,
    markdown::{Row, table_of},
    pingone::{
        self,
        id::{DeviceId, GroupId, UserId},
        users::User,
    },
    times::{moment, moved, span, written},
};

/// Each containment has a record of its own: a second one changes less, and must not hide what the first did.
const CONTAINMENT: &str = "PingOne.Containment(val.ID && val.ID === obj.ID && val.At === obj.At)";
const RESTORATION: &str = "PingOne.Restoration(val.ID && val.ID === obj.ID && val.At === obj.At)";
const COLUMNS: [&str; 5] = ["User", "ID", "Step", "Outcome", "Detail"];

/// A step of a containment, in the order in which they are taken: PingOne locks only enabled users, so the
/// lock comes before disabling; sessions end when no new one can begin; groups come last, since leaving them
/// contains least and is most work to undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Lock,
    Disable,
    EndSessions,
    SetPassword,
    ForceChange,
    RemoveDevices,
    LeaveGroups,
}

const STEPS: [(&str, Step); 7] = [
    ("lock", Step::Lock),
    ("disable", Step::Disable),
    ("endSessions", Step::EndSessions),
    ("setPassword", Step::SetPassword),
    ("forceChange", Step::ForceChange),
    ("removeDevices", Step::RemoveDevices),
    ("leaveGroups", Step::LeaveGroups),
];

/// Arguments that say how a step is to be taken.
const OPTIONS: [(&str, &str); 4] = [
    ("lockDuration", "lock"),
    ("devicesSince", "removeDevices"),
    ("keepDeviceIds", "removeDevices"),
    ("groupIds", "leaveGroups"),
];

/// What the arguments want.
struct Plan {
    steps: Vec<(&'static str, Step)>,
    until: Option<Timestamp>,
    devices_since: Option<Timestamp>,
    keep_devices: Vec<DeviceId>,
    groups: Vec<GroupId>,
    dry_run: bool,
}

impl Plan {
    fn read(cx: &Context<'_>) -> Result<Self> {
        let now = cx.pingone.now();
        let wanted = cx.args.list("steps");
        // Without a word, what keeps a thief out and is undone by one command and a new password.
        let usual = ["disable", "endSessions", "setPassword"];
        let is_wanted = |name: &str| {
            if wanted.is_empty() {
                usual.contains(&name)
            } else {
                wanted.iter().any(|wanted| wanted == name)
            }
        };
        let steps: Vec<_> = STEPS
            .into_iter()
            .filter(|(name, _)| is_wanted(name))
            .collect();
        for (option, wanted) in OPTIONS {
            let is_given = cx.args.text(option).is_some() || !cx.args.list(option).is_empty();
            ensure!(
                !is_given || steps.iter().any(|(name, _)| *name == wanted),
                "The argument '{option}' is for the step {wanted}, which is not among the steps: add the step, or leave the argument out."
            );
        }
        let duration = cx
            .args
            .text("lockDuration")
            .map(|text| span("lockDuration", text))
            .transpose()?;
        Ok(Self {
            steps,
            until: duration.map(|duration| moved(now, duration)).transpose()?,
            devices_since: cx
                .args
                .text("devicesSince")
                .map(|text| moment("devicesSince", text, now))
                .transpose()?,
            keep_devices: cx.args.ids("keepDeviceIds")?,
            groups: cx.args.ids("groupIds")?,
            dry_run: cx.args.flag("dryRun")?,
        })
    }
}

/// What came of a step.
struct Taken {
    step: &'static str,
    outcome: &'static str,
    detail: String,
}

/// What the texts of a step call the user, who stands beside them.
const THE_USER: &str = "the user";

const DONE: &str = "done";
const ALREADY: &str = "already so";
const FAILED: &str = "failed";
const NOT_APPLICABLE: &str = "not applicable";
const PLANNED: &str = "planned";
const NOT_UNDONE: &str = "cannot be undone";

/// What a containment changed, and so what a restoration has to undo.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Record {
    /// The user was enabled and no longer is.
    disabled: bool,
    /// The account was not locked and now is.
    locked: bool,
    /// The groups that the user was taken out of.
    left_groups: Vec<String>,
    /// The password was replaced by one that nobody knows.
    password_replaced: bool,
    /// The devices that were deleted.
    deleted_devices: Vec<String>,
    /// How many sessions were ended.
    ended_sessions: u64,
}

impl Record {
    /// Notes what a step may have changed without PingOne saying so: to undo too much does no harm here.
    fn assume(&mut self, step: Step, before: &User) {
        match step {
            Step::Lock => self.locked = !is_locked(&before.fields),
            Step::Disable => self.disabled = true,
            Step::SetPassword => self.password_replaced = true,
            // These note by themselves what they did, or change nothing that could be undone.
            Step::EndSessions | Step::ForceChange | Step::RemoveDevices | Step::LeaveGroups => {}
        }
    }
}

/// Whether PingOne carried out, or may have carried out, the change that a step makes although the step failed.
fn may_have_changed(error: &anyhow::Error) -> bool {
    error.is::<DoneBefore>()
        || error
            .downcast_ref::<pingone::Error>()
            .is_some_and(pingone::Error::may_have_changed)
}

/// What was done, also where something failed after it.
fn details(result: &Result<Change>) -> Option<&Row> {
    match result {
        Ok(change) => Some(&change.details),
        Err(error) => Some(&error.downcast_ref::<DoneBefore>()?.details),
    }
}

/// What came of one user.
struct Contained {
    taken: Vec<Taken>,
    /// A restoration has none.
    record: Option<Record>,
}

/// `pingone-contain-user`
pub(super) async fn contain(cx: &Context<'_>) -> Result<Output> {
    let plan = Plan::read(cx)?;
    if plan.dry_run {
        cx.pingone.only_plan();
    }
    let outcomes = cx
        .for_each_user(async |target| contain_one(cx, target, &plan).await)
        .await?;
    let title = if plan.dry_run {
        "Containment, as it would be"
    } else {
        "Containment"
    };
    Ok(report(cx, title, CONTAINMENT, &outcomes))
}

async fn contain_one(cx: &Context<'_>, mut target: Target, plan: &Plan) -> Result<Contained> {
    // The state before, also for the steps that ask for it. Without it nothing is done: it could not be undone.
    let before = cx.user_of(&mut target).await?;
    let (mut taken, mut record) = (Vec::new(), Record::default());
    for (name, step) in &plan.steps {
        let result = take(cx, *step, &before, plan, &mut record).await;
        if result.as_ref().is_err_and(may_have_changed) {
            record.assume(*step, &before);
        }
        let planned = cx.pingone.take_plan(before.id);
        let (outcome, detail) = match result {
            _ if !planned.is_empty() => (PLANNED, planned.join("\n")),
            Ok(Done { outcome, detail }) => (outcome, detail),
            Err(error) => (FAILED, cx.explain(&error)),
        };
        taken.push(Taken {
            step: name,
            outcome,
            detail,
        });
    }
    if plan.dry_run {
        record = Record::default();
    }
    Ok(Contained {
        taken,
        record: Some(record),
    })
}

/// A step that did not fail.
struct Done {
    outcome: &'static str,
    detail: String,
}

fn done(detail: impl Into<String>) -> Done {
    Done {
        outcome: DONE,
        detail: detail.into(),
    }
}

impl From<&Change> for Done {
    fn from(change: &Change) -> Self {
        Self {
            outcome: if change.changed { DONE } else { ALREADY },
            detail: change.result.clone(),
        }
    }
}

async fn take(
    cx: &Context<'_>,
    step: Step,
    before: &User,
    plan: &Plan,
    record: &mut Record,
) -> Result<Done> {
    let id = before.id;
    let target = || Target { id, user: None };
    match step {
        // A containment must not shorten a lock.
        Step::Lock if is_locked_as_long(before, plan.until) => Ok(Done {
            outcome: ALREADY,
            detail: "was locked already".to_owned(),
        }),
        // Only here: as a command of its own, a lock that cannot be had is a failure.
        Step::Lock if before.fields.enabled == Some(false) => Ok(Done {
            outcome: NOT_APPLICABLE,
            detail:
                "the user is disabled already and cannot sign on; PingOne locks only enabled users"
                    .to_owned(),
        }),
        Step::Lock => {
            let change = lock_one(cx, target(), plan.until).await?;
            record.locked = change.changed && !is_locked(&before.fields);
            Ok(Done::from(&change))
        }
        Step::Disable => {
            if before.fields.enabled == Some(false) {
                return Ok(Done {
                    outcome: ALREADY,
                    detail: "was disabled".to_owned(),
                });
            }
            set_enabled(cx, (id, THE_USER), false).await?;
            record.disabled = true;
            Ok(done("disabled"))
        }
        Step::EndSessions => {
            let result = clear_all(cx, &target()).await;
            record.ended_sessions = details(&result)
                .and_then(|details| details.get("Ended")?.as_u64())
                .unwrap_or_default();
            Ok(Done::from(&result?))
        }
        Step::SetPassword => set_random_password(cx, id, record).await,
        Step::ForceChange => {
            if let Some(reason) = no_own_password(cx, id).await? {
                return Ok(Done {
                    outcome: NOT_APPLICABLE,
                    detail: reason,
                });
            }
            cx.pingone.force_password_change(id).await?;
            Ok(done(
                "must be changed at the next sign-on; until then the old password goes on working",
            ))
        }
        Step::RemoveDevices => {
            let result = reset_one(cx, &target(), plan.devices_since, &plan.keep_devices).await;
            let deleted = details(&result).and_then(|details| details.get("Deleted")?.as_array());
            record.deleted_devices = deleted
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            Ok(Done::from(&result?))
        }
        Step::LeaveGroups => leave_groups(cx, id, &plan.groups, record).await,
    }
}

/// Why a user has no password at PingOne that could be replaced.
async fn no_own_password(cx: &Context<'_>, id: UserId) -> Result<Option<String>> {
    let state = cx.pingone.read_password_state(id).await?;
    Ok(match state.get("status").and_then(Value::as_str) {
        Some("EXTERNAL") => {
            Some("the password is kept by another identity provider: change it there".to_owned())
        }
        Some("NO_PASSWORD") => Some("the user has no password".to_owned()),
        _ => None,
    })
}

async fn set_random_password(cx: &Context<'_>, id: UserId, record: &mut Record) -> Result<Done> {
    if let Some(reason) = no_own_password(cx, id).await? {
        return Ok(Done {
            outcome: NOT_APPLICABLE,
            detail: reason,
        });
    }
    let password = random_password()?;
    cx.pingone.hide(&password);
    cx.pingone.set_password(id, &password, false, true).await?;
    record.password_replaced = true;
    Ok(done("replaced by a random one that nobody knows"))
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

const STILL_A_MEMBER: &str =
    "PingOne answered that there is nothing to remove, but the user is still in the group.";

async fn leave_groups(
    cx: &Context<'_>,
    id: UserId,
    only: &[GroupId],
    record: &mut Record,
) -> Result<Done> {
    let (_, memberships) = cx.pingone.direct_groups(id).await?;
    let groups: Vec<GroupId> = memberships
        .into_iter()
        .map(|membership| membership.group)
        .filter(|group| only.is_empty() || only.contains(group))
        .collect();
    if groups.is_empty() {
        return Ok(Done {
            outcome: ALREADY,
            detail: "is in none of them".to_owned(),
        });
    }
    let mut failed = Vec::new();
    for group in &groups {
        match cx.pingone.remove_from_group(id, *group).await {
            Ok(()) => record.left_groups.push(group.to_string()),
            Err(error) if error.status() == Some(404) => {
                // Gone already, or never touched?
                let membership = cx.pingone.read_membership(id, *group).await;
                // An earlier try got no answer; that the membership is gone now is its doing.
                if error.tries.outcome_unknown && !matches!(membership, Ok(Some(_))) {
                    record.left_groups.push(group.to_string());
                }
                match membership {
                    Ok(None) => {}
                    Ok(Some(_)) => failed.push(format!("{group}: {STILL_A_MEMBER}")),
                    Err(error) => failed.push(format!("{group}: {}", cx.explain(&error.into()))),
                }
            }
            Err(error) => {
                if error.may_have_changed() {
                    record.left_groups.push(group.to_string());
                }
                failed.push(format!("{group}: {}", cx.explain(&error.into())));
            }
        }
    }
    if !failed.is_empty() {
        bail!(
            "{} of {} groups left; not left: {}",
            groups.len() - failed.len(),
            groups.len(),
            failed.join("; ")
        );
    }
    Ok(done(format!("{} left", record.left_groups.len())))
}

/// `pingone-restore-user`
pub(super) async fn restore(cx: &Context<'_>) -> Result<Output> {
    let records = records(cx.args.list("record"))?;
    let dry_run = cx.args.flag("dryRun")?;
    if dry_run {
        cx.pingone.only_plan();
    }
    let outcomes = cx
        .for_each_user(async |target| restore_one(cx, target, &records).await)
        .await?;
    let title = if dry_run {
        "Restoration, as it would be"
    } else {
        "Restoration"
    };
    Ok(report(cx, title, RESTORATION, &outcomes))
}

/// The records of containments, each with the user that it is of.
fn records(texts: &[String]) -> Result<Vec<(String, Record)>> {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(rename = "ID")]
        id: String,
        #[serde(rename = "Record")]
        record: Record,
    }
    let read = |text: &String| {
        let Entry { id, record } = serde_json::from_str(text)
            .context("The argument 'record' is no record of a containment: give what stands under PingOne.Containment in the context")?;
        Ok((id, record))
    };
    texts.iter().map(read).collect()
}

async fn restore_one(
    cx: &Context<'_>,
    target: Target,
    records: &[(String, Record)],
) -> Result<Contained> {
    let id = target.id;
    let own: Vec<&Record> = records
        .iter()
        .filter(|(of, _)| *of == id.to_string())
        .map(|(_, record)| record)
        .collect();
    ensure!(
        !own.is_empty(),
        "None of the given records is of this user: what was changed is not known, so nothing was undone."
    );
    let any = |what: fn(&Record) -> bool| own.iter().any(|record| what(record));
    let mut taken = Vec::new();
    let mut note = |step, result: Result<Done>| {
        let planned = cx.pingone.take_plan(id);
        let (outcome, detail) = match result {
            _ if !planned.is_empty() => (PLANNED, planned.join("\n")),
            Ok(Done { outcome, detail }) => (outcome, detail),
            Err(error) => (FAILED, cx.explain(&error)),
        };
        taken.push(Taken {
            step,
            outcome,
            detail,
        });
    };
    // PingOne unlocks only enabled users.
    let once_enabled = any(|record| record.disabled);
    if once_enabled {
        let enabled = set_enabled(cx, (id, THE_USER), true).await;
        note("enable", enabled.map(|_| done("enabled")));
    }
    if any(|record| record.locked) {
        let unlocked = unlock(cx, (id, THE_USER), once_enabled).await;
        note("unlock", unlocked.map(|_| done("unlocked")));
    }
    let groups: Vec<&String> = own.iter().flat_map(|record| &record.left_groups).collect();
    if !groups.is_empty() {
        note("joinGroups", join_groups(cx, id, &groups).await);
    }
    let cannot = |detail: String| {
        Ok(Done {
            outcome: NOT_UNDONE,
            detail,
        })
    };
    if any(|record| record.password_replaced) {
        note("setPassword", cannot("the old password is not known to anyone but its owner: set a new one with pingone-set-password".to_owned()));
    }
    let devices: usize = own.iter().map(|record| record.deleted_devices.len()).sum();
    if devices > 0 {
        note(
            "removeDevices",
            cannot(format!(
                "{devices} devices have to be paired again by the user"
            )),
        );
    }
    let sessions: u64 = own.iter().map(|record| record.ended_sessions).sum();
    if sessions > 0 {
        note(
            "endSessions",
            cannot(format!(
                "{sessions} sessions ended; the user signs on again"
            )),
        );
    }
    Ok(Contained {
        taken,
        record: None,
    })
}

async fn join_groups(cx: &Context<'_>, id: UserId, groups: &[&String]) -> Result<Done> {
    let mut failed = Vec::new();
    for group in groups {
        let Ok(group) = group.parse::<GroupId>() else {
            bail!("The record names a group that is no id: {group}.")
        };
        match cx.pingone.add_to_group(id, group).await {
            Ok(_) => {}
            Err(error) if error.has_code("UNIQUENESS_VIOLATION") => {}
            Err(error) => failed.push(format!("{group}: {}", cx.explain(&error.into()))),
        }
    }
    if !failed.is_empty() {
        bail!(
            "{} of {} groups joined; not joined: {}",
            groups.len() - failed.len(),
            groups.len(),
            failed.join("; ")
        );
    }
    Ok(done(format!("{} joined", groups.len())))
}

/// One row for each step of each user, the records for the context, and the failures.
fn report(cx: &Context<'_>, title: &str, key: &str, outcomes: &[Outcome<Contained>]) -> Output {
    let at = written(cx.pingone.now());
    let mut rows: Vec<Row> = Vec::new();
    let mut context = Vec::new();
    let mut failures = Vec::new();
    for Outcome { given, id, result } in outcomes {
        let id = id.map(|id| id.to_string());
        let line = |step: &str, outcome: &str, detail: &str| {
            row([
                ("User", json!(given)),
                ("ID", json!(id)),
                ("Step", json!(step)),
                ("Outcome", json!(outcome)),
                ("Detail", json!(detail)),
            ])
        };
        match result {
            Err(error) => {
                let explained = cx.explain(error);
                rows.push(line("", FAILED, &explained));
                failures.push(format!("{given}: {explained}"));
            }
            Ok(Contained { taken, record }) => {
                let steps: Vec<Value> = taken
                    .iter()
                    .map(
                        |Taken {
                             step,
                             outcome,
                             detail,
                         }| json!({"Step": step, "Outcome": outcome, "Detail": detail}),
                    )
                    .collect();
                rows.extend(taken.iter().map(
                    |Taken {
                         step,
                         outcome,
                         detail,
                     }| line(step, outcome, detail),
                ));
                let mut entry = json!({"ID": id, "At": at, "User": given, "Steps": steps});
                if let Some(record) = record {
                    entry["Record"] = json!(record);
                }
                context.push(entry);
                let failed = taken.iter().filter(|taken| taken.outcome == FAILED);
                failures.extend(
                    failed.map(|Taken { step, detail, .. }| format!("{given}: {step}: {detail}")),
                );
            }
        }
    }
    let mut output = Output::new(
        table_of(title, &COLUMNS, &rows),
        Some(Value::Array(context.clone())),
    );
    if !context.is_empty() {
        output = output.with_context(key, Value::Array(context));
    }
    // A user with a step that failed is one that failed.
    let every_user_failed = outcomes.iter().all(|outcome| {
        outcome.result.as_ref().map_or(true, |contained| {
            contained.taken.iter().any(|taken| taken.outcome == FAILED)
        })
    });
    if cx.args.text("failOn") != Some("all") || every_user_failed {
        output.failures = failures;
    }
    output
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

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let record = Record {
            disabled: true,
            left_groups: vec!["g".to_owned()],
            ..Record::default()
        };
        let text = json!({"ID": "u", "At": "t", "Record": record}).to_string();
        let read = records(&[text]).expect("a record");
        assert!(read[0].1.disabled && read[0].1.left_groups == ["g"] && !read[0].1.locked);
        assert!(records(&["{}".to_owned()]).is_err() && records(&["emma".to_owned()]).is_err());
    }
}
