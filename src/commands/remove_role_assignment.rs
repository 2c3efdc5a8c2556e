//! `pingone-remove-role-assignment`: takes administrator roles from users, a group or an application.

use anyhow::{Result, ensure};

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::principals::{self, Named},
    invocation::Invocation,
    manifest::Arg,
    operations::{
        find::Target,
        for_each::{Outcome, for_each_user},
        principals::find_holder,
        role_changes::{WantedRoles, remove_roles},
    },
    views::{changes, role_plan},
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::ChangeRoles,
    run: |cx| Box::pin(run(cx)),
};

const TITLE: &str = "Remove roles";

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let wanted = WantedRoles::These(
        cx.args.ids(Arg::AssignmentId)?,
        cx.args.list(Arg::Role).to_vec(),
    );
    ensure!(
        cx.args.is_given(Arg::AssignmentId) || cx.args.is_given(Arg::Role),
        "Provide assignmentId or role. pingone-list-role-assignments lists both."
    );
    let named = principals::named(cx.args)?;
    if cx.args.flag(Arg::DryRun)? {
        cx.pingone.start_dry_run();
    }
    let outcomes = match named {
        Named::Users(users) => {
            let work =
                async |target: Target| remove_roles(cx.pingone, target.id.into(), &wanted).await;
            for_each_user(cx.pingone, users, work).await
        }
        Named::One(holder) => {
            let id = find_holder(cx.pingone, &holder).await?;
            let result = remove_roles(cx.pingone, id, &wanted).await;
            let (label, id) = (holder.label(), Some(id));
            vec![Outcome { label, id, result }]
        }
    };
    if cx.pingone.is_dry_run() {
        return Ok(role_plan::report(cx, TITLE, &outcomes));
    }
    Ok(changes::report(cx, TITLE, &outcomes))
}
