//! A verification of a person: what it has come to, and what to do next.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::minutes;
use crate::{
    document::{Document, Row, at, row, table_of},
    entry::{Output, Schedule},
    manifest::{Arg, CommandName},
    operations::verification::{Outcome, Verification},
};
use pingone::{device_authentications::Status, id::DeviceAuthenticationId};

const VERIFICATION: &str = "PingOne.Verification(val.ID && val.ID === obj.ID)";
const COLUMNS: [&str; 6] = ["Outcome", "User", "Device", "Status", "Started", "ID"];

/// The shortest that XSOAR's server schedules.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(10);
/// XSOAR's own limit comes later than ours, whose last round says where the verification stands.
const GRACE: Duration = Duration::from_mins(1);

const ONLY_APPROVED: &str = "Only the outcome Approved is a yes.\n";
const STOPS_PUSHES: &str = "Five pushes ignored or denied within ten minutes stop all pushes to the user for 30 minutes (PingOne's defaults).\n";
const NUMBER: &str = "If the app asks for a number, look for it in the raw response, or use policyId to name a policy without number matching.\n";
const UNSEEN: &str = "PingOne has no list of pending verifications: one that was started elsewhere cannot be seen here.\n";

/// The answer under this heading. `user` is how the request named the person, if it did.
pub fn report(heading: &str, user: Option<&str>, verification: &Verification) -> Output {
    let context = describe(verification);
    let id = at(&verification.authentication.raw, "/user/id");
    let device = ["DeviceType", "DeviceID"].map(|name| context.get(name).and_then(Value::as_str));
    let device: Vec<&str> = device.into_iter().flatten().collect();
    let status = ["Status", "ErrorCode"].map(|name| context.get(name).and_then(Value::as_str));
    let status: Vec<&str> = status.into_iter().flatten().collect();
    let line = row([
        ("Outcome", json!(verification.outcome.name())),
        ("User", user.map_or(id, |user| json!(user))),
        ("Device", json!(device.join(" "))),
        ("Status", json!(status.join(" "))),
        (
            "Started",
            json!(minutes(&at(&verification.authentication.raw, "/createdAt"))),
        ),
        ("ID", json!(verification.authentication.id.to_string())),
    ]);
    let readable = Document::from(table_of(heading, &COLUMNS, &[line])).with(advice(verification));
    let raw = verification.authentication.raw.clone();
    Output::new(readable, Some(raw)).with_context(VERIFICATION, Value::Object(context))
}

/// What to know about a message that was just sent.
pub fn sent(verification: &Verification) -> String {
    if verification.awaits_push() {
        [ONLY_APPROVED, STOPS_PUSHES, NUMBER, UNSEEN].concat()
    } else {
        [ONLY_APPROVED, UNSEEN].concat()
    }
}

/// The next round of waiting for an answer until `until`. `user` is how the first request named the person.
pub fn poll(
    id: DeviceAuthenticationId,
    user: Option<&str>,
    now: Timestamp,
    until: Timestamp,
) -> Schedule {
    let arguments = [
        (Arg::VerificationId, Some(id.to_string())),
        (Arg::User, user.map(str::to_owned)),
        (Arg::PollUntil, Some(until.to_string())),
    ];
    let arguments = arguments.into_iter();
    let arguments =
        arguments.filter_map(|(arg, value)| Some((arg.name().to_owned(), json!(value?))));
    Schedule {
        command: CommandName::GetVerification.name(),
        arguments: arguments.collect(),
        after: BETWEEN_ROUNDS,
        timeout: Duration::try_from(until.duration_since(now)).unwrap_or_default() + GRACE,
    }
}

/// A verification as a context entry.
fn describe(verification: &Verification) -> Row {
    let authentication = &verification.authentication;
    let raw = &authentication.raw;
    let selected = at(raw, "/selectedDevice/id");
    let devices = at(raw, "/_embedded/devices");
    let device = devices
        .as_array()
        .and_then(|devices| devices.iter().find(|device| device["id"] == selected));
    row([
        ("ID", json!(authentication.id.to_string())),
        ("UserID", at(raw, "/user/id")),
        ("Outcome", json!(verification.outcome.name())),
        ("Status", at(raw, "/status")),
        ("DeviceID", selected),
        (
            "DeviceType",
            device.map_or(Value::Null, |device| at(device, "/type")),
        ),
        ("PolicyID", at(raw, "/policy/id")),
        ("ErrorCode", at(raw, "/error/code")),
        ("Created", at(raw, "/createdAt")),
        ("Updated", at(raw, "/updatedAt")),
    ])
}

/// What the outcome means, and what to do next.
fn advice(verification: &Verification) -> String {
    let id = verification.authentication.id;
    let text = match (verification.outcome, verification.authentication.status) {
        (Outcome::Approved, _) => "The user confirmed.".to_owned(),
        (Outcome::Denied, _) => "The user denied it, or it failed at PingOne, which may report both in the same way. Treat it as a no.".to_owned(),
        (Outcome::TimedOut, _) => format!("Nobody answered before the push expired. That is not a yes.\n{}", STOPS_PUSHES.trim_end()),
        (Outcome::Pending, Status::AwaitsCode) => format!("PingOne waits for a one-time code. Call the user on a number that you trust, ask for the code, and run `!pingone-check-otp verificationId={id} otp=...`."),
        (Outcome::Pending, _) => format!("The user has not answered yet. To wait for the answer, run `!pingone-get-verification verificationId={id} wait=true`."),
        (Outcome::Unknown, Status::Completed) => "PingOne completed it without asking anybody; the user may be allowed to bypass MFA. That is neither a yes nor a no.".to_owned(),
        (Outcome::Unknown, Status::AwaitsSelection) => "Nobody is being asked: no device is selected. To ask, run pingone-verify-push again.".to_owned(),
        (Outcome::Unknown, Status::AwaitsSecurityKey) => "PingOne waits for a security key, which works only in the user's own browser. To use another device, run pingone-verify-push with its deviceId.".to_owned(),
        (Outcome::Unknown, _) => "This integration does not know the status. Do not take it for a yes.".to_owned(),
    };
    text + "\n"
}
