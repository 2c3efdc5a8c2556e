//! Sends the changes that the guard permits, and logs them. In a dry run it records what it would have sent and
//! assumes that PingOne did it.

use std::{cell::RefCell, rc::Rc};

use super::{
    guard::Permit,
    sender::{Outgoing, Sender},
};
use crate::{
    answer::{Answer, CallLabel},
    call::Effect,
    changes::ChangeLog,
    error::Error,
    id::Principal,
    retry::Repeat,
    secrets::Mask,
    wire::{HttpRequest, Reply},
};

/// Makes the changes of one command.
pub(crate) struct Writer {
    log: Rc<ChangeLog>,
    mode: RefCell<Mode>,
}

enum Mode {
    /// Changes are sent.
    Send,
    /// Changes are recorded, without duplicates.
    DryRun(Vec<Planned>),
}

/// A recorded change.
#[derive(PartialEq, Eq)]
struct Planned {
    effect: Effect,
    description: String,
}

impl Writer {
    /// Sends changes and logs them in `log`.
    pub(crate) fn new(log: Rc<ChangeLog>) -> Self {
        Self {
            log,
            mode: RefCell::new(Mode::Send),
        }
    }

    /// From now on changes are recorded instead of sent.
    pub(crate) fn start_dry_run(&self) {
        self.mode.replace(Mode::DryRun(Vec::new()));
    }

    /// Whether changes are recorded instead of sent.
    pub(crate) fn is_dry_run(&self) -> bool {
        matches!(&*self.mode.borrow(), Mode::DryRun(_))
    }

    /// Takes the recorded changes that affect a user, group or application. Several may be planned for concurrently.
    pub(crate) fn take_plan(&self, principal: Principal) -> Vec<String> {
        let mut mode = self.mode.borrow_mut();
        let Mode::DryRun(plan) = &mut *mode else {
            return Vec::new();
        };
        plan.extract_if(.., |planned| planned.effect.principal() == Some(principal))
            .map(|planned| planned.description)
            .collect()
    }

    /// Makes a change. PingOne's answer may be empty.
    pub(crate) async fn send(&self, sender: &Sender<'_>, permit: Permit) -> Result<Answer, Error> {
        let change = Change::of(permit, sender);
        let label = CallLabel::of(&change.request);
        let reply = match self.plan(&change, &sender.mask()) {
            Some(made) => made,
            None => sender.call(self.outgoing(change)).await?,
        };
        label.read(reply, sender.budget())
    }

    /// Makes a change and returns PingOne's reply, whatever its status.
    pub(crate) async fn send_for_any_reply(
        &self,
        sender: &Sender<'_>,
        permit: Permit,
    ) -> Result<Reply, Error> {
        let change = Change::of(permit, sender);
        if let Some(made) = self.plan(&change, &sender.mask()) {
            return Ok(made);
        }
        let (reply, _) = sender.exchange(self.outgoing(change)).await?;
        Ok(reply)
    }

    fn outgoing(&self, change: Change) -> Outgoing<'_> {
        let Change {
            request, repeat, ..
        } = change;
        Outgoing {
            request,
            repeat,
            log: Some(&self.log),
        }
    }

    /// Records the change in a dry run and returns the reply assumed from PingOne.
    fn plan(&self, change: &Change, mask: &Mask) -> Option<Reply> {
        let mut mode = self.mode.borrow_mut();
        let Mode::DryRun(plan) = &mut *mode else {
            return None;
        };
        let planned = Planned {
            effect: change.effect,
            description: describe(&change.request, mask),
        };
        if !plan.contains(&planned) {
            plan.push(planned);
        }
        Some(Reply {
            status: 204,
            ..Reply::default()
        })
    }
}

/// A permitted change, ready to be sent.
struct Change {
    request: HttpRequest,
    repeat: Repeat,
    effect: Effect,
}

impl Change {
    fn of(permit: Permit, sender: &Sender<'_>) -> Self {
        let write = permit.into_write();
        Self {
            repeat: write.repeat(),
            effect: write.effect(),
            request: write.into_request(&sender.connection().settings),
        }
    }
}

/// A change as a dry run shows it: method, path, media type and body.
fn describe(request: &HttpRequest, mask: &Mask) -> String {
    let body = request
        .body
        .as_deref()
        .map(|body| String::from_utf8_lossy(body))
        .unwrap_or_default();
    let described = [
        request.method.as_str(),
        request.url.path(),
        request.content_type.unwrap_or_default(),
        &mask.text(&body),
    ]
    .join(" ");
    described.trim_end().to_owned()
}
