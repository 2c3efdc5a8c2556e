//! `pingone-list-role-assignments`: the administrator roles of users, a group or an application.

use anyhow::Result;
use serde_json::Value;

use crate::{
    access::Access,
    document::{Block, Row},
    entry::Output,
    handler::Handler,
    inputs::principals::{self, Named},
    invocation::Invocation,
    operations::{
        for_each::{Outcome, for_each_user},
        principals::{HolderRef, find_holder},
        roles::{RoleNames, role_names},
    },
    views::{
        items::{self, Listing},
        role::{COLUMNS, READ_ONLY, cells, describe, is_unexplained, why_unnamed},
    },
};
use pingone::roles::RoleAssignment;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

/// A role that comes through a group may have the same id for each of its members.
const LISTING: Listing<'static, { COLUMNS.len() }> = Listing {
    title: "PingOne role assignments",
    noun: "role assignment",
    columns: COLUMNS,
    key: "PingOne.RoleAssignment(val.ID && val.ID === obj.ID && val.UserID === obj.UserID)",
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    match principals::named(cx.args)? {
        Named::Users(users) => {
            let (outcomes, names) = tokio::join!(
                for_each_user(cx.pingone, users, async |target| {
                    Ok(cx.pingone.role_assignments(target.id).await?)
                }),
                role_names(cx.pingone)
            );
            let describe = |assignment: &RoleAssignment, names: &RoleNames, user: &Value| {
                describe(assignment, names, ("UserID", user.clone()))
            };
            Ok(report(cx, outcomes, names, describe).await)
        }
        Named::One(holder) => of_one(cx, &holder).await,
    }
}

/// The roles of a group or an application.
async fn of_one(cx: &Invocation<'_>, holder: &HolderRef) -> Result<Output> {
    let principal = find_holder(cx.pingone, holder).await?;
    let member = match holder {
        HolderRef::Group(_) => "GroupID",
        HolderRef::Application(_) => "ApplicationID",
    };
    let (assignments, names) = tokio::join!(
        cx.pingone.role_assignments(principal),
        role_names(cx.pingone)
    );
    let outcome = Outcome {
        label: holder.label(),
        id: Some(principal),
        result: Ok(assignments?),
    };
    let describe = |assignment: &RoleAssignment, names: &RoleNames, _: &Value| {
        describe(assignment, names, (member, principal.to_string().into()))
    };
    Ok(report(cx, vec![outcome], names, describe).await)
}

async fn report(
    cx: &Invocation<'_>,
    outcomes: Vec<Outcome<Vec<RoleAssignment>>>,
    mut names: RoleNames,
    describe: impl Fn(&RoleAssignment, &RoleNames, &Value) -> Row,
) -> Output {
    let assignments = || {
        outcomes
            .iter()
            .flat_map(|outcome| outcome.result.iter().flatten())
    };
    names.read_places(cx.pingone, assignments()).await;
    let some_unnamed = assignments().any(|assignment| names.of(assignment).is_none());
    let some_unexplained = assignments().any(is_unexplained);
    let mut output = items::report(
        cx,
        &LISTING,
        outcomes,
        |assignment| cells(assignment, &names),
        |assignment, user| describe(assignment, &names, user),
    );
    if some_unexplained {
        output.readable.push(Block::Paragraph(READ_ONLY.to_owned()));
    }
    if some_unnamed {
        let reason = why_unnamed(cx, &names);
        output.readable.push(Block::Paragraph(reason));
    }
    output
}
