//! Failed sign-ons, counted: so many of one user, or from one address, within so many minutes are one burst. A burst
//! covers a span of time, in which every further failure of the same user or address belongs to it.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use pingone::activity::{Activity, Party};

use super::selection::Severity;
use crate::operations::activities::FAILED_SIGN_ONS;

/// With failures for this many users, a burst from one address is more than somebody who forgot a password.
const MANY_USERS: usize = 5;

/// How many failures make a burst; 0 turns a rule off.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Failures of one user.
    pub per_user: usize,
    /// Failures from one address.
    pub per_address: usize,
    /// The time within which they happen.
    pub within: SignedDuration,
}

impl Rules {
    /// Whether anything is counted.
    pub fn are_on(&self) -> bool {
        self.per_user > 0 || self.per_address > 0
    }
}

/// A failed sign-on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// When it happened.
    pub at: Timestamp,
    /// The activity.
    pub id: String,
    /// The user's id and name, as far as they are known.
    user: Option<(String, String)>,
    ip: Option<String>,
}

impl Failure {
    /// The failed sign-on that an activity is; `None` if it is none.
    pub fn of(activity: &Activity, at: Timestamp, id: &str) -> Option<Self> {
        FAILED_SIGN_ONS
            .iter()
            .find(|action| activity.is_action(action))?;
        let user = activity
            .actor()
            .or_else(|| activity.subjects().first().copied());
        Some(Self {
            at,
            id: id.to_owned(),
            user: user.and_then(identity),
            ip: activity.ip().map(str::to_owned),
        })
    }
}

fn identity(user: Party<'_>) -> Option<(String, String)> {
    let id = user.id.or(user.name)?;
    Some((id.to_owned(), user.name.unwrap_or(id).to_owned()))
}

/// Whose failures are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A user, by id.
    User(String),
    /// An IP address.
    Address(String),
}

/// The span of a burst.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// Whose burst it is.
    pub subject: Subject,
    /// The time of its first failure.
    pub from: Timestamp,
    /// Up to when further failures belong to it.
    pub until: Timestamp,
}

impl Covered {
    fn has(&self, subject: &Subject, at: Timestamp) -> bool {
        self.subject == *subject && self.from <= at && at <= self.until
    }
}

/// A burst of failed sign-ons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    /// Whose failures these are, and the span that it covers.
    pub covered: Covered,
    /// The time of the failure that made it a burst.
    pub at: Timestamp,
    /// The failures known so far.
    pub failures: Vec<Failure>,
}

impl Burst {
    /// Its identity.
    pub fn id(&self) -> String {
        let (kind, subject) = match &self.covered.subject {
            Subject::User(id) => ("user", id),
            Subject::Address(ip) => ("address", ip),
        };
        let from = self.covered.from.as_millisecond();
        format!("failed-sign-ons/{kind}/{subject}/{from}")
    }

    /// The users by id and name, each once.
    pub fn users(&self) -> BTreeMap<&str, &str> {
        let users = self.failures.iter().filter_map(|one| one.user.as_ref());
        users.map(|(id, name)| (&**id, &**name)).collect()
    }

    /// The addresses and how often each occurs.
    pub fn addresses(&self) -> BTreeMap<&str, usize> {
        let mut found = BTreeMap::new();
        for ip in self.failures.iter().filter_map(|one| one.ip.as_deref()) {
            *found.entry(ip).or_default() += 1;
        }
        found
    }

    /// High if one address tried many users.
    pub fn severity(&self) -> Severity {
        match self.covered.subject {
            Subject::Address(_) if self.users().len() >= MANY_USERS => Severity::High,
            _ => Severity::Medium,
        }
    }
}

/// The bursts among failures in order of time: those that became bursts at `from` or later, without failures that an
/// earlier burst covers. Those before `from` were found earlier.
pub fn find(
    failures: &[Failure],
    rules: &Rules,
    covered: &[Covered],
    from: Timestamp,
) -> Vec<Burst> {
    let mut of_subjects: BTreeMap<Subject, Vec<&Failure>> = BTreeMap::new();
    for failure in failures {
        let user = failure.user.as_ref().filter(|_| rules.per_user > 0);
        let user = user.map(|(id, _)| Subject::User(id.clone()));
        let address = failure.ip.as_ref().filter(|_| rules.per_address > 0);
        let address = address.map(|ip| Subject::Address(ip.clone()));
        for subject in user.into_iter().chain(address) {
            of_subjects.entry(subject).or_default().push(failure);
        }
    }
    let mut bursts = Vec::new();
    for (subject, mut failures) in of_subjects {
        failures.retain(|one| !covered.iter().any(|burst| burst.has(&subject, one.at)));
        let number = match subject {
            Subject::User(_) => rules.per_user,
            Subject::Address(_) => rules.per_address,
        };
        bursts.extend(bursts_of(&subject, &failures, number, rules.within, from));
    }
    bursts
}

fn bursts_of(
    subject: &Subject,
    failures: &[&Failure],
    number: usize,
    within: SignedDuration,
    from: Timestamp,
) -> Vec<Burst> {
    let mut bursts: Vec<Burst> = Vec::new();
    let mut recent: VecDeque<&Failure> = VecDeque::new();
    for &failure in failures {
        if let Some(burst) = bursts.last_mut()
            && failure.at <= burst.covered.until
        {
            burst.failures.push(failure.clone());
            continue;
        }
        recent.push_back(failure);
        while recent.len() > number
            || recent
                .front()
                .is_some_and(|first| failure.at.duration_since(first.at) > within)
        {
            recent.pop_front();
        }
        if let Some(first) = recent.front()
            && recent.len() == number
            && failure.at >= from
        {
            let until = failure.at.saturating_add(within).unwrap_or(failure.at);
            bursts.push(Burst {
                covered: Covered {
                    subject: subject.clone(),
                    from: first.at,
                    until,
                },
                at: failure.at,
                failures: recent.drain(..).cloned().collect(),
            });
        }
    }
    bursts
}
