//! What a handler works with: the store, the request, the caller, and the audit trail it writes to.

use jiff::Timestamp;
use serde_json::Map;

use crate::model::activity::{Activity, Actor, Subject, humanize};
use crate::model::store::{Store, User};
use crate::protocol::error::ApiError;
use crate::protocol::message::Request;

/// What a handler works with.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) request: &'a Request,
    /// The ids in the path after the environment's, in order.
    pub(crate) ids: Vec<String>,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Context<'_> {
    /// The id at `position`; the route guarantees that it exists.
    pub(crate) fn id(&self, position: usize) -> &str {
        self.ids.get(position).map_or("", String::as_str)
    }

    /// The user in the path, `…/users/{id}…`.
    pub(crate) fn user(&self) -> Result<&User, ApiError> {
        self.store.find_user(self.id(0))
    }

    /// The user in the path, for modification.
    pub(crate) fn user_mut(&mut self) -> Result<&mut User, ApiError> {
        let id = self.ids.first().map_or("", String::as_str);
        self.store.find_user_mut(id)
    }
}

impl Context<'_> {
    /// Records a successful action of the calling worker.
    pub(crate) fn record(&mut self, action: &str, resources: Vec<Subject>) {
        self.note(action, resources, humanize(action), false);
    }

    /// Records a successful action whose description says more than its type.
    pub(crate) fn record_described(
        &mut self,
        action: &str,
        resources: Vec<Subject>,
        description: String,
    ) {
        self.note(action, resources, description, false);
    }

    /// Records a failed action of the calling worker.
    pub(crate) fn record_failure(&mut self, action: &str, resources: Vec<Subject>) {
        self.note(action, resources, humanize(action), true);
    }

    /// Records a successful action on the user in the path, who must exist.
    pub(crate) fn record_user(&mut self, action: &str) -> Result<(), ApiError> {
        let subject = self.store.subject(self.user()?);
        self.record(action, vec![subject]);
        Ok(())
    }

    /// Records a successful action on the application in the path, which must exist.
    pub(crate) fn record_application(&mut self, action: &str) -> Result<(), ApiError> {
        let application = self.store.find_application(self.id(0))?;
        let subject = self.store.application_subject(application);
        self.record(action, vec![subject]);
        Ok(())
    }

    fn note(&mut self, action: &str, resources: Vec<Subject>, description: String, failed: bool) {
        // In captures, checks of passwords name nobody who acted.
        let has_actor = !action.starts_with("PASSWORD.CHECK_");
        let store = &mut *self.store;
        let activity = Activity {
            sequence: store.next_sequence(),
            id: store.ids.uuid(),
            correlation_id: store.ids.uuid(),
            at: self.now,
            action: action.to_owned(),
            client: has_actor.then(|| self.actor.clone()),
            user: None,
            resources,
            failed,
            description,
            remote_ip: None,
            user_agent: None,
            details: Map::new(),
        };
        store.activities.push(activity);
    }
}
