//! The newest activities first, as people read them. The order of PingOne's answers is undocumented, so the span is
//! read backwards in slices, each of which is read completely and sorted here. If a slice holds more than is wanted,
//! only its newest quarter is read: the cost of a list depends on its limit, not on how much there is.

use std::{cell::Cell, collections::HashSet, fmt, str::FromStr};

use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};

use super::{Condition, MAX_PAGE_SIZE, MAX_SPAN, Span};
use crate::{
    activity::Activity,
    client::Client,
    error::Error,
    memory::Reservation,
    pages::{InvalidPageToken, Paging, Part},
};

/// How much shorter the next slice is after one that held too much, and how much longer after one that was nearly
/// empty.
const SPAN_FACTOR: u8 = 4;
/// A slice this short is not divided any further.
const MIN_SPAN: SignedDuration = SignedDuration::from_secs(1);
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
    /// Conditions, one of which must be met. PingOne takes a single one beside the time, so each becomes a query; without
    /// any, there is one query for everything.
    pub conditions: Vec<Condition>,
}

impl ActivityQuery {
    /// Takes action types one by one from now on.
    fn split_actions(&mut self) {
        let conditions = std::mem::take(&mut self.conditions);
        let split = conditions
            .into_iter()
            .flat_map(|condition| match condition {
                Condition::Actions(actions) => actions
                    .into_iter()
                    .map(|action| Condition::Actions(vec![action]))
                    .collect(),
                other => vec![other],
            });
        self.conditions = split.collect();
    }
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
    fn of(activity: &Activity, start: Timestamp) -> Self {
        Self {
            // An activity without a readable time sorts to the end of its slice.
            at: activity.recorded_at().unwrap_or(start),
            id: activity.id().unwrap_or_default().to_owned(),
        }
    }

    /// Sorts the newest first, and those of the same time in a stable order.
    fn order(&self) -> (std::cmp::Reverse<Timestamp>, &str) {
        (std::cmp::Reverse(self.at), &self.id)
    }
}

/// Activities that were kept, how many were read, and the memory of those kept.
#[derive(Default)]
struct Found {
    activities: Vec<Activity>,
    read: usize,
    memory: Reservation,
}

/// The activities of a slice that come after `earlier`, newest first. `start` is that of the slice.
fn positioned_after(
    earlier: Option<&Position>,
    activities: Vec<Activity>,
    start: Timestamp,
) -> Vec<(Position, Activity)> {
    let mut positioned: Vec<(Position, Activity)> = activities
        .into_iter()
        .map(|activity| (Position::of(&activity, start), activity))
        .filter(|(position, _)| earlier.is_none_or(|earlier| position.order() > earlier.order()))
        .collect();
    positioned.sort_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
    positioned
}

impl Client<'_> {
    /// Reads the activities for which `keep` is true, newest first. An activity becomes visible some time after the
    /// action (how long is undocumented). What is older than [`MAX_SPAN`] is there only if it was restored; it is asked
    /// for in queries of its own, and if PingOne refuses those, the list ends there.
    pub async fn activities(
        &self,
        mut query: ActivityQuery,
        paging: &Paging<Position>,
        keep: impl Fn(&Activity) -> bool,
    ) -> Result<Part<Position, Activity>, Error> {
        let limit = paging.limit.unwrap_or(usize::MAX);
        let page_size = paging.page_size.clamp(MIN_PAGE_SIZE, MAX_PAGE_SIZE);
        let restored_before = self.now().saturating_sub(MAX_SPAN).unwrap_or(query.from);
        let mut to = match &paging.from {
            // PingOne's times have milliseconds, and more activities of the same millisecond may follow.
            Some(Position { at, .. }) => at
                .saturating_add(SignedDuration::from_millis(1))
                .map_or(query.to, |after| query.to.min(after)),
            None => query.to,
        };
        let begin = to;
        // The memory of the activities found.
        let mut memory = self.budget().reserve();
        let mut length = MAX_SPAN;
        let mut found: Vec<(Position, Activity)> = Vec::new();
        while to > query.from {
            let from = to.saturating_sub(length).unwrap_or(query.from);
            let mut from = from.max(query.from);
            if to > restored_before {
                from = from.max(restored_before);
            }
            let max = paging
                .limit
                .filter(|_| to.duration_since(from) > MIN_SPAN)
                .map(|limit| (limit - found.len()).max(page_size));
            let takes_lists = Cell::new(true);
            let slice = Slice {
                span: Span { from, to },
                page_size,
                max,
                takes_lists: &takes_lists,
            };
            let read = match self.read_slice(&slice, &query.conditions, &keep).await {
                Err(error) if error.refuses_filter() && to <= restored_before && to < begin => {
                    break;
                }
                read => read?,
            };
            if !takes_lists.get() {
                query.split_actions();
            }
            let Some(Found {
                activities,
                read,
                memory: of_slice,
            }) = read
            else {
                length = to.duration_since(from) / i32::from(SPAN_FACTOR);
                continue;
            };
            let is_sparse = max.is_none_or(|max| read * usize::from(SPAN_FACTOR) <= max);
            found.extend(positioned_after(paging.from.as_ref(), activities, from));
            memory.merge(of_slice);
            self.set_progress(format!(
                "{} activities found, back to {from:.0}",
                found.len()
            ));
            if found.len() > limit || found.len() == limit && from > query.from {
                found.truncate(limit);
                memory.keep_until_end();
                return Ok(Part {
                    more: true,
                    next: found.last().map(|(position, _)| position.clone()),
                    items: found.into_iter().map(|(_, activity)| activity).collect(),
                });
            }
            to = from;
            if is_sparse {
                length = (length * i32::from(SPAN_FACTOR)).min(MAX_SPAN);
            }
        }
        memory.keep_until_end();
        let items = found.into_iter().map(|(_, activity)| activity);
        Ok(Part::last(items.collect()))
    }

    /// Reads the activities of a slice; `None` if one of the queries has more than its maximum.
    async fn read_slice(
        &self,
        slice: &Slice<'_>,
        conditions: &[Condition],
        keep: impl Fn(&Activity) -> bool,
    ) -> Result<Option<Found>, Error> {
        let mut queries: Vec<Option<&Condition>> = conditions.iter().map(Some).collect();
        if queries.is_empty() {
            queries.push(None);
        }
        let keep = &keep;
        let queries = stream::iter(queries)
            .map(|condition| async move { self.read_query(slice, condition, keep).await });
        let parts: Vec<Result<Option<Found>, Error>> =
            queries.buffered(MAX_CONCURRENT_QUERIES).collect().await;
        let mut all = Found {
            memory: self.budget().reserve(),
            ..Found::default()
        };
        // The same activity may match two conditions.
        let mut seen = HashSet::new();
        for part in parts {
            let Some(part) = part? else {
                return Ok(None);
            };
            all.read += part.read;
            all.memory.merge(part.memory);
            all.activities
                .extend(part.activities.into_iter().filter(|activity| {
                    let id = activity.id();
                    id.is_none_or(|id| seen.insert(id.to_owned()))
                }));
        }
        Ok(Some(all))
    }

    async fn read_query(
        &self,
        slice: &Slice<'_>,
        condition: Option<&Condition>,
        keep: impl Fn(&Activity) -> bool,
    ) -> Result<Option<Found>, Error> {
        // Few of all those with a type of resource are wanted, so they are read in the largest pages.
        let is_sieved = matches!(condition, Some(Condition::ResourceType(_)));
        let (page_size, max) = if is_sieved {
            let max = slice.max.map(|max| max.max(MAX_PAGE_SIZE));
            (MAX_PAGE_SIZE, max)
        } else {
            (slice.page_size, slice.max)
        };
        let mut found = Found {
            memory: self.budget().reserve(),
            ..Found::default()
        };
        let mut pages = self.activity_pages(slice.span, condition, page_size);
        loop {
            let page = pages.next().await;
            if pages.refused_list() {
                slice.takes_lists.set(false);
            }
            let Some(mut page) = page? else {
                return Ok(Some(found));
            };
            found.read += page.activities.len();
            page.retain(&keep);
            found.memory.merge(page.memory);
            found.activities.append(&mut page.activities);
            let max = max.unwrap_or(usize::MAX);
            if found.read > max || found.read == max && pages.has_more() {
                return Ok(None);
            }
        }
    }
}

/// A slice of the span, and how to read it.
struct Slice<'a> {
    span: Span,
    page_size: usize,
    /// The most activities that a query of it should have.
    max: Option<usize>,
    /// Becomes false if PingOne does not take several action types at once.
    takes_lists: &'a Cell<bool>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn positions_round_trip_as_text() {
        let activity = json!({"id": "a/b", "recordedAt": "2026-03-04T09:58:02.114Z"});
        let position = Position::of(&activity.into(), Timestamp::UNIX_EPOCH);
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
            let activity = json!({"id": id, "recordedAt": at});
            Position::of(&activity.into(), Timestamp::UNIX_EPOCH)
        };
        let newest = position("a", "2026-03-04T10:00:00Z");
        let first = position("a", "2026-03-04T09:00:00Z");
        let second = position("b", "2026-03-04T09:00:00.000Z");
        let without_time = position("a", "soon");
        let in_order = [&newest, &first, &second, &without_time];
        assert!(in_order.is_sorted_by(|a, b| a.order() < b.order()));
    }
}
