//! `pingone-list-role-assignments`: users' administrator roles.

use anyhow::Result;

use crate::{
    access::Access,
    document::Block,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    operations::{for_each::for_each_user, roles::role_names},
    views::{
        items::{self, Listing},
        role::{COLUMNS, cells, describe, why_unnamed},
    },
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const LISTING: Listing<'static, { COLUMNS.len() }> = Listing {
    title: "PingOne role assignments",
    noun: "role assignment",
    columns: COLUMNS,
    key: "PingOne.RoleAssignment(val.ID && val.ID === obj.ID)",
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let users = users::each(cx.args)?;
    let (outcomes, names) = tokio::join!(
        for_each_user(cx.pingone, users, async |target| {
            Ok(cx.pingone.role_assignments(target.id).await?)
        }),
        role_names(cx.pingone)
    );
    let mut assignments = outcomes
        .iter()
        .flat_map(|outcome| outcome.result.iter().flatten());
    let some_unnamed = assignments.any(|assignment| names.of(assignment).is_none());
    let mut output = items::report(
        cx,
        &LISTING,
        outcomes,
        |assignment| cells(assignment, &names, None),
        |assignment, user| describe(assignment, &names, user),
    );
    if some_unnamed {
        let reason = why_unnamed(cx, &names);
        output.readable.push(Block::Paragraph(reason));
    }
    Ok(output)
}
