//! Makes text safe for a terminal. Names and answers come from outside, and some are hostile: nothing in them may move
//! the cursor, set a title or change the direction of writing. Everything written to a terminal or to stderr that is
//! not our own text passes through here.

use std::fmt::Write as _;

/// Escapes everything in a single line that a terminal would interpret instead of showing.
pub fn visible(text: &str) -> String {
    escaped(
        text,
        |_| false,
        |out, character| {
            out.extend(character.escape_unicode());
        },
    )
}

/// The same for text of several lines.
pub fn visible_lines(text: &str) -> String {
    let is_break = |character| character == '\n';
    escaped(text, is_break, |out, character| {
        out.extend(character.escape_unicode());
    })
}

/// The same for JSON, using JSON's own escapes, so that the JSON stays equivalent.
pub fn visible_json(json: &str) -> String {
    let is_break = |character| character == '\n';
    escaped(json, is_break, |out, character| {
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

fn escaped(
    text: &str,
    is_kept: impl Fn(char) -> bool,
    escape: impl Fn(&mut String, char),
) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) && !is_kept(character) {
            escape(&mut out, character);
        } else {
            out.push(character);
        }
    }
    out
}

/// Control characters (C0, DEL and C1), and characters that change the direction of writing or have no width.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[2Jb\u{202e}c\rd\u{9b}1m\u{7f}\n\u{200b}e";

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            visible(HOSTILE),
            "a\\u{1b}[2Jb\\u{202e}c\\u{d}d\\u{9b}1m\\u{7f}\\u{a}\\u{200b}e"
        );
        assert_eq!(
            visible_lines(HOSTILE),
            "a\\u{1b}[2Jb\\u{202e}c\\u{d}d\\u{9b}1m\\u{7f}\n\\u{200b}e"
        );
    }

    #[test]
    fn escaped_json_stays_equivalent() {
        let json = "{\n \"a\u{9b}\u{202e}\u{7f}\u{e0001}\": 1}";
        let shown = visible_json(json);
        assert_eq!(shown, "{\n \"a\\u009b\\u202e\\u007f\\udb40\\udc01\": 1}");
        let parse = |json: &str| serde_json::from_str::<serde_json::Value>(json).expect("JSON");
        assert_eq!(parse(&shown), parse(json));
    }
}
