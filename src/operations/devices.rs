//! Takes second factors away from a user: those that are named, or all that came since a time.

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value;

use super::change::{Change, Details, PartialSuccess, changed_by, for_each_best_effort};
use pingone::{
    Client,
    id::{DeviceId, UserId},
};

/// Which devices are to be deleted.
pub enum Wanted {
    /// These.
    These(Vec<DeviceId>),
    /// All but some.
    AllBut {
        /// Only those that came after this time.
        since: Option<Timestamp>,
        /// Not these.
        keep: Vec<DeviceId>,
    },
}

impl Wanted {
    /// A device of which PingOne does not say when it came is taken for new: to leave an attacker's in place would be
    /// worse.
    fn has(&self, id: DeviceId, device: &Value) -> bool {
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

/// Deletes the devices that are `wanted`, and lists again to see that none of them is left.
pub async fn delete_devices(pingone: &Client<'_>, user: UserId, wanted: &Wanted) -> Result<Change> {
    let mut deleted: Vec<DeviceId> = Vec::new();
    for round in 0..2 {
        let listed = pingone.devices_with_ids(user).await;
        let listed = listed.map_err(|error| partly(&deleted, &[], "then").with_cause(error))?;
        let mut left = Vec::new();
        for (id, device) in &listed {
            let Some(id) = id else {
                return Err(partly(&deleted, &[], "PingOne lists a device without an id.").into());
            };
            if wanted.has(*id, device) {
                left.push(*id);
            }
        }
        if left.is_empty() {
            return Ok(done(deleted, listed.len()));
        }
        if round > 0 {
            // What PingOne accepted to delete but goes on listing was not deleted.
            deleted.retain(|device| !left.contains(device));
        } else {
            let work = async |device| pingone.delete_device(user, device).await;
            if let Some(failures) = for_each_best_effort(&left, &mut deleted, work).await {
                let summary = failures.summary("deleted");
                let partly = partly(&deleted, &failures.unconfirmed, &summary);
                return Err(partly.with_cause(failures.error));
            }
        }
    }
    let still = "PingOne goes on listing some of those that should be gone.";
    Err(partly(&deleted, &[], still).into())
}

fn done(deleted: Vec<DeviceId>, kept: usize) -> Change {
    let result = if deleted.is_empty() {
        format!("there was none; {kept} kept")
    } else {
        format!("{} deleted, {kept} kept", deleted.len())
    };
    Change {
        changed: !deleted.is_empty(),
        verified: true,
        result,
        details: Details::Devices {
            deleted,
            unconfirmed: Vec::new(),
            kept: Some(kept),
        },
    }
}

/// What came of deleting devices, when something failed. `unconfirmed`: those that may have been deleted.
fn partly(deleted: &[DeviceId], unconfirmed: &[DeviceId], then: &str) -> PartialSuccess {
    PartialSuccess {
        summary: format!("devices deleted: {}; {then}", deleted.len()),
        changed: changed_by(deleted, unconfirmed),
        details: Details::Devices {
            deleted: deleted.to_vec(),
            unconfirmed: unconfirmed.to_vec(),
            kept: None,
        },
    }
}
