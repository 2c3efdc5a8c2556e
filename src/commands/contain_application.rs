//! `pingone-contain-application`: takes an application's roles, disables it and rotates its secret.

use anyhow::Result;

use crate::{
    access::Access,
    document::{Block, Document},
    entry::Output,
    handler::Handler,
    inputs::applications,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        applications::find_application,
        contain_application::{STEPS, contain},
        for_each::Outcome,
        steps::Step,
    },
    views::{
        application::activities_of,
        steps::{self, CONTAINMENT},
        undo,
    },
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::ChangeConfiguration,
    run: |cx| Box::pin(run(cx)),
};

/// Comes first, since nobody would look for it among steps that all succeeded.
const LIMITS: &str = "Access tokens that the application already has cannot be revoked. They may stay valid for up to an hour. Whether they lose the removed roles before that is not documented.";

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let wanted = cx.args.list_or_default(Arg::Steps);
    let is_wanted = |step: &Step| wanted.iter().any(|wanted| wanted == step.name());
    let steps: Vec<Step> = STEPS.into_iter().filter(is_wanted).collect();
    let named = applications::one(cx.args)?;
    if cx.args.flag(Arg::DryRun)? {
        cx.pingone.start_dry_run();
    }
    let application = find_application(cx.pingone, &named).await?;
    let report = contain(cx.pingone, &application, &steps).await;
    let outcomes = [Outcome {
        label: named.label(),
        id: Some(application.id.into()),
        result: Ok(report),
    }];
    let mut output = steps::report(cx, &CONTAINMENT, &outcomes);
    let mut readable = Document::from(Block::Strong(LIMITS.to_owned()));
    for block in output.readable.blocks() {
        readable.push(block.clone());
    }
    readable.push(Block::Paragraph(
        "To see what the application changed, run:".to_owned(),
    ));
    readable.push(Block::Command(activities_of(&application)));
    undo::push_commands(&mut readable, &outcomes);
    output.readable = readable;
    Ok(output)
}
