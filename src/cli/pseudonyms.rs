//! Pseudonyms for the personal data in a recording. The same text always gets the same pseudonym, also inside
//! sentences. Pure; `anonymize.rs` decides what to replace.

use std::{collections::HashMap, net::IpAddr};

use uuid::Uuid;

use pingone::names::nfc;

/// What a text identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    User,
    Group,
    Name,
    Email,
    Phone,
    Address,
    Ip,
    /// Anything else that may identify a person.
    Other,
}

/// Shorter texts are only replaced where they are a whole value, not inside sentences.
const MIN_IN_SENTENCES: usize = 3;

/// The pseudonyms assigned so far.
#[derive(Default)]
pub(super) struct Pseudonyms {
    ids: HashMap<Uuid, Uuid>,
    /// Each spelling and its pseudonym, by the text in lower case: PingOne ignores the case of names.
    texts: HashMap<String, Vec<(String, String)>>,
    /// The keys of `texts`, longest first, to search sentences for.
    known: Vec<String>,
    hosts: Vec<String>,
    cursors: Vec<String>,
    counts: HashMap<Kind, usize>,
}

impl Pseudonyms {
    pub(super) fn sort(&mut self) {
        self.known = self.texts.keys().cloned().collect();
        self.known
            .sort_by_key(|known| (std::cmp::Reverse(known.len()), known.clone()));
    }

    pub(super) fn id(&mut self, id: Uuid) -> String {
        let next = self.ids.len() + 1;
        let pseudonym = self.ids.entry(id).or_insert_with(|| {
            // A valid version 4 UUID; only digits, so that case does not matter.
            let digits = format!("00000000-0000-4000-8000-{next:012}");
            Uuid::try_parse(&digits).unwrap_or_default()
        });
        pseudonym.hyphenated().to_string()
    }

    /// The pseudonym for a whole text.
    pub(super) fn pseudonym(&mut self, kind: Kind, text: &str) -> String {
        if let Some(id) = known_id(text) {
            return self.id(id);
        }
        let key = text.to_lowercase();
        if let Some(spellings) = self.texts.get(&key) {
            if let Some((_, pseudonym)) = spellings.iter().find(|(spelling, _)| spelling == text) {
                return pseudonym.clone();
            }
            let (first, its_pseudonym) = spellings
                .first()
                .map_or(("", ""), |(first, its)| (first, its));
            let other = if (nfc(first) == *first) == (nfc(text) == text) {
                // Differs only in case; so must its pseudonym.
                other_spelling(its_pseudonym, spellings.len())
            } else {
                // Only looks the same, as with the Kelvin sign; PingOne treats it as another name.
                format!("{}-{its_pseudonym}", spellings.len())
            };
            self.texts
                .entry(key)
                .or_default()
                .push((text.to_owned(), other.clone()));
            return other;
        }
        let kind = if looks_like_email(text) {
            Kind::Email
        } else if text.parse::<IpAddr>().is_ok() {
            Kind::Ip
        } else {
            kind
        };
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let awkward = awkward_part(text);
        let pseudonym = match kind {
            Kind::User => format!("user-{count}{awkward}"),
            Kind::Group => format!("group-{count}{awkward}"),
            Kind::Name => format!("Name-{count}{awkward}"),
            Kind::Email => format!("person-{count}@example.com"),
            Kind::Phone => format!("+1.555{count:07}"),
            Kind::Address => format!("Place-{count}{awkward}"),
            // Reserved for documentation: RFC 5737 and RFC 3849.
            Kind::Ip if text.contains(':') => format!("2001:db8::{count:x}"),
            Kind::Ip => format!("192.0.2.{}", (*count - 1) % 254 + 1),
            Kind::Other => format!("text-{count}{awkward}"),
        };
        self.texts
            .insert(key, vec![(text.to_owned(), pseudonym.clone())]);
        pseudonym
    }

    /// Replaces everything personal in a sentence.
    pub(super) fn sentence(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        let mut before = ' ';
        while let Some(character) = rest.chars().next() {
            if !before.is_alphanumeric()
                && let Some((pseudonym, after)) = self.at_start(rest)
            {
                before = 'x';
                out.push_str(&pseudonym);
                rest = after;
                continue;
            }
            out.push(character);
            before = character;
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
        }
        out
    }

    /// The pseudonym for something personal at the start of `text`, and the rest of the text.
    fn at_start<'a>(&mut self, text: &'a str) -> Option<(String, &'a str)> {
        let known = self.known.iter().find_map(|known| {
            let length = length_ignoring_case(text, known)?;
            let after = text.get(length..)?;
            let ends = !after.chars().next().is_some_and(char::is_alphanumeric);
            (ends && known.chars().count() >= MIN_IN_SENTENCES).then(|| (text.get(..length), after))
        });
        if let Some((Some(found), after)) = known {
            return Some((self.pseudonym(Kind::Other, found), after));
        }
        let length = text
            .find(|character: char| {
                !(character.is_ascii_alphanumeric() || "-_.+@:%".contains(character))
            })
            .unwrap_or(text.len());
        let word = text.get(..length)?.trim_end_matches(['.', ':', '-']);
        let personal = known_id(word).is_some()
            || looks_like_email(word)
            || (word.len() > 2 && word.parse::<IpAddr>().is_ok());
        personal.then(|| (self.pseudonym(Kind::Other, word), &text[word.len()..]))
    }

    /// PingOne's own hosts and localhost identify nobody and stay.
    pub(super) fn host(&mut self, host: &str) -> String {
        let port = host
            .rsplit_once(':')
            .filter(|(_, port)| !port.ends_with(']'));
        let name = port.map_or(host, |(name, _)| name);
        let is_own = name == "localhost"
            || name
                .trim_matches(['[', ']'])
                .parse::<IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        if is_own || name.starts_with("api.pingone.") || name.starts_with("auth.pingone.") {
            return host.to_owned();
        }
        let place = place_in(&mut self.hosts, host);
        format!("host-{place}.example.com")
    }

    pub(super) fn cursor(&mut self, value: &str) -> String {
        let place = place_in(&mut self.cursors, value);
        format!("page-{place}")
    }
}

/// Parses a text that is a UUID.
pub(super) fn known_id(text: &str) -> Option<Uuid> {
    (text.len() == 36)
        .then(|| Uuid::try_parse(text).ok())
        .flatten()
}

fn looks_like_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}

/// The position of `item`, counted from one; adds it if necessary.
fn place_in(items: &mut Vec<String>, item: &str) -> usize {
    if let Some(place) = items.iter().position(|known| known == item) {
        return place + 1;
    }
    items.push(item.to_owned());
    items.len()
}

/// The awkward characters in a text: those that end a cell, a filter or a line, and one for all non-ASCII letters.
fn awkward_part(text: &str) -> String {
    let mut part: String = text
        .chars()
        .filter(|character| {
            character.is_ascii_control()
                || (character.is_ascii_punctuation() && !"-._@+".contains(*character))
        })
        .collect();
    if !text.is_ascii() {
        part.push('ü');
    }
    part
}

/// The `number`th variation of the case of `text`.
fn other_spelling(text: &str, number: usize) -> String {
    let mut bits = number;
    text.chars()
        .map(|character| {
            if !character.is_ascii_alphabetic() {
                return character;
            }
            let turned = bits & 1 == 1;
            bits >>= 1;
            match (turned, character.is_ascii_uppercase()) {
                (false, _) => character,
                (true, true) => character.to_ascii_lowercase(),
                (true, false) => character.to_ascii_uppercase(),
            }
        })
        .collect()
}

/// How many bytes at the start of `text` match `lower` regardless of case.
fn length_ignoring_case(text: &str, lower: &str) -> Option<usize> {
    let mut wanted = lower.chars();
    for (at, character) in text.char_indices() {
        if wanted.as_str().is_empty() {
            return Some(at);
        }
        for letter in character.to_lowercase() {
            if wanted.next() != Some(letter) {
                return None;
            }
        }
    }
    wanted.as_str().is_empty().then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_only_in_case_still_do() {
        let spellings: Vec<String> = (0..4)
            .map(|number| other_spelling("user-1", number))
            .collect();
        assert_eq!(spellings, ["user-1", "User-1", "uSer-1", "USer-1"]);
    }
}
