//! The audit trail. A query has to name a time and may reach back over 14 days at the most; beside the time it
//! may name one kind of thing: a user, an action, or a client.
//! <https://developer.pingidentity.com/pingone-api/platform/audit-activities/get-user-activities.html>

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{client::Client, error::Error, filter, pages::Paging};
use crate::times::written;

const ACTIVITIES: &str = "activities";
/// What one query may span.
const WINDOW: SignedDuration = SignedDuration::from_hours(14 * 24);
/// PingOne's own default.
const PAGE_SIZE: usize = 100;

/// Which activities are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Not before.
    pub from: Timestamp,
    /// Not at or after.
    pub to: Timestamp,
    /// The one condition beside the time: attribute and value.
    pub condition: Option<(&'static str, String)>,
}

impl Client<'_> {
    /// The newest activities first, for which `keep` is true, `limit` at the most. Also whether there may be
    /// more. Activities appear some time after the action (how long is undocumented).
    pub async fn activities(
        &self,
        wanted: &Wanted,
        limit: usize,
        keep: impl Fn(&Value) -> bool,
    ) -> Result<(Vec<Value>, bool), Error> {
        let mut found = Vec::new();
        let mut to = wanted.to;
        while to > wanted.from {
            let from = to
                .saturating_sub(WINDOW)
                .unwrap_or(wanted.from)
                .max(wanted.from);
            let mut conditions = vec![
                format!("recordedAt ge {}", Value::from(written(from))),
                format!("recordedAt lt {}", Value::from(written(to))),
            ];
            conditions.extend(
                wanted
                    .condition
                    .as_ref()
                    .map(|(attribute, value)| filter::equals(attribute, value)),
            );
            let paging = Paging {
                limit: None,
                page_size: PAGE_SIZE,
                from: None,
            };
            let part = self
                .list_part(
                    &[ACTIVITIES],
                    ACTIVITIES,
                    Some(&conditions.join(" and ")),
                    &paging,
                )
                .await?;
            let mut window: Vec<Value> = part
                .items
                .into_iter()
                .filter(|activity| keep(activity))
                .collect();
            // The order within an answer is undocumented; the times are text of one form, so texts compare.
            window.sort_by(|a, b| recorded_at(b).cmp(recorded_at(a)));
            found.extend(window);
            if found.len() > limit {
                found.truncate(limit);
                return Ok((found, true));
            }
            to = from;
        }
        Ok((found, false))
    }
}

fn recorded_at(activity: &Value) -> &str {
    activity
        .get("recordedAt")
        .and_then(Value::as_str)
        .unwrap_or_default()
}
