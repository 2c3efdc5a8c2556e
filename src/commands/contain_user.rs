//! `pingone-contain-user`: takes several steps against users whose accounts are no longer their own.

use anyhow::{Result, ensure};

use crate::times::add;
use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::{since::since, users},
    invocation::Invocation,
    manifest::Arg,
    operations::{
        contain::{Plan, STEPS, contain},
        devices::Wanted,
        for_each::for_each_user,
        steps::Step,
    },
    views::steps,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

/// Each containment has a record of its own: a second one changes less, and must not hide what the first did.
const CONTAINMENT: &str = "PingOne.Containment(val.ID && val.ID === obj.ID && val.At === obj.At)";

/// Without a word, what keeps a thief out and is undone by one command. A replaced password is not.
const USUAL_STEPS: [Step; 2] = [Step::Disable, Step::EndSessions];

/// Arguments that say how a step is to be taken.
const OPTIONS: [(Arg, Step); 5] = [
    (Arg::LockDuration, Step::Lock),
    (Arg::Since, Step::RemoveDevices),
    (Arg::DevicesSince, Step::RemoveDevices),
    (Arg::KeepDeviceIds, Step::RemoveDevices),
    (Arg::GroupIds, Step::LeaveGroups),
];

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let plan = plan(cx)?;
    let title = if cx.args.flag(Arg::DryRun)? {
        cx.pingone.start_dry_run();
        "Containment, as it would be"
    } else {
        "Containment"
    };
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        contain(cx.pingone, target, &plan).await
    });
    Ok(steps::report(cx, title, CONTAINMENT, &outcomes.await))
}

/// What the arguments want.
fn plan(cx: &Invocation<'_>) -> Result<Plan> {
    let now = cx.pingone.now();
    let wanted = cx.args.list(Arg::Steps);
    let is_wanted = |step: &Step| {
        if wanted.is_empty() {
            USUAL_STEPS.contains(step)
        } else {
            wanted.iter().any(|wanted| wanted == step.name())
        }
    };
    let steps: Vec<Step> = STEPS.into_iter().filter(is_wanted).collect();
    for (option, step) in OPTIONS {
        ensure!(
            !cx.args.is_given(option) || steps.contains(&step),
            "The argument '{}' is for the step {step}, which is not among the steps: add the step, or leave the argument out.",
            option.name(),
            step = step.name()
        );
    }
    let duration = cx.args.duration(Arg::LockDuration)?;
    Ok(Plan {
        steps,
        until: duration.map(|duration| add(now, duration)).transpose()?,
        devices: Wanted::AllBut {
            since: since(cx.args, Arg::DevicesSince, now)?,
            keep: cx.args.ids(Arg::KeepDeviceIds)?,
        },
        groups: cx.args.ids(Arg::GroupIds)?,
    })
}
