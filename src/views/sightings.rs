//! Who was seen at an address, and what that search could not see.

use jiff::Timestamp;

use crate::operations::{
    phrases::{counted, one_line},
    sightings::Sightings,
};
use pingone::times::to_utc_minutes;

const BLIND_SPOTS: &str = "PingOne cannot search sessions by address. Missing are users whose activities are not in the audit trail, or have no address there. PingOne lists at most ten sessions of a user. It has no deny list for addresses: block the address at the firewall.";

/// What was found in the trail since `from`, beside the sessions, and what may be missing. `elsewhere` is the number of
/// the users' sessions at other addresses.
pub fn notes(
    found: &Sightings,
    from: Timestamp,
    max_users: usize,
    elsewhere: usize,
) -> Vec<String> {
    let mut notes = vec![format!(
        "Activities from this address in the audit trail since {}: {}. Users whom they name: {}.",
        to_utc_minutes(from),
        found.count,
        found.users.len(),
    )];
    if !found.applications.is_empty() {
        let names = found.applications.iter().map(|name| one_line(name));
        let names: Vec<String> = names.collect();
        notes.push(format!(
            "Applications, which have no sessions, acted from it as well: {}.",
            names.join(", ")
        ));
    }
    if elsewhere > 0 {
        notes.push(format!(
            "The users have {} at other addresses: see pingone-list-sessions.",
            counted(elsewhere, "session")
        ));
    }
    if found.users.len() > max_users {
        notes.push(format!(
            "Sessions of only {max_users} of these users were read. Run again with a larger maxUsers."
        ));
    }
    if let Some(cut_at) = found.cut_at {
        notes.push(format!(
            "Only {} activities were read. Whoever was seen at this address only before {} may be missing.",
            found.read,
            to_utc_minutes(cut_at)
        ));
    }
    notes.push(BLIND_SPOTS.to_owned());
    notes
}
