//! Commands about second factors: which devices a user has, and taking away those that are not the user's own.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::many::{Change, DoneBefore, Target, UNCONFIRMED, changed_by, each};
use crate::{
    entry::Output,
    invocation::Invocation,
    manifest::Arg,
    markdown::{Row, at, row},
};
use pingone::{id::DeviceId, times::written};

/// The context key of devices.
const DEVICE: &str = "PingOne.Device(val.ID && val.ID === obj.ID)";
const COLUMNS: [&str; 8] = [
    "User", "ID", "Type", "Status", "Nickname", "Contact", "Created", "Updated",
];

/// `pingone-list-mfa-devices`
pub(super) async fn list(cx: &Invocation<'_>) -> Result<Output> {
    let outcomes = cx
        .for_each_user(async |target| Ok(cx.pingone.devices(target.id).await?))
        .await?;
    let table = ("PingOne MFA devices", &COLUMNS[..], DEVICE);
    Ok(cx.report_items(table, outcomes, describe))
}

/// A device as it stands in the context and, in part, in the table.
pub(super) fn describe(device: &Value, user: &Value) -> Row {
    let contact = match at(device, "/phone") {
        Value::Null => at(device, "/email"),
        phone => phone,
    };
    row([
        ("ID", at(device, "/id")),
        ("UserID", user.clone()),
        ("Type", at(device, "/type")),
        ("Status", at(device, "/status")),
        ("Nickname", at(device, "/nickname")),
        ("Contact", contact),
        ("LockStatus", at(device, "/lock/status")),
        ("BlockStatus", at(device, "/block/status")),
        ("Created", at(device, "/createdAt")),
        ("Updated", at(device, "/updatedAt")),
    ])
}

/// `pingone-delete-mfa-device`
pub(super) async fn delete(cx: &Invocation<'_>) -> Result<Output> {
    let devices = cx.args.ids::<DeviceId>(Arg::DeviceId)?;
    let outcomes = cx
        .for_each_user(async |target| {
            delete_devices(cx, &target, |id, _| devices.contains(&id)).await
        })
        .await?;
    Ok(cx.report_changes("Deleted MFA devices", &outcomes))
}

/// `pingone-reset-mfa`: deletes every device, or those that came since a time, but for some.
pub(super) async fn reset(cx: &Invocation<'_>) -> Result<Output> {
    let since = cx.args.past_time(Arg::CreatedAfter, cx.pingone.now())?;
    let keep = cx.args.ids(Arg::KeepDeviceIds)?;
    let outcomes = cx
        .for_each_user(async |target| reset_one(cx, &target, since, &keep).await)
        .await?;
    let title = match since {
        Some(since) => format!("Reset MFA devices paired after {}", written(since)),
        None => "Reset MFA devices".to_owned(),
    };
    Ok(cx.report_changes(&title, &outcomes))
}

/// Deletes the devices of one user that came after `since` and are not to be kept. A device of which PingOne
/// does not say when it came is taken for new: to leave an attacker's in place would be worse.
pub(super) async fn reset_one(
    cx: &Invocation<'_>,
    target: &Target,
    since: Option<Timestamp>,
    keep: &[DeviceId],
) -> Result<Change> {
    delete_devices(cx, target, |id, device| {
        let created = device
            .get("createdAt")
            .and_then(Value::as_str)
            .and_then(|created| created.parse::<Timestamp>().ok());
        let is_new = since.is_none_or(|since| created.is_none_or(|created| created > since));
        is_new && !keep.contains(&id)
    })
    .await
}

fn ids(devices: &[DeviceId]) -> Value {
    devices.iter().map(ToString::to_string).collect()
}

/// What came of deleting devices, when something failed. `unconfirmed`: those that may have been deleted.
fn partly(deleted: &[DeviceId], unconfirmed: &[DeviceId], then: &str) -> DoneBefore {
    let mut details = row([("Deleted", ids(deleted))]);
    if !unconfirmed.is_empty() {
        details.insert(UNCONFIRMED.to_owned(), ids(unconfirmed));
    }
    DoneBefore {
        told: format!("devices deleted: {}; {then}", deleted.len()),
        changed: changed_by(deleted, unconfirmed),
        details,
    }
}

/// Deletes the devices that `wanted` picks, and lists again to see that none of them is left.
async fn delete_devices(
    cx: &Invocation<'_>,
    target: &Target,
    wanted: impl Fn(DeviceId, &Value) -> bool,
) -> Result<Change> {
    let mut deleted: Vec<DeviceId> = Vec::new();
    for round in 0..2 {
        let listed = cx.pingone.devices_with_ids(target.id).await;
        let listed = listed.map_err(|error| partly(&deleted, &[], "then").then(error))?;
        let mut left = Vec::new();
        for (id, device) in &listed {
            let Some(id) = id else {
                return Err(partly(&deleted, &[], "PingOne lists a device without an id.").into());
            };
            if wanted(*id, device) {
                left.push(*id);
            }
        }
        if left.is_empty() {
            let kept = listed.len();
            let result = if deleted.is_empty() {
                format!("there was none; {kept} kept")
            } else {
                format!("{} deleted, {kept} kept", deleted.len())
            };
            return Ok(Change {
                changed: !deleted.is_empty(),
                verified: true,
                result,
                details: row([("Deleted", ids(&deleted)), ("Kept", json!(kept))]),
            });
        }
        if round > 0 {
            // What PingOne accepted to delete but goes on listing was not deleted.
            deleted.retain(|device| !left.contains(device));
        } else {
            let work = async |device| cx.pingone.delete_device(target.id, device).await;
            if let Some(failures) = each(&left, &mut deleted, work).await {
                let partly = partly(&deleted, &failures.unconfirmed, &failures.told("deleted"));
                return Err(partly.then(failures.error));
            }
        }
    }
    let still = "PingOne goes on listing some of those that should be gone.";
    Err(partly(&deleted, &[], still).into())
}

/// `pingone-set-mfa-enabled`
pub(super) async fn set_enabled(cx: &Invocation<'_>) -> Result<Output> {
    let enabled = cx.args.required_choice(Arg::Enabled)?;
    let outcomes = cx
        .for_each_user(async |target| set_enabled_one(cx, &target, enabled).await)
        .await?;
    Ok(cx.report_changes("Multi-factor authentication", &outcomes))
}

async fn set_enabled_one(cx: &Invocation<'_>, target: &Target, enabled: bool) -> Result<Change> {
    let state = if enabled { "enabled" } else { "disabled" };
    let details = row([("MFAEnabled", json!(enabled))]);
    if cx.pingone.mfa_enabled(target.id).await? == enabled {
        return Ok(Change {
            changed: false,
            verified: true,
            result: format!("was {state} already"),
            details,
        });
    }
    let told = cx.pingone.set_mfa_enabled(target.id, enabled).await?;
    let now = if let Some(now) = told {
        now
    } else {
        let now = cx.pingone.mfa_enabled(target.id).await;
        now.context(DoneBefore::accepted("change"))?
    };
    if now != enabled {
        bail!("PingOne accepted the change, but multi-factor authentication is not {state}.");
    }
    Ok(Change {
        changed: true,
        verified: true,
        result: state.to_owned(),
        details,
    })
}
