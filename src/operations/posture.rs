//! One read of an environment for a SOC: what attackers leave behind, or live on. Each check stands by itself: one that
//! fails costs its own findings alone. Nothing is changed.

use std::collections::HashSet;

use anyhow::Error;
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    administrators::{AdministratorSearch, Administrators, Gap, administrators},
    roles::{RoleNames, role_names},
    webhooks::{Weakness, weaknesses},
};
use pingone::{
    Client,
    activities::{Condition, MAX_PAGE_SIZE, Span},
    activity::Activity,
    applications::Application,
    id::UserId,
    pages::Paging,
    roles::RoleAssignment,
};

/// Enough to hide network latency, and well below PingOne's rate limits.
const MAX_CONCURRENT: usize = 10;
/// PingOne's largest page of users.
const PAGE_SIZE: usize = 200;
/// How many worker applications are asked for their roles.
const MAX_WORKERS: usize = 100;
/// How many changes are read from the audit trail.
const MAX_CHANGES: usize = 500;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// What is looked for in the audit trail: changes of federation and of webhooks, and secrets that were rotated.
const CHANGES: [&str; 9] = [
    "IDENTITY_PROVIDER.CREATED",
    "IDENTITY_PROVIDER.UPDATED",
    "IDENTITY_PROVIDER.DELETED",
    "IDP_ATTRIBUTE.CREATED",
    "IDP_ATTRIBUTE.UPDATED",
    "IDP_ATTRIBUTE.DELETED",
    "SUBSCRIPTION.UPDATED",
    "SUBSCRIPTION.DELETED",
    ROTATED,
];
const ROTATED: &str = "SECRET.UPDATED";
/// Roles that can take over users or the environment.
const BROAD: [&str; 3] = [
    "Organization Admin",
    "Environment Admin",
    "Identity Data Admin",
];

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may be an attack, or makes one easy.
    High,
    /// It weakens a defence.
    Medium,
    /// It should be cleaned up.
    Low,
}

/// A part of the environment that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Administrators' MFA.
    Administrators,
    /// MFA bypasses.
    Bypasses,
    /// Applications' settings.
    Applications,
    /// Worker applications' roles.
    WorkerRoles,
    /// Webhooks.
    Webhooks,
    /// Changes in the last week.
    Trail,
}

/// What is wrong.
pub enum Concern {
    /// An administrator without MFA.
    NoMfa,
    /// A user with an MFA bypass, until this time.
    Bypass(Timestamp),
    /// A worker application with these broad roles.
    BroadRoles(Vec<String>),
    /// A worker application of this age whose secret may be as old.
    OldSecret(Timestamp),
    /// An application whose tokens outlive the user's session.
    TokensOutliveSessions,
    /// Nothing sends the audit trail elsewhere.
    NoWebhook,
    /// A webhook with weaknesses, the worst first.
    Webhook(Vec<Weakness>),
    /// An identity provider was changed.
    FederationChanged(Change),
    /// A webhook was changed.
    WebhookChanged(Change),
}

/// A change that the audit trail has.
#[derive(PartialEq, Eq)]
pub struct Change {
    /// The action type.
    pub action: String,
    /// Who made it.
    pub by: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
}

/// Something that is wrong.
pub struct Finding {
    /// What is wrong.
    pub concern: Concern,
    /// With whom or what.
    pub subject: String,
    /// Its id.
    pub id: Option<String>,
}

impl Finding {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match &self.concern {
            Concern::NoMfa | Concern::Bypass(_) | Concern::FederationChanged(_) => Severity::High,
            Concern::Webhook(weaknesses) => match weaknesses.first() {
                Some(Weakness::Off) => Severity::High,
                Some(Weakness::Unencrypted | Weakness::AnyCertificate) => Severity::Medium,
                _ => Severity::Low,
            },
            Concern::BroadRoles(_)
            | Concern::TokensOutliveSessions
            | Concern::WebhookChanged(_) => Severity::Medium,
            Concern::OldSecret(_) | Concern::NoWebhook => Severity::Low,
        }
    }
}

/// What was found.
#[derive(Default)]
pub struct Posture {
    /// The findings, the worst first.
    pub findings: Vec<Finding>,
    /// The checks that failed, in whole or in part.
    pub failed: Vec<(Check, Error)>,
    /// How many users were asked for administrator roles.
    pub users: usize,
    /// How many users were asked for MFA bypasses.
    pub bypasses: usize,
    /// Whether there are more users.
    pub more_users: bool,
    /// How many worker applications were not asked for their roles.
    pub more_workers: usize,
}

/// Looks at the environment. At most `max_users` users are asked for roles and for MFA bypasses: PingOne lists neither.
pub async fn posture(pingone: &Client<'_>, max_users: usize) -> Posture {
    let mut posture = Posture::default();
    let (names, workers, webhooks, changes) = tokio::join!(
        people(pingone, max_users),
        applications(pingone),
        pingone.webhooks(),
        changes(pingone),
    );
    let names = posture.add_people(names);
    let changes = posture.checked(Check::Trail, changes.map_err(Error::from));
    let changes = changes.unwrap_or_default();
    if let Some(found) = posture.checked(Check::Applications, workers) {
        let has_roles = found.workers.iter().any(|(_, roles)| !roles.is_empty());
        let names = match names {
            Some(names) => names,
            None if has_roles => role_names(pingone).await,
            None => RoleNames::default(),
        };
        posture.add_applications(found, &names, &changes, pingone.now());
    }
    if let Some(webhooks) = posture.checked(Check::Webhooks, webhooks.map_err(Error::from)) {
        posture.add_webhooks(&webhooks);
    }
    posture.add_changes(&changes);
    posture.findings.sort_by_key(Finding::severity);
    posture
}

/// The administrators, and the MFA bypasses of them and others.
struct People {
    administrators: Result<Administrators, Error>,
    bypasses: Vec<Finding>,
    asked: usize,
    failure: Option<Error>,
}

async fn people(pingone: &Client<'_>, max_users: usize) -> People {
    let search = AdministratorSearch {
        population: None,
        max_users,
    };
    let paging = Paging {
        limit: Some(max_users),
        page_size: PAGE_SIZE,
        from: None,
    };
    let (administrators, users) = tokio::join!(
        administrators(pingone, &search),
        pingone.search_users(None, &paging)
    );
    // Administrators first: with a bypass, their password is enough to take over the environment.
    let known = administrators.iter().flat_map(|found| &found.found);
    let known = known.map(|one| (one.id, name_of(&one.user)));
    let mut failure = None;
    let mut seen = HashSet::new();
    let others = match users {
        Ok(part) => part.items,
        Err(error) => {
            failure = Some(error.into());
            Vec::new()
        }
    };
    let others = others
        .iter()
        .filter_map(|user| Some((pingone.listed_user(user).ok()?, name_of(user))));
    let asked: Vec<(UserId, String)> = known
        .chain(others)
        .filter(|(id, _)| seen.insert(*id))
        .take(max_users)
        .collect();
    let total = asked.len();
    let mut reads = stream::iter(asked)
        .map(|(id, name)| async move { (id, name, pingone.mfa_bypass(id).await) })
        .buffered(MAX_CONCURRENT);
    let (mut bypasses, mut failed, mut done) = (Vec::new(), 0, 0);
    while let Some((id, name, bypass)) = reads.next().await {
        done += 1;
        pingone.set_progress(format!("{done} of {total} users asked for MFA bypasses"));
        match bypass.map(|bypass| bypass.running_until(pingone.now_at_pingone())) {
            Ok(None) => {}
            Ok(Some(until)) => bypasses.push(Finding {
                concern: Concern::Bypass(until),
                subject: name,
                id: Some(id.to_string()),
            }),
            // Deleted a moment ago.
            Err(error) if error.status() == Some(404) => {}
            Err(error) => {
                failed += 1;
                failure.get_or_insert(error.into());
                // Nothing but refusals: the rest would be refused as well.
                if failed == done && done >= MAX_CONCURRENT {
                    break;
                }
            }
        }
    }
    People {
        administrators,
        bypasses,
        asked: done - failed,
        failure,
    }
}

fn name_of(user: &Value) -> String {
    let name = user.get("username").and_then(Value::as_str);
    name.unwrap_or_default().to_owned()
}

/// The applications, and the roles of those that are workers.
struct Applications {
    all: Vec<Application>,
    workers: Vec<(Application, Vec<RoleAssignment>)>,
    failure: Option<Error>,
    unasked: usize,
}

async fn applications(pingone: &Client<'_>) -> Result<Applications, Error> {
    let mut all = pingone.applications().await?;
    all.retain(|application| application.enabled != Some(false) && !application.is_system());
    let is_worker = |application: &&Application| application.kind.as_deref() == Some("WORKER");
    let mut workers: Vec<Application> = all.iter().filter(is_worker).cloned().collect();
    let unasked = workers.len().saturating_sub(MAX_WORKERS);
    workers.truncate(MAX_WORKERS);
    let reads: Vec<_> = stream::iter(workers)
        .map(|worker| async move {
            let roles = pingone.role_assignments(worker.id).await;
            (worker, roles)
        })
        .buffered(MAX_CONCURRENT)
        .collect()
        .await;
    let (mut workers, mut failure) = (Vec::new(), None);
    for (worker, roles) in reads {
        match roles {
            Ok(roles) => workers.push((worker, roles)),
            Err(error) => {
                failure.get_or_insert(error.into());
            }
        }
    }
    Ok(Applications {
        all,
        workers,
        failure,
        unasked,
    })
}

/// What was changed in the last week.
async fn changes(pingone: &Client<'_>) -> Result<Vec<Activity>, pingone::Error> {
    let to = pingone.now();
    let from = to.saturating_sub(WEEK).unwrap_or(to);
    let condition = Condition::Actions(CHANGES.map(str::to_owned).into());
    let mut pages = pingone.activity_pages(Span { from, to }, Some(&condition), MAX_PAGE_SIZE);
    let mut found = Vec::new();
    while found.len() < MAX_CHANGES
        && let Some(page) = pages.next().await?
    {
        found.extend(page.keep(|_| true));
    }
    Ok(found)
}

impl Posture {
    /// Whether every check failed.
    pub fn is_blind(&self) -> bool {
        const ALL: [Check; 5] = [
            Check::Administrators,
            Check::Bypasses,
            Check::Applications,
            Check::Webhooks,
            Check::Trail,
        ];
        let failed = |check: &Check| self.failed.iter().any(|(failed, _)| failed == check);
        self.users + self.bypasses == 0 && ALL.iter().all(failed)
    }

    /// The result of a check; `None` if it failed.
    fn checked<T>(&mut self, check: Check, result: Result<T, Error>) -> Option<T> {
        result
            .map_err(|error| self.failed.push((check, error)))
            .ok()
    }

    fn add(&mut self, concern: Concern, subject: &str, id: Option<String>) {
        self.findings.push(Finding {
            concern,
            subject: subject.to_owned(),
            id,
        });
    }

    /// Gives the names of roles, if they were read.
    fn add_people(&mut self, people: People) -> Option<RoleNames> {
        self.findings.extend(people.bypasses);
        self.bypasses = people.asked;
        let failure = people.failure.map(|error| (Check::Bypasses, error));
        let administrators = self.checked(Check::Administrators, people.administrators);
        self.failed.extend(failure);
        let administrators = administrators?;
        self.users = administrators.checked;
        for one in &administrators.found {
            let is = |member: &str, value| one.user.get(member) == Some(&Value::Bool(value));
            if !is("mfaEnabled", true) && !is("enabled", false) {
                let id = one.id.to_string();
                self.add(Concern::NoMfa, &name_of(&one.user), Some(id));
            }
        }
        for gap in administrators.gaps {
            match gap {
                Gap::Users => self.more_users = true,
                Gap::GroupRoles(error) | Gap::Roles(_, error) => {
                    self.failed.push((Check::Administrators, error));
                }
                Gap::Groups | Gap::Trail(_) => {}
            }
        }
        Some(administrators.names)
    }

    fn add_applications(
        &mut self,
        found: Applications,
        names: &RoleNames,
        changes: &[Activity],
        now: Timestamp,
    ) {
        self.more_workers = found.unasked;
        let failure = found.failure.map(|error| (Check::WorkerRoles, error));
        self.failed.extend(failure);
        for (worker, roles) in &found.workers {
            let names = roles.iter().filter_map(|role| names.of(role)?.as_str());
            let mut broad: Vec<String> = names
                .filter(|name| BROAD.contains(name))
                .map(str::to_owned)
                .collect();
            broad.sort_unstable();
            broad.dedup();
            if !broad.is_empty() {
                let id = worker.id.to_string();
                self.add(Concern::BroadRoles(broad), &worker.name, Some(id));
            }
        }
        for application in &found.all {
            let id = application.id.to_string();
            let text = |member| application.raw.get(member).and_then(Value::as_str);
            let skips = application.raw.get("skipTokenSessionValidation");
            if skips == Some(&Value::Bool(true)) {
                let concern = Concern::TokensOutliveSessions;
                self.add(concern, &application.name, Some(id.clone()));
            }
            let has_secret = text("tokenEndpointAuthMethod")
                .is_some_and(|method| method.starts_with("CLIENT_SECRET"));
            let is_worker = application.kind.as_deref() == Some("WORKER");
            let created = text("createdAt").and_then(|at| at.parse::<Timestamp>().ok());
            let created = created.filter(|at| now.duration_since(*at) > YEAR);
            let was_rotated = || {
                let mut rotations = changes.iter().filter(|change| change.is_action(ROTATED));
                rotations.any(|change| change.resources().any(|one| one.id == Some(&id)))
            };
            if let Some(created) = created.filter(|_| has_secret && is_worker && !was_rotated()) {
                let concern = Concern::OldSecret(created);
                self.add(concern, &application.name, Some(id.clone()));
            }
        }
    }

    fn add_webhooks(&mut self, webhooks: &[Value]) {
        if webhooks.is_empty() {
            self.add(Concern::NoWebhook, "", None);
        }
        for webhook in webhooks {
            let text = |member| webhook.get(member).and_then(Value::as_str);
            let weaknesses = weaknesses(webhook);
            if !weaknesses.is_empty() {
                let name = text("name").unwrap_or_default();
                self.add(
                    Concern::Webhook(weaknesses),
                    name,
                    text("id").map(str::to_owned),
                );
            }
        }
    }

    fn add_changes(&mut self, changes: &[Activity]) {
        for activity in changes {
            let Some(action) = activity.action().filter(|_| !activity.is_action(ROTATED)) else {
                continue;
            };
            let by = [activity.actor(), activity.client()];
            let by = by.into_iter().flatten().find_map(|party| party.name);
            let change = Change {
                action: action.to_owned(),
                by: by.map(str::to_owned),
                at: activity.recorded_at(),
            };
            let concern = if action.starts_with("SUBSCRIPTION.") {
                Concern::WebhookChanged(change)
            } else {
                Concern::FederationChanged(change)
            };
            let changed = activity.resources().next().unwrap_or_default();
            let name = changed.name.or(changed.id).unwrap_or_default();
            self.add(concern, name, changed.id.map(str::to_owned));
        }
    }
}
