//! `pingone-get-user`: one user; the id goes before the name, and then saves the look-up.

use anyhow::Result;
use serde_json::json;

use crate::{
    access::Access,
    document::{Document, table},
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        find::{Target, Who, Wording, look_up, no_such_user},
        user_details::user_details,
    },
    views,
};
use pingone::users::User;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let mut named = users::by_name_or_id(cx.args, Wording::NameOrId)?;
    let texts = [Arg::UserId, Arg::Username].map(|arg| cx.args.text(arg));
    let label = texts.into_iter().flatten().next().unwrap_or_default();
    let user = match named.ways.pop() {
        Some(who) => found(cx, &who, named.wording).await?,
        None => None,
    };
    let user = match user {
        Some(user) => user,
        None if cx.not_found_as_note => {
            return Ok(Output::note(format!(
                "User {label} was not found in PingOne."
            )));
        }
        None => return Err(no_such_user(label)),
    };
    // The documentation never said which values the argument has, so any other one counts as not given.
    if cx.args.flag(Arg::Detailed).unwrap_or(false) {
        let details = Box::pin(user_details(cx.pingone, &user)).await;
        return Ok(views::user_details::report(cx, label, user, details));
    }
    let row = views::user::row(user.id, &user.raw);
    // The space after the table has always been there.
    let readable = Document::from(table(&format!("User:{label}"), &[row])).with(" ");
    let account = views::user::account(&user);
    Ok(Output::new(readable, Some(user.raw)).with_account(json!([account])))
}

/// An id that nobody has is PingOne's error, unless the instance takes it for an answer.
async fn found(cx: &Invocation<'_>, who: &Who, wording: Wording) -> Result<Option<User>> {
    match look_up(cx.pingone, who, wording).await? {
        Some(Target { id, user: None }) => match cx.pingone.read_user(id).await {
            Err(error) if error.status() == Some(404) && cx.not_found_as_note => Ok(None),
            result => Ok(Some(result?)),
        },
        found => Ok(found.and_then(|target| target.user)),
    }
}
