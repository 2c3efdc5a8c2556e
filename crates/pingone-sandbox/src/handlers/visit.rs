//! One request on its way through a handler, and what it leaves in the audit trail.

use jiff::Timestamp;

use crate::model::activity::{Activity, Actor, Subject, words};
use crate::model::state::{User, World};
use crate::protocol::error::Problem;
use crate::protocol::message::Request;

/// One request on its way through a handler.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) request: &'a Request,
    /// The ids in the path behind the environment's, in their order.
    pub(crate) ids: Vec<String>,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Visit<'_> {
    /// The id at `position`; the router has seen to it that there is one.
    pub(crate) fn id(&self, position: usize) -> &str {
        self.ids.get(position).map_or("", String::as_str)
    }

    /// The user of `…/users/{id}…`.
    pub(crate) fn user(&self) -> Result<&User, Problem> {
        self.world.find_user(self.id(0))
    }

    /// The same, to change it.
    pub(crate) fn user_mut(&mut self) -> Result<&mut User, Problem> {
        let id = self.ids.first().map_or("", String::as_str);
        self.world.find_user_mut(id)
    }
}

impl Visit<'_> {
    /// Records a success of this visit's worker.
    pub(crate) fn record(&mut self, action: &str, resources: Vec<Subject>) {
        self.note(action, resources, false);
    }

    /// Records a failure.
    pub(crate) fn record_failure(&mut self, action: &str, resources: Vec<Subject>) {
        self.note(action, resources, true);
    }

    /// Records something about the user in the path, who must exist.
    pub(crate) fn record_user(&mut self, action: &str) -> Result<(), Problem> {
        let subject = self.world.subject(self.user()?);
        self.record(action, vec![subject]);
        Ok(())
    }

    fn note(&mut self, action: &str, resources: Vec<Subject>, failed: bool) {
        let world = &mut *self.world;
        let activity = Activity {
            order: world.next_order(),
            id: world.ids.uuid(),
            correlation_id: world.ids.uuid(),
            at: self.now,
            action: action.to_owned(),
            client: Some(self.actor.clone()),
            user: None,
            resources,
            failed,
            description: words(action),
            remote_ip: None,
            user_agent: None,
        };
        world.activities.push(activity);
    }
}
