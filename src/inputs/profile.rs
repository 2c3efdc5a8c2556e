//! The arguments that set a user's attributes, for creating and updating users.

use serde_json::{Map, Value};

use crate::{arguments::Arguments, manifest::Arg};

/// The arguments, and the attribute of PingOne's user resource that each one sets.
const PROFILE: [(Arg, Option<&str>, &str); 17] = [
    (Arg::Formatted, Some("name"), "formatted"),
    (Arg::Given, Some("name"), "given"),
    (Arg::Middle, Some("name"), "middle"),
    (Arg::Family, Some("name"), "family"),
    (Arg::Nickname, None, "nickname"),
    (Arg::Title, None, "title"),
    (Arg::Locale, None, "locale"),
    (Arg::Email, None, "email"),
    (Arg::PrimaryPhone, None, "primaryPhone"),
    (Arg::MobilePhone, None, "mobilePhone"),
    (Arg::StreetAddress, Some("address"), "streetAddress"),
    (Arg::Locality, Some("address"), "locality"),
    (Arg::Region, Some("address"), "region"),
    (Arg::PostalCode, Some("address"), "postalCode"),
    (Arg::CountryCode, Some("address"), "countryCode"),
    // The documentation has `Type`, but the published code reads `type`.
    (Arg::Type, None, "type"),
    (Arg::CapitalType, None, "type"),
];

/// The attributes that were given.
pub fn profile(args: &Arguments) -> Map<String, Value> {
    let mut profile = Map::new();
    for (arg, object, member) in PROFILE {
        if !args.takes(arg) {
            continue;
        }
        let Some(value) = args.text(arg) else {
            continue;
        };
        let members = match object {
            None => &mut profile,
            Some(object) => match profile
                .entry(object)
                .or_insert_with(|| Value::Object(Map::new()))
            {
                Value::Object(members) => members,
                _ => continue,
            },
        };
        members.insert(member.to_owned(), Value::from(value));
    }
    profile
}
