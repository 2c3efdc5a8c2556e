//! `pingone-get-user`: one user. If an id is given it wins, and saves the look-up by name.

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
        find::{Target, UserKey, Wording, look_up, no_such_user},
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
    let mut user = users::by_name_or_id(cx.args, Wording::NameOrId)?;
    let texts = [Arg::UserId, Arg::Username].map(|arg| cx.args.text(arg));
    let label = texts.into_iter().flatten().next().unwrap_or_default();
    let found = match user.keys.pop() {
        Some(key) => find(cx, &key, user.wording).await?,
        None => None,
    };
    let user = match found {
        Some(user) => user,
        None if cx.not_found_as_note => {
            return Ok(Output::note(format!(
                "User {label} was not found in PingOne."
            )));
        }
        None => return Err(no_such_user(label)),
    };
    // The values of `detailed` are undocumented, so a value that is not a boolean counts as not given.
    if cx.args.flag(Arg::Detailed).unwrap_or(false) {
        let details = Box::pin(user_details(cx.pingone, &user)).await;
        return Ok(views::user_details::report(cx, label, user, details));
    }
    let row = views::user::row(user.id, &user.raw);
    // The space after the table is in the documented text.
    let readable = Document::from(table(&format!("User:{label}"), &[row])).with(" ");
    let account = views::user::account(&user);
    Ok(Output::new(readable, Some(user.raw)).with_account(json!([account])))
}

/// Looks the user up. An unknown id is PingOne's own error, unless the instance's setting makes it a normal answer.
async fn find(cx: &Invocation<'_>, key: &UserKey, wording: Wording) -> Result<Option<User>> {
    match look_up(cx.pingone, key, wording).await? {
        Some(Target { id, user: None }) => match cx.pingone.read_user(id).await {
            Err(error) if error.status() == Some(404) && cx.not_found_as_note => Ok(None),
            result => Ok(Some(result?)),
        },
        found => Ok(found.and_then(|target| target.user)),
    }
}
