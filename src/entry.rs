//! War Room entries as XSOAR's server expects them: exactly the members, in exactly the order, of `return_outputs` and
//! `return_error` in its Python library, since playbooks and scripts read them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{access::FETCH_INCIDENTS, document::Document, inert::inert, markdown::markdown};

/// The context key of everything about one account. XSOAR merges values with equal `ID`s. Three equals signs, as in the
/// published integration.
pub const ACCOUNT: &str = "PingOne.Account(val.ID && val.ID === obj.ID)";

/// The context key of users that a search found. Not that of accounts: a playbook task that works on every account in
/// the context must not work on search results.
pub const USER: &str = "PingOne.User(val.ID && val.ID === obj.ID)";

/// A command's result; [`Output::into_entries`] makes entries of it.
#[derive(Debug)]
pub struct Output {
    /// The War Room text.
    pub readable: Document,
    /// What the server merges into the context; `None` only for the test button.
    pub context: Option<Map<String, Value>>,
    /// PingOne's response; `None` if it had no body.
    pub raw: Option<Value>,
    /// What failed, a sentence or two each. If there is any, an error entry follows the result, so that a playbook does
    /// not carry on as if everything had succeeded.
    pub failures: Vec<String>,
    /// What XSOAR's server runs next by itself, if anything.
    pub schedule: Option<Schedule>,
}

/// A command that XSOAR's server runs later by itself, to wait for something without holding a worker. A script that
/// called this command gets it as data, and nothing is run.
#[derive(Debug)]
pub struct Schedule {
    /// The command.
    pub command: &'static str,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// How long the server waits before it; ten seconds at least.
    pub after: Duration,
    /// After how long the server ends the sequence with an error of its own.
    pub timeout: Duration,
}

impl Output {
    /// Text only: no context, no PingOne response.
    pub fn note(readable: impl Into<Document>) -> Self {
        Self {
            readable: readable.into(),
            context: Some(Map::new()),
            raw: None,
            failures: Vec::new(),
            schedule: None,
        }
    }

    /// Text and PingOne's response.
    pub fn new(readable: impl Into<Document>, raw: Option<Value>) -> Self {
        Self {
            readable: readable.into(),
            context: Some(Map::new()),
            raw,
            failures: Vec::new(),
            schedule: None,
        }
    }

    /// Nothing to show yet: the server runs the command once more.
    pub fn scheduled(schedule: Schedule) -> Self {
        Self {
            schedule: Some(schedule),
            ..Self::new(Document::default(), Some(Value::Null))
        }
    }

    /// Adds `value` to the context, as an account.
    #[must_use]
    pub fn with_account(self, value: Value) -> Self {
        self.with_context(ACCOUNT, value)
    }

    /// Adds `value` to the context at `key`.
    #[must_use]
    pub fn with_context(mut self, key: &str, value: Value) -> Self {
        self.context
            .get_or_insert_default()
            .insert(key.to_owned(), value);
        self
    }

    /// The entries: text and context first, then failures, if any.
    pub fn into_entries(mut self, command: &str) -> Vec<Entry> {
        if command == FETCH_INCIDENTS {
            return vec![Entry::Incidents(self.into())];
        }
        let failures = std::mem::take(&mut self.failures);
        let mut entries = vec![Entry::from(self)];
        if !failures.is_empty() {
            let list = failures.join("\n");
            entries.push(Entry::error(format!(
                "Failed to execute {command} command. Error: {list}"
            )));
        }
        entries
    }
}

/// One War Room entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Entry {
    /// Type 1.
    Note(Note),
    /// Type 1, the answer to `fetch-incidents`.
    Incidents(Incidents),
    /// Type 4.
    Error(Failure),
}

/// A successful command's entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Note {
    /// 1.
    pub r#type: u8,
    /// The War Room text before it became Markdown, for other renderers.
    #[serde(skip)]
    pub document: Document,
    /// The War Room text, in Markdown, with everything active from outside made inert.
    /// Null in a round of waiting, which shows nothing.
    pub human_readable: Option<String>,
    /// `json`, or `text` if `Contents` is text.
    pub contents_format: String,
    /// PingOne's response, or else the command's text.
    pub contents: Value,
    /// What the server merges into the incident's context.
    pub entry_context: Option<Map<String, Value>>,
    /// Always false: the server may extract indicators.
    pub ignore_auto_extract: bool,
    /// Always null.
    pub indicator_timeline: Option<Value>,
    /// What the server runs next by itself; without it, none of these members is there.
    #[serde(flatten)]
    pub polling: Option<Box<Polling>>,
}

/// A [`Schedule`] on the wire, as XSOAR's `ScheduledCommand` writes it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Polling {
    /// The command.
    pub polling_command: String,
    /// Seconds until it runs, as text.
    pub next_run: String,
    /// Its arguments.
    pub polling_args: Map<String, Value>,
    /// Seconds until the server ends the sequence, as text.
    pub timeout: String,
    /// Always 0: how many items are left, which the server counts as timed out in its metrics.
    pub polling_items_remaining: u32,
}

impl From<Schedule> for Polling {
    fn from(schedule: Schedule) -> Self {
        Self {
            polling_command: schedule.command.to_owned(),
            next_run: schedule.after.as_secs().to_string(),
            polling_args: schedule.arguments,
            timeout: schedule.timeout.as_secs().to_string(),
            polling_items_remaining: 0,
        }
    }
}

impl Note {
    /// The War Room text; empty if there is none.
    pub fn text(&self) -> &str {
        self.human_readable.as_deref().unwrap_or_default()
    }
}

/// New incidents, as `demisto.incidents` writes them: three members and no others.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Incidents {
    /// 1.
    pub r#type: u8,
    /// A table of them, for other renderers.
    #[serde(skip)]
    pub document: Document,
    /// `json`.
    pub contents_format: String,
    /// The incidents as the JSON text of an array.
    pub contents: String,
}

impl From<Output> for Incidents {
    fn from(output: Output) -> Self {
        let incidents = output.raw.unwrap_or_else(|| Value::Array(Vec::new()));
        Self {
            r#type: 1,
            document: output.readable,
            contents_format: "json".to_owned(),
            contents: incidents.to_string(),
        }
    }
}

impl From<Incidents> for Note {
    fn from(incidents: Incidents) -> Self {
        Self {
            r#type: incidents.r#type,
            document: incidents.document,
            human_readable: None,
            contents_format: incidents.contents_format,
            contents: incidents.contents.into(),
            entry_context: None,
            ignore_auto_extract: false,
            indicator_timeline: None,
            polling: None,
        }
    }
}

/// A failed command's entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Failure {
    /// 4.
    pub r#type: u8,
    /// `text`.
    pub contents_format: String,
    /// What went wrong, and what to do about it.
    pub contents: String,
    /// Always null.
    pub entry_context: Option<Map<String, Value>>,
}

/// The longest error text, in characters. Like XSOAR's library, cuts longer ones in the middle.
const MAX_ERROR: usize = 50_000;

impl Entry {
    /// An error entry.
    pub fn error(mut contents: String) -> Self {
        let offset_of = |number| {
            contents
                .char_indices()
                .nth(number)
                .map(|(offset, _)| offset)
        };
        let tail = || contents.char_indices().nth_back(MAX_ERROR / 2 - 1);
        if offset_of(MAX_ERROR).is_some()
            && let (Some(head), Some((tail, _))) = (offset_of(MAX_ERROR / 2), tail())
        {
            contents.replace_range(head..tail, "...This error body was truncated...");
        }
        Self::Error(Failure {
            r#type: 4,
            contents_format: "text".to_owned(),
            contents,
            entry_context: None,
        })
    }

    /// The text that people read in the War Room.
    pub fn readable(&self) -> &str {
        match self {
            Self::Note(note) => note.text(),
            Self::Incidents(incidents) => &incidents.contents,
            Self::Error(failure) => &failure.contents,
        }
    }
}

impl From<Output> for Entry {
    fn from(output: Output) -> Self {
        let Output {
            readable,
            context,
            raw,
            failures: _,
            schedule,
        } = output;
        let text = markdown(&readable);
        let is_silent = schedule.is_some() && text.is_empty();
        let (contents_format, contents) = match raw {
            Some(raw) => ("json", raw),
            None => ("text", Value::String(text.clone())),
        };
        Self::Note(Note {
            r#type: 1,
            human_readable: (!is_silent).then(|| inert(&text).into_owned()),
            document: readable,
            contents_format: contents_format.to_owned(),
            contents,
            entry_context: context,
            ignore_auto_extract: false,
            indicator_timeline: None,
            polling: schedule.map(Polling::from).map(Box::new),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(entry: &Entry) -> String {
        serde_json::to_string(entry).expect("entries are JSON")
    }

    #[test]
    fn a_note_has_the_members_of_return_outputs_in_order() {
        let output = Output::new(Document::heading("emma unlocked"), Some(json!({"id": "x"})));
        assert_eq!(
            line(&output.into()),
            r####"{"Type":1,"HumanReadable":"### emma unlocked","ContentsFormat":"json","Contents":{"id":"x"},"EntryContext":{},"IgnoreAutoExtract":false,"IndicatorTimeline":null}"####
        );
    }

    #[test]
    fn incidents_are_the_text_of_an_array() {
        let output = |raw| Output::new("1 incident", raw).into_entries(FETCH_INCIDENTS);
        let [entry] = &output(Some(json!([{"name": "a"}])))[..] else {
            panic!("several entries")
        };
        let text = r#"{"Type":1,"ContentsFormat":"json","Contents":"[{\"name\":\"a\"}]"}"#;
        assert_eq!(line(entry), text);
        let read: Entry = serde_json::from_str(text).expect("an entry");
        assert!(matches!(read, Entry::Incidents(_)));
        assert_eq!(
            line(&output(None)[0]),
            r#"{"Type":1,"ContentsFormat":"json","Contents":"[]"}"#
        );
    }

    #[test]
    fn without_a_response_the_contents_are_the_text() {
        assert_eq!(
            line(&Output::note("done").into()),
            r#"{"Type":1,"HumanReadable":"done","ContentsFormat":"text","Contents":"done","EntryContext":{},"IgnoreAutoExtract":false,"IndicatorTimeline":null}"#
        );
    }

    #[test]
    fn an_error_has_four_members_and_is_truncated_in_the_middle() {
        assert_eq!(
            line(&Entry::error("no".to_owned())),
            r#"{"Type":4,"ContentsFormat":"text","Contents":"no","EntryContext":null}"#
        );
        let long = Entry::error(format!("{}{}", "ä".repeat(40_000), "z".repeat(40_000)));
        let text = long.readable();
        assert_eq!(
            text.chars().count(),
            50_000 + "...This error body was truncated...".len()
        );
        assert!(text.starts_with('ä') && text.ends_with('z'));
    }
}
