//! The steps of a containment and of a restoration: their outcomes, and the record that leads from the one to the
//! other. `contain.rs` and `restore.rs` decide which steps to take.

use std::fmt::{self, Display, Formatter};

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    application_records::ApplicationRecord,
    change::{Change, Details, Device, Roles},
    for_each::{SAMPLE_ID, Weight},
    phrases::{Named, counted, list},
};
use pingone::{Client, id::GroupId, id::Principal, memory};

/// The user in the errors of a step, which stand beside its name.
pub(super) const THE_USER: &str = "the user";

/// A group, by its name where PingOne gave it.
pub type Group = Named<GroupId>;

/// A step of a containment or of a restoration. The steps of a containment are in the order in which they are taken:
/// PingOne locks only enabled users, so the lock comes before disabling; sessions end when no new one can begin; groups
/// come last, since leaving them contains least and is most work to undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Locks the account.
    Lock,
    /// Disables the user.
    Disable,
    /// Ends the sessions.
    EndSessions,
    /// Removes administrator roles.
    RemoveRoles,
    /// Replaces the password by a random one.
    SetPassword,
    /// Forces a password change at the next sign-on.
    ForceChange,
    /// Blocks MFA devices, which keeps them as evidence.
    BlockDevices,
    /// Deletes MFA devices.
    RemoveDevices,
    /// Removes the user from groups.
    LeaveGroups,
    /// Enables the user.
    Enable,
    /// Unlocks the account.
    Unlock,
    /// Unblocks MFA devices.
    UnblockDevices,
    /// Adds the user to groups again.
    JoinGroups,
    /// Assigns administrator roles again.
    AssignRoles,
    /// There is nothing to undo.
    Nothing,
    /// Checks whether the user can sign on.
    SignOn,
    /// Disables an application.
    DisableApplication,
    /// Replaces the secret of an application.
    RotateSecret,
    /// Enables an application.
    EnableApplication,
}

impl Step {
    /// The name in arguments and in the context.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Disable | Self::DisableApplication => "disable",
            Self::EndSessions => "endSessions",
            Self::RemoveRoles => "removeRoles",
            Self::SetPassword => "setPassword",
            Self::ForceChange => "forceChange",
            Self::BlockDevices => "blockDevices",
            Self::RemoveDevices => "removeDevices",
            Self::LeaveGroups => "leaveGroups",
            Self::Enable | Self::EnableApplication => "enable",
            Self::Unlock => "unlock",
            Self::UnblockDevices => "unblockDevices",
            Self::JoinGroups => "joinGroups",
            Self::AssignRoles => "assignRoles",
            Self::Nothing => "none",
            Self::SignOn => "signOn",
            Self::RotateSecret => "rotateSecret",
        }
    }
}

/// The outcome of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// It was done.
    Done,
    /// There was nothing to do.
    Already,
    /// It failed.
    Failed,
    /// It makes no sense for this user.
    NotApplicable,
    /// It would be done.
    Planned,
    /// It cannot be undone.
    NotUndone,
    /// The user still cannot sign on, for a reason that a restoration does not remove.
    Blocked,
}

/// A step that did not fail.
#[derive(Debug)]
pub struct StepResult {
    /// Its outcome; never [`StepOutcome::Failed`].
    pub outcome: StepOutcome,
    /// What exactly happened.
    pub detail: Detail,
}

/// What exactly a step did, or why it did nothing.
#[derive(Debug)]
pub enum Detail {
    /// Nothing that the step and its outcome do not say.
    Plain,
    /// A change with details of its own.
    Change(Change),
    /// Groups that were left or joined.
    Groups(GroupChanges),
    /// More than the step and its outcome say.
    Note(&'static str),
    /// Complete sentences.
    Text(String),
}

/// Groups that a step handled.
#[derive(Debug, Default)]
pub struct GroupChanges {
    /// Those that were left or joined.
    pub changed: Vec<Group>,
    /// Those that needed no change.
    pub unchanged: Vec<Group>,
    /// Those that the user stays in, since a filter decides who is a member.
    pub dynamic: Vec<Group>,
}

impl StepResult {
    pub(super) fn new(outcome: StepOutcome, detail: Detail) -> Self {
        Self { outcome, detail }
    }

    pub(super) fn plain(outcome: StepOutcome) -> Self {
        Self::new(outcome, Detail::Plain)
    }

    pub(super) fn text(outcome: StepOutcome, text: impl Into<String>) -> Self {
        Self::new(outcome, Detail::Text(text.into()))
    }
}

impl From<Change> for StepResult {
    fn from(change: Change) -> Self {
        let outcome = match &change.details {
            _ if change.changed => StepOutcome::Done,
            // Roles that cannot be removed here are still held.
            Details::Roles(roles) if !roles.kept.is_empty() => StepOutcome::NotApplicable,
            _ => StepOutcome::Already,
        };
        Self::new(outcome, Detail::Change(change))
    }
}

/// Some of the groups of a step failed, each for a reason of its own.
#[derive(Debug, thiserror::Error)]
pub struct PartialGroups {
    /// What the step does with groups.
    pub direction: Direction,
    /// Those that were left or joined.
    pub done: Vec<Group>,
    /// Those that certainly were not.
    pub failed: Vec<GroupFailure>,
    /// Those that may have been.
    pub unconfirmed: Vec<GroupFailure>,
    /// Those that the user stays in, since a filter decides who is a member.
    pub dynamic: Vec<Group>,
}

/// What a step does with groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It removes the user from them.
    Leave,
    /// It adds the user to them.
    Join,
}

/// A group that a step could not change.
#[derive(Debug)]
pub struct GroupFailure {
    /// The group.
    pub group: Group,
    /// Whether PingOne did not say how the user became a member.
    pub is_type_unknown: bool,
    /// Why it failed.
    pub reason: Reason,
}

/// Why a group could not be changed.
#[derive(Debug)]
pub enum Reason {
    /// What PingOne cannot do.
    Known(&'static str),
    /// A call failed.
    PingOne(pingone::Error),
}

impl GroupFailure {
    pub(super) fn new(group: Group, reason: Reason) -> Self {
        Self {
            group,
            is_type_unknown: false,
            reason,
        }
    }
}

impl PartialGroups {
    /// The calls that failed.
    pub fn errors(&self) -> impl Iterator<Item = &pingone::Error> {
        let failures = self.failed.iter().chain(&self.unconfirmed);
        failures.filter_map(|failure| match &failure.reason {
            Reason::PingOne(error) => Some(error),
            Reason::Known(_) => None,
        })
    }
}

impl Display for PartialGroups {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [done, base, past] = match self.direction {
            Direction::Leave => ["Removed from", "leave", "left"],
            Direction::Join => ["Added to", "join", "joined"],
        };
        write!(f, "{done} {}", counted(self.done.len(), "group"))?;
        if !self.done.is_empty() {
            write!(f, " ({})", list(&self.done))?;
        }
        for failure in &self.failed {
            write!(f, "; could not {base} {failure}")?;
        }
        for failure in &self.unconfirmed {
            write!(f, "; may have {past} {failure}")?;
        }
        if !self.dynamic.is_empty() {
            write!(f, "; {}", remains_in(&self.dynamic))?;
        }
        Ok(())
    }
}

/// The end of a sentence about groups that the user cannot leave.
pub fn remains_in(dynamic: &[Group]) -> String {
    let groups = list(dynamic);
    format!("remains in dynamic groups, whose filters decide who is a member: {groups}")
}

impl Display for GroupFailure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            group,
            is_type_unknown,
            reason,
        } = self;
        let unknown = if *is_type_unknown {
            " (unknown type of membership)"
        } else {
            ""
        };
        write!(f, "{group}{unknown}: {reason}")
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(reason) => f.write_str(reason),
            Self::PingOne(error) => error.fmt(f),
        }
    }
}

/// A step that was taken.
#[derive(Debug)]
pub struct StepReport {
    /// Which one.
    pub step: Step,
    /// How it went.
    pub result: Result<StepResult>,
    /// In a dry run, the calls that would have changed something.
    pub calls: Vec<String>,
}

impl StepReport {
    /// The report of a step that was just taken, or planned.
    pub(super) fn new(
        pingone: &Client<'_>,
        of: impl Into<Principal>,
        step: Step,
        mut result: Result<StepResult>,
    ) -> Self {
        let calls = pingone.take_plan(of);
        if let Ok(done) = &mut result
            && !calls.is_empty()
        {
            done.outcome = StepOutcome::Planned;
        }
        Self {
            step,
            result,
            calls,
        }
    }

    /// Its outcome.
    pub fn outcome(&self) -> StepOutcome {
        match &self.result {
            Ok(done) => done.outcome,
            Err(_) => StepOutcome::Failed,
        }
    }
}

/// What a containment changed, or may have changed, and a restoration has to undo.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for a step of its own"
)]
pub struct Record {
    /// The user was enabled and no longer is.
    pub disabled: bool,
    /// The account was not locked and now is.
    pub locked: bool,
    /// The account was locked until then, and now is for longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_until_before: Option<Timestamp>,
    /// The groups that the user was removed from.
    pub left_groups: Vec<String>,
    /// Their names, in the same order; an id where the name is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_group_names: Vec<String>,
    /// The groups that the user may have been removed from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_groups: Vec<String>,
    /// The administrator roles that were removed: role, type of the scope, and scope.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed_roles: Vec<String>,
    /// Their names, in the same order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed_role_names: Vec<String>,
    /// The roles that may have been removed, like `removed_roles`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_roles: Vec<String>,
    /// The password was replaced by one that nobody knows.
    pub password_replaced: bool,
    /// The user has to change the password at the next sign-on.
    pub change_forced: bool,
    /// The devices that were blocked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocked_devices: Vec<String>,
    /// The devices that may have been blocked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_blocks: Vec<String>,
    /// The devices that were deleted.
    pub deleted_devices: Vec<String>,
    /// Their names, in the same order; an id where the device has no name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deleted_device_names: Vec<String>,
    /// The devices that may have been deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_devices: Vec<String>,
    /// How many sessions were ended.
    pub ended_sessions: u64,
    /// The sessions that may have been ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_sessions: Vec<String>,
    /// The steps that are recorded above as done although PingOne did not confirm them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_steps: Vec<String>,
}

impl Record {
    /// Records the groups that were left.
    pub(super) fn left(&mut self, groups: &[Group]) {
        self.left_groups = ids(groups);
        self.left_group_names = texts(groups);
    }

    /// Records the roles that were removed, and those that may have been.
    pub(super) fn roles_removed(&mut self, roles: &Roles) {
        self.removed_roles = texts(&roles.grants);
        self.removed_role_names = texts(&roles.removed);
        self.unconfirmed_roles = texts(&roles.unconfirmed_grants);
    }

    /// Records the devices that were blocked, and those that may have been.
    pub(super) fn blocked(&mut self, devices: &[Device], unconfirmed: &[Device]) {
        self.blocked_devices = ids(devices);
        self.unconfirmed_blocks = ids(unconfirmed);
    }

    /// Records the devices that were deleted, and those that may have been.
    pub(super) fn deleted(&mut self, devices: &[Device], unconfirmed: &[Device]) {
        self.deleted_devices = ids(devices);
        self.deleted_device_names = texts(devices);
        self.unconfirmed_devices = ids(unconfirmed);
    }

    /// Whether there is anything to undo, or that cannot be undone.
    pub fn is_empty(&self) -> bool {
        let Self {
            disabled,
            locked,
            locked_until_before,
            left_groups,
            left_group_names: _,
            unconfirmed_groups,
            removed_roles,
            removed_role_names: _,
            unconfirmed_roles,
            password_replaced,
            change_forced,
            blocked_devices,
            unconfirmed_blocks,
            deleted_devices,
            deleted_device_names: _,
            unconfirmed_devices,
            ended_sessions,
            unconfirmed_sessions,
            unconfirmed_steps: _,
        } = self;
        let lists = [
            left_groups,
            unconfirmed_groups,
            removed_roles,
            unconfirmed_roles,
            blocked_devices,
            unconfirmed_blocks,
            deleted_devices,
            unconfirmed_devices,
            unconfirmed_sessions,
        ];
        !(*disabled || *locked || *password_replaced || *change_forced)
            && locked_until_before.is_none()
            && *ended_sessions == 0
            && lists.into_iter().all(Vec::is_empty)
    }
}

fn ids<Id: ToString>(things: &[Named<Id>]) -> Vec<String> {
    things.iter().map(|thing| thing.id.to_string()).collect()
}

pub(super) fn texts<T: ToString>(things: &[T]) -> Vec<String> {
    things.iter().map(ToString::to_string).collect()
}

/// What the containment of a user or an application changed.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum AnyRecord {
    /// Of a user.
    User(Box<Record>),
    /// Of an application.
    Application(ApplicationRecord),
}

impl AnyRecord {
    /// Whether there is anything to undo, or that cannot be undone.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::User(record) => record.is_empty(),
            Self::Application(record) => record.is_empty(),
        }
    }
}

impl From<Record> for AnyRecord {
    fn from(record: Record) -> Self {
        Self::User(Box::new(record))
    }
}

impl From<ApplicationRecord> for AnyRecord {
    fn from(record: ApplicationRecord) -> Self {
        Self::Application(record)
    }
}

/// What was done with one user, or with one application.
#[derive(Debug)]
pub struct UserReport {
    /// The username, if PingOne gave it; the name of an application.
    pub username: Option<String>,
    /// Step by step.
    pub steps: Vec<StepReport>,
    /// What was changed; a restoration has none.
    pub record: Option<AnyRecord>,
}

impl UserReport {
    /// Whether any step has this outcome.
    pub fn has(&self, outcome: StepOutcome) -> bool {
        self.steps.iter().any(|step| step.outcome() == outcome)
    }
}

impl Weight for UserReport {
    fn weight(&self) -> usize {
        let steps = self.steps.iter().map(|report| {
            let calls = report.calls.iter().map(|call| memory::text_weight(call));
            memory::ROW / 4 + calls.sum::<usize>() + weight(&report.result)
        });
        // A row and an entry for each step, and the ids and names in the record.
        let record = self.record.iter().map(|record| {
            // A single application is contained at a time.
            let AnyRecord::User(record) = record else {
                return memory::ROW;
            };
            let lists = [
                &record.left_groups,
                &record.left_group_names,
                &record.unconfirmed_groups,
                &record.removed_roles,
                &record.removed_role_names,
                &record.unconfirmed_roles,
                &record.blocked_devices,
                &record.unconfirmed_blocks,
                &record.deleted_devices,
                &record.deleted_device_names,
                &record.unconfirmed_devices,
                &record.unconfirmed_sessions,
            ];
            let texts = lists.into_iter().flatten();
            texts.map(|text| memory::text_weight(text)).sum::<usize>()
        });
        memory::ROW + steps.sum::<usize>() + record.sum::<usize>()
    }
}

fn weight(result: &Result<StepResult>) -> usize {
    let named = |group: &Group| {
        let name = group.name.as_deref().map_or(0, memory::text_weight);
        memory::text_weight(SAMPLE_ID) + name
    };
    match result {
        Err(error) => memory::text_weight(&format!("{error:#}")),
        Ok(done) => match &done.detail {
            Detail::Plain | Detail::Note(_) => 0,
            Detail::Change(change) => change.details.weight(),
            Detail::Groups(groups) => {
                let GroupChanges {
                    changed,
                    unchanged,
                    dynamic,
                } = groups;
                let groups = changed.iter().chain(unchanged).chain(dynamic);
                groups.map(named).sum()
            }
            Detail::Text(text) => memory::text_weight(text),
        },
    }
}
