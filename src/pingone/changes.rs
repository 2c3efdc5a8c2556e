//! What was sent to PingOne to change something, and what is known of it: if a person ends a command while it
//! runs, that is what has to be told. Kept for one command; nothing is decided here.

use std::cell::RefCell;

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
    UnderWay,
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
            Self::UnderWay | Self::Unanswered => true,
            Self::Answered(status) => matches!(status, 408 | 500..=599),
            Self::Unsent => false,
        }
    }
}

/// The changes of the command under way.
#[derive(Default)]
pub(super) struct Changes(RefCell<Vec<Change>>);

impl Changes {
    /// Forgets those of an earlier command.
    pub(super) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// A request is being sent.
    pub(super) fn begin(&self, call: String) {
        self.0.borrow_mut().push(Change {
            call,
            state: ChangeState::UnderWay,
        });
    }

    /// The latest request ended.
    pub(super) fn end(&self, state: ChangeState) {
        if let Some(change) = self.0.borrow_mut().last_mut() {
            change.state = state;
        }
    }

    /// All of them, the first first.
    pub(super) fn all(&self) -> Vec<Change> {
        self.0.borrow().clone()
    }
}
