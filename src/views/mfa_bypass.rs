//! MFA bypasses: a row and a context entry for each user, also for one without a bypass.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::items::failures;
use crate::{
    document::{Row, row, table_of},
    entry::Output,
    invocation::Invocation,
    operations::for_each::Outcome,
};
use pingone::{
    devices::MfaBypass,
    times::{to_rfc3339_millis, to_utc_minutes},
};

/// The context key of bypasses.
const KEY: &str = "PingOne.MFABypass(val.ID && val.ID === obj.ID)";

/// A table, the context, and the failures.
pub fn report(cx: &Invocation<'_>, outcomes: &[Outcome<MfaBypass>]) -> Output {
    let now = cx.pingone.now_at_pingone();
    let (mut rows, mut context, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    for Outcome { label, id, result } in outcomes {
        let text = match result {
            Ok(bypass) => {
                let mut entry = row([("ID", json!(id.map(|id| id.to_string())))]);
                entry.extend(describe(bypass, now));
                context.push(Value::Object(entry));
                raw.push(bypass.raw.clone());
                sentence(bypass, now)
            }
            Err(error) => format!("Failed: {}", cx.explain(error)),
        };
        rows.push(row([("User", json!(label)), ("MFA bypass", json!(text))]));
    }
    let readable = table_of("PingOne MFA bypass", &["User", "MFA bypass"], &rows);
    let mut output = Output::new(readable, Some(Value::Array(raw)));
    if !context.is_empty() {
        output = output.with_context(KEY, Value::Array(context));
    }
    output.failures = failures(cx, outcomes);
    output
}

/// A bypass in words.
pub fn sentence(bypass: &MfaBypass, now: Timestamp) -> String {
    match (bypass.running_until(now), bypass.until) {
        (Some(until), _) => format!(
            "Running until {}: the user signs on without a second factor",
            to_utc_minutes(until)
        ),
        (None, Some(until)) => format!("None; the last one ended at {}", to_utc_minutes(until)),
        (None, None) => "None".to_owned(),
    }
}

/// A bypass as a context entry, without the user.
pub fn describe(bypass: &MfaBypass, now: Timestamp) -> Row {
    let running = bypass.running_until(now);
    row([
        ("Active", json!(running.is_some())),
        ("Until", json!(running.map(to_rfc3339_millis))),
    ])
}
