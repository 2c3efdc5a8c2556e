//! Makes War Room texts inert: a user agent, the name of a user or group, or any other value from outside must not turn
//! into a link, a remote image, HTML or an action button. Pure.
//!
//! The War Room renders extended Markdown, auto-links bare addresses, accepts HTML, and has its own syntax:
//! `%%%{…}%%%` for buttons and `{{…}}(…)` for styles (XSOAR Administrator Guide, "How to Use Markdown"). It does not
//! say which library does the rendering. So we break each such construct with a zero-width space. That works in every
//! dialect, whether the text is processed before or after Markdown, and cannot be seen. A backslash is not enough,
//! since another one in the value can undo it. Neither is an entity, since some libraries decode entities before they
//! look for addresses.

use std::borrow::Cow;

use pingone::secrets::MASKED;

/// The zero-width space that breaks active syntax.
pub(crate) const BREAK: char = '\u{200b}';

/// The longest label of a link reference definition (`CommonMark`, "Link label").
const MAX_LABEL: usize = 999;
/// The longest email address.
const MAX_ADDRESS: usize = 320;

/// `text` without anything active, except for the `<br>` in table rows, which we write ourselves.
pub fn inert(text: &str) -> Cow<'_, str> {
    let (mut out, mut copied, mut line) = (String::new(), 0, 0);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' => line = place + 1,
            // These bytes are ASCII, so the text can be split after them.
            b'<' | b']' | b':' | b'w' | b'W' | b'%' | b'}' => {
                let (before, after) = text.split_at(place + 1);
                let is_ours =
                    byte == b'<' && after.starts_with("br>") && text[line..].starts_with('|');
                if !is_ours && needs_break(before, after) {
                    out.push_str(&text[copied..=place]);
                    out.push(BREAK);
                    copied = place + 1;
                }
            }
            _ => {}
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Whether active syntax would start across this boundary.
fn needs_break(before: &str, after: &str) -> bool {
    let Some(last) = before.chars().next_back() else {
        return false;
    };
    let rest = &before[..before.len() - last.len_utf8()];
    match last {
        // An opening or closing tag, a comment or a declaration; <https://…>, <user@host>.
        '<' => {
            let is_tag = |next: char| next.is_ascii_alphabetic() || "/!?".contains(next);
            let is_our_mask = MASKED
                .strip_prefix('<')
                .is_some_and(|mask| after.starts_with(mask));
            (after.starts_with(is_tag) && !is_our_mask) || is_bracketed_address(after)
        }
        // [text](address), ![text](address); [label]: address
        ']' => after.starts_with('(') || (after.starts_with(':') && is_definition(rest)),
        ':' => {
            let is_scheme = |last: char| last.is_ascii_alphanumeric() || "+-.".contains(last);
            after.starts_with("//") && rest.ends_with(is_scheme)
        }
        'w' | 'W' => begins_with_www(rest, after),
        '%' => {
            let opens = |after: &str| after.trim_start().starts_with('{');
            after.strip_prefix("%%").is_some_and(opens)
        }
        '}' => rest.ends_with('}') && after.starts_with('('),
        _ => false,
    }
}

/// `www.` at the start of a word, followed by something.
fn begins_with_www(rest: &str, after: &str) -> bool {
    let is_host = |next: char| !next.is_whitespace();
    let word = rest
        .len()
        .checked_sub(2)
        .and_then(|at| rest.split_at_checked(at));
    word.is_some_and(|(earlier, ww)| {
        ww.eq_ignore_ascii_case("ww")
            && !earlier.ends_with(|last: char| last.is_ascii_alphanumeric())
            && after
                .strip_prefix('.')
                .is_some_and(|host| host.starts_with(is_host))
    })
}

/// `user@host>`
fn is_bracketed_address(after: &str) -> bool {
    let mut has_at = false;
    for character in after.chars().take(MAX_ADDRESS) {
        match character {
            '>' => return has_at,
            '@' => has_at = true,
            '<' | BREAK => return false,
            other if other.is_whitespace() => return false,
            _ => {}
        }
    }
    false
}

/// Whether `before` ends in `[label`, with only list and quotation markers before it on its line. A label can span
/// lines.
fn is_definition(before: &str) -> bool {
    let label = before
        .chars()
        .rev()
        .take(MAX_LABEL)
        .position(|one| one == '[');
    let Some(label) = label else { return false };
    let length: usize = before
        .chars()
        .rev()
        .take(label + 1)
        .map(char::len_utf8)
        .sum();
    let mut earlier = before[..before.len() - length].chars().rev();
    let is_marker = |one: &char| one.is_ascii_digit() || " \t>-*+.)".contains(*one);
    matches!(
        earlier.find(|one| !is_marker(one)),
        None | Some('\n' | '\r')
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Shows the zero-width space as `|`.
    fn shown(text: &str) -> String {
        inert(text).replace(BREAK, "|")
    }

    #[test]
    fn links_and_images_are_broken() {
        for (text, parted) in [
            ("[a](b)", "[a]|(b)"),
            ("![a](b)", "![a]|(b)"),
            ("\\[a](b)", "\\[a]|(b)"),
            ("[a][b]\n[b]: c", "[a][b]\n[b]|: c"),
            ("x\n > 1. [b\nc]: d", "x\n > 1. [b\nc]|: d"),
            ("[é]:d", "[é]|:d"),
            ("https://h", "https:|//h"),
            ("(HTTP://h)", "(HTTP:|//h)"),
            ("smb+x://h", "smb+x:|//h"),
            ("www.h.de", "www|.h.de"),
            ("(wWw.é.de", "(wWw|.é.de"),
            ("<https://h>", "<|https:|//h>"),
            ("<mailto:a@b>", "<|mailto:a@b>"),
            ("<1a@b.de>", "<|1a@b.de>"),
        ] {
            assert_eq!(shown(text), parted, "{text}");
        }
    }

    #[test]
    fn html_and_buttons_are_broken() {
        for (text, parted) in [
            ("<img src=x>", "<|img src=x>"),
            ("</td>", "<|/td>"),
            ("<!--x", "<|!--x"),
            ("<?x", "<|?x"),
            ("<<b>", "<<|b>"),
            ("%%%{\"a\":1}%%%", "%|%%{\"a\":1}%%%"),
            ("%%%% \n{", "%%|%% \n{"),
            ("{{color:red}}(x)", "{{color:red}}|(x)"),
        ] {
            assert_eq!(shown(text), parted, "{text}");
        }
    }

    #[test]
    fn ordinary_values_are_unchanged() {
        for text in [
            "emma.sharp@example.com",
            "R&D [EU] (old) {x} #1 *_~ \\ `c` !",
            "Team [EU]: Sales",
            "a < b <3 -> <- <> <=",
            "C:\\x c:/d 10:30 a:b //h :// http:/",
            "www wwww. awww.h www. x",
            "100%%% %%{ %d",
            "{{a}} (b) }(",
            "&lt;b&gt; &#91;",
            "[a]: b is no definition in a title: [c]:d".trim_start_matches("[a]: b "),
            "|a<br>b|",
            "{\"value\":\"<XX_REPLACED>\"}",
        ] {
            assert!(
                matches!(inert(text), Cow::Borrowed(same) if same == text),
                "{text}"
            );
        }
    }

    #[test]
    fn line_breaks_are_kept_in_table_rows_only() {
        assert_eq!(
            shown("### a<br>\n| a<br>b | <br/> |"),
            "### a<|br>\n| a<br>b | <|br/> |"
        );
    }

    proptest! {
        #[test]
        fn only_breaks_are_added_and_the_result_is_stable(text in "[\\[\\]()<>:/%{}|.wbr@! \\n\u{200b}aé]{0,40}") {
            let made = inert(&text).into_owned();
            prop_assert_eq!(made.replace(BREAK, ""), text.replace(BREAK, ""));
            prop_assert_eq!(inert(&made), made.as_str());
        }
    }
}
