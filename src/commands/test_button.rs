//! The test button: checks the credentials, the environment, the region and the roles, that PingOne has what the
//! instance protects, and, if the instance fetches incidents, that it can.

use anyhow::{Error, Result, bail};

use crate::{
    access::Access, advice::Advised, entry::Output, handler::Handler, inputs::feed::feed_settings,
    invocation::Invocation,
};
use jiff::SignedDuration;
use pingone::{
    activities::Span,
    error::Problem,
    protected::{EntryKind, UnresolvedEntry},
};

/// What the test button runs.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

/// Lists one user, as nearly every command does first. If PingOne refuses, reading the environment tells a wrong
/// environment or region from a missing role.
async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let Err(refused) = cx.pingone.probe_users().await else {
        check_protected(cx).await?;
        check_fetch(cx).await?;
        return Ok(Output {
            readable: "ok".into(),
            context: None,
            raw: None,
            failures: Vec::new(),
            schedule: None,
        });
    };
    if !is_out_of_reach(&refused) {
        return Err(advised(refused));
    }
    match cx.pingone.read_environment().await {
        Err(error) if is_out_of_reach(&error) => Err(Error::new(Advised {
            error: refused,
            advice: "The environment cannot be read either: check the Environment ID and the Region.",
        })),
        _ => Err(advised(refused)),
    }
}

/// What is read here exists in every environment, so a 404 is about the environment.
fn advised(error: pingone::Error) -> Error {
    if is_404(&error) {
        let advice = "Check the Environment ID and the Region.";
        Error::new(Advised { error, advice })
    } else {
        error.into()
    }
}

fn is_404(error: &pingone::Error) -> bool {
    match &*error.problem {
        Problem::Refused(refusal) => refusal.status == 404,
        Problem::ProtectionUnknown { cause, .. } => cause.as_deref().is_some_and(is_404),
        _ => false,
    }
}

/// A mistyped entry protects nobody, and no command would mention it.
async fn check_protected(cx: &Invocation<'_>) -> Result<()> {
    let wrong = cx.pingone.unresolved_entries().await.map_err(advised)?;
    if wrong.is_empty() {
        return Ok(());
    }
    let wrong: Vec<String> = wrong.iter().map(describe).collect();
    bail!(
        "{}\nEach entry must name exactly one user, group or application in PingOne. Separate entries with commas or line breaks.",
        wrong.join("\n")
    )
}

/// An instance that fetches incidents must be able to read the audit trail, and its settings must make sense.
async fn check_fetch(cx: &Invocation<'_>) -> Result<()> {
    let Some(fetch) = cx.fetch else {
        return Ok(());
    };
    let now = cx.pingone.now();
    feed_settings(fetch, now)?;
    let span = Span {
        from: now.saturating_sub(SignedDuration::from_mins(1))?,
        to: now,
    };
    cx.pingone.activity_pages(span, None, 1).next().await?;
    Ok(())
}

/// The entry is shown with escapes: the mistake may be an invisible character.
fn describe(unresolved: &UnresolvedEntry) -> String {
    let UnresolvedEntry {
        kind,
        entry,
        matches,
    } = unresolved;
    let (setting, kind) = match kind {
        EntryKind::User => ("Protected users", "user"),
        EntryKind::Group => ("Protected groups", "group"),
        EntryKind::Application => ("Protected applications", "application"),
    };
    if matches.is_empty() {
        format!("'{setting}': PingOne has no {kind} {entry:?}.")
    } else {
        let matches = matches.join(", ");
        format!("'{setting}': {entry:?} names more than one {kind}: {matches}.")
    }
}

/// How PingOne answers both for an unknown environment and for a missing role. A refused token has other causes.
fn is_out_of_reach(error: &pingone::Error) -> bool {
    matches!(&*error.problem, Problem::Refused(refusal) if matches!(refusal.status, 403 | 404))
}
