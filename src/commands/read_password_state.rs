//! `pingone-read-password-state`: the state of a password.

use anyhow::Result;
use serde_json::json;

use crate::{
    access::Access, document::table, entry::Output, handler::Handler, inputs::users,
    invocation::Invocation, manifest::Arg, operations::find::find_user, views::password,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let id = find_user(cx.pingone, &users::by_username(cx.args)?)
        .await?
        .id;
    let raw = cx.pingone.read_password_state(id).await?;
    let mut shown = raw.as_object().cloned().unwrap_or_default();
    // Links to other API calls are of no use to a reader.
    shown.shift_remove("_links");
    let readable = table(&format!("Password state for {username}"), &[shown]);
    let account = json!({"ID": id.to_string(), "Password": password::describe(&raw)});
    Ok(Output::new(readable, Some(raw)).with_account(account))
}
