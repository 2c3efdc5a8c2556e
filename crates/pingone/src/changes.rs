//! The log of changes sent to PingOne and of how each ended: what to tell a person who interrupts a command. Each
//! command has its own log; nothing is decided here.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use super::retry::leaves_outcome_unknown;

/// A request to change something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Method and path.
    pub call: String,
    /// How it ended.
    pub state: ChangeState,
}

/// How a request to change something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeState {
    /// It was sent and has no answer yet.
    InFlight,
    /// PingOne answered with this status.
    Answered(u16),
    /// It certainly did not reach PingOne.
    Unsent,
    /// It may have reached PingOne, but no answer came.
    Unanswered,
}

impl ChangeState {
    /// Whether PingOne may have carried it out without confirming it.
    pub fn is_unknown(self) -> bool {
        match self {
            Self::InFlight | Self::Unanswered => true,
            Self::Answered(status) => leaves_outcome_unknown(status),
            Self::Unsent => false,
        }
    }
}

/// The changes of one command.
#[derive(Default)]
pub struct ChangeLog(RefCell<Vec<Sent>>);

struct Sent {
    call: String,
    state: Rc<Cell<ChangeState>>,
}

/// A request in flight. Several may be, and they end in any order, so each end is tied to its own beginning.
pub(super) struct PendingChange(Rc<Cell<ChangeState>>);

impl PendingChange {
    /// The request ended.
    pub(super) fn end(self, state: ChangeState) {
        self.0.set(state);
    }
}

impl ChangeLog {
    /// A request is being sent.
    pub(super) fn begin(&self, call: String) -> PendingChange {
        let state = Rc::new(Cell::new(ChangeState::InFlight));
        self.0.borrow_mut().push(Sent {
            call,
            state: Rc::clone(&state),
        });
        PendingChange(state)
    }

    /// All changes, in the order in which they began.
    pub fn all(&self) -> Vec<Change> {
        let sent = self.0.borrow();
        let changes = sent.iter().map(|Sent { call, state }| Change {
            call: call.clone(),
            state: state.get(),
        });
        changes.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_is_tied_to_its_own_beginning() {
        let changes = ChangeLog::default();
        let first = changes.begin("PUT /a".to_owned());
        let _second = changes.begin("PUT /b".to_owned());
        let third = changes.begin("PUT /c".to_owned());
        third.end(ChangeState::Answered(403));
        first.end(ChangeState::Answered(204));
        let states: Vec<ChangeState> = changes
            .all()
            .into_iter()
            .map(|change| change.state)
            .collect();
        assert_eq!(
            states,
            [
                ChangeState::Answered(204),
                ChangeState::InFlight,
                ChangeState::Answered(403)
            ]
        );
    }
}
