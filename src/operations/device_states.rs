//! Blocks, unblocks or unlocks a user's MFA devices. Blocking keeps a device as evidence, and can be undone.

use anyhow::{Result, bail};
use serde_json::Value;

use super::{
    change::{
        Change, Details, Device, DeviceStates, PartialSuccess, Verb, changed_by,
        for_each_best_effort,
    },
    devices::{Selection, named},
    phrases::{Named, counted, list},
};
use pingone::{Client, devices::DeviceOperation, id::UserId};

/// Carries out the operation for the selected devices that need it, then lists them again to verify the new state. It
/// is an error if devices are named and the user has none of them.
pub async fn change_devices(
    pingone: &Client<'_>,
    user: UserId,
    operation: DeviceOperation,
    selection: &Selection,
) -> Result<Change> {
    let mut states = DeviceStates::new(operation);
    let mut selected = listed(pingone, user, &states).await?;
    selected.retain(|(device, raw)| selection.has(device.id, raw));
    if let Selection::These(wanted) = selection {
        let mut missing = wanted.clone();
        missing.retain(|id| !selected.iter().any(|(device, _)| device.id == *id));
        states.not_found = missing.into_iter().map(Named::by_id).collect();
        if selected.is_empty() {
            bail!(
                "The user has no MFA device with this ID: {}. List the devices with pingone-list-mfa-devices.",
                list(&states.not_found)
            );
        }
    }
    let (unchanged, pending): (Vec<_>, Vec<_>) = selected
        .into_iter()
        .partition(|(_, raw)| is_done(operation, raw));
    states.unchanged = without_raw(unchanged);
    let pending = without_raw(pending);
    let work = async |device| {
        let changed = pingone.operate_device(user, device, operation).await;
        changed.map(|()| true)
    };
    if let Some(failures) = for_each_best_effort(&pending, &mut states.changed, work).await {
        let rest = format!("; {}", failures.summary(verb(operation)));
        states.unconfirmed = failures.unconfirmed;
        return Err(partial(states, &rest).with_cause(failures.error));
    }
    if !pending.is_empty() && !pingone.is_dry_run() {
        let now = listed(pingone, user, &states).await?;
        let is_seen = |device: &Device| {
            let mut now = now.iter();
            now.any(|(other, raw)| other.id == device.id && is_done(operation, raw))
        };
        let (seen, unseen): (Vec<_>, Vec<_>) = states.changed.into_iter().partition(is_seen);
        states.changed = seen;
        if !unseen.is_empty() {
            let past = verb(operation).past;
            let rest = format!(", but PingOne does not show {} as {past}.", list(&unseen));
            states.unconfirmed = unseen;
            return Err(partial(states, &rest).into());
        }
    }
    Ok(Change {
        changed: !states.changed.is_empty(),
        verified: true,
        details: Details::DeviceStates(states),
    })
}

/// Whether a device needs no change. One without a readable state needs one.
fn is_done(operation: DeviceOperation, device: &Value) -> bool {
    let (pointer, status) = match operation {
        DeviceOperation::Block => ("/block/status", "BLOCKED"),
        DeviceOperation::Unblock => ("/block/status", "UNBLOCKED"),
        DeviceOperation::Unlock => ("/lock/status", "UNLOCKED"),
    };
    device.pointer(pointer).and_then(Value::as_str) == Some(status)
}

/// The user's devices. What was already done is part of the failure.
async fn listed(
    pingone: &Client<'_>,
    user: UserId,
    states: &DeviceStates,
) -> Result<Vec<(Device, Value)>> {
    let devices = pingone.devices_with_ids(user).await.map_err(|error| {
        partial(states.clone(), ", but it could not be verified").with_cause(error)
    })?;
    named(devices).ok_or_else(|| {
        let nameless = ", but PingOne lists a device without an id.";
        partial(states.clone(), nameless).into()
    })
}

fn without_raw(devices: Vec<(Device, Value)>) -> Vec<Device> {
    devices.into_iter().map(|(device, _)| device).collect()
}

/// What was done before something failed.
fn partial(states: DeviceStates, rest: &str) -> PartialSuccess {
    PartialSuccess {
        summary: states.summary() + rest,
        changed: changed_by(&states.changed, &states.unconfirmed),
        details: Details::DeviceStates(states),
    }
}

fn verb(operation: DeviceOperation) -> Verb {
    match operation {
        DeviceOperation::Block => Verb {
            base: "block",
            past: "blocked",
        },
        DeviceOperation::Unblock => Verb {
            base: "unblock",
            past: "unblocked",
        },
        DeviceOperation::Unlock => Verb {
            base: "unlock",
            past: "unlocked",
        },
    }
}

impl DeviceStates {
    /// `Blocked 2 devices (iPhone, SMS)`.
    fn summary(&self) -> String {
        let past = self.past();
        let count = counted(self.changed.len(), "device");
        if self.changed.is_empty() {
            format!("{past} {count}")
        } else {
            format!("{past} {count} ({})", list(&self.changed))
        }
    }

    /// `Blocked`
    pub fn past(&self) -> &'static str {
        match self.operation {
            DeviceOperation::Block => "Blocked",
            DeviceOperation::Unblock => "Unblocked",
            DeviceOperation::Unlock => "Unlocked",
        }
    }
}
