//! Deletes a user's MFA devices: those that are named, or all that were paired since a time.

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    change::{
        Change, Details, Device, Devices, PartialSuccess, Verb, changed_by, for_each_best_effort,
    },
    phrases::{Named, list, tell_apart},
};
use pingone::{
    Client,
    id::{DeviceId, UserId},
};

const DELETE: Verb = Verb {
    base: "delete",
    past: "deleted",
};

/// Which devices to change.
pub enum Selection {
    /// These.
    These(Vec<DeviceId>),
    /// All but some.
    AllBut {
        /// Only those that were paired after this time.
        since: Option<Timestamp>,
        /// Not these.
        keep: Vec<DeviceId>,
    },
}

impl Selection {
    /// A device without a readable date counts as new: leaving an attacker's in place would be worse.
    pub(super) fn has(&self, id: DeviceId, device: &Value) -> bool {
        match self {
            Self::These(devices) => devices.contains(&id),
            Self::AllBut { since, keep } => {
                let created = device.get("createdAt").and_then(Value::as_str);
                let created = created.and_then(|created| created.parse::<Timestamp>().ok());
                let is_new =
                    since.is_none_or(|since| created.is_none_or(|created| created > since));
                is_new && !keep.contains(&id)
            }
        }
    }
}

/// Deletes the selected devices, then lists them again to verify that none is left.
pub async fn delete_devices(
    pingone: &Client<'_>,
    user: UserId,
    selection: &Selection,
) -> Result<Change> {
    let mut deleted = Vec::new();
    let (selected, kept) = list_devices(pingone, user, selection, &deleted).await?;
    if selected.is_empty() {
        return Ok(done(deleted, kept));
    }
    let work = async |device| pingone.delete_device(user, device).await;
    if let Some(failures) = for_each_best_effort(&selected, &mut deleted, work).await {
        let rest = format!("; {}", failures.summary(DELETE));
        let partial = partial(&deleted, &failures.unconfirmed, &rest);
        return Err(partial.with_cause(failures.error));
    }
    if pingone.is_dry_run() {
        return Ok(done(deleted, kept));
    }
    let (left, mut still_there) = list_devices(pingone, user, selection, &deleted).await?;
    if left.is_empty() {
        // A name that was shared may be unique now, and would look like another device.
        for device in &mut still_there {
            if let Some(before) = kept.iter().find(|before| before.id == device.id) {
                device.name.clone_from(&before.name);
            }
        }
        return Ok(done(deleted, still_there));
    }
    // PingOne accepted to delete these but still lists them, so they were not deleted.
    deleted.retain(|device| !left.iter().any(|left| left.id == device.id));
    let still = format!(", but PingOne still lists {}.", list(&left));
    Err(partial(&deleted, &[], &still).into())
}

/// The user's devices: those that are selected, and the others. What was already `deleted` is part of the failure.
async fn list_devices(
    pingone: &Client<'_>,
    user: UserId,
    selection: &Selection,
    deleted: &[Device],
) -> Result<(Vec<Device>, Vec<Device>)> {
    let listed = pingone.devices_with_ids(user).await;
    let failed = |error| partial(deleted, &[], ", then failed").with_cause(error);
    let Some(devices) = named(listed.map_err(failed)?) else {
        let nameless = ", but PingOne lists a device without an id.";
        return Err(partial(deleted, &[], nameless).into());
    };
    let (selected, others): (Vec<_>, Vec<_>) = devices
        .into_iter()
        .partition(|(device, raw)| selection.has(device.id, raw));
    let without_raw = |devices: Vec<(Device, Value)>| {
        let devices = devices.into_iter();
        devices.map(|(device, _)| device).collect()
    };
    Ok((without_raw(selected), without_raw(others)))
}

/// Devices as PingOne lists them, each with its name; `None` if one has no id.
pub(super) fn named(listed: Vec<(Option<DeviceId>, Value)>) -> Option<Vec<(Device, Value)>> {
    let names = listed.iter().map(|(id, device)| {
        let name = name(device);
        Some(Named { id: (*id)?, name })
    });
    let mut names: Vec<Device> = names.collect::<Option<_>>()?;
    tell_apart(&mut names);
    let devices = listed.into_iter().map(|(_, device)| device);
    Some(names.into_iter().zip(devices).collect())
}

fn done(deleted: Vec<Device>, kept: Vec<Device>) -> Change {
    Change {
        changed: !deleted.is_empty(),
        verified: true,
        details: Details::Devices(Devices {
            deleted,
            unconfirmed: Vec::new(),
            kept: Some(kept),
        }),
    }
}

/// The devices that were deleted before something failed. `unconfirmed` may have been deleted.
fn partial(deleted: &[Device], unconfirmed: &[Device], rest: &str) -> PartialSuccess {
    let devices = Devices {
        deleted: deleted.to_vec(),
        unconfirmed: unconfirmed.to_vec(),
        kept: None,
    };
    PartialSuccess {
        summary: devices.summary() + rest,
        changed: changed_by(deleted, unconfirmed),
        details: Details::Devices(devices),
    }
}

/// What people call a device: its nickname, or its type with the end of its number or address.
pub fn name(device: &Value) -> Option<String> {
    let text = |member: &str| {
        let text = device.get(member).and_then(Value::as_str);
        text.filter(|text| !text.trim().is_empty())
    };
    let kind = text("type").map(|kind| match kind {
        "EMAIL" => "email",
        "MOBILE" => "mobile app",
        "VOICE" => "voice",
        other => other,
    });
    let contact = text("phone")
        .map(shortened_phone)
        .or_else(|| text("email").map(shortened_email));
    match (text("nickname"), kind, contact) {
        (Some(nickname), Some(kind), _) => Some(format!("{nickname} ({kind})")),
        (Some(nickname), None, _) => Some(nickname.to_owned()),
        (None, Some(kind), Some(contact)) => Some(format!("{kind} {contact}")),
        (None, kind, contact) => kind.map(str::to_owned).or(contact),
    }
}

/// `+1…02`: enough to tell one number from another.
fn shortened_phone(phone: &str) -> String {
    let characters: Vec<char> = phone.chars().collect();
    match &*characters {
        [first, second, .., last_but_one, last] if characters.len() > 6 => {
            format!("{first}{second}…{last_but_one}{last}")
        }
        _ => phone.to_owned(),
    }
}

/// `e…@example.com`
fn shortened_email(email: &str) -> String {
    match email.split_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}…@{domain}")
        }
        None => email.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_device_has_a_name_that_people_know() {
        for (device, expected) in [
            (
                json!({"type": "SMS", "phone": "+1.6045550102", "nickname": "Work mobile"}),
                Some("Work mobile (SMS)"),
            ),
            (
                json!({"type": "SMS", "phone": "+1.6045550102"}),
                Some("SMS +1…02"),
            ),
            (json!({"type": "SMS", "phone": "12345"}), Some("SMS 12345")),
            (
                json!({"type": "EMAIL", "email": "emma.sharp@example.com"}),
                Some("email e…@example.com"),
            ),
            (
                json!({"type": "MOBILE", "nickname": "iPhone"}),
                Some("iPhone (mobile app)"),
            ),
            (json!({"type": "TOTP", "nickname": " "}), Some("TOTP")),
            (json!({"nickname": "Key"}), Some("Key")),
            (json!({"email": "a@b"}), Some("a…@b")),
            (json!({}), None),
        ] {
            assert_eq!(name(&device).as_deref(), expected, "{device}");
        }
    }
}
