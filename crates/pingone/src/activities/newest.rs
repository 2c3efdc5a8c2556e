//! The newest activities first, as people read them. The order of PingOne's answers is undocumented, so the span is
//! read backwards in slices, each of which is read completely and sorted here. If a slice holds more than is wanted,
//! only its newest quarter is read: the cost of a list depends on its limit, not on how much there is.

use std::{collections::HashSet, fmt, str::FromStr};

use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{ACTIVITIES, MAX_SPAN};
use crate::{
    call::{List, Path},
    client::Client,
    error::Error,
    filter,
    memory::Reservation,
    pages::{InvalidPageToken, Paging, Part},
    times::to_rfc3339_millis,
};

/// How much shorter the next slice is after one that held too much, and how much longer after one that was nearly
/// empty.
const SPAN_FACTOR: u8 = 4;
/// A slice this short is not divided any further.
const MIN_SPAN: SignedDuration = SignedDuration::from_secs(1);
/// PingOne's own page size for activities.
pub const PAGE_SIZE: usize = 100;
/// Smaller pages would cost too many calls, which are rate-limited.
const MIN_PAGE_SIZE: usize = 10;
/// PingOne allows ten audit queries per second for the whole license.
/// <https://developer.pingidentity.com/pingone-api/platform/rate-limiting.html>
const MAX_CONCURRENT_QUERIES: usize = 5;

/// Which activities to read.
#[derive(Clone, Debug)]
pub struct ActivityQuery {
    /// Inclusive start.
    pub from: Timestamp,
    /// Exclusive end.
    pub to: Timestamp,
    /// Attributes and values, one of which must match. PingOne takes a single one beside the time, so each becomes a
    /// query; without any, there is one query for everything.
    pub conditions: Vec<(&'static str, String)>,
}

/// A position in the audit trail, newest first: after this activity. Written as `id/time`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    at: Timestamp,
    id: String,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.id, self.at)
    }
}

impl FromStr for Position {
    type Err = InvalidPageToken;

    fn from_str(text: &str) -> Result<Self, InvalidPageToken> {
        let (id, at) = text.rsplit_once('/').ok_or(InvalidPageToken)?;
        Ok(Self {
            at: at.parse().map_err(|_| InvalidPageToken)?,
            id: id.to_owned(),
        })
    }
}

impl Position {
    /// The position of an activity in the slice that starts at `start`.
    fn of(activity: &Value, start: Timestamp) -> Self {
        let text = |name: &str| activity.get(name).and_then(Value::as_str);
        Self {
            // An activity without a readable time sorts to the end of its slice.
            at: text("recordedAt")
                .and_then(|at| at.parse().ok())
                .unwrap_or(start),
            id: text("id").unwrap_or_default().to_owned(),
        }
    }

    /// Sorts the newest first, and those of the same time in a stable order.
    fn order(&self) -> (std::cmp::Reverse<Timestamp>, &str) {
        (std::cmp::Reverse(self.at), &self.id)
    }
}

/// The activities of a slice that come after `earlier`, newest first. `start` is that of the slice.
fn positioned_after(
    earlier: Option<&Position>,
    activities: impl Iterator<Item = Value>,
    start: Timestamp,
) -> Vec<(Position, Value)> {
    let mut positioned: Vec<(Position, Value)> = activities
        .map(|activity| (Position::of(&activity, start), activity))
        .filter(|(position, _)| earlier.is_none_or(|earlier| position.order() > earlier.order()))
        .collect();
    positioned.sort_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
    positioned
}

impl Client<'_> {
    /// Reads the activities for which `keep` is true, newest first. An activity becomes visible some time after the
    /// action (how long is undocumented).
    pub async fn activities(
        &self,
        query: &ActivityQuery,
        paging: &Paging<Position>,
        keep: impl Fn(&Value) -> bool,
    ) -> Result<Part<Position>, Error> {
        let limit = paging.limit.unwrap_or(usize::MAX);
        let page_size = paging.page_size.max(MIN_PAGE_SIZE);
        let mut to = match &paging.from {
            // PingOne's times have milliseconds, and more activities of the same millisecond may follow.
            Some(Position { at, .. }) => at
                .saturating_add(SignedDuration::from_millis(1))
                .map_or(query.to, |after| query.to.min(after)),
            None => query.to,
        };
        // The memory of the activities found.
        let mut reservation = self.budget().reserve();
        let mut span = MAX_SPAN;
        let mut found: Vec<(Position, Value)> = Vec::new();
        while to > query.from {
            let from = to
                .saturating_sub(span)
                .unwrap_or(query.from)
                .max(query.from);
            let max = paging
                .limit
                .filter(|_| to.duration_since(from) > MIN_SPAN)
                .map(|limit| (limit - found.len()).max(page_size));
            let read = self.read_span(from, to, query, page_size, max).await?;
            let Some((activities, mut of_span)) = read else {
                span = to.duration_since(from) / i32::from(SPAN_FACTOR);
                continue;
            };
            let number = activities.len();
            let is_sparse = max.is_none_or(|max| number * usize::from(SPAN_FACTOR) <= max);
            let activities = activities.into_iter().filter(&keep);
            let positioned = positioned_after(paging.from.as_ref(), activities, from);
            // What was filtered out takes no memory; activities are about equally large.
            of_span.shrink_to_share(positioned.len(), number);
            reservation.merge(of_span);
            found.extend(positioned);
            self.set_progress(format!(
                "{} activities found, back to {from:.0}",
                found.len()
            ));
            if found.len() > limit || found.len() == limit && from > query.from {
                found.truncate(limit);
                reservation.keep_until_end();
                return Ok(Part {
                    more: true,
                    next: found.last().map(|(position, _)| position.clone()),
                    items: found.into_iter().map(|(_, activity)| activity).collect(),
                });
            }
            to = from;
            if is_sparse {
                span = (span * i32::from(SPAN_FACTOR)).min(MAX_SPAN);
            }
        }
        reservation.keep_until_end();
        let items = found.into_iter().map(|(_, activity)| activity);
        Ok(Part::last(items.collect()))
    }

    /// Reads the activities of a slice; `None` if one of the queries has more than `max`.
    async fn read_span(
        &self,
        from: Timestamp,
        to: Timestamp,
        query: &ActivityQuery,
        page_size: usize,
        max: Option<usize>,
    ) -> Result<Option<(Vec<Value>, Reservation)>, Error> {
        let times = [
            format!("recordedAt ge {}", Value::from(to_rfc3339_millis(from))),
            format!("recordedAt lt {}", Value::from(to_rfc3339_millis(to))),
        ];
        let mut filters: Vec<String> = query
            .conditions
            .iter()
            .map(|(attribute, value)| filter::equals(attribute, value))
            .map(|condition| [times.join(" and "), condition].join(" and "))
            .collect();
        if filters.is_empty() {
            filters.push(times.join(" and "));
        }
        let paging = &Paging {
            limit: max,
            page_size,
            from: None,
        };
        let queries = stream::iter(filters).map(|filter| async move {
            let activities = List::at(Path::of(&[ACTIVITIES]), ACTIVITIES);
            let reader = self.reader();
            reader.list_part(activities, Some(&filter), paging).await
        });
        let parts: Vec<Result<(Part, Reservation), Error>> =
            queries.buffered(MAX_CONCURRENT_QUERIES).collect().await;
        let parts = parts.into_iter().collect::<Result<Vec<_>, Error>>()?;
        if parts.iter().any(|(part, _)| part.more) {
            return Ok(None);
        }
        let mut reservation = self.budget().reserve();
        // The same activity may match two conditions.
        let mut seen = HashSet::new();
        let mut activities = Vec::new();
        for (part, of_part) in parts {
            reservation.merge(of_part);
            activities.extend(part.items.into_iter().filter(|activity| {
                let id = activity.get("id").and_then(Value::as_str);
                id.is_none_or(|id| seen.insert(id.to_owned()))
            }));
        }
        Ok(Some((activities, reservation)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn positions_round_trip_as_text() {
        let activity = json!({"id": "a/b", "recordedAt": "2026-03-04T09:58:02.114Z"});
        let position = Position::of(&activity, Timestamp::UNIX_EPOCH);
        assert_eq!(position.to_string(), "a/b/2026-03-04T09:58:02.114Z");
        assert_eq!(
            position.to_string().parse::<Position>().ok(),
            Some(position)
        );
        for text in ["", "a", "a/b", "3.cursor", "/2026"] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_newest_come_first_and_ties_are_ordered_by_id() {
        let position = |id: &str, at: &str| {
            Position::of(&json!({"id": id, "recordedAt": at}), Timestamp::UNIX_EPOCH)
        };
        let newest = position("a", "2026-03-04T10:00:00Z");
        let first = position("a", "2026-03-04T09:00:00Z");
        let second = position("b", "2026-03-04T09:00:00.000Z");
        let without_time = position("a", "soon");
        let in_order = [&newest, &first, &second, &without_time];
        assert!(in_order.is_sorted_by(|a, b| a.order() < b.order()));
    }
}
