//! `pingone-submit-risk-feedback`: tells PingOne Protect whether something was fraud.

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::risk::{About, Verdict, submit_feedback},
    views::risk,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

/// PingOne's limit, in characters.
const MAX_REASON: usize = 200;

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let (about, label) = subject(cx)?;
    let verdict = || -> Result<Verdict<'_>> {
        Ok(Verdict {
            verdict: cx.args.required(Arg::Verdict)?,
            trigger: cx.args.required(Arg::Trigger)?,
            reason: cx.args.text(Arg::Reason),
        })
    };
    let length = verdict()?.reason.map_or(0, |reason| reason.chars().count());
    ensure!(
        length <= MAX_REASON,
        "'reason' has {length} characters. Use {MAX_REASON} or fewer."
    );
    let accepted = submit_feedback(cx.pingone, about, verdict()?).await?;
    Ok(risk::feedback(&label, &verdict()?, accepted))
}

/// What the feedback is about, and as the request gave it.
fn subject(cx: &Invocation<'_>) -> Result<(About, String)> {
    let args = cx.args;
    let since = args.past_time(Arg::Since, cx.pingone.now())?;
    let required = || {
        since.context("'since' is required for a user or an address: when it happened, or began.")
    };
    let names = [Arg::Username, Arg::UserId, Arg::Email];
    let names_user = names.into_iter().any(|arg| args.is_given(arg));
    match (names_user, args.id(Arg::EvaluationId)?, args.ip(Arg::Ip)?) {
        (true, None, None) => {
            let user = users::one(args)?;
            let label = user.label();
            Ok((About::User(user, required()?), label))
        }
        (false, Some(id), None) => Ok((
            About::Evaluation(id, since),
            format!("risk evaluation {id}"),
        )),
        (false, None, Some(ip)) => Ok((About::Ip(ip, required()?), ip.to_string())),
        _ => {
            bail!("Provide one of these: a user (username, userId or email), evaluationId, or ip.")
        }
    }
}
