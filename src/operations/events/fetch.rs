//! Delivers what is new since the last fetch. An activity becomes visible some time after it was recorded, so each
//! fetch also reads the last minutes of the one before, and leaves out what it has delivered already.
//!
//! An event is delivered once as long as it becomes visible within [`OVERLAP`] and the answer of the fetch is stored.
//! If a fetch is stopped before that, or the collector's answer is lost, its events are delivered again.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{Delivered, Shipment, ship};
use pingone::{
    Client, Delivery, Error, activities::Span, activity::Activity, times::to_rfc3339_millis,
};

/// How long an activity may take to become visible. The delay is undocumented; the times of storing that PingOne gives
/// are less than a second after those of recording.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);
/// How far back the first fetch reaches, as with other collectors.
const FIRST: SignedDuration = SignedDuration::from_mins(1);
/// What is read at a time: after a pause of days, each part that is done stays done.
const PART: SignedDuration = SignedDuration::from_mins(10);
/// The most ids that are remembered: XSOAR warns of a last run of more than 1 MiB.
const MAX_IDS: usize = 20_000;

/// Where the last run keeps this. XSOAR may keep that of incidents in the same place.
const KEY: &str = "events";

/// Where the next fetch begins, and what was delivered already of what it will find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// `None` before the first fetch.
    from: Option<Timestamp>,
    delivered: BTreeMap<String, Timestamp>,
}

impl Cursor {
    /// Reads it from the last run. One that cannot be read counts as missing.
    pub fn read(last_run: &Map<String, Value>) -> Self {
        let text = last_run.get(KEY).and_then(Value::as_str);
        let stored: Value = text
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let ids = stored["ids"].as_object().into_iter().flatten();
        let second = |at: &Value| Timestamp::from_second(at.as_i64()?).ok();
        Self {
            from: stored["from"].as_str().and_then(|at| at.parse().ok()),
            delivered: ids
                .filter_map(|(id, at)| Some((id.clone(), second(at)?)))
                .collect(),
        }
    }

    /// The last run with this in it. All its values are texts, as XSOAR's documentation asks.
    pub fn write(&self, last_run: &Map<String, Value>) -> Map<String, Value> {
        let ids = self.delivered.iter();
        let ids: Map<String, Value> = ids
            .map(|(id, at)| (id.clone(), at.as_second().into()))
            .collect();
        let stored = json!({"from": self.from.map(to_rfc3339_millis), "ids": ids});
        let mut last_run = last_run.clone();
        last_run.insert(KEY.to_owned(), stored.to_string().into());
        last_run
    }

    fn is_new(&self, activity: &Activity) -> bool {
        activity
            .id()
            .is_none_or(|id| !self.delivered.contains_key(id))
    }

    /// Everything that is visible up to `to` was delivered.
    fn advance(&mut self, to: Timestamp) {
        let from = before(to, OVERLAP);
        let from = self.from.map_or(from, |earlier| earlier.max(from));
        self.from = Some(from);
        let oldest = from.as_second();
        self.delivered.retain(|_, at| at.as_second() >= oldest);
        let excess = self.delivered.len().saturating_sub(MAX_IDS);
        if excess > 0 {
            let delivered = std::mem::take(&mut self.delivered).into_iter();
            let mut by_age: Vec<_> = delivered.map(|(id, at)| (at, id)).collect();
            by_age.sort_unstable();
            let newest = by_age.into_iter().skip(excess);
            self.delivered = newest.map(|(at, id)| (id, at)).collect();
        }
    }
}

fn before(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_sub(span).unwrap_or(at)
}

/// What a fetch did.
pub struct Fetched {
    /// What was delivered.
    pub delivered: Delivered,
    /// Where the next fetch begins.
    pub cursor: Cursor,
    /// What ended it before it had delivered everything.
    pub stopped_by: Option<Error>,
}

/// Delivers what became visible up to `now`. If that fails half-way, what was delivered is not delivered again.
pub async fn fetch(client: &Client<'_>, delivery: Delivery<'_>, mut cursor: Cursor) -> Fetched {
    let now = client.now();
    let mut shipment = Shipment::new(delivery, now).remembering_ids();
    let mut from = *cursor.from.get_or_insert(before(now, FIRST));
    let mut stopped_by = None;
    while from < now && stopped_by.is_none() {
        let to = from.saturating_add(PART).unwrap_or(now).min(now);
        let span = Span { from, to };
        let shipped = ship(client, span, &mut shipment, usize::MAX, |activity| {
            cursor.is_new(activity)
        })
        .await;
        let ids = shipment.ids.iter_mut().flat_map(std::mem::take);
        cursor.delivered.extend(ids);
        match shipped {
            Ok(_) => cursor.advance(to),
            Err(error) => stopped_by = Some(error),
        }
        from = to;
    }
    Fetched {
        delivered: shipment.delivered,
        cursor,
        stopped_by,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-03-04T{time}Z").parse().expect("a time")
    }

    #[test]
    fn the_last_run_keeps_the_cursor_and_what_others_left() {
        let mut cursor = Cursor::read(&Map::new());
        assert_eq!(cursor, Cursor::default());
        cursor.from = Some(at("10:00:00.5"));
        cursor.delivered.insert("a".to_owned(), at("10:00:01"));
        let others = Map::from_iter([("time".to_owned(), json!("x"))]);
        let last_run = cursor.write(&others);
        assert_eq!(last_run["time"], "x");
        assert!(last_run.values().all(Value::is_string));
        assert_eq!(Cursor::read(&last_run), cursor);
    }

    #[test]
    fn a_last_run_that_makes_no_sense_counts_as_missing() {
        for odd in [
            json!(7),
            json!(""),
            json!("[]"),
            json!("{\"ids\": [1], \"from\": 7}"),
        ] {
            let last_run = Map::from_iter([(KEY.to_owned(), odd)]);
            assert_eq!(Cursor::read(&last_run), Cursor::default());
        }
    }

    #[test]
    fn ids_are_forgotten_once_no_fetch_can_find_them() {
        let mut cursor = Cursor {
            from: Some(at("09:59:00")),
            ..Cursor::default()
        };
        for (id, time) in [
            ("old", "09:59:30"),
            ("edge", "10:05:00.9"),
            ("new", "10:09:00"),
        ] {
            cursor.delivered.insert(id.to_owned(), at(time));
        }
        // The first fetch reaches back less than the overlap, and so does the second.
        cursor.advance(at("10:00:00"));
        assert_eq!(cursor.from, Some(at("09:59:00")));
        assert_eq!(cursor.delivered.len(), 3);
        cursor.advance(at("10:10:00.5"));
        assert_eq!(cursor.from, Some(at("10:05:00.5")));
        let ids: Vec<&str> = cursor.delivered.keys().map(String::as_str).collect();
        assert_eq!(ids, ["edge", "new"]);
    }

    #[test]
    fn of_too_many_ids_the_newest_are_kept() {
        let mut cursor = Cursor::default();
        for number in 0..MAX_IDS + 50 {
            let seconds = i64::try_from(number / 100).expect("a number");
            let recorded = at("10:00:00") + SignedDuration::from_secs(seconds);
            cursor.delivered.insert(format!("{number:06}"), recorded);
        }
        cursor.advance(at("10:00:00"));
        assert_eq!(cursor.delivered.len(), MAX_IDS);
        let oldest = cursor.delivered.keys().next();
        assert_eq!(oldest.map(String::as_str), Some("000050"));
        assert!(
            cursor.write(&Map::new())[KEY]
                .as_str()
                .is_some_and(|text| text.len() < 1 << 20)
        );
    }
}
