//! War Room entries as XSOAR's server takes them, with exactly the members, in exactly the order, that
//! `return_outputs` and `return_error` of its Python library give, since playbooks and scripts read them.
//! How a command's texts come about is not known here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{document::Document, inert::inert, markdown::markdown};

/// The context key of everything that belongs to one account. XSOAR merges values with equal `ID`s.
/// Three equals signs, as in the published integration: clients search for the part before the bracket.
pub const ACCOUNT: &str = "PingOne.Account(val.ID && val.ID === obj.ID)";

/// The context key of a list of users that a search found. Not that of accounts: a playbook task that works on
/// every account in the context must not meet all of them.
pub const USER: &str = "PingOne.User(val.ID && val.ID === obj.ID)";

/// What a command gives back; [`Output::into_entries`] makes entries of it.
#[derive(Debug)]
pub struct Output {
    /// The War Room text.
    pub readable: Document,
    /// What goes into the context; `None` only for the test button.
    pub context: Option<Map<String, Value>>,
    /// PingOne's own response; `None` where it sent no body.
    pub raw: Option<Value>,
    /// What did not work of several things that were to be done; each a sentence or two. With these, an error
    /// entry follows the first one, so that a playbook does not go on as if all were well.
    pub failures: Vec<String>,
}

impl Output {
    /// A text alone: nothing for the context, no response of PingOne.
    pub fn note(readable: impl Into<Document>) -> Self {
        Self {
            readable: readable.into(),
            context: Some(Map::new()),
            raw: None,
            failures: Vec::new(),
        }
    }

    /// A text beside PingOne's response.
    pub fn new(readable: impl Into<Document>, raw: Option<Value>) -> Self {
        Self {
            readable: readable.into(),
            context: Some(Map::new()),
            raw,
            failures: Vec::new(),
        }
    }

    /// Adds `value` to the context of the account.
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

    /// The entries: the text and context first, then what did not work, if anything.
    pub fn into_entries(mut self, command: &str) -> Vec<Entry> {
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
    /// Type 4.
    Error(Failure),
}

/// The members of a successful command's entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Note {
    /// 1.
    pub r#type: u8,
    /// The War Room text as it was before it became Markdown, for those who draw it otherwise.
    #[serde(skip)]
    pub document: Document,
    /// The War Room text, in Markdown. Nothing from outside is obeyed in it.
    pub human_readable: String,
    /// `json`, or `text` where `Contents` is a text.
    pub contents_format: String,
    /// PingOne's response, or the command's text as it is.
    pub contents: Value,
    /// What the server merges into the incident's context.
    pub entry_context: Option<Map<String, Value>>,
    /// Always false: indicators may be extracted.
    pub ignore_auto_extract: bool,
    /// Always null.
    pub indicator_timeline: Option<Value>,
}

/// The members of a failed command's entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Failure {
    /// 4.
    pub r#type: u8,
    /// `text`.
    pub contents_format: String,
    /// What went wrong and what to do.
    pub contents: String,
    /// Always null.
    pub entry_context: Option<Map<String, Value>>,
}

/// XSOAR cuts longer error texts in the middle.
const MAX_ERROR: usize = 50_000;

impl Entry {
    /// An error entry.
    pub fn error(mut contents: String) -> Self {
        let place = |number| contents.char_indices().nth(number).map(|(place, _)| place);
        let from_the_end = || contents.char_indices().nth_back(MAX_ERROR / 2 - 1);
        if place(MAX_ERROR).is_some()
            && let (Some(head), Some((tail, _))) = (place(MAX_ERROR / 2), from_the_end())
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

    /// What a person reads in the War Room.
    pub fn readable(&self) -> &str {
        match self {
            Self::Note(note) => &note.human_readable,
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
        } = output;
        let text = markdown(&readable);
        let (contents_format, contents) = match raw {
            Some(raw) => ("json", raw),
            None => ("text", Value::String(text.clone())),
        };
        Self::Note(Note {
            r#type: 1,
            human_readable: inert(&text).into_owned(),
            document: readable,
            contents_format: contents_format.to_owned(),
            contents,
            entry_context: context,
            ignore_auto_extract: false,
            indicator_timeline: None,
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
    fn the_seven_members_of_return_outputs_stand_in_its_order() {
        let output = Output::new(Document::heading("emma unlocked"), Some(json!({"id": "x"})));
        assert_eq!(
            line(&output.into()),
            r####"{"Type":1,"HumanReadable":"### emma unlocked","ContentsFormat":"json","Contents":{"id":"x"},"EntryContext":{},"IgnoreAutoExtract":false,"IndicatorTimeline":null}"####
        );
    }

    #[test]
    fn without_a_response_the_text_is_the_contents() {
        assert_eq!(
            line(&Output::note("done").into()),
            r#"{"Type":1,"HumanReadable":"done","ContentsFormat":"text","Contents":"done","EntryContext":{},"IgnoreAutoExtract":false,"IndicatorTimeline":null}"#
        );
    }

    #[test]
    fn an_error_has_four_members_and_is_cut_in_the_middle() {
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
