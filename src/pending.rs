//! Which verifications may be pending, by user: PingOne has no list of them, so they are noted here. The notes last as
//! long as the process, and where the server keeps an integration context, longer. What was started elsewhere is not
//! among them.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use pingone::id::{DeviceAuthenticationId, UserId};

/// No verification is pending for longer. A push expires after 150 seconds at most, a code after some minutes.
const MAX_PENDING: Duration = Duration::from_mins(10);
/// The longest that a push of unknown id can be pending: the most that a policy allows.
const MAX_PUSH: Duration = Duration::from_secs(150);

/// A verification that may be pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its id; `None` if PingOne's answer was lost.
    pub id: Option<DeviceAuthenticationId>,
    /// Until when it can be pending.
    pub until: Timestamp,
}

/// The notes.
#[derive(Default)]
pub struct PendingVerifications {
    /// By user id, as it is stored.
    notes: RefCell<BTreeMap<String, Note>>,
    is_changed: Cell<bool>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Note {
    id: Option<String>,
    until: String,
}

impl Note {
    fn read(&self) -> Option<Pending> {
        let id = match &self.id {
            Some(id) => Some(id.parse().ok()?),
            None => None,
        };
        let until = self.until.parse().ok()?;
        Some(Pending { id, until })
    }
}

impl PendingVerifications {
    /// A verification of the user is about to be started.
    pub fn begin(&self, user: UserId, now: Timestamp) {
        self.note(user, None, now + MAX_PUSH, now);
    }

    /// It was started.
    pub fn started(&self, user: UserId, id: DeviceAuthenticationId, now: Timestamp) {
        self.note(user, Some(id), now + MAX_PENDING, now);
    }

    /// It was not started after all.
    pub fn end(&self, user: UserId) {
        self.notes.borrow_mut().remove(&user.to_string());
    }

    fn note(
        &self,
        user: UserId,
        id: Option<DeviceAuthenticationId>,
        until: Timestamp,
        now: Timestamp,
    ) {
        let mut notes = self.notes.borrow_mut();
        notes.retain(|_, note| note.read().is_some_and(|pending| pending.until > now));
        let note = Note {
            id: id.map(|id| id.to_string()),
            until: until.to_string(),
        };
        notes.insert(user.to_string(), note);
        self.is_changed.set(true);
    }

    /// What may be pending for the user.
    pub fn of(&self, user: UserId, now: Timestamp) -> Option<Pending> {
        let notes = self.notes.borrow();
        let pending = notes.get(&user.to_string())?.read()?;
        (pending.until > now).then_some(pending)
    }

    /// Adds the notes that another process stored. One that cannot be read is left out.
    pub fn restore(&self, stored: &str) {
        if let Ok(stored) = serde_json::from_str::<BTreeMap<String, Note>>(stored) {
            self.notes.borrow_mut().extend(stored);
        }
    }

    /// Whether they changed since the last call, so that they have to be stored.
    pub fn take_changed(&self) -> bool {
        self.is_changed.take()
    }

    /// The notes that are `stored`, with ours added.
    pub fn merged_with(&self, stored: &str) -> String {
        let mut notes: BTreeMap<String, Note> = serde_json::from_str(stored).unwrap_or_default();
        notes.extend(self.notes.borrow().clone());
        serde_json::to_string(&notes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_stored_until_they_are_out_of_date() {
        let user: UserId = "a8890eb9-38ea-469a-bc00-b64be7903633"
            .parse()
            .expect("an id");
        let id = "3f0d9c1e-6b52-4a57-9d0e-8c1f7a2b4d60";
        let id: DeviceAuthenticationId = id.parse().expect("an id");
        let now: Timestamp = "2026-03-05T18:00:00Z".parse().expect("a time");
        let notes = PendingVerifications::default();
        assert!(!notes.take_changed());
        notes.begin(user, now);
        assert_eq!(notes.of(user, now).expect("pending").id, None);
        assert_eq!(notes.of(user, now + Duration::from_secs(150)), None);
        notes.started(user, id, now);
        assert!(notes.take_changed() && !notes.take_changed());

        let restored = PendingVerifications::default();
        restored.restore("not JSON");
        restored.restore(&notes.merged_with("not JSON"));
        assert_eq!(restored.of(user, now).expect("pending").id, Some(id));
        assert_eq!(restored.of(user, now + Duration::from_mins(10)), None);
        restored.end(user);
        assert_eq!(restored.of(user, now), None);
        assert!(!restored.take_changed());
    }
}
