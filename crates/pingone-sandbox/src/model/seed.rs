//! The seed a sandbox starts from: its JSON format and the built-in company.
//!
//! Only the format; references and uniqueness are checked when the store is built.

pub mod time;
pub mod users;

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::alternative::Alternative;
use crate::model::permission::Area;

pub use time::TimeSpec;
pub use users::User;

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
    /// External identity providers.
    #[serde(default)]
    pub identity_providers: Vec<IdentityProvider>,
    /// The users.
    #[serde(default)]
    pub users: Vec<User>,
    /// Policies for MFA devices; the first is the default. There is always one.
    #[serde(default = "default_device_policies")]
    pub device_authentication_policies: Vec<DeviceAuthenticationPolicy>,
    /// Past audit activities.
    #[serde(default)]
    pub activities: Vec<Activity>,
    /// The environment's custom user attributes, all strings.
    #[serde(default)]
    pub custom_attributes: Vec<String>,
    /// Custom roles.
    #[serde(default)]
    pub custom_roles: Vec<CustomRole>,
    /// Resources that applications can access.
    #[serde(default)]
    pub resources: Vec<Resource>,
    /// Webhooks.
    #[serde(default)]
    pub webhooks: Vec<Webhook>,
    /// Past risk evaluations.
    #[serde(default)]
    pub risk_evaluations: Vec<RiskEvaluation>,
    /// The services in the environment's bill of materials.
    #[serde(default = "default_services")]
    pub services: Vec<String>,
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
    /// Its client secret; none if absent.
    #[serde(default)]
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
    /// Its roles in the environment, by name.
    #[serde(default = "default_roles")]
    pub roles: Vec<String>,
    /// Its access to resources.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// Whether it is disabled.
    #[serde(default)]
    pub disabled: bool,
    /// Its type, such as `WORKER` or `WEB_APP`.
    #[serde(default = "default_application_type", rename = "type")]
    pub kind: String,
    /// When it was created; the sandbox's start if absent.
    #[serde(default)]
    pub created_at: Option<TimeSpec>,
    /// When it was last updated; `createdAt` if absent.
    #[serde(default)]
    pub updated_at: Option<TimeSpec>,
    /// Further members as PingOne renders them: `redirectUris`, `jwks` (a string of JSON), `skipTokenSessionValidation`.
    #[serde(default)]
    pub details: Map<String, Value>,
    /// Areas to deny although its roles grant them.
    #[serde(default)]
    pub denied: Vec<Area>,
}

/// An application's `tokenEndpointAuthMethod`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum TokenAuthMethod {
    /// HTTP Basic, the console's default (inferred from Ping's guides, UNCONFIRMED).
    #[default]
    #[serde(rename = "CLIENT_SECRET_BASIC")]
    Basic,
    /// Client id and secret in the form body.
    #[serde(rename = "CLIENT_SECRET_POST")]
    Post,
    /// A JWT signed with the client secret.
    #[serde(rename = "CLIENT_SECRET_JWT")]
    SecretJwt,
    /// A JWT signed with a private key.
    #[serde(rename = "PRIVATE_KEY_JWT")]
    PrivateKeyJwt,
}

/// An application's access to a resource.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Grant {
    /// The resource, by name or id.
    pub resource: String,
    /// The scopes, by name.
    pub scopes: Vec<String>,
}

/// A resource that applications can access.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Resource {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its type: `CUSTOM`, `OPENID_CONNECT` or `PINGONE_API`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The names of its scopes.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// A custom role.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct CustomRole {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its permissions, such as `dir:read:user`.
    pub permissions: Vec<String>,
    /// The roles whose holders can assign it, by name.
    pub can_be_assigned_by: Vec<String>,
}

/// A webhook, which PingOne's API calls a subscription.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Webhook {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// When it was created; the sandbox's start if absent.
    #[serde(default)]
    pub created_at: Option<TimeSpec>,
    /// When it was last updated; `createdAt` if absent.
    #[serde(default)]
    pub updated_at: Option<TimeSpec>,
    /// The members that a client writes: `name`, `enabled`, `httpEndpoint` and so on.
    pub details: Map<String, Value>,
}

/// An evaluation by PingOne Protect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RiskEvaluation {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// When it was made.
    pub created_at: TimeSpec,
    /// The user, by username or id.
    pub user: String,
    /// The source address.
    pub remote_ip: String,
    /// The level: `LOW`, `MEDIUM` or `HIGH`.
    pub level: String,
    /// The members of `details`, such as `country` and `impossibleTravel`.
    #[serde(default)]
    pub details: Map<String, Value>,
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
    /// Roles that its members have in the environment, by name.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// A policy for authenticating with MFA devices.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DeviceAuthenticationPolicy {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether users with several devices must choose one.
    #[serde(default)]
    pub prompts_for_device: bool,
    /// Whether users must pick the number shown to the other side.
    #[serde(default)]
    pub number_matching: bool,
}

/// An external identity provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IdentityProvider {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its type, such as `SAML` or `GOOGLE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is disabled.
    #[serde(default)]
    pub disabled: bool,
    /// When it was created; the sandbox's start if absent.
    #[serde(default)]
    pub created_at: Option<TimeSpec>,
    /// When it was last updated; `createdAt` if absent.
    #[serde(default)]
    pub updated_at: Option<TimeSpec>,
}

/// A past audit activity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Activity {
    /// When it was recorded.
    pub at: TimeSpec,
    /// The action type, such as `USER.ACCESS_DENIED`.
    pub action: String,
    /// The user who acted, by username or id.
    #[serde(default)]
    pub user: Option<String>,
    /// The application that acted, by name or id; `adminui` is the console.
    #[serde(default)]
    pub client: Option<String>,
    /// The user, group, application or other thing acted on, by name or id; the acting user if
    /// absent.
    #[serde(default)]
    pub resource: Option<String>,
    /// The group that `resource`, a user, joins or leaves.
    #[serde(default)]
    pub group: Option<String>,
    /// The id of a device of `resource`, a user.
    #[serde(default)]
    pub device: Option<String>,
    /// Whether it failed.
    #[serde(default)]
    pub failed: bool,
    /// The description of the result; that of the action if absent.
    #[serde(default)]
    pub description: Option<String>,
    /// The source address.
    #[serde(default)]
    pub remote_ip: Option<String>,
    /// The user agent.
    #[serde(default)]
    pub user_agent: Option<String>,
    /// Changes to how PingOne renders it: members are merged, and `null` removes one.
    #[serde(default)]
    pub details: Map<String, Value>,
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

fn default_region() -> String {
    "NA".to_owned()
}

fn default_token_seconds() -> u32 {
    3600
}

fn default_roles() -> Vec<String> {
    vec!["Identity Data Admin".to_owned()]
}

fn default_device_policies() -> Vec<DeviceAuthenticationPolicy> {
    vec![DeviceAuthenticationPolicy {
        id: None,
        name: "Default".to_owned(),
        prompts_for_device: false,
        number_matching: false,
    }]
}

fn default_application_type() -> String {
    "WORKER".to_owned()
}

fn default_services() -> Vec<String> {
    ["PING_ONE_BASE", "PING_ONE_MFA", "PING_ONE_RISK"]
        .map(str::to_owned)
        .to_vec()
}

fn default_pattern() -> String {
    "*".to_owned()
}

/// The built-in company as JSON.
pub(crate) const BUILT_IN: &str = include_str!("seed.json");

impl Seed {
    /// The built-in company.
    ///
    /// # Panics
    ///
    /// Never: the seed is compiled in and tested.
    pub fn built_in() -> Self {
        Self::from_json(BUILT_IN).expect("the built-in seed is valid")
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
