//! `pingone-get-user`: one user. If an id is given it wins, and saves the look-up by name or email address.

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
        find::{Target, UserKey, Wording, look_up},
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

const WORDING: Wording = Wording::NameOrId;

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let key = users::first_key(cx.args)?;
    // The id as it was given, which need not be in its usual form.
    let texts = [Arg::UserId, Arg::Username, Arg::Email].map(|arg| cx.args.text(arg));
    let label = texts.into_iter().flatten().next().unwrap_or_default();
    let user = match find(cx, &key).await? {
        Some(user) => user,
        None if cx.not_found_as_note => {
            return Ok(Output::note(format!(
                "User {label} was not found in PingOne."
            )));
        }
        None => return Err(WORDING.not_found(&key)),
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
async fn find(cx: &Invocation<'_>, key: &UserKey) -> Result<Option<User>> {
    match look_up(cx.pingone, key, WORDING).await? {
        Some(Target { id, user: None }) => match cx.pingone.read_user(id).await {
            Err(error) if error.status() == Some(404) && cx.not_found_as_note => Ok(None),
            result => Ok(Some(result?)),
        },
        found => Ok(found.and_then(|target| target.user)),
    }
}
