//! What a sandbox starts with: the seed's JSON format and the built-in company.
//!
//! Only the form of the data; whether it hangs together (group names that exist, unique
//! usernames) is checked when a store is made of it.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::model::alternative::Alternative;
use crate::model::clock::after;
use crate::model::permission::Area;

/// Everything a sandbox starts with. Ids that are left out are made up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Seed {
    /// The one environment.
    pub environment: Environment,
    /// The worker applications that may fetch a token.
    pub applications: Vec<Application>,
    /// The password policy of every population.
    #[serde(default)]
    pub password_policy: PasswordPolicy,
    /// The populations; one of them is the default.
    pub populations: Vec<Population>,
    /// The groups.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// The users.
    #[serde(default)]
    pub users: Vec<User>,
    /// Audit activities of the past.
    #[serde(default)]
    pub activities: Vec<Activity>,
    /// String attributes that this environment has beside the standard ones.
    #[serde(default)]
    pub custom_attributes: Vec<String>,
    /// Custom roles.
    #[serde(default)]
    pub custom_roles: Vec<CustomRole>,
    /// Unconfirmed behaviours that are to be the other way round.
    #[serde(default)]
    pub alternatives: Vec<Alternative>,
    /// Page sizes and rate limits.
    #[serde(default)]
    pub limits: Limits,
    /// Where the clock stands, and stays until it is put forward; the real time without it.
    #[serde(default)]
    pub clock: Option<TimeSpec>,
    /// Makes the ids of new things the same in every run.
    #[serde(default)]
    pub ids: Option<u64>,
}

/// The environment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Environment {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
    /// The region's code, as in `EU`.
    #[serde(default = "default_region")]
    pub region: String,
}

/// A worker application.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Application {
    /// Its client id.
    pub id: String,
    /// Its name, which the audit trail shows.
    pub name: String,
    /// Its client secret.
    pub secret: String,
    /// How it has to authenticate; nothing else is taken.
    #[serde(default)]
    pub token_auth_method: TokenAuthMethod,
    /// The environment that holds the application, where it is another than the managed one.
    #[serde(default)]
    pub environment: Option<String>,
    /// How long its tokens live.
    #[serde(default = "default_token_seconds")]
    pub token_seconds: u32,
    /// Its roles.
    #[serde(default = "default_roles")]
    pub roles: Vec<String>,
    /// Areas that its roles would open but that are closed to it all the same.
    #[serde(default)]
    pub denied: Vec<Area>,
}

/// The `tokenEndpointAuthMethod` of a worker application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum TokenAuthMethod {
    /// HTTP Basic, the console's default (inferred from Ping's guides, UNCONFIRMED).
    #[default]
    #[serde(rename = "CLIENT_SECRET_BASIC")]
    Basic,
    /// Client id and secret in the form.
    #[serde(rename = "CLIENT_SECRET_POST")]
    Post,
}

/// A role of this environment's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CustomRole {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The password policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct PasswordPolicy {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// The fewest characters.
    pub min_length: usize,
    /// The most characters.
    pub max_length: usize,
    /// Kinds of characters that must occur, and how often.
    pub min_characters: Vec<CharacterRule>,
    /// How many different characters there must be.
    pub min_unique_characters: usize,
    /// How often one character may follow itself.
    pub max_repeated_characters: usize,
    /// Whether well-known passwords are refused.
    pub excludes_commonly_used: bool,
    /// Whether the user's name and the like are refused.
    pub excludes_profile_data: bool,
    /// How many former passwords may not come back.
    pub history_count: usize,
    /// After how many days a password expires; never without it.
    pub max_age_days: Option<u32>,
    /// How many failed checks lock the password.
    pub lockout_failures: u32,
    /// For how long; without it, until an administrator acts.
    pub lockout_seconds: Option<u32>,
}

/// A kind of characters that a password needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharacterRule {
    /// The characters that count.
    pub characters: String,
    /// How many of them are needed.
    pub count: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        let rule = |characters: &str| CharacterRule {
            characters: characters.to_owned(),
            count: 1,
        };
        Self {
            id: None,
            name: "Standard".to_owned(),
            min_length: 8,
            max_length: 255,
            min_characters: vec![
                rule("abcdefghijklmnopqrstuvwxyz"),
                rule("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                rule("0123456789"),
                rule("~!@#$%^&*()-_=+[]{}|;:,.<>/?"),
            ],
            min_unique_characters: 5,
            max_repeated_characters: 2,
            excludes_commonly_used: true,
            excludes_profile_data: true,
            history_count: 6,
            max_age_days: None,
            lockout_failures: 5,
            lockout_seconds: Some(900),
        }
    }
}

/// A population.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Population {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether new users land here.
    #[serde(default)]
    pub default: bool,
}

/// A group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Group {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
    /// Its id elsewhere.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The population it is bound to, by name or id.
    #[serde(default)]
    pub population: Option<String>,
    /// A filter that makes the group dynamic.
    #[serde(default)]
    pub user_filter: Option<String>,
    /// The groups it is nested in, by name or id: its members are indirect members of those.
    #[serde(default)]
    pub member_of: Vec<String>,
}

/// A user.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct User {
    /// The user's id.
    pub id: Option<String>,
    /// The attributes that a client may write: `username`, `email`, `name` and so on.
    pub profile: Map<String, Value>,
    /// The population, by name or id; the default one without it.
    pub population: Option<String>,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// When the user was created; the start without it.
    pub created_at: Option<TimeSpec>,
    /// When the user was last changed; `createdAt` without it.
    pub updated_at: Option<TimeSpec>,
    /// Direct memberships, by name or id.
    pub groups: Vec<String>,
    /// The password; none without it.
    pub password: Option<Password>,
    /// An administrator's lock.
    pub lock: Option<Lock>,
    /// The external identity provider's type, as in `SAML`, for users that are not PingOne's own.
    pub identity_provider: Option<String>,
    /// Whether MFA is on.
    pub mfa_enabled: bool,
    /// The last sign-on.
    pub last_sign_on: Option<SignOn>,
    /// Sessions.
    pub sessions: Vec<Session>,
    /// MFA devices.
    pub devices: Vec<Device>,
    /// Roles over the environment, by name.
    pub roles: Vec<String>,
}

/// A user's password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Password {
    /// The password itself.
    pub value: String,
    /// Whether it must be changed at the next sign-on.
    #[serde(default)]
    pub must_change: bool,
    /// When it was set; the user's creation without it.
    #[serde(default)]
    pub changed_at: Option<TimeSpec>,
    /// When too many failed checks locked it.
    #[serde(default)]
    pub locked_out_at: Option<TimeSpec>,
}

/// An administrator's lock on an account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Lock {
    /// When it was set.
    pub at: TimeSpec,
    /// When it lapses.
    #[serde(default)]
    pub until: Option<TimeSpec>,
}

/// When and from where somebody signed on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SignOn {
    /// When.
    pub at: TimeSpec,
    /// From which address.
    pub remote_ip: String,
}

/// A session.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Session {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// When it began.
    pub created_at: TimeSpec,
    /// When it was last used; its beginning without it.
    #[serde(default)]
    pub active_at: Option<TimeSpec>,
    /// When it ends; thirty days after its beginning without it.
    #[serde(default)]
    pub expires_at: Option<TimeSpec>,
    /// The address of the sign-on.
    pub remote_ip: String,
    /// Further members as PingOne shows them: `browser`, `operatingSystem`, `device`, `userAgent`.
    #[serde(default)]
    pub details: Map<String, Value>,
    /// Members of its one location: `city`, `state`, `region`, `country`.
    #[serde(default)]
    pub location: Map<String, Value>,
}

/// An MFA device.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Device {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// Its type, as in `TOTP`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was added.
    pub created_at: TimeSpec,
    /// Whether it still has to be activated.
    #[serde(default)]
    pub unactivated: bool,
    /// Whether failed attempts have locked it.
    #[serde(default)]
    pub locked: bool,
    /// Whether it is blocked.
    #[serde(default)]
    pub blocked: bool,
    /// Further members as PingOne shows them: `phone`, `email`, `nickname`.
    #[serde(default)]
    pub details: Map<String, Value>,
}

/// An audit activity of the past.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Activity {
    /// When it was recorded.
    pub at: TimeSpec,
    /// The action's type, as in `USER.ACCESS_DENIED`.
    pub action: String,
    /// The user who did it and to whom it happened, by username or id.
    pub user: String,
    /// Whether it failed.
    #[serde(default)]
    pub failed: bool,
    /// The result in words.
    pub description: String,
    /// The address it came from.
    #[serde(default)]
    pub remote_ip: Option<String>,
    /// The browser it came from.
    #[serde(default)]
    pub user_agent: Option<String>,
}

/// Page sizes and rate limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Limits {
    /// The most items on a page of users: Ping's paging page says 200, its schema 1000.
    pub users_per_page: usize,
    /// The most items on a page of anything else.
    pub items_per_page: usize,
    /// Whether pages tell the whole count.
    pub counted: bool,
    /// Rate limits, each over the paths it fits.
    pub rates: Vec<RateLimit>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            users_per_page: 200,
            items_per_page: 1000,
            counted: true,
            rates: Vec::new(),
        }
    }
}

/// A rate limit: so many requests in so many seconds, then 429.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RateLimit {
    /// The paths it counts, `*` standing for anything.
    #[serde(default = "default_pattern")]
    pub path: String,
    /// How many requests are served in one window.
    pub requests: u32,
    /// How long a window is.
    pub seconds: u32,
}

/// An instant: RFC 3339, or a distance from the sandbox's start as in `-3d`, `-90m`, `+4h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpec(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    At(Timestamp),
    Before(Duration),
    After(Duration),
}

impl TimeSpec {
    /// Reads an instant or a distance.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let relative = |rest: &str| -> anyhow::Result<Duration> {
            let unit = rest.chars().last().unwrap_or_default();
            let seconds = match unit {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                _ => anyhow::bail!("'{text}' has none of the units s, m, h, d"),
            };
            let count: u64 = rest[..rest.len() - 1]
                .parse()
                .with_context(|| format!("'{text}' is no distance in time"))?;
            Ok(Duration::from_secs(count.saturating_mul(seconds)))
        };
        if let Some(rest) = text.strip_prefix('-') {
            Ok(Self(Kind::Before(relative(rest)?)))
        } else if let Some(rest) = text.strip_prefix('+') {
            Ok(Self(Kind::After(relative(rest)?)))
        } else {
            let at = text
                .parse()
                .with_context(|| format!("'{text}' is no RFC 3339 date and time"))?;
            Ok(Self(Kind::At(at)))
        }
    }

    /// The instant it means for a sandbox that started at `start`.
    pub(crate) fn resolve(self, start: Timestamp) -> Timestamp {
        match self.0 {
            Kind::At(at) => at,
            Kind::After(by) => after(start, by),
            Kind::Before(by) => start.checked_sub(by).unwrap_or(Timestamp::MIN),
        }
    }
}

impl<'de> Deserialize<'de> for TimeSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

fn default_region() -> String {
    "NA".to_owned()
}

fn default_token_seconds() -> u32 {
    3600
}

fn default_roles() -> Vec<String> {
    vec!["Identity Data Admin".to_owned()]
}

fn default_pattern() -> String {
    "*".to_owned()
}

impl Seed {
    /// The built-in company.
    ///
    /// # Panics
    ///
    /// Never: the file is part of the program, and a test reads it.
    pub fn built_in() -> Self {
        Self::from_json(include_str!("seed.json")).expect("the built-in seed is valid")
    }

    /// Reads a seed.
    pub fn from_json(text: &str) -> anyhow::Result<Self> {
        serde_json::from_str(text).context("reading the seed")
    }

    /// Reads a seed from a file.
    pub fn from_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("reading the seed {}", path.display()))?;
        Self::from_json(&text).with_context(|| format!("in {}", path.display()))
    }

    /// Adds `count` users named `crowd.0001` and so on to the default population, for paging.
    pub fn add_crowd(&mut self, count: usize) {
        for number in 1..=count {
            let mut profile = Map::new();
            let username = format!("crowd.{number:04}");
            profile.insert("email".to_owned(), format!("{username}@example.com").into());
            profile.insert("username".to_owned(), username.into());
            self.users.push(User {
                profile,
                ..User::default()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_instants_or_distances() {
        let start: Timestamp = "2026-03-04T10:00:00Z".parse().expect("valid");
        let resolved = |text: &str| {
            TimeSpec::parse(text)
                .expect("valid")
                .resolve(start)
                .to_string()
        };
        assert_eq!(resolved("-3d"), "2026-03-01T10:00:00Z");
        assert_eq!(resolved("+90m"), "2026-03-04T11:30:00Z");
        assert_eq!(
            resolved("2021-09-03T18:04:03.916Z"),
            "2021-09-03T18:04:03.916Z"
        );
        for wrong in ["", "-", "-3", "3d", "-x d", "yesterday", "+3é"] {
            assert!(TimeSpec::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn unknown_members_are_refused() {
        let error = Seed::from_json(r#"{"environment": {"id": "x", "name": "y", "nme": "z"}}"#)
            .expect_err("nme is no member");
        assert!(format!("{error:#}").contains("nme"), "{error:#}");
    }

    #[test]
    fn the_built_in_seed_is_valid() {
        assert!(Seed::built_in().users.len() > 5);
    }
}
