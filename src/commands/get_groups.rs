//! `pingone-get-groups`: the groups that a user is a direct member of.

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    access::Access,
    document::{Document, Row, table},
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::find::find_user,
};
use pingone::groups::DIRECT;

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
    let (raw, memberships) = cx.pingone.direct_groups(id).await?;
    let rows: Vec<Row> = memberships
        .into_iter()
        .filter(|membership| membership.kind.as_deref() == Some(DIRECT))
        .map(|membership| {
            Row::from_iter([
                ("ID".to_owned(), json!(membership.group.to_string())),
                ("Name".to_owned(), membership.shown_name),
            ])
        })
        .collect();
    // The space before the table is in the documented text.
    let readable = Document::from(format!("PingOne groups for user: {username}\n "))
        .with(table("Groups", &rows));
    let groups: Vec<Value> = rows.into_iter().map(Value::Object).collect();
    // `ID` is the username here, not the user's id, as documented.
    let account = json!({"Group": groups, "ID": username, "Type": "PingOne"});
    Ok(Output::new(readable, Some(raw)).with_account(account))
}
