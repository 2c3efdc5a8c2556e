//! The users of a seed, with their passwords, sessions and MFA devices.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::seed::time::TimeSpec;

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
    /// The external identity provider, by name, id or mere type, such as `SAML`; PingOne itself if
    /// absent.
    pub identity_provider: Option<String>,
    /// Whether MFA is enabled.
    pub mfa_enabled: bool,
    /// When an MFA bypass ends; no bypass if absent.
    pub bypass_until: Option<TimeSpec>,
    /// How the user responds to pushes.
    pub push_response: PushResponse,
    /// The last sign-on.
    pub last_sign_on: Option<SignOn>,
    /// Sessions.
    pub sessions: Vec<Session>,
    /// MFA devices.
    pub devices: Vec<Device>,
    /// Accounts at external identity providers.
    pub linked_accounts: Vec<LinkedAccount>,
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
    /// Whether it has been activated.
    #[serde(default)]
    pub status: DeviceStatus,
    /// Whether failed attempts have locked it.
    #[serde(default)]
    pub locked: bool,
    /// When such a lock expires; never if absent.
    #[serde(default)]
    pub locked_until: Option<TimeSpec>,
    /// Whether a mobile device takes one-time codes only.
    #[serde(default)]
    pub push_disabled: bool,
    /// Whether it is blocked.
    #[serde(default)]
    pub blocked: bool,
    /// Further members as PingOne renders them: `phone`, `email`, `nickname`.
    #[serde(default)]
    pub details: Map<String, Value>,
}

/// The `status` of an MFA device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeviceStatus {
    /// Ready for use.
    #[default]
    Active,
    /// Created, but not yet confirmed by the user.
    ActivationRequired,
}

/// An account at an external identity provider that a user can sign on with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LinkedAccount {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// The identity provider, by name or id.
    pub identity_provider: String,
    /// The user's id there.
    pub external_id: String,
}

/// How a person responds to a push on their phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PushResponse {
    /// What they do.
    pub answer: PushAnswer,
    /// After how many seconds.
    #[serde(default)]
    pub after_seconds: u32,
}

/// What a person does with a push.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PushAnswer {
    /// Confirms it.
    Approve,
    /// Denies it.
    Deny,
    /// Lets it expire.
    #[default]
    Ignore,
}
