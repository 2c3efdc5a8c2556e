//! The records of containments as a restoration reads them back.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    phrases::Named,
    steps::{Group, Record, Step},
};
use pingone::{
    id::{DeviceId, UserId},
    roles::Grant,
};

/// A containment as its command put it into the context. Those of users and of applications stand there side by side, so
/// a record is read when its owner is known.
#[derive(Deserialize)]
pub struct Containment {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "DryRun", default)]
    is_dry_run: bool,
    #[serde(rename = "Record")]
    record: Map<String, Value>,
}

const NOT_A_RECORD: &str =
    "'record' must be the JSON from PingOne.Containment (in a playbook: ${PingOne.Containment}).";

/// Reads the records of containments.
pub fn records(texts: &[String]) -> Result<Vec<Containment>> {
    let read = |text: &String| serde_json::from_str(text).map_err(|_| anyhow!(NOT_A_RECORD));
    texts.iter().map(read).collect()
}

/// What all containments of this user changed.
pub(super) fn records_of(user: UserId, containments: &[Containment]) -> Result<Records> {
    own_records(&user.to_string(), "user", containments).map(Records)
}

/// What all containments of the user or application with this id changed. Dry runs changed nothing.
pub(super) fn own_records<R: DeserializeOwned>(
    id: &str,
    kind: &str,
    containments: &[Containment],
) -> Result<Vec<R>> {
    let own = containments.iter().filter(|of| of.id == id);
    let (dry_runs, real): (Vec<_>, Vec<_>) = own.partition(|own| own.is_dry_run);
    ensure!(
        !real.is_empty() || dry_runs.is_empty(),
        "The {kind}'s record is of a dry run, which changed nothing. Use the record of the containment itself."
    );
    ensure!(
        !real.is_empty(),
        "'record' has no containment of this {kind}, so nothing was undone."
    );
    let records = real.into_iter().map(|containment| {
        let record = Value::Object(containment.record.clone());
        serde_json::from_value(record).map_err(|_| anyhow!(NOT_A_RECORD))
    });
    records.collect()
}

/// The records of one user, taken together.
pub(super) struct Records(Vec<Record>);

impl Records {
    /// Whether at least one record says so.
    pub(super) fn any(&self, what: fn(&Record) -> bool) -> bool {
        self.0.iter().any(what)
    }

    /// Whether at least one record is certain of it.
    pub(super) fn is_certain(&self, step: Step, what: fn(&Record) -> bool) -> bool {
        let is_unconfirmed =
            |record: &Record| record.unconfirmed_steps.iter().any(|of| of == step.name());
        let mut records = self.0.iter();
        records.any(|record| what(record) && !is_unconfirmed(record))
    }

    /// The items of a list, of all records.
    pub(super) fn texts(&self, what: fn(&Record) -> &Vec<String>) -> Vec<&str> {
        let texts = self.0.iter().flat_map(what);
        texts.map(String::as_str).collect()
    }

    /// When the lock ended that was there before. Each containment only prolongs a lock, so the earliest end was there
    /// before all of them.
    pub(super) fn lock_end_before(&self) -> Option<Timestamp> {
        let ends = self
            .0
            .iter()
            .filter_map(|record| record.locked_until_before);
        ends.min()
    }

    /// How many sessions were ended.
    pub(super) fn ended_sessions(&self) -> u64 {
        self.0.iter().map(|record| record.ended_sessions).sum()
    }

    /// The devices that were blocked, and those that may have been, but for those that were deleted.
    pub(super) fn blocked_devices(&self) -> Result<Vec<DeviceId>> {
        let deleted = self.texts(|record| &record.deleted_devices);
        let mut blocked = self.texts(|record| &record.blocked_devices);
        blocked.extend(self.texts(|record| &record.unconfirmed_blocks));
        blocked.retain(|id| !deleted.contains(id));
        let read = |id: &str| {
            let parsed = id.parse().ok();
            parsed
                .with_context(|| format!("The record has an MFA device with an invalid ID: {id}."))
        };
        blocked.into_iter().map(read).collect()
    }

    /// The roles that were removed, and those that may have been, each with its name where the record has it.
    pub(super) fn roles(&self) -> Result<Vec<(Grant, String)>> {
        let mut roles: Vec<(Grant, String)> = Vec::new();
        for record in &self.0 {
            let mut names = record.removed_role_names.iter();
            for text in record.removed_roles.iter().chain(&record.unconfirmed_roles) {
                let Ok(grant) = text.parse::<Grant>() else {
                    bail!(
                        "The record does not say which role was removed, but {text}. The audit trail does, in its activities of the type ROLE_ASSIGNMENT.DELETED."
                    )
                };
                let name = names.next().cloned();
                let name = name.unwrap_or_else(|| grant.role.to_string());
                if !roles.iter().any(|(known, _)| *known == grant) {
                    roles.push((grant, name));
                }
            }
        }
        Ok(roles)
    }

    /// The groups that were left, and those that may have been, each with its name where the record has it.
    pub(super) fn groups(&self) -> Result<Vec<Group>> {
        let mut groups: Vec<Group> = Vec::new();
        for record in &self.0 {
            let mut names = record.left_group_names.iter();
            for id in record.left_groups.iter().chain(&record.unconfirmed_groups) {
                let name = names.next().filter(|name| *name != id).cloned();
                let Ok(id) = id.parse() else {
                    bail!("The record has a group with an invalid ID: {id}.")
                };
                groups.push(Named { id, name });
            }
        }
        Ok(groups)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let record = Record {
            disabled: true,
            left_groups: vec!["g".to_owned()],
            ..Record::default()
        };
        let text = json!({"ID": "u", "At": "t", "Record": record}).to_string();
        let of_application = json!({"ID": "a", "Record": {"RemovedRoles": [{"RoleID": "r"}]}});
        let read = records(&[text, of_application.to_string()]).expect("records");
        let read: Vec<Record> = own_records("u", "user", &read).expect("the user's");
        let [read] = &read[..] else {
            panic!("one record is the user's")
        };
        assert!(read.disabled && read.left_groups == ["g"] && !read.locked);
        let is_refused = |text: &str| records(&[text.to_owned()]).is_err();
        assert!(is_refused("{}") && is_refused("emma"));
    }
}
