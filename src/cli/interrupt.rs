//! Ctrl-C: the end at once, with the truth about what was done. Waits for the signal and words the truth; what
//! was sent is known by the log of the command (`pingone/changes.rs`).

use std::io;

use pingone::changes::{Change, ChangeState};

/// Waits until a person, or the system, ends the process. To be made once, before anything is carried out: from
/// its first poll on, the signals do nothing else any more.
pub(super) async fn interrupted() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// What a person has to know who ended `command`, or ended the process while no command was under way.
pub(super) fn truth(command: Option<&str>, changes: &[Change], not_begun: usize) -> String {
    let mut lines = Vec::new();
    match command {
        None => lines.push("interrupted; no command was under way".to_owned()),
        Some(command) => {
            lines.push(format!("interrupted while {command} was under way"));
            lines.extend(changes.iter().map(told));
            let sent = |change: &Change| change.state != ChangeState::Unsent;
            if !changes.iter().any(sent) {
                lines.push("nothing was sent to PingOne that changes anything".to_owned());
            }
            if changes.iter().any(|change| change.state.is_unknown()) {
                lines.push("look in PingOne before you run the command again".to_owned());
            }
        }
    }
    match not_begun {
        0 => {}
        1 => lines.push("1 command was not begun".to_owned()),
        more => lines.push(format!("{more} commands were not begun")),
    }
    lines.join("\n  ")
}

fn told(change: &Change) -> String {
    let Change { call, state } = change;
    match *state {
        ChangeState::UnderWay => {
            format!("{call} was sent and not answered yet: PingOne may carry it out")
        }
        ChangeState::Unanswered => {
            format!("{call} was sent and got no answer: PingOne may have carried it out")
        }
        ChangeState::Unsent => format!("{call} did not reach PingOne"),
        ChangeState::Answered(status @ 200..=299) => {
            format!("{call} was carried out (status {status})")
        }
        ChangeState::Answered(status) if state.is_unknown() => {
            format!("{call} failed with status {status}: PingOne may have carried it out")
        }
        ChangeState::Answered(status) => {
            format!("{call} was refused with status {status}: not carried out")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(state: ChangeState) -> Change {
        Change {
            call: "PUT /x".to_owned(),
            state,
        }
    }

    #[test]
    fn what_is_known_is_told_and_what_is_not() {
        assert_eq!(truth(None, &[], 0), "interrupted; no command was under way");
        assert_eq!(
            truth(Some("c"), &[], 2),
            "interrupted while c was under way\n  nothing was sent to PingOne that changes anything\n  2 commands \
             were not begun"
        );
        assert_eq!(
            truth(
                Some("c"),
                &[
                    change(ChangeState::Unsent),
                    change(ChangeState::Answered(503)),
                    change(ChangeState::Unanswered),
                    change(ChangeState::UnderWay)
                ],
                1
            ),
            "interrupted while c was under way\n  PUT /x did not reach PingOne\n  PUT /x failed with status 503: \
             PingOne may have carried it out\n  PUT /x was sent and got no answer: PingOne may have carried it \
             out\n  PUT /x was sent and not answered yet: PingOne may carry it out\n  look in PingOne before you run \
             the command again\n  1 command was not begun"
        );
        assert_eq!(
            truth(
                Some("c"),
                &[
                    change(ChangeState::Answered(429)),
                    change(ChangeState::Answered(204))
                ],
                0
            ),
            "interrupted while c was under way\n  PUT /x was refused with status 429: not carried out\n  PUT /x was \
             carried out (status 204)"
        );
    }
}
