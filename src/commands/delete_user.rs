//! `pingone-delete-user`: deletes a user.

use anyhow::{Result, bail};

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::find::{Wording, find_user},
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let named = users::by_name_or_id(cx.args, Wording::NameOrId)?;
    let id = find_user(cx.pingone, &named).await?.id;
    let readable = match cx.pingone.delete_user(id).await {
        Ok(()) => format!("User: {id} was Deleted successfully"),
        Err(error) if error.status() == Some(404) => {
            if cx.pingone.user_exists(id).await? {
                bail!(
                    "PingOne answered that there is nothing to delete, but the user {id} is still there."
                );
            }
            match (error.attempts.outcome_unknown, cx.args.text(Arg::Username)) {
                (false, _) => format!("User: {id} was not found; nothing was deleted."),
                // It was looked up a moment ago, so an attempt that got no answer deleted it.
                (true, Some(_)) => format!("User: {id} was Deleted successfully"),
                (true, None) => format!(
                    "User: {id} no longer exists. An earlier attempt got no answer: either it deleted the user, or there was no such user before."
                ),
            }
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Output::note(readable))
}
