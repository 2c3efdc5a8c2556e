//! Text in the cells of a terminal: how wide it is, where to break it, how to cut it. Pure. Texts come from
//! `visible`, so every character in them takes the room that it is said to take.

use unicode_width::UnicodeWidthChar as _;

/// Stands where something was cut.
const CUT: char = '…';
/// A word that must be broken is broken after one of these if it can be: paths, lists and queries stay legible.
const SEAMS: [char; 5] = ['/', ',', ';', '&', '?'];

/// How many cells a text takes. Counted by character, as terminals advance, not by what is drawn as one.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

fn character_width(character: char) -> usize {
    character.width().unwrap_or_default()
}

/// The text in at most `limit` cells; `…` marks that it was cut.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let (kept, _) = split(text, limit.saturating_sub(1));
    let mut kept = kept.trim_end().to_owned();
    kept.push(CUT);
    kept
}

/// The text in lines of at most `limit` cells, broken at spaces; a word that is longer than a line is broken too.
pub(super) fn wrap(text: &str, limit: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for mut word in text.split(' ') {
        let mut wide = width(word);
        if wide > limit && !line.is_empty() {
            // It does not fit on a line of its own either, so it may as well begin on this one.
            let (piece, rest) = split_at_a_seam(word, limit.saturating_sub(used + 1));
            if piece.ends_with(SEAMS) {
                line.push(' ');
                line.push_str(piece);
                used = limit;
                word = rest;
                wide = width(word);
            }
        }
        if !line.is_empty() && used + 1 + wide > limit {
            lines.push(line.trim_end_matches(' ').to_owned());
            line.clear();
            used = 0;
        }
        while wide > limit {
            let (piece, rest) = split_at_a_seam(word, limit);
            if piece.is_empty() {
                // A single character that is wider than the line.
                break;
            }
            lines.push(piece.to_owned());
            word = rest;
            wide = width(word);
        }
        if !line.is_empty() {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += wide;
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line.trim_end_matches(' ').to_owned());
    }
    lines
}

/// What fits into `limit` cells, and the rest. Marks that take no room stay with the character before them.
fn split(text: &str, limit: usize) -> (&str, &str) {
    let mut used = 0;
    let end = text.char_indices().find_map(|(at, character)| {
        used += character_width(character);
        (used > limit).then_some(at)
    });
    text.split_at(end.unwrap_or(text.len()))
}

fn split_at_a_seam(word: &str, limit: usize) -> (&str, &str) {
    let (piece, rest) = split(word, limit);
    match piece.rfind(SEAMS) {
        // The seams are one byte each.
        Some(seam) if seam >= piece.len() / 2 => word.split_at(seam + 1),
        _ => (piece, rest),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_is_marked() {
        assert_eq!(cut("emma.sharp", 10), "emma.sharp");
        assert_eq!(cut("emma.sharp", 9), "emma.sha…");
        assert_eq!(cut("Failed to find", 8), "Failed…");
        assert_eq!(cut("営業部", 5), "営業…");
        assert_eq!(cut("営業部", 4), "営…");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }

    #[test]
    fn lines_break_at_words() {
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("one two  three", 8), ["one two", "three"]);
        assert_eq!(wrap("a 営業部 b", 6), ["a", "営業部", "b"]);
        assert_eq!(wrap("x abcdefgh y", 4), ["x", "abcd", "efgh", "y"]);
        assert_eq!(
            wrap("PUT /v1/users/123/enabled now", 12),
            ["PUT", "/v1/users/", "123/enabled", "now"]
        );
        assert_eq!(
            wrap("PUT /users/12345678/enabled", 14),
            ["PUT /users/", "12345678/", "enabled"]
        );
    }

    proptest! {
        /// The widest characters take three cells: ៘ is one.
        #[test]
        fn what_is_cut_or_wrapped_fits(text in "[ \\PC]{0,80}", limit in 3_usize..30) {
            let cut = cut(&text, limit);
            prop_assert!(width(&cut) <= limit);
            let lines = wrap(&text, limit);
            prop_assert!(lines.iter().all(|line| width(line) <= limit), "{lines:?}");
            let bare = |text: &str| text.replace(' ', "");
            prop_assert_eq!(bare(&lines.concat()), bare(&text), "nothing is lost");
        }
    }
}
