//! The seed a sandbox starts from: its JSON format and the built-in company.
//!
//! Only the format; references and uniqueness are checked when the store is built.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::model::alternative::Alternative;
use crate::model::clock::after;
use crate::model::permission::Area;

/// The data a sandbox starts from. Ids are generated if absent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Seed {
    /// The environment; there is only one.
    pub environment: Environment,
    /// The applications that can obtain a token.
    pub applications: Vec<Application>,
    /// The password policy, shared by all populations.
    #[serde(default)]
    pub password_policy: PasswordPolicy,
    /// The populations, exactly one of them the default.
    pub populations: Vec<Population>,
    /// The groups.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// The users.
    #[serde(default)]
    pub users: Vec<User>,
    /// Past audit activities.
    #[serde(default)]
    pub activities: Vec<Activity>,
    /// The environment's custom user attributes, all strings.
    #[serde(default)]
    pub custom_attributes: Vec<String>,
    /// Custom roles.
    #[serde(default)]
    pub custom_roles: Vec<CustomRole>,
    /// UNCONFIRMED behaviours to reverse.
    #[serde(default)]
    pub alternatives: Vec<Alternative>,
    /// Page sizes and rate limits.
    #[serde(default)]
    pub limits: Limits,
    /// The time at which to stop the clock; by default it shows the real time.
    #[serde(default)]
    pub clock: Option<TimeSpec>,
    /// A seed for generated ids, to make them the same in every run.
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
    /// The region code, such as `EU`.
    #[serde(default = "default_region")]
    pub region: String,
}

/// A worker application.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Application {
    /// Its client id.
    pub id: String,
    /// Its name, as in the audit trail.
    pub name: String,
    /// Its client secret.
    pub secret: String,
    /// The only authentication method it may use.
    #[serde(default)]
    pub token_auth_method: TokenAuthMethod,
    /// The environment that owns the application, if it is not the managed one.
    #[serde(default)]
    pub environment: Option<String>,
    /// How long its access tokens are valid, in seconds.
    #[serde(default = "default_token_seconds")]
    pub token_seconds: u32,
    /// Its roles, by name.
    #[serde(default = "default_roles")]
    pub roles: Vec<String>,
    /// Areas to deny although its roles grant them.
    #[serde(default)]
    pub denied: Vec<Area>,
}

/// An application's `tokenEndpointAuthMethod`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum TokenAuthMethod {
    /// HTTP Basic, the console's default (inferred from Ping's guides, UNCONFIRMED).
    #[default]
    #[serde(rename = "CLIENT_SECRET_BASIC")]
    Basic,
    /// Client id and secret in the form body.
    #[serde(rename = "CLIENT_SECRET_POST")]
    Post,
}

/// A custom role.
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
    /// The minimum length.
    pub min_length: usize,
    /// The maximum length.
    pub max_length: usize,
    /// Required character classes.
    pub min_characters: Vec<CharacterRule>,
    /// The minimum number of distinct characters.
    pub min_unique_characters: usize,
    /// How often a character may be repeated in a row.
    pub max_repeated_characters: usize,
    /// Whether to reject commonly used passwords.
    pub excludes_commonly_used: bool,
    /// Whether to reject passwords that contain the user's name.
    pub excludes_profile_data: bool,
    /// How many former passwords to reject.
    pub history_count: usize,
    /// After how many days a password expires; never if absent.
    pub max_age_days: Option<u32>,
    /// How many consecutive failed checks lock the password.
    pub lockout_failures: u32,
    /// How long the lockout lasts; until an administrator ends it if absent.
    pub lockout_seconds: Option<u32>,
}

/// A required character class.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharacterRule {
    /// The characters of the class.
    pub characters: String,
    /// How many of them are required.
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
    /// Whether this is the default population.
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
    /// Its id in an external system.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The population it belongs to, by name or id.
    #[serde(default)]
    pub population: Option<String>,
    /// The filter of a dynamic group.
    #[serde(default)]
    pub user_filter: Option<String>,
    /// The groups it is nested in, by name or id.
    #[serde(default)]
    pub member_of: Vec<String>,
}

/// A user.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct User {
    /// The user's id.
    pub id: Option<String>,
    /// The attributes clients can write: `username`, `email`, `name` and so on.
    pub profile: Map<String, Value>,
    /// The population, by name or id; the default population if absent.
    pub population: Option<String>,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// When the user was created; the sandbox's start if absent.
    pub created_at: Option<TimeSpec>,
    /// When the user was last updated; `createdAt` if absent.
    pub updated_at: Option<TimeSpec>,
    /// Direct group memberships, by name or id.
    pub groups: Vec<String>,
    /// The password; none if absent.
    pub password: Option<Password>,
    /// An administrator's lock.
    pub lock: Option<Lock>,
    /// The type of the external identity provider, such as `SAML`; PingOne itself if absent.
    pub identity_provider: Option<String>,
    /// Whether MFA is enabled.
    pub mfa_enabled: bool,
    /// The last sign-on.
    pub last_sign_on: Option<SignOn>,
    /// Sessions.
    pub sessions: Vec<Session>,
    /// MFA devices.
    pub devices: Vec<Device>,
    /// Roles in the environment, by name.
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
    /// When it was set; the user's `createdAt` if absent.
    #[serde(default)]
    pub changed_at: Option<TimeSpec>,
    /// When failed checks locked it.
    #[serde(default)]
    pub locked_out_at: Option<TimeSpec>,
}

/// An administrator's lock on an account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Lock {
    /// When it was set.
    pub at: TimeSpec,
    /// When it expires; never if absent.
    #[serde(default)]
    pub until: Option<TimeSpec>,
}

/// A sign-on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SignOn {
    /// When it happened.
    pub at: TimeSpec,
    /// The source address.
    pub remote_ip: String,
}

/// A session.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Session {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// When it started.
    pub created_at: TimeSpec,
    /// When it was last active; `createdAt` if absent.
    #[serde(default)]
    pub active_at: Option<TimeSpec>,
    /// When it expires; thirty days after `createdAt` if absent.
    #[serde(default)]
    pub expires_at: Option<TimeSpec>,
    /// The source address of the sign-on.
    pub remote_ip: String,
    /// Further members as PingOne renders them: `browser`, `operatingSystem`, `device`,
    /// `userAgent`.
    #[serde(default)]
    pub details: Map<String, Value>,
    /// The location of the sign-on: `city`, `state`, `region`, `country`.
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
    /// Its type, such as `TOTP`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was created.
    pub created_at: TimeSpec,
    /// Whether it still needs to be activated.
    #[serde(default)]
    pub unactivated: bool,
    /// Whether failed attempts have locked it.
    #[serde(default)]
    pub locked: bool,
    /// Whether it is blocked.
    #[serde(default)]
    pub blocked: bool,
    /// Further members as PingOne renders them: `phone`, `email`, `nickname`.
    #[serde(default)]
    pub details: Map<String, Value>,
}

/// A past audit activity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Activity {
    /// When it was recorded.
    pub at: TimeSpec,
    /// The action type, such as `USER.ACCESS_DENIED`.
    pub action: String,
    /// The user who is both actor and resource, by username or id.
    pub user: String,
    /// Whether it failed.
    #[serde(default)]
    pub failed: bool,
    /// The description of the result.
    pub description: String,
    /// The source address.
    #[serde(default)]
    pub remote_ip: Option<String>,
    /// The user agent.
    #[serde(default)]
    pub user_agent: Option<String>,
}

/// Page sizes and rate limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Limits {
    /// The maximum page size for users: 200 in Ping's paging page, 1000 in its schema.
    pub users_per_page: usize,
    /// The maximum page size for anything else.
    pub items_per_page: usize,
    /// Whether pages have a total `count`.
    pub counted: bool,
    /// Rate limits by path.
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

/// A rate limit: this many requests per window, then 429.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RateLimit {
    /// The paths it covers; `*` matches anything.
    #[serde(default = "default_pattern")]
    pub path: String,
    /// The number of requests per window.
    pub requests: u32,
    /// The length of a window, in seconds.
    pub seconds: u32,
}

/// A point in time: RFC 3339, or relative to the sandbox's start as in `-3d`, `-90m`, `+4h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpec(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    At(Timestamp),
    Before(Duration),
    After(Duration),
}

impl TimeSpec {
    /// Parses an absolute or relative time.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let relative = |rest: &str| -> anyhow::Result<Duration> {
            let unit = rest.chars().last().unwrap_or_default();
            let seconds = match unit {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                _ => anyhow::bail!("{}", invalid_time(text)),
            };
            let count: u64 = rest[..rest.len() - 1]
                .parse()
                .with_context(|| invalid_time(text))?;
            Ok(Duration::from_secs(count.saturating_mul(seconds)))
        };
        if let Some(rest) = text.strip_prefix('-') {
            Ok(Self(Kind::Before(relative(rest)?)))
        } else if let Some(rest) = text.strip_prefix('+') {
            Ok(Self(Kind::After(relative(rest)?)))
        } else {
            let at = text.parse().with_context(|| invalid_time(text))?;
            Ok(Self(Kind::At(at)))
        }
    }

    /// The absolute time for a sandbox started at `start`.
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

fn invalid_time(text: &str) -> String {
    format!("'{text}' is not a valid time. Use 2026-03-01T12:00:00Z, -3d, -90m or +4h")
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
    /// Never: the seed is compiled in and tested.
    pub fn built_in() -> Self {
        Self::from_json(include_str!("seed.json")).expect("the built-in seed is valid")
    }

    /// Parses a seed.
    pub fn from_json(text: &str) -> anyhow::Result<Self> {
        serde_json::from_str(text).context("reading the seed")
    }

    /// Reads and parses a seed file.
    pub fn from_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("reading the seed {}", path.display()))?;
        Self::from_json(&text).with_context(|| format!("in {}", path.display()))
    }

    /// Adds `count` users named `crowd.0001` and so on to the default population, to test paging.
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
    fn time_specs_are_absolute_or_relative() {
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
    fn unknown_members_are_rejected() {
        let error = Seed::from_json(r#"{"environment": {"id": "x", "name": "y", "nme": "z"}}"#)
            .expect_err("nme is unknown");
        assert!(format!("{error:#}").contains("nme"), "{error:#}");
    }

    #[test]
    fn the_built_in_seed_is_valid() {
        assert!(Seed::built_in().users.len() > 5);
    }
}
