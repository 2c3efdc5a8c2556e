//! Which members of a recording are personal data, by their names. `anonymize` replaces them.

use super::pseudonyms::Kind;

/// What to do with the text of a member.
pub(super) enum Treatment {
    Keep,
    /// A sentence: replace the personal data in it.
    Sentence,
    Replace(Kind),
}

/// By the name of a member or an argument.
pub(super) fn treatment(member: &str) -> Treatment {
    let lower = member.to_lowercase();
    match lower.as_str() {
        "username" => Treatment::Replace(Kind::User),
        "groupname" => Treatment::Replace(Kind::Group),
        "given" | "family" | "middle" | "formatted" | "nickname" | "name" | "displayname"
        | "application" | "honorificprefix" | "honorificsuffix" => Treatment::Replace(Kind::Name),
        "streetaddress" | "locality" | "region" | "postalcode" | "countrycode" => {
            Treatment::Replace(Kind::Address)
        }
        // The roles in the record of a containment are ids around the type of the scope.
        "message" | "error_description" | "detail" | "reason" | "removedroles"
        | "unconfirmedroles" => Treatment::Sentence,
        // PingOne's own words, and arguments that are times, flags or counts.
        "error"
        | "target"
        | "unsatisfiedrequirements"
        | "allowedvalues"
        | "scope"
        | "compatibility"
        | "until"
        | "duration"
        | "lockduration"
        | "since"
        | "from"
        | "to"
        | "createdafter"
        | "devicessince"
        | "detailed"
        | "limit"
        | "grace"
        | "protocol"
        | "tags"
        | "granttypes"
        | "tokenendpointauthmethod" => Treatment::Keep,
        _ if lower.contains("email") => Treatment::Replace(Kind::Email),
        _ if lower.contains("phone") => Treatment::Replace(Kind::Phone),
        _ if lower == "ip" || lower.ends_with("ip") || lower.contains("ipaddress") => {
            Treatment::Replace(Kind::Ip)
        }
        _ if ["status", "type", "code", "token", "password"]
            .iter()
            .any(|end| lower.ends_with(end)) =>
        {
            Treatment::Keep
        }
        _ => Treatment::Replace(Kind::Other),
    }
}
