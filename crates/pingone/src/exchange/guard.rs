//! Enforces what must not be changed, whatever the command. A change is sent only with a permit, and only this file
//! issues permits, so no command can forget to ask. It fails closed: a change that names might forbid goes through
//! only after every relevant name was read.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

use serde_json::Value;

use super::reader::Reader;
use crate::{
    answer::CallLabel,
    call::{Effect, List, Write},
    endpoints::{
        applications::{self, ApplicationNames},
        groups::{self, Membership},
        users::{self, UserNames},
    },
    error::{Error, Problem, none_on_404},
    id::{ApplicationId, GroupId, UserId},
    names::same,
    policy::{Policy, PolicyLabels},
};

/// Allows one change to be sent.
pub(crate) struct Permit {
    write: Write,
}

impl Permit {
    /// The change that may be sent.
    pub(super) fn into_write(self) -> Write {
        self.write
    }
}

/// Checks changes against the policy.
pub(crate) struct Guard {
    policy: Policy,
    cache: RefCell<AuthorizationCache>,
}

/// What was found to be unprotected during the command.
#[derive(Default)]
struct AuthorizationCache {
    users: HashSet<UserId>,
    groups: HashSet<GroupId>,
    /// What the command has read of applications, protected ones too.
    applications: HashMap<ApplicationId, ApplicationNames>,
}

/// A group is not nested in more groups than this: PingOne's limit is 250 groups in one group.
const MAX_ANCESTOR_GROUPS: usize = 250;

/// What was needed for the decision but could not be read, and the error if a call failed.
struct LookupFailure {
    what: String,
    cause: Option<Error>,
}

impl LookupFailure {
    fn of(what: String) -> impl FnOnce(Error) -> Self {
        |error| Self {
            what,
            cause: Some(error),
        }
    }

    /// The error for a change whose `target` may be listed in `setting`.
    fn refuse(self, target: &str, setting: &str) -> Error {
        let Self { what, cause } = self;
        Problem::ProtectionUnknown {
            reason: format!(
                "It could not be established whether {target} is protected ({setting}), so nothing was changed: {what} could not be read."
            ),
            cause: cause.map(Box::new),
        }
        .into()
    }

    /// The error by itself, for callers that refuse nothing.
    fn into_cause(self) -> Error {
        let Self { what, cause } = self;
        let unusable =
            || CallLabel::reading("the look-up").unusable(&format!("it does not tell {what}"));
        cause.unwrap_or_else(unusable)
    }
}

/// Why the names or groups of a user could not be read.
enum UserLookupFailure {
    /// There is no such user; holds PingOne's answer.
    NoSuchUser(Error),
    /// Anything else.
    Other(LookupFailure),
}

impl UserLookupFailure {
    fn into_error(self, target: &str, setting: &str) -> Error {
        match self {
            Self::NoSuchUser(error) => error,
            Self::Other(failure) => failure.refuse(target, setting),
        }
    }
}

impl Guard {
    /// Checks the changes of one command against `policy`.
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            cache: RefCell::default(),
        }
    }

    /// What must not be changed.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Issues a permit for the change; an error if the policy forbids it, or may forbid it.
    pub(crate) async fn authorize(
        &self,
        reader: Reader<'_>,
        write: Write,
    ) -> Result<Permit, Error> {
        let check = Check {
            guard: self,
            reader,
        };
        match write.effect() {
            Effect::Probe => {}
            _ if self.policy.read_only => {
                let label = self.policy.labels.read_only;
                return Err(forbidden(format!("{label}: nothing was changed.")));
            }
            Effect::NewUser | Effect::Nobody => {}
            Effect::Application(application) => check.application(application).await?,
            // Whoever is protected must not be worn out with pushes either.
            Effect::User(user) | Effect::Verification(user) => check.user(user).await?,
            Effect::Group(group) => check.group(group).await?,
            Effect::Membership(user, group) => {
                check.group(group).await?;
                check.user(user).await?;
            }
        }
        Ok(Permit { write })
    }

    /// Remembers an application that the command has read, so that it need not be read again before a change.
    pub(crate) fn remember(&self, application: ApplicationId, raw: &Value) {
        if let Some(names) = ApplicationNames::read(raw, application) {
            let mut cache = self.cache.borrow_mut();
            cache.applications.insert(application, names);
        }
    }

    /// The protected groups that the user is in now, by name and id. The filter of a dynamic group decides membership
    /// only after the change, so nothing can be refused in advance: ask this after changing any attribute that such a
    /// filter may use. <https://developer.pingidentity.com/pingone-api/platform/groups.html>
    pub(crate) async fn protected_groups_of(
        &self,
        reader: Reader<'_>,
        user: UserId,
    ) -> Result<Vec<String>, Error> {
        if self.policy.protected_groups.is_empty() {
            return Ok(Vec::new());
        }
        let check = Check {
            guard: self,
            reader,
        };
        // What was found before the change is out of date.
        self.cache.borrow_mut().users.remove(&user);
        let mut protected = Vec::new();
        for Membership { group, name, .. } in check.all_groups(user).await? {
            let is_protected = check.is_protected_group(group, name.as_deref()).await;
            if is_protected.map_err(LookupFailure::into_cause)? {
                protected.push(check.group_label(group, name.as_deref()));
            }
        }
        Ok(protected)
    }
}

/// One check against the policy.
struct Check<'a> {
    guard: &'a Guard,
    reader: Reader<'a>,
}

impl Check<'_> {
    fn policy(&self) -> &Policy {
        &self.guard.policy
    }

    fn is_cleared(&self, group: GroupId) -> bool {
        self.guard.cache.borrow().groups.contains(&group)
    }

    async fn group(&self, group: GroupId) -> Result<(), Error> {
        if self.policy().protected_groups.is_empty() || self.is_cleared(group) {
            return Ok(());
        }
        let setting = self.policy().labels.protected_groups;
        let refused = |why: &str| {
            Err(forbidden(format!(
                "The group {group} is {why} ({setting}): nothing was changed."
            )))
        };
        let unknown =
            |failure: LookupFailure| failure.refuse(&format!("the group {group}"), setting);
        let itself = self.is_protected_group(group, None).await;
        if itself.map_err(unknown)? {
            return refused("protected");
        }
        // Joining a nested group also makes the user a member of the groups around it. Whether PingOne lists more than
        // the direct parents is undocumented, so each parent is asked for its own.
        let mut cleared = HashSet::from([group]);
        let mut to_ask = vec![group];
        while let Some(below) = to_ask.pop() {
            let parents = self.parent_groups(below).await.map_err(|error| {
                let what = format!("the groups in which the group {below} is nested");
                unknown(LookupFailure::of(what)(error))
            })?;
            for Membership { group, name, .. } in parents {
                if self.is_cleared(group) || !cleared.insert(group) {
                    continue;
                }
                let this = self.is_protected_group(group, name.as_deref()).await;
                if this.map_err(unknown)? {
                    let label = self.group_label(group, name.as_deref());
                    return refused(&format!("nested in {label}, which is protected"));
                }
                to_ask.push(group);
            }
            if cleared.len() > MAX_ANCESTOR_GROUPS {
                return refused("nested in too many groups to tell whether one is protected");
            }
        }
        self.guard.cache.borrow_mut().groups.extend(cleared);
        Ok(())
    }

    /// Whether a group is protected itself. Looks its name up unless it is known.
    async fn is_protected_group(
        &self,
        group: GroupId,
        name: Option<&str>,
    ) -> Result<bool, LookupFailure> {
        let is_listed = |name: &str| contains_name(&self.policy().protected_groups, name);
        if is_listed(&group.to_string()) {
            return Ok(true);
        }
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            return Ok(is_listed(name));
        }
        let what = format!("the name of the group {group}");
        match self.group_name(group).await {
            Ok(Some(name)) => Ok(is_listed(&name)),
            Ok(None) => Err(LookupFailure { what, cause: None }),
            Err(error) => Err(LookupFailure::of(what)(error)),
        }
    }

    /// How messages name a group.
    fn group_label(&self, group: GroupId, name: Option<&str>) -> String {
        name.map_or_else(
            || group.to_string(),
            |name| format!("{} ({group})", self.reader.mask().text(name)),
        )
    }

    async fn user(&self, user: UserId) -> Result<(), Error> {
        let policy = self.policy();
        if !policy.protects_anything() || self.guard.cache.borrow().users.contains(&user) {
            return Ok(());
        }
        let PolicyLabels {
            protected_users,
            protected_groups,
            ..
        } = policy.labels;
        let refused = |label: &str, why: &str| {
            Err(forbidden(format!(
                "The user {label} is protected ({why}): nothing was changed."
            )))
        };
        let id = user.to_string();
        if contains_name(&policy.protected_users, &id) {
            return refused(&id, protected_users);
        }
        // The two look-ups are independent.
        let (names, groups) = tokio::join!(self.names_if_needed(user), self.groups_if_needed(user));
        let is_listed = |name: &String| contains_name(&policy.protected_users, name);
        if let Ok(Some(UserNames { username, email })) = &names
            && (is_listed(username) || email.as_ref().is_some_and(is_listed))
        {
            return refused(&self.reader.mask().text(username), protected_users);
        }
        // A user who does not exist needs no protection: the command reports that in its own words.
        if let Err(UserLookupFailure::NoSuchUser(error)) = names {
            return Err(error);
        }
        let target = format!("the user {user}");
        let groups = groups.map_err(|failure| failure.into_error(&target, protected_groups))?;
        for Membership { group, name, .. } in groups {
            let is_protected = self.is_protected_group(group, name.as_deref()).await;
            if is_protected.map_err(|failure| failure.refuse(&target, protected_groups))? {
                let username = names.ok().flatten();
                let username = username.map(|names| self.reader.mask().text(&names.username));
                let why = format!("a member of one of the {protected_groups}");
                return refused(username.as_deref().unwrap_or(&id), &why);
            }
        }
        names.map_err(|failure| failure.into_error(&target, protected_users))?;
        self.guard.cache.borrow_mut().users.insert(user);
        Ok(())
    }

    /// PingOne's own applications and the caller's own are protected whatever the policy says: without the latter, nobody
    /// could undo the change.
    async fn application(&self, application: ApplicationId) -> Result<(), Error> {
        let refused = |label: &str, why: &str| {
            Err(forbidden(format!(
                "The application {label} is {why}: nothing was changed."
            )))
        };
        let id = application.to_string();
        if self.reader.client_id().eq_ignore_ascii_case(&id) {
            return refused(&id, "the worker application of this instance");
        }
        let setting = self.policy().labels.protected_applications;
        let protected = format!("protected ({setting})");
        if contains_name(&self.policy().protected_applications, &id) {
            return refused(&id, &protected);
        }
        let ApplicationNames { name, kind } = self.application_names(application).await?;
        let label = self.reader.mask().text(&name);
        if applications::is_system(&kind) {
            return refused(&label, "one of PingOne's own");
        }
        if contains_name(&self.policy().protected_applications, &name) {
            return refused(&label, &protected);
        }
        Ok(())
    }

    fn known_application(&self, application: ApplicationId) -> Option<ApplicationNames> {
        let cache = self.guard.cache.borrow();
        cache.applications.get(&application).cloned()
    }

    async fn application_names(
        &self,
        application: ApplicationId,
    ) -> Result<ApplicationNames, Error> {
        let known = self.known_application(application);
        if let Some(names) = known {
            return Ok(names);
        }
        let setting = self.policy().labels.protected_applications;
        let unknown = |cause| {
            let what = "its name and type".to_owned();
            LookupFailure { what, cause }.refuse(&format!("the application {application}"), setting)
        };
        let answer = match self
            .reader
            .read(applications::application(application))
            .await
        {
            // One that does not exist needs no protection: the command reports that in its own words.
            Err(error) if error.status() == Some(404) => return Err(error),
            answer => answer.map_err(|error| unknown(Some(error)))?,
        };
        let names = answer
            .decode(|raw| Ok(ApplicationNames::read(&raw, application)))
            .map_err(|error| unknown(Some(error)))?
            .ok_or_else(|| unknown(None))?;
        let mut cache = self.guard.cache.borrow_mut();
        cache.applications.insert(application, names.clone());
        Ok(names)
    }

    /// The names of the user, if any user is protected.
    async fn names_if_needed(&self, user: UserId) -> Result<Option<UserNames>, UserLookupFailure> {
        if self.policy().protected_users.is_empty() {
            return Ok(None);
        }
        let what = "their username and email address".to_owned();
        match self.user_names(user).await {
            Ok(Some(names)) => Ok(Some(names)),
            Ok(None) => Err(UserLookupFailure::Other(LookupFailure {
                what,
                cause: None,
            })),
            Err(error) if error.status() == Some(404) => Err(UserLookupFailure::NoSuchUser(error)),
            Err(error) => Err(UserLookupFailure::Other(LookupFailure::of(what)(error))),
        }
    }

    /// The groups that the user is in, if any group is protected. PingOne's 404 may mean that there is no such user,
    /// so that is checked too.
    async fn groups_if_needed(&self, user: UserId) -> Result<Vec<Membership>, UserLookupFailure> {
        if self.policy().protected_groups.is_empty() {
            return Ok(Vec::new());
        }
        let error = match self.all_groups(user).await {
            Ok(groups) => return Ok(groups),
            Err(error) => error,
        };
        if error.status() == Some(404)
            && let Err(gone) = self.user_names(user).await
            && gone.status() == Some(404)
        {
            return Err(UserLookupFailure::NoSuchUser(gone));
        }
        let what = "their groups".to_owned();
        Err(UserLookupFailure::Other(LookupFailure::of(what)(error)))
    }

    async fn user_names(&self, user: UserId) -> Result<Option<UserNames>, Error> {
        let answer = self.reader.read(users::user(user)).await?;
        answer.decode(|raw| Ok(UserNames::read(&raw, user)))
    }

    /// `None` if there is no such group, or if the answer is not about this group or has no name in it.
    async fn group_name(&self, group: GroupId) -> Result<Option<String>, Error> {
        let Some(answer) = none_on_404(self.reader.read(groups::group(group)).await)? else {
            return Ok(None);
        };
        answer.decode(|raw| Ok(groups::name_of(&raw, group)))
    }

    /// Every group that the user is in, including through other groups.
    async fn all_groups(&self, user: UserId) -> Result<Vec<Membership>, Error> {
        self.memberships(groups::of_user(user)).await
    }

    /// The groups in which a group is nested.
    async fn parent_groups(&self, group: GroupId) -> Result<Vec<Membership>, Error> {
        self.memberships(groups::parents(group)).await
    }

    /// Names are not masked: for comparison only.
    async fn memberships(&self, list: List) -> Result<Vec<Membership>, Error> {
        let listing = self.reader.list(list).await?;
        // A group left out may be a protected one.
        listing.ensure_complete()?;
        let (listing, reservation) = listing.split_reservation();
        listing.decode(|raw| Membership::read(raw, &reservation))
    }
}

/// Whether `entries` contains the name.
fn contains_name(entries: &[String], name: &str) -> bool {
    entries.iter().any(|entry| same(entry, name))
}

fn forbidden(reason: String) -> Error {
    Problem::Forbidden(reason).into()
}
