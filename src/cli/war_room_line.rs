//! The grammar of a War Room command line: `!command name=value …`. Pure; `typed.rs` checks that the command and its
//! arguments exist.
//!
//! As XSOAR documents it, a value with spaces goes in double or single quotes, where a backslash escapes quotes,
//! backslashes, `n`, `r` and `t`; a value in backticks is taken literally.
//! <https://docs.paloaltonetworks.com/cortex/cortex-xsoar/6-5/cortex-xsoar-admin/cortex-xsoar-overview/use-the-command-line-interface>
//! A value that begins with `{` or `[` is JSON.

use std::{fmt, ops::Range};

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use crate::manifest;
use pingone::{secrets::MASKED, visible::visible};

/// A parsed line. No `Debug`: a value may be a password.
pub(super) struct Line {
    /// The command's name.
    pub(super) command: Word,
    /// The arguments, in the order in which they were typed.
    pub(super) arguments: Vec<TypedArgument>,
}

/// A word and its byte offset in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) at: usize,
}

/// One argument.
pub(super) struct TypedArgument {
    /// Its name; `None` for a value without one.
    pub(super) name: Option<Word>,
    /// Its value: a string, or parsed JSON.
    pub(super) value: Value,
    /// The bytes of the line that it takes up.
    pub(super) place: Range<usize>,
    /// How the value was written.
    pub(super) quoting: Quoting,
}

/// How a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Without quotes.
    Bare,
    /// In double or single quotes.
    Quoted,
    /// In backticks or as JSON, and so literally.
    Literal,
}

/// What is wrong, and where. Shows the line up to the end of that place, without the values of secret arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    message: String,
    /// The line before the place.
    before: String,
    /// What is at the place.
    there: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            message,
            before,
            there,
        } = self;
        let (before, there) = (visible(before), visible(there));
        let indent = " ".repeat(before.width());
        let carets = "^".repeat(there.width().max(1));
        write!(f, "{message}\n  {before}{there}\n  {indent}{carets}")
    }
}

impl std::error::Error for SyntaxError {}

/// Parses one line.
pub(super) fn parse(text: &str) -> Result<Line, SyntaxError> {
    let mut parser = Parser { text, at: 0 };
    parser.skip_spaces();
    // In double quotes, interactive shells keep the backslash that prevents their history expansion.
    for prefix in ['\\', '!'] {
        if parser.rest().starts_with(prefix) {
            parser.at += 1;
        }
    }
    let at = parser.at;
    let name = parser.take_while(|character| !character.is_whitespace());
    if name.is_empty() {
        return Err(parser.error_at(at, "The name of a command is missing here."));
    }
    if let Some(place) = name.find(['=', '"', '\'', '`']) {
        return Err(parser.error_at(
            at + place,
            "A line starts with the name of a command, followed by a space and name=value.",
        ));
    }
    let command = Word {
        text: name.to_owned(),
        at,
    };
    let mut arguments = Vec::new();
    loop {
        parser.skip_spaces();
        if parser.rest().is_empty() {
            return Ok(Line { command, arguments });
        }
        arguments.push(parser.argument()?);
    }
}

/// An error about these bytes of `text`.
pub(super) fn error_at(text: &str, place: Range<usize>, message: impl Into<String>) -> SyntaxError {
    let upto = |end| without_secrets(text.get(..end).unwrap_or(text));
    let before = upto(place.start);
    let there = upto(place.end)
        .strip_prefix(&before)
        .unwrap_or_default()
        .to_owned();
    SyntaxError {
        message: message.into(),
        before,
        there,
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error_at(&self, at: usize, message: impl Into<String>) -> SyntaxError {
        error_at(self.text, at..at, message)
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest
            .find(|character| !belongs(character))
            .unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn skip_spaces(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// `name=value`, or just a value.
    fn argument(&mut self) -> Result<TypedArgument, SyntaxError> {
        let at = self.at;
        if self.rest().starts_with(['"', '\'', '`', '{', '[']) {
            let (value, quoting) = self.value()?;
            return Ok(TypedArgument {
                name: None,
                value,
                place: at..self.at,
                quoting,
            });
        }
        let word = self.take_while(|character| !character.is_whitespace() && character != '=');
        if !self.rest().starts_with('=') {
            return Ok(TypedArgument {
                name: None,
                value: Value::from(word),
                place: at..self.at,
                quoting: Quoting::Bare,
            });
        }
        if word.is_empty() {
            return Err(self.error_at(
                at,
                "An argument's name is missing here. Write name=value without spaces around the equals sign.",
            ));
        }
        self.at += 1;
        let (value, quoting) = self.value()?;
        Ok(TypedArgument {
            name: Some(Word {
                text: word.to_owned(),
                at,
            }),
            value,
            place: at..self.at,
            quoting,
        })
    }

    fn value(&mut self) -> Result<(Value, Quoting), SyntaxError> {
        let begin = self.at;
        let value = match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => (Value::from(self.quoted(quote)?), Quoting::Quoted),
            Some('`') => (Value::from(self.backticked()?), Quoting::Literal),
            Some('{' | '[') => (self.json()?, Quoting::Literal),
            Some('$') if self.rest().starts_with("${") => (self.reference(), Quoting::Bare),
            _ => {
                let bare = self.take_while(|character| !character.is_whitespace());
                return Ok((Value::from(bare), Quoting::Bare));
            }
        };
        match self.rest().chars().next() {
            Some(next) if !next.is_whitespace() => {
                let begun = self.text.get(begin..).and_then(|rest| rest.chars().next());
                let message = match begun {
                    Some('{' | '[') => {
                        "The JSON value ends here, so a space must follow. Put text that only looks like JSON in quotes."
                    }
                    _ => {
                        "The quotes end before this, so a space must follow. Inside quotes, write \\\" for a quote."
                    }
                };
                Err(self.error_at(self.at, message))
            }
            _ => Ok(value),
        }
    }

    /// A reference to the context, up to the next space after its brace.
    fn reference(&mut self) -> Value {
        let rest = self.rest();
        let brace = rest.find('}').unwrap_or_default();
        let end = rest
            .get(brace..)
            .and_then(|after| after.find(char::is_whitespace))
            .map_or(rest.len(), |space| brace + space);
        self.at += end;
        Value::from(rest.get(..end).unwrap_or_default())
    }

    fn quoted(&mut self, quote: char) -> Result<String, SyntaxError> {
        let begin = self.at;
        self.at += 1;
        let mut value = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((place, character)) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some((_, escaped @ ('\\' | '"' | '\'' | '`'))) => value.push(escaped),
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 'r')) => value.push('\r'),
                    Some((_, 't')) => value.push('\t'),
                    _ => {
                        return Err(self.error_at(
                            self.at + place,
                            "Inside quotes, write \\\\ for a backslash, or use backticks instead of quotes.",
                        ));
                    }
                },
                end if end == quote => {
                    self.at += place + 1;
                    return Ok(value);
                }
                other => value.push(other),
            }
        }
        Err(self.error_at(begin, format!("The closing {quote} is missing.")))
    }

    fn backticked(&mut self) -> Result<&'a str, SyntaxError> {
        let inside = self.rest().get(1..).unwrap_or_default();
        let Some((value, _)) = inside.split_once('`') else {
            return Err(self.error_at(self.at, "The closing ` is missing."));
        };
        self.at += value.len() + 2;
        Ok(value)
    }

    fn json(&mut self) -> Result<Value, SyntaxError> {
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter();
        match values.next() {
            Some(Ok(value)) => {
                self.at += values.byte_offset();
                Ok(value)
            }
            Some(Err(error)) => {
                let place = self.at + offset(self.rest(), error.line(), error.column());
                let text = error.to_string();
                let message = text.split(" at line ").next().unwrap_or_default();
                Err(self.error_at(
                    place,
                    format!("A value that starts with {{ or [ must be JSON ({message}). Put other text in quotes or backticks."),
                ))
            }
            None => Err(self.error_at(self.at, "A value is missing here.")),
        }
    }
}

/// The byte offset of `serde_json`'s line and column. Both start at one; the column counts bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines_before = text.split_inclusive('\n').take(line.saturating_sub(1));
    let mut place = lines_before.map(str::len).sum::<usize>() + column.saturating_sub(1);
    while !text.is_char_boundary(place) && place > 0 {
        place -= 1;
    }
    place.min(text.len())
}

/// A line, possibly cut short, with the values of secret arguments masked. Deliberately greedier than the parser: a
/// secret value ends only where the next known `name=` starts outside quotes.
pub(super) fn without_secrets(text: &str) -> String {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    let mut secret_since = None;
    let mut quote = None;
    let mut word = 0;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), close) if close == open => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(character),
            (None, '=') => {
                let name = text.get(word..at).unwrap_or_default();
                if let Some(since) = secret_since
                    && word > since
                    && is_known(name)
                {
                    hidden.push(since..word);
                    secret_since = None;
                }
                if secret_since.is_none() && is_secret(name) {
                    secret_since = Some(at + 1);
                }
            }
            (None, space) if space.is_whitespace() => word = at + space.len_utf8(),
            _ => {}
        }
    }
    hidden.extend(secret_since.map(|since| since..text.len()));
    let mut shown = String::new();
    let mut from = 0;
    for Range { start, end } in hidden {
        shown.push_str(text.get(from..start).unwrap_or_default());
        let value = text.get(start..end).unwrap_or_default();
        if !value.trim().is_empty() {
            shown.push_str(MASKED);
        }
        if value.ends_with(char::is_whitespace) {
            shown.push(' ');
        }
        from = end;
    }
    shown.push_str(text.get(from..).unwrap_or_default());
    shown
}

fn is_known(name: &str) -> bool {
    manifest::COMMANDS
        .iter()
        .flat_map(|command| command.arguments)
        .any(|argument| argument.name == name)
}

/// Also true for misspelt names.
fn is_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    let named_so = ["pass", "secret", "token", "pwd"]
        .iter()
        .any(|part| lower.contains(part));
    let mut arguments = manifest::COMMANDS
        .iter()
        .flat_map(|command| command.arguments);
    named_so
        || arguments.any(|argument| {
            argument.secret && strsim::damerau_levenshtein(&lower, argument.name) <= 2
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Names and values of a line.
    fn arguments(line: &str) -> Vec<(Option<String>, Value)> {
        match parse(line) {
            Ok(line) => line
                .arguments
                .into_iter()
                .map(|typed| (typed.name.map(|name| name.text), typed.value))
                .collect(),
            Err(error) => panic!("{line}: {error}"),
        }
    }

    fn named(name: &str, value: Value) -> (Option<String>, Value) {
        (Some(name.to_owned()), value)
    }

    fn error_of(line: &str) -> String {
        match parse(line) {
            Ok(_) => panic!("{line} was taken"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_exclamation_mark_is_optional() {
        for line in [
            "pingone-get-user",
            "!pingone-get-user",
            "  !pingone-get-user ",
            "\\!pingone-get-user",
        ] {
            let line = parse(line).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(line.command.text, "pingone-get-user");
            assert!(line.arguments.is_empty());
        }
    }

    #[test]
    fn values_can_be_written_in_every_documented_way() {
        assert_eq!(
            arguments(
                r#"!c a=emma.sharp b="Emma \"S\" \\ Sharp\n" c='it"s' d=`as "it" is \n` e={"x": [1]} f=["a b"] g= h=a=b"#
            ),
            [
                named("a", json!("emma.sharp")),
                named("b", json!("Emma \"S\" \\ Sharp\n")),
                named("c", json!("it\"s")),
                named("d", json!(r#"as "it" is \n"#)),
                named("e", json!({"x": [1]})),
                named("f", json!(["a b"])),
                named("g", json!("")),
                named("h", json!("a=b")),
            ]
        );
        assert_eq!(
            arguments("c o'neil\tcorp\\emma \"x=y\""),
            [
                (None, json!("o'neil")),
                (None, json!("corp\\emma")),
                (None, json!("x=y"))
            ],
            "values without a name are taken literally; a quoted equals sign does not start a value"
        );
    }

    #[test]
    fn errors_point_at_the_problem() {
        assert_eq!(
            error_of(r#"!pingone-get-user username="emma"#),
            "The closing \" is missing.\n  !pingone-get-user username=\n                             ^"
        );
        assert_eq!(
            error_of(r#"c x="a"b"#),
            "The quotes end before this, so a space must follow. Inside quotes, write \\\" for a quote.\n  c x=\"a\"\n         ^"
        );
        assert_eq!(
            error_of(r#"c x="a\b""#),
            "Inside quotes, write \\\\ for a backslash, or use backticks instead of quotes.\n  c x=\"a\n        ^"
        );
        assert_eq!(
            error_of("c 姓名=[1,}"),
            "A value that starts with { or [ must be JSON (expected value). Put other text in quotes or backticks.\n  c 姓名=[1,\n            ^",
            "a wide letter takes two cells"
        );
        assert!(error_of("c x = y").starts_with("An argument's name is missing"));
        assert!(error_of("  ! ").starts_with("The name of a command is missing"));
        assert!(error_of("username=x").starts_with("A line starts with the name of a command"));
        assert!(error_of("c x={\"a\":1}b").starts_with("The JSON value ends here"));
        assert!(error_of("c x=`a").starts_with("The closing ` is"));
    }

    #[test]
    fn errors_never_show_a_secret() {
        for line in [
            "!pingone-set-password password=hunter22 username=\"emma",
            "!pingone-set-password password=\"hunter22 username=x",
            "!pingone-set-password pasword=hunter22 username=\"emma",
            "!pingone-set-password password=`a=hunter22` username=\"emma",
            "!pingone-set-password password=a b=hunter22 username=\"emma",
            "!pingone-set-password password=\"x\"hunter22\"",
            "!pingone-set-password passsword={\"hunter22\":}",
            "!pingone-set-password Password=hunter22 x = y",
            "!pingone-set-password newPassword=\"hunter22\\q",
        ] {
            let text = error_of(line);
            assert!(!text.contains("hunter22"), "{line}\n{text}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_the_parser_panic(line in "[!a-z \"'`=\\\\{}\\[\\]:,1é\n]{0,40}") {
            if let Err(error) = parse(&line) {
                let _ = error.to_string();
            }
        }

        /// Any value survives being quoted and escaped.
        #[test]
        fn quoted_values_round_trip(value in any::<String>()) {
            let quoted = value.replace('\\', r"\\").replace('"', r#"\""#);
            let given = arguments(&format!("c x=\"{quoted}\" y=1"));
            prop_assert_eq!(given, [named("x", json!(value)), named("y", json!("1"))]);
        }
    }
}
