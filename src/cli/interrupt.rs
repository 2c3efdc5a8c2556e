//! Ctrl-C: waits for the signal, and says which changes went through. The client keeps track of those
//! (`pingone::changes`).

use std::io;

use pingone::changes::{Change, ChangeState};

/// Waits for SIGINT or SIGTERM. Create it once, before any command runs: from its first poll on, the signals no longer
/// end the process by themselves.
pub(super) async fn signalled() -> io::Result<()> {
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

/// Tells the user what happened to `command`, or that no command was running. `remaining` commands did not start.
pub(super) fn summary(command: Option<&str>, changes: &[Change], remaining: usize) -> String {
    let mut lines = Vec::new();
    match command {
        None => lines.push("interrupted; no command was running".to_owned()),
        Some(command) => {
            lines.push(format!("interrupted while {command} was running"));
            lines.extend(changes.iter().map(describe));
            let sent = |change: &Change| change.state != ChangeState::Unsent;
            if !changes.iter().any(sent) {
                lines.push("no change was sent to PingOne".to_owned());
            }
            if changes.iter().any(|change| change.state.is_unknown()) {
                lines.push("check PingOne before you run the command again".to_owned());
            }
        }
    }
    match remaining {
        0 => {}
        1 => lines.push("1 command was not started".to_owned()),
        more => lines.push(format!("{more} commands were not started")),
    }
    lines.join("\n  ")
}

fn describe(change: &Change) -> String {
    let Change { call, state } = change;
    match *state {
        ChangeState::InFlight => {
            format!("{call} was sent but not answered yet: PingOne may still do it")
        }
        ChangeState::Unanswered => {
            format!("{call} was sent but got no answer: PingOne may have done it")
        }
        ChangeState::Unsent => format!("{call} did not reach PingOne"),
        ChangeState::Answered(status @ 200..=299) => {
            format!("{call} succeeded (status {status})")
        }
        ChangeState::Answered(status) if state.is_unknown() => {
            format!("{call} failed with status {status}: PingOne may have done it")
        }
        ChangeState::Answered(status) => {
            format!("{call} was refused with status {status}: not done")
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
    fn the_summary_says_what_is_known_and_what_is_not() {
        assert_eq!(summary(None, &[], 0), "interrupted; no command was running");
        assert_eq!(
            summary(Some("c"), &[], 2),
            "interrupted while c was running\n  no change was sent to PingOne\n  2 commands \
             were not started"
        );
        assert_eq!(
            summary(
                Some("c"),
                &[
                    change(ChangeState::Unsent),
                    change(ChangeState::Answered(503)),
                    change(ChangeState::Unanswered),
                    change(ChangeState::InFlight)
                ],
                1
            ),
            "interrupted while c was running\n  PUT /x did not reach PingOne\n  PUT /x failed with status 503: \
             PingOne may have done it\n  PUT /x was sent but got no answer: PingOne may have done \
             it\n  PUT /x was sent but not answered yet: PingOne may still do it\n  check PingOne before you run \
             the command again\n  1 command was not started"
        );
        assert_eq!(
            summary(
                Some("c"),
                &[
                    change(ChangeState::Answered(429)),
                    change(ChangeState::Answered(204))
                ],
                0
            ),
            "interrupted while c was running\n  PUT /x was refused with status 429: not done\n  PUT /x \
             succeeded (status 204)"
        );
    }
}
