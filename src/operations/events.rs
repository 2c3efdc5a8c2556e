//! Audit activities as events for a collector: a line of JSON each, delivered in batches while they are read, so that
//! memory does not grow with their number. [`push`] sends a time range, [`fetch`] what is new.

use futures_util::future::join;
use jiff::Timestamp;
use serde_json::{Map, Value};

use pingone::{
    Client, Delivery, Error,
    activities::{ActivityPage, MAX_PAGE_SIZE, Span},
    activity::Activity,
    times::to_rfc3339_millis,
};

pub mod fetch;
pub mod push;

/// The most that one request holds, before compression.
const MAX_BATCH: usize = 1_000_000;
/// The most that a collector takes as one event, as others that send to it have found.
/// <https://docs.cribl.io/stream/destinations-xsiam/>
const MAX_EVENT: usize = 5_000_000;
/// How many of the events that are too large are named.
const MAX_NAMED: usize = 10;

/// An activity as an event: its members as PingOne sent them, after the two that a collector asks for. Without a
/// readable time, it counts as one of `now`.
pub fn event(activity: Activity, now: Timestamp) -> Value {
    let time = to_rfc3339_millis(activity.recorded_at().unwrap_or(now));
    let mut event = Map::from_iter([
        ("_time".to_owned(), Value::from(time)),
        ("source_log_type".to_owned(), Value::from("activity")),
    ]);
    if let Value::Object(members) = activity.into_raw() {
        event.extend(members);
    }
    Value::Object(event)
}

/// When the oldest and the newest of some events were recorded.
type Recorded = Option<(Timestamp, Timestamp)>;

/// What became of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many the collector accepted.
    pub count: usize,
    /// When the oldest and the newest of them were recorded.
    pub recorded: Recorded,
    /// How many were too large to be sent.
    pub too_large: usize,
    /// The ids of the first of those.
    pub too_large_ids: Vec<String>,
}

/// Lines that are sent together.
#[derive(Default)]
struct Batch {
    lines: Vec<u8>,
    count: usize,
    recorded: Recorded,
    ids: Vec<(String, Timestamp)>,
}

/// Events on their way to the collector.
pub struct Shipment<'a> {
    delivery: Delivery<'a>,
    now: Timestamp,
    /// What is to be sent; only the last one has room for more.
    batches: Vec<Batch>,
    delivered: Delivered,
    /// The ids of what was delivered, if they are wanted.
    ids: Option<Vec<(String, Timestamp)>>,
}

impl<'a> Shipment<'a> {
    /// Nothing yet.
    pub fn new(delivery: Delivery<'a>, now: Timestamp) -> Self {
        Self {
            delivery,
            now,
            batches: Vec::new(),
            delivered: Delivered::default(),
            ids: None,
        }
    }

    /// Keeps the ids of what is delivered.
    fn remembering_ids(self) -> Self {
        Self {
            ids: Some(Vec::new()),
            ..self
        }
    }

    /// What became of the events so far.
    pub fn delivered(&self) -> &Delivered {
        &self.delivered
    }

    /// Adds an event, unless it is too large.
    fn pack(&mut self, activity: Activity) {
        let at = activity.recorded_at();
        let id = activity.id().map(str::to_owned);
        let line = event(activity, self.now).to_string();
        let key = self.ids.is_some().then(|| id.clone().zip(at)).flatten();
        if line.len() > MAX_EVENT {
            self.delivered.too_large += 1;
            if self.delivered.too_large_ids.len() < MAX_NAMED {
                self.delivered.too_large_ids.extend(id);
            }
            // There is no use in trying it again.
            self.ids.iter_mut().for_each(|ids| ids.extend(key.clone()));
            return;
        }
        let has_room = |batch: &&mut Batch| batch.lines.len() + line.len() < MAX_BATCH;
        let batch = match self.batches.last_mut().filter(has_room) {
            Some(batch) => batch,
            None => self.batches.push_mut(Batch::default()),
        };
        if batch.count > 0 {
            batch.lines.push(b'\n');
        }
        batch.lines.extend_from_slice(line.as_bytes());
        batch.count += 1;
        batch.recorded = joined(batch.recorded, at.map(|at| (at, at)));
        batch.ids.extend(key);
    }

    /// Sends the batches that have no room for more.
    async fn send_full(&mut self) -> Result<(), Error> {
        while self.batches.len() > 1 {
            self.send_first().await?;
        }
        Ok(())
    }

    /// Sends everything.
    async fn send_all(&mut self) -> Result<(), Error> {
        while !self.batches.is_empty() {
            self.send_first().await?;
        }
        Ok(())
    }

    async fn send_first(&mut self) -> Result<(), Error> {
        let Batch {
            lines,
            count,
            recorded,
            ids,
        } = self.batches.remove(0);
        self.delivery.send(lines).await?;
        self.delivered.count += count;
        self.delivered.recorded = joined(self.delivered.recorded, recorded);
        self.ids
            .iter_mut()
            .for_each(|known| known.extend(ids.iter().cloned()));
        Ok(())
    }
}

/// The span that covers both.
fn joined(one: Recorded, other: Recorded) -> Recorded {
    match (one, other) {
        (Some((from, to)), Some((start, end))) => Some((from.min(start), to.max(end))),
        (one, other) => one.or(other),
    }
}

/// Reads a span to its end, or until `most` events were kept, and delivers those for which `keep` is true. While a
/// batch is on its way, the next page is read.
async fn ship(
    client: &Client<'_>,
    span: Span,
    shipment: &mut Shipment<'_>,
    most: usize,
    mut keep: impl FnMut(&Activity) -> bool,
) -> Result<usize, Error> {
    let mut pages = client.activity_pages(span, None, MAX_PAGE_SIZE);
    let mut kept = 0;
    let mut page = pages.next().await?;
    while let Some(ActivityPage { activities, .. }) = page {
        for activity in activities {
            if kept < most && keep(&activity) {
                shipment.pack(activity);
                kept += 1;
            }
        }
        if kept == most {
            break;
        }
        let (next, sent) = join(pages.next(), shipment.send_full()).await;
        sent?;
        client.set_progress(format!("{} events delivered", shipment.delivered.count));
        page = next?;
    }
    shipment.send_all().await?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_the_activity_after_what_a_collector_asks_for() {
        let now = "2026-03-04T11:00:00Z".parse().expect("a time");
        let activity =
            json!({"id": "a", "recordedAt": "2026-03-04T10:00:00.1+01:00", "tags": ["t"]});
        assert_eq!(
            event(activity.into(), now).to_string(),
            r#"{"_time":"2026-03-04T09:00:00.100Z","source_log_type":"activity","id":"a","recordedAt":"2026-03-04T10:00:00.1+01:00","tags":["t"]}"#
        );
        for odd in [json!({"recordedAt": "soon"}), json!({}), json!(7)] {
            assert_eq!(event(odd.into(), now)["_time"], "2026-03-04T11:00:00.000Z");
        }
    }
}
