//! The password policy: which requirements a password fails.
//!
//! The names are from the schema of Ping's Go SDK. A capture shows minCharacters, length,
//! excludesCommonlyUsed, maxRepeatedCharacters and minUniqueCharacters in a response; the others
//! are UNCONFIRMED there.

use crate::model::password::StoredPassword;
use crate::model::seed::PasswordPolicy;
use crate::model::store::User;
use crate::protocol::error::{ApiError, Detail};

/// A small sample of PingOne's list.
const COMMON: &[&str] = &[
    "password",
    "password1",
    "password1!",
    "password123!",
    "passw0rd!",
    "qwerty123!",
    "welcome1!",
    "letmein1!",
    "admin123!",
    "changeme1!",
];

/// A failed requirement: its name and a message.
pub(crate) type UnmetRequirement = (&'static str, String);

/// The requirements that `password` fails for `user`.
pub(crate) fn unmet(policy: &PasswordPolicy, password: &str, user: &User) -> Vec<UnmetRequirement> {
    let lower = password.to_lowercase();
    let length = password.chars().count();
    let requirements = [
        (
            "minCharacters",
            lacks_characters(policy, password),
            "a required kind of character is missing".to_owned(),
        ),
        (
            "length",
            !(policy.min_length..=policy.max_length).contains(&length),
            format!(
                "must have {} to {} characters",
                policy.min_length, policy.max_length
            ),
        ),
        (
            "minUniqueCharacters",
            distinct_characters(password) < policy.min_unique_characters,
            format!(
                "must have {} different characters",
                policy.min_unique_characters
            ),
        ),
        (
            "maxRepeatedCharacters",
            longest_run(password) > policy.max_repeated_characters,
            format!(
                "no character more than {} times in a row",
                policy.max_repeated_characters
            ),
        ),
        (
            "excludesCommonlyUsed",
            policy.excludes_commonly_used && COMMON.contains(&lower.as_str()),
            "is a commonly used password".to_owned(),
        ),
        (
            "excludesProfileData",
            policy.excludes_profile_data && names(user).any(|name| lower.contains(&name)),
            "contains the user's own data".to_owned(),
        ),
        (
            "history",
            was_used_before(policy, password, user),
            "was used before".to_owned(),
        ),
    ];
    requirements
        .into_iter()
        .filter_map(|(name, is_unmet, message)| is_unmet.then_some((name, message)))
        .collect()
}

fn lacks_characters(policy: &PasswordPolicy, password: &str) -> bool {
    policy.min_characters.iter().any(|rule| {
        let matching = password.chars().filter(|c| rule.characters.contains(*c));
        matching.count() < rule.count
    })
}

fn was_used_before(policy: &PasswordPolicy, password: &str, user: &User) -> bool {
    let former = user.password.former.iter().rev().take(policy.history_count);
    policy.history_count > 0
        && former
            .chain(&user.password.value)
            .any(|known| matches!(known, StoredPassword::Plaintext(known) if known == password))
}

fn distinct_characters(password: &str) -> usize {
    let mut characters: Vec<char> = password.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters.len()
}

/// PingOne's 400 for a policy violation: the names as a list, and again as members.
pub(crate) fn violation(target: &str, unmet: Vec<UnmetRequirement>) -> ApiError {
    let whose = if target == "newPassword" {
        "New"
    } else {
        "User"
    };
    let names: Vec<&str> = unmet.iter().map(|(name, _)| *name).collect();
    let mut detail = Detail::new(
        "INVALID_VALUE",
        target,
        format!("{whose} password did not satisfy password policy requirements"),
    )
    .with("unsatisfiedRequirements", names);
    for (name, message) in unmet {
        detail = detail.with(name, message);
    }
    ApiError::invalid_data(vec![detail])
}

fn longest_run(password: &str) -> usize {
    let (mut longest, mut run, mut last) = (0, 0, None);
    for c in password.chars() {
        run = if last == Some(c) { run + 1 } else { 1 };
        longest = longest.max(run);
        last = Some(c);
    }
    longest
}

/// The user's names of three letters or more, in lowercase.
fn names(user: &User) -> impl Iterator<Item = String> + '_ {
    let name = user
        .profile
        .get("name")
        .and_then(serde_json::Value::as_object);
    let parts = ["given", "family"]
        .into_iter()
        .filter_map(move |part| name.and_then(|name| name.get(part)))
        .filter_map(serde_json::Value::as_str);
    std::iter::once(user.username())
        .chain(parts)
        .map(str::to_lowercase)
        .filter(|name| name.chars().count() >= 3)
}
