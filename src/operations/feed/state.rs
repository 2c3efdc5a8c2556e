//! What a fetch leaves for the next one: up to where everything was handed over, and what was handed over beyond that.
//! XSOAR wants objects of texts here.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::bursts::{Covered, Subject};

/// Where a fetch begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Everything recorded before this time is done with.
    pub from: Timestamp,
    /// The activities of this time and later that were handed over.
    pub handed_over: BTreeMap<String, Timestamp>,
    /// The bursts that were handed over and still cover failures that will be read again.
    pub covered: Vec<Covered>,
    /// The longest span that could be read at once, if it is a short one.
    pub slice: Option<SignedDuration>,
}

/// The stored state is not one of ours.
#[derive(Debug, thiserror::Error)]
#[error("the last run has an unknown format")]
pub struct UnknownState;

const FROM: &str = "from";
const HANDED_OVER: &str = "handed_over";
const COVERED: &str = "failed_sign_ons";
const SLICE: &str = "slice_seconds";

impl State {
    /// Nothing was fetched yet.
    pub fn starting(from: Timestamp) -> Self {
        Self {
            from,
            handed_over: BTreeMap::new(),
            covered: Vec::new(),
            slice: None,
        }
    }

    /// Reads the state; `None` before the first fetch.
    pub fn read(stored: &Map<String, Value>) -> Result<Option<Self>, UnknownState> {
        if stored.is_empty() {
            return Ok(None);
        }
        let text = |name: &str| stored.get(name).and_then(Value::as_str);
        let from = text(FROM).and_then(|from| from.parse().ok());
        let handed_over = list(text(HANDED_OVER)).and_then(|list: Vec<(String, i64)>| {
            let times = list.into_iter().map(|(id, at)| Some((id, time(at)?)));
            times.collect()
        });
        let covered = list(text(COVERED)).and_then(|list: Vec<(String, String, i64, i64)>| {
            let bursts = list.into_iter().map(|(kind, subject, from, until)| {
                let subject = match &*kind {
                    "user" => Subject::User(subject),
                    "address" => Subject::Address(subject),
                    _ => return None,
                };
                Some(Covered {
                    subject,
                    from: time(from)?,
                    until: time(until)?,
                })
            });
            bursts.collect()
        });
        let slice = text(SLICE).and_then(|slice| slice.parse().ok());
        match (from, handed_over, covered) {
            (Some(from), Some(handed_over), Some(covered)) => Ok(Some(Self {
                from,
                handed_over,
                covered,
                slice: slice.map(SignedDuration::from_secs),
            })),
            _ => Err(UnknownState),
        }
    }

    /// The state as it is stored.
    pub fn write(&self) -> Map<String, Value> {
        let handed_over = self.handed_over.iter();
        let handed_over: Value = handed_over
            .map(|(id, at)| json!([id, at.as_millisecond()]))
            .collect();
        let covered = self.covered.iter().map(|burst| {
            let (kind, subject) = match &burst.subject {
                Subject::User(id) => ("user", id),
                Subject::Address(ip) => ("address", ip),
            };
            let [from, until] = [burst.from, burst.until].map(Timestamp::as_millisecond);
            json!([kind, subject, from, until])
        });
        let covered: Value = covered.collect();
        let mut stored = Map::from_iter([
            (FROM.to_owned(), self.from.to_string().into()),
            (HANDED_OVER.to_owned(), handed_over.to_string().into()),
            (COVERED.to_owned(), covered.to_string().into()),
        ]);
        if let Some(slice) = self.slice {
            stored.insert(SLICE.to_owned(), slice.as_secs().to_string().into());
        }
        stored
    }
}

fn list<T: DeserializeOwned>(text: Option<&str>) -> Option<Vec<T>> {
    text.map_or(Some(Vec::new()), |text| serde_json::from_str(text).ok())
}

fn time(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written_and_holds_texts_only() {
        let at: Timestamp = "2026-03-04T09:58:02.114Z".parse().expect("a time");
        let covered = |subject| Covered {
            subject,
            from: at,
            until: at,
        };
        let state = State {
            from: at,
            handed_over: BTreeMap::from([("a/\"b".to_owned(), at)]),
            covered: vec![
                covered(Subject::User("emma".to_owned())),
                covered(Subject::Address("2001:db8::7".to_owned())),
            ],
            slice: Some(SignedDuration::from_mins(15)),
        };
        let stored = state.write();
        assert!(stored.values().all(Value::is_string), "{stored:?}");
        assert_eq!(State::read(&stored).expect("a state"), Some(state));
        let plain = State::starting(at);
        assert_eq!(State::read(&plain.write()).expect("a state"), Some(plain));
    }

    #[test]
    fn what_is_not_ours_is_an_error_and_nothing_is_no_state() {
        assert_eq!(State::read(&Map::new()).expect("no state"), None);
        for stored in [
            json!({"time": "2026-03-04T09:58:02Z"}),
            json!({"from": "soon"}),
            json!({"from": "2026-03-04T09:58:02Z", "handed_over": "{}"}),
            json!({"from": "2026-03-04T09:58:02Z", "failed_sign_ons": r#"[["group","x",1,2]]"#}),
        ] {
            let stored = stored.as_object().expect("an object");
            assert!(State::read(stored).is_err(), "{stored:?}");
        }
    }
}
