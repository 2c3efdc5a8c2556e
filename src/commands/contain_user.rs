//! `pingone-contain-user`: takes several steps at once against compromised users.

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
        devices::Selection,
        for_each::for_each_user,
        steps::Step,
    },
    views::{
        steps::{self, CONTAINMENT},
        undo,
    },
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

/// Arguments that only matter to some steps.
const OPTIONS: [(Arg, &[Step]); 5] = [
    (Arg::LockDuration, &[Step::Lock]),
    (Arg::Since, DEVICE_STEPS),
    (Arg::DevicesSince, DEVICE_STEPS),
    (Arg::KeepDeviceIds, DEVICE_STEPS),
    (Arg::GroupIds, &[Step::LeaveGroups]),
];

const DEVICE_STEPS: &[Step] = &[Step::BlockDevices, Step::RemoveDevices];

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let plan = plan(cx)?;
    if cx.args.flag(Arg::DryRun)? {
        cx.pingone.start_dry_run();
    }
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        contain(cx.pingone, target, &plan).await
    });
    let outcomes = outcomes.await;
    let mut output = steps::report(cx, &CONTAINMENT, &outcomes);
    undo::push_commands(&mut output.readable, &outcomes);
    Ok(output)
}

/// Reads the arguments.
fn plan(cx: &Invocation<'_>) -> Result<Plan> {
    let now = cx.pingone.now();
    let wanted = cx.args.list_or_default(Arg::Steps);
    let is_wanted = |step: &Step| wanted.iter().any(|wanted| wanted == step.name());
    let steps: Vec<Step> = STEPS.into_iter().filter(is_wanted).collect();
    for (option, matters_to) in OPTIONS {
        let is_used = steps.iter().any(|step| matters_to.contains(step));
        let names: Vec<&str> = matters_to.iter().map(|step| step.name()).collect();
        let names = names.join(" or ");
        ensure!(
            !cx.args.is_given(option) || is_used,
            "'{}' only matters to the step {names}. Add {names} to steps, or leave the argument out.",
            option.name()
        );
    }
    let duration = cx.args.duration(Arg::LockDuration)?;
    Ok(Plan {
        steps,
        until: duration.map(|duration| add(now, duration)).transpose()?,
        devices: Selection::AllBut {
            since: since(cx.args, Arg::DevicesSince, now)?,
            keep: cx.args.ids(Arg::KeepDeviceIds)?,
        },
        groups: cx.args.ids(Arg::GroupIds)?,
    })
}
