//! What was sent to PingOne to change something, and what is known of it: if a person ends a command while it
//! runs, that is what has to be told. Each command has its own; nothing is decided here.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use super::retry::leaves_outcome_unknown;

/// A request that was to change something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Method and path.
    pub call: String,
    /// How it ended.
    pub state: ChangeState,
}

/// How a request that was to change something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeState {
    /// It was sent, and nothing came back yet.
    InFlight,
    /// PingOne answered with this status.
    Answered(u16),
    /// It surely did not reach PingOne.
    Unsent,
    /// It may have reached PingOne, and no answer came.
    Unanswered,
}

impl ChangeState {
    /// Whether PingOne may have carried it out without saying so.
    pub fn is_unknown(self) -> bool {
        match self {
            Self::InFlight | Self::Unanswered => true,
            Self::Answered(status) => leaves_outcome_unknown(status),
            Self::Unsent => false,
        }
    }
}

/// The changes of one command, which is made with it.
#[derive(Default)]
pub struct ChangeLog(RefCell<Vec<Sent>>);

struct Sent {
    call: String,
    state: Rc<Cell<ChangeState>>,
}

/// A request under way. Several may be, and they end in any order, so each end belongs to one beginning.
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

    /// All of them, in the order in which they began.
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
    fn each_end_belongs_to_its_own_beginning() {
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
