//! Phrases that texts about changes share: counted nouns, groups and devices by name, commands to type.

use std::{
    collections::HashSet,
    fmt::{self, Display, Formatter},
};

/// Something with an id, and the name by which people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<Id> {
    /// Its id.
    pub id: Id,
    /// Its name, if PingOne gave one. See [`tell_apart`].
    pub name: Option<String>,
}

impl<Id> Named<Id> {
    /// Something known by its id alone.
    pub fn by_id(id: Id) -> Self {
        Self { id, name: None }
    }
}

impl<Id: Display> Display for Named<Id> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(&one_line(name)),
            None => self.id.fmt(f),
        }
    }
}

/// Adds its id to each name that several things share.
pub fn tell_apart<Id: Display>(things: &mut [Named<Id>]) {
    let mut shared = HashSet::new();
    let mut seen = HashSet::new();
    for name in things.iter().filter_map(|thing| thing.name.as_ref()) {
        if !seen.insert(name.clone()) {
            shared.insert(name.clone());
        }
    }
    for Named { id, name } in things {
        if let Some(name) = name.as_mut().filter(|name| shared.contains(*name)) {
            *name = format!("{name} ({id})");
        }
    }
}

/// All of them, separated by commas.
pub fn list<Id: Display>(things: &[Named<Id>]) -> String {
    let shown: Vec<String> = things.iter().map(ToString::to_string).collect();
    shown.join(", ")
}

/// `1 session`, `2 sessions`, `2 activities`, `2 addresses`. A noun in -y must have a consonant before it.
pub fn counted(count: usize, noun: &str) -> String {
    let (stem, plural) = match noun.strip_suffix('y') {
        Some(stem) => (stem, "ies"),
        None if noun.ends_with('s') => (noun, "es"),
        None => (noun, "s"),
    };
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {stem}{plural}")
    }
}

/// A text from outside as part of a line: nothing in it begins a new one.
pub fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let parts = text.split(is_break).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// A command about a user as it is typed in the War Room.
pub fn command_line(command: &str, username: Option<&str>) -> String {
    match username {
        None => format!("!{command}"),
        Some(username) if is_plain(username) => format!("!{command} username={username}"),
        Some(username) => format!("!{command} username={}", quoted(username)),
    }
}

/// Whether a value can be typed without quotes.
pub fn is_plain(value: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "._-@+".contains(c);
    !value.is_empty() && value.chars().all(is_plain)
}

/// A value in quotes.
pub fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_shares_a_name_shows_its_id() {
        let named = |id, name: &str| Named {
            id,
            name: Some(name.to_owned()),
        };
        let mut things = [
            named(1, "TOTP"),
            named(2, "SMS"),
            named(3, "TOTP"),
            Named::by_id(4),
            Named::by_id(5),
        ];
        tell_apart(&mut things);
        assert_eq!(list(&things), "TOTP (1), SMS, TOTP (3), 4, 5");
        assert_eq!(
            [0, 1, 2].map(|count| counted(count, "device")),
            ["0 devices", "1 device", "2 devices"]
        );
        assert_eq!(counted(1, "activity"), "1 activity");
        assert_eq!(counted(2, "activity"), "2 activities");
        assert_eq!(counted(2, "IP address"), "2 IP addresses");
    }

    #[test]
    fn a_command_can_be_typed_as_it_is_shown() {
        for (username, line) in [
            ("emma.sharp", "!c username=emma.sharp"),
            ("emma+1@example.com", "!c username=emma+1@example.com"),
            ("emma sharp", r#"!c username="emma sharp""#),
            (
                r#"emma "em" \sharp"#,
                r#"!c username="emma \"em\" \\sharp""#,
            ),
            ("emma=sharp", r#"!c username="emma=sharp""#),
            ("", r#"!c username="""#),
        ] {
            assert_eq!(command_line("c", Some(username)), line);
        }
        assert_eq!(command_line("c", None), "!c");
    }

    #[test]
    fn a_name_stays_in_its_line() {
        assert_eq!(one_line("a\r\nb\u{2028}c d\u{7}"), "a b c d");
    }
}
