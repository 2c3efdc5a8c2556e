//! `pingone-list-role-assignments`: users' administrator roles.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    operations::{for_each::for_each_user, roles::role_names},
    views::{
        items::{self, Listing},
        role::{describe, why_unnamed},
    },
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const LISTING: Listing<'static> = Listing {
    title: "PingOne role assignments",
    columns: &["User", "Role", "RoleID", "Scope", "ScopeID", "ReadOnly"],
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
    let mut output = items::report(cx, &LISTING, outcomes, |assignment, user| {
        describe(assignment, &names, user)
    });
    if some_unnamed {
        output.readable.push(why_unnamed(cx, &names));
    }
    Ok(output)
}
