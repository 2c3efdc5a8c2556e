//! The encodings in which a server may echo a secret: literal, as a number, escaped for JSON, a URL or HTML, in
//! hexadecimal, in base64. Pure; `secrets.rs` decides what is a secret and what to do about it.

use std::{ops::Range, str::Chars};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Number;
use zeroize::Zeroizing;

/// The first bytes of escape sequences.
pub(crate) const ESCAPES: [u8; 4] = [b'%', b'\\', b'+', b'&'];

/// The secret as a server would echo it as a JSON number, if it is one.
pub(crate) fn as_json_number(secret: &str) -> Option<String> {
    // Without this check, `inf` and `nan` would be numbers too.
    if !secret.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return None;
    }
    let number = match (secret.parse::<i64>(), secret.parse::<u64>()) {
        (Ok(number), _) => Number::from(number),
        (_, Ok(number)) => Number::from(number),
        _ => Number::from_f64(secret.parse().ok()?)?,
    };
    Some(number.to_string())
}

/// The first run of at least `shortest` hexadecimal digits. Such a run covers one of every `shortest` bytes, so the
/// others need not be checked.
pub(crate) fn next_hex_run(bytes: &[u8], from: usize, shortest: usize) -> Option<Range<usize>> {
    let is_digit = |byte: &&u8| byte.is_ascii_hexdigit();
    let mut place = from.checked_add(shortest)?.checked_sub(1)?;
    loop {
        if !bytes.get(place)?.is_ascii_hexdigit() {
            place += shortest;
            continue;
        }
        let before = bytes[from..place].iter().rev().take_while(is_digit).count();
        let end = place + bytes[place..].iter().take_while(is_digit).count();
        let start = place - before;
        if end - start >= shortest {
            return Some(start..end);
        }
        place = end + shortest;
    }
}

/// Whether `digits` start with `secret` in hexadecimal.
pub(crate) fn starts_with_hex_of(secret: &str, digits: &[u8]) -> bool {
    let mut pairs = digits.chunks_exact(2).map(hexadecimal);
    secret
        .bytes()
        .all(|byte| pairs.next() == Some(Some(u32::from(byte))))
}

/// Whether `text` starts with the first characters of a secret: a cheap check that nearly always rules the secret out.
pub(crate) fn may_start_with(secret: &str, text: &[u8], characters: usize) -> bool {
    let first = text.first();
    (first == secret.as_bytes().first() || first.copied().is_some_and(starts_escape))
        && may_match(secret.chars(), text, characters)
}

/// Whether an escape sequence can start with this byte.
fn starts_escape(byte: u8) -> bool {
    ESCAPES.contains(&byte)
}

fn may_match(mut secret: Chars<'_>, text: &[u8], characters: usize) -> bool {
    let next = secret.next().filter(|_| characters > 0);
    next.is_none_or(|next| {
        let mut goes_on = |length| may_match(secret.clone(), &text[length..], characters - 1);
        // Nearly always there is no escape, and so only one encoding.
        if text.first().copied().is_some_and(starts_escape) {
            encodings(next, text).any(goes_on)
        } else {
            literal(next, text).is_some_and(&mut goes_on)
        }
    })
}

/// The length of the prefix of `text` that encodes `secret`, where each character may be encoded in any way: encoders
/// disagree on what has to be escaped, and how. The longest, if there is a choice.
pub(crate) fn match_length(secret: &str, text: &[u8]) -> Option<usize> {
    let mut ends = vec![0];
    for character in secret.chars() {
        let mut further = Vec::new();
        for end in ends {
            for length in encodings(character, &text[end..]) {
                if !further.contains(&(end + length)) {
                    further.push(end + length);
                }
            }
        }
        if further.is_empty() {
            return None;
        }
        ends = further;
    }
    ends.into_iter().max()
}

/// The lengths of all encodings of `character` at the start of `text`.
fn encodings(character: char, text: &[u8]) -> impl Iterator<Item = usize> {
    // Each kind of escape has its own first byte, which rules most of them out.
    let escaped = match text.first() {
        Some(b'%') => [
            percent_encoded(character, text, "%"),
            percent_encoded(character, text, "%25"),
            // Forms encode a space as a plus; this is that plus, encoded once more.
            percent_encoded('+', text, "%").filter(|_| character == ' '),
        ],
        Some(b'+') => [(character == ' ').then_some(1), None, None],
        Some(b'&') => [html_escaped(character, text), None, None],
        Some(b'\\') => [
            json_escaped(character, text),
            json_escaped_by_number(character, text),
            None,
        ],
        _ => [None; 3],
    };
    let doubled = escaped_backslashes(character, text);
    std::iter::once(literal(character, text))
        .chain(escaped)
        .flatten()
        .chain(doubled)
}

fn literal(character: char, text: &[u8]) -> Option<usize> {
    let mut bytes = [0; 4];
    let bytes = character.encode_utf8(&mut bytes).as_bytes();
    text.starts_with(bytes).then_some(bytes.len())
}

/// `%C3%A9`, `%c3%a9`; with the mark `%25`, encoded twice: `%25C3%25A9`.
fn percent_encoded(character: char, text: &[u8], mark: &str) -> Option<usize> {
    let mut bytes = [0; 4];
    let bytes = character.encode_utf8(&mut bytes).as_bytes();
    let width = mark.len() + 2;
    for (number, byte) in bytes.iter().enumerate() {
        let digits = text
            .get(width * number..width * (number + 1))?
            .strip_prefix(mark.as_bytes())?;
        if hexadecimal(digits)? != u32::from(*byte) {
            return None;
        }
    }
    Some(width * bytes.len())
}

/// How many backslashes `text` starts with. Each time JSON is embedded in JSON, there are more of them before an
/// escape.
fn backslashes(text: &[u8]) -> usize {
    text.iter().take_while(|byte| **byte == b'\\').count()
}

/// A backslash is two in JSON, four in JSON within JSON, and so on.
fn escaped_backslashes(character: char, text: &[u8]) -> impl Iterator<Item = usize> {
    let most = if character == '\\' {
        backslashes(text)
    } else {
        0
    };
    [2, 4, 8]
        .into_iter()
        .take_while(move |length| *length <= most)
}

/// `\"`, `\/`; `\\\"` in JSON within JSON
fn json_escaped(character: char, text: &[u8]) -> Option<usize> {
    let letter = match character {
        '"' | '/' => u8::try_from(character).ok()?,
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        _ => return None,
    };
    let marks = backslashes(text);
    (text.get(marks) == Some(&letter)).then_some(marks + 1)
}

/// `\u00e9`; two of them beyond U+FFFF; `\\u00e9` in JSON within JSON
fn json_escaped_by_number(character: char, text: &[u8]) -> Option<usize> {
    let mut units = [0; 2];
    let units = character.encode_utf16(&mut units);
    let mut length = 0;
    for unit in units {
        length += backslashes(text.get(length..)?);
        let digits = text.get(length..length + 5)?.strip_prefix(b"u")?;
        if hexadecimal(digits)? != u32::from(*unit) {
            return None;
        }
        length += 5;
    }
    Some(length)
}

/// `&amp;`, `&#38;`, `&#x26;`
fn html_escaped(character: char, text: &[u8]) -> Option<usize> {
    const MAX_LENGTH: usize = "&#1114111;".len();
    let end = text
        .iter()
        .take(MAX_LENGTH)
        .position(|byte| *byte == b';')?;
    let inner = std::str::from_utf8(text.get(1..end)?).ok()?;
    let is_it = match (inner, inner.strip_prefix('#')) {
        ("amp", _) => character == '&',
        ("lt", _) => character == '<',
        ("gt", _) => character == '>',
        ("quot", _) => character == '"',
        ("apos", _) => character == '\'',
        (_, Some(number)) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            code == Ok(u32::from(character))
        }
        _ => false,
    };
    is_it.then_some(end + 1)
}

/// Bytes in hexadecimal.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let bytes = bytes.iter();
    bytes.fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        Some(number * 16 + char::from(*digit).to_digit(16)?)
    })
}

/// The forms of `secret` in base64, also inside that of a longer text such as `user:secret`: they depend on where in a
/// group of three bytes the secret starts. Characters shared with its neighbors are left out. In both alphabets.
pub(crate) fn base64_parts(secret: &str) -> impl Iterator<Item = String> {
    let alone = STANDARD.encode(secret);
    let parts = (0..3).map(|before| {
        let mut bytes = Zeroizing::new(vec![0; before]);
        bytes.extend_from_slice(secret.as_bytes());
        let (begin, end) = ((before * 4).div_ceil(3), bytes.len() * 4 / 3);
        STANDARD.encode(&bytes)[begin..end].to_owned()
    });
    let both_alphabets = |part: String| [part.replace('+', "-").replace('/', "_"), part];
    std::iter::once(alone).chain(parts).flat_map(both_alphabets)
}
