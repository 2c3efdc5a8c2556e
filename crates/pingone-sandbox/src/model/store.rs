//! The store: everything the sandbox holds, and look-ups in it.
//!
//! What an operation does to the data is in the handler of its resource.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::model::activity::{Activity, Subject};
use crate::model::alternative::Alternative;
use crate::model::application::{Application, Resource};
use crate::model::clock::{Clock, IdGenerator};
use crate::model::device_authentication::DeviceAuthentication;
use crate::model::limits::RateLimiter;
use crate::model::password::Password;
use crate::model::risk::RiskEvaluation;
use crate::model::roles::{CustomRole, RoleAssignment};
use crate::model::seed;
use crate::model::seed::users::PushResponse;
use crate::model::webhook::Webhook;
use crate::protocol::error::ApiError;
use crate::protocol::filter::Filter;

/// Everything the sandbox holds.
#[derive(Debug)]
pub(crate) struct Store {
    /// The prefix of all links: `http://127.0.0.1:port`.
    pub(crate) base_url: String,
    pub(crate) clock: Clock,
    pub(crate) ids: IdGenerator,
    /// The last sequence number given out. Sequence numbers order collections and make cursors.
    pub(crate) last_sequence: u64,
    pub(crate) environment: seed::Environment,
    pub(crate) created_at: Timestamp,
    pub(crate) applications: Vec<Application>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) policy: seed::PasswordPolicy,
    pub(crate) policy_id: String,
    pub(crate) custom_attributes: Vec<String>,
    pub(crate) custom_roles: Vec<CustomRole>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) risk_evaluations: Vec<RiskEvaluation>,
    /// Feedback on risk, as it was submitted.
    pub(crate) risk_feedback: Vec<Value>,
    pub(crate) services: Vec<String>,
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) limits: seed::Limits,
    pub(crate) limiter: RateLimiter,
    pub(crate) populations: Vec<Population>,
    pub(crate) groups: Vec<Group>,
    pub(crate) users: Vec<User>,
    pub(crate) identity_providers: Vec<IdentityProvider>,
    pub(crate) device_policies: Vec<DevicePolicy>,
    pub(crate) device_authentications: Vec<DeviceAuthentication>,
    pub(crate) activities: Vec<Activity>,
}

/// An issued access token.
#[derive(Debug)]
pub(crate) struct Token {
    /// The index of its application.
    pub(crate) application: usize,
    pub(crate) expires_at: Timestamp,
}

#[derive(Debug)]
pub(crate) struct Population {
    pub(crate) sequence: u64,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) default: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) sequence: u64,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) custom_data: Option<Value>,
    /// The population it belongs to; none for an environment-wide group.
    pub(crate) population: Option<String>,
    /// The filter of a dynamic group: its text and the parsed form.
    pub(crate) user_filter: Option<(String, Filter)>,
    /// The groups it is nested in.
    pub(crate) member_of: Vec<String>,
    pub(crate) roles: Vec<RoleAssignment>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Debug)]
pub(crate) struct User {
    pub(crate) sequence: u64,
    pub(crate) id: String,
    pub(crate) population: String,
    /// What clients write: `username`, `email`, `name`, … and custom attributes.
    pub(crate) profile: Map<String, Value>,
    pub(crate) enabled: bool,
    pub(crate) lock: Option<Lock>,
    pub(crate) password: Password,
    /// The external identity provider, if any.
    pub(crate) identity_provider: Option<ProviderReference>,
    pub(crate) linked_accounts: Vec<LinkedAccount>,
    pub(crate) lifecycle: String,
    pub(crate) email_verified: Option<bool>,
    pub(crate) mfa_enabled: bool,
    pub(crate) bypass_until: Option<Timestamp>,
    pub(crate) last_sign_on: Option<(Timestamp, String)>,
    /// Direct memberships, by group id.
    pub(crate) groups: Vec<String>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) devices: Vec<Device>,
    pub(crate) device_order: Option<Vec<String>>,
    pub(crate) push_response: PushResponse,
    /// When pushes were denied or expired, in chronological order.
    pub(crate) unconfirmed_pushes: Vec<Timestamp>,
    pub(crate) roles: Vec<RoleAssignment>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// An external identity provider.
#[derive(Debug)]
pub(crate) struct IdentityProvider {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) enabled: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// The external identity provider of a user.
#[derive(Debug)]
pub(crate) struct ProviderReference {
    /// Absent if only its type is known.
    pub(crate) id: Option<String>,
    pub(crate) kind: String,
}

/// An account at an external identity provider.
#[derive(Debug)]
pub(crate) struct LinkedAccount {
    pub(crate) id: String,
    pub(crate) identity_provider: String,
    pub(crate) external_id: String,
}

/// An administrator's lock, not to be confused with a password lockout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lock {
    pub(crate) at: Timestamp,
    pub(crate) until: Option<Timestamp>,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) active_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) remote_ip: String,
    pub(crate) location: Map<String, Value>,
    pub(crate) details: Map<String, Value>,
}

#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) active: bool,
    pub(crate) locked: bool,
    /// When the lock expires; never without it.
    pub(crate) locked_until: Option<Timestamp>,
    pub(crate) push_disabled: bool,
    pub(crate) blocked_at: Option<Timestamp>,
    pub(crate) details: Map<String, Value>,
}

/// A policy for authenticating with MFA devices.
#[derive(Debug)]
pub(crate) struct DevicePolicy {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) prompts_for_device: bool,
    pub(crate) number_matching: bool,
}

impl Device {
    /// Whether failed attempts have locked the device and the lock is in effect at `now`.
    pub(crate) fn is_locked(&self, now: Timestamp) -> bool {
        self.locked && self.locked_until.is_none_or(|until| until > now)
    }
}

impl User {
    /// An enabled user with nothing but a profile; the caller sets the sequence number and id.
    pub(crate) fn new(population: String, profile: Map<String, Value>, now: Timestamp) -> Self {
        Self {
            sequence: 0,
            id: String::new(),
            population,
            profile,
            enabled: true,
            lock: None,
            password: Password::default(),
            identity_provider: None,
            linked_accounts: Vec::new(),
            lifecycle: "ACCOUNT_OK".to_owned(),
            email_verified: None,
            mfa_enabled: false,
            bypass_until: None,
            last_sign_on: None,
            groups: Vec::new(),
            sessions: Vec::new(),
            devices: Vec::new(),
            device_order: None,
            push_response: PushResponse::default(),
            unconfirmed_pushes: Vec::new(),
            roles: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// The devices in the user's order, the default device first; unordered devices come last.
    pub(crate) fn ordered_devices(&self) -> Vec<&Device> {
        let mut devices: Vec<&Device> = self.devices.iter().collect();
        if let Some(order) = &self.device_order {
            devices.sort_by_key(|device| {
                order
                    .iter()
                    .position(|id| *id == device.id)
                    .unwrap_or(usize::MAX)
            });
        }
        devices
    }

    /// The username, which every user has.
    pub(crate) fn username(&self) -> &str {
        self.profile
            .get("username")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The recovery code that PingOne would have sent by email.
    pub(crate) fn recovery_code(&self) -> Option<&str> {
        self.password.recovery.as_ref().map(|one| one.code.as_str())
    }

    /// The lock in effect at `now`. A lock that expires leaves no trace and no activity.
    pub(crate) fn lock_at(&self, now: Timestamp) -> Option<Lock> {
        self.lock
            .filter(|lock| lock.until.is_none_or(|until| until > now))
    }
}

impl Store {
    /// The status of a user's password.
    pub(crate) fn password_status(&self, user: &User, now: Timestamp) -> &'static str {
        user.password
            .status(&self.policy, user.identity_provider.is_some(), now)
    }

    /// Whether the seed selects this alternative to the default behaviour.
    pub(crate) fn uses(&self, alternative: Alternative) -> bool {
        self.alternatives.contains(&alternative)
    }

    /// The next sequence number.
    pub(crate) fn next_sequence(&mut self) -> u64 {
        self.last_sequence += 1;
        self.last_sequence
    }

    /// The environment's URL, without a trailing slash.
    pub(crate) fn environment_url(&self) -> String {
        format!("{}/v1/environments/{}", self.base_url, self.environment.id)
    }

    /// A user's URL, without a trailing slash.
    pub(crate) fn user_url(&self, id: &str) -> String {
        format!("{}/users/{id}", self.environment_url())
    }

    pub(crate) fn find_user(&self, id: &str) -> Result<&User, ApiError> {
        self.users
            .iter()
            .find(|user| user.id == id)
            .ok_or_else(ApiError::not_found)
    }

    pub(crate) fn find_user_mut(&mut self, id: &str) -> Result<&mut User, ApiError> {
        self.users
            .iter_mut()
            .find(|user| user.id == id)
            .ok_or_else(ApiError::not_found)
    }

    pub(crate) fn find_group(&self, id: &str) -> Result<&Group, ApiError> {
        self.groups
            .iter()
            .find(|group| group.id == id)
            .ok_or_else(ApiError::not_found)
    }

    pub(crate) fn find_group_mut(&mut self, id: &str) -> Result<&mut Group, ApiError> {
        self.groups
            .iter_mut()
            .find(|group| group.id == id)
            .ok_or_else(ApiError::not_found)
    }

    pub(crate) fn find_identity_provider(&self, id: &str) -> Result<&IdentityProvider, ApiError> {
        self.identity_providers
            .iter()
            .find(|provider| provider.id == id)
            .ok_or_else(ApiError::not_found)
    }

    pub(crate) fn find_population(&self, id: &str) -> Result<&Population, ApiError> {
        self.populations
            .iter()
            .find(|population| population.id == id)
            .ok_or_else(ApiError::not_found)
    }

    /// Moves a user to another population, which ends memberships in the old population's groups.
    pub(crate) fn move_user(
        &mut self,
        id: &str,
        population: &str,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let bound: Vec<String> = self
            .groups
            .iter()
            .filter(|group| {
                group
                    .population
                    .as_deref()
                    .is_some_and(|id| id != population)
            })
            .map(|group| group.id.clone())
            .collect();
        let user = self.find_user_mut(id)?;
        population.clone_into(&mut user.population);
        user.groups.retain(|group| !bound.contains(group));
        user.updated_at = now;
        Ok(())
    }

    /// A user as a resource or actor of an activity.
    pub(crate) fn subject(&self, user: &User) -> Subject {
        Subject {
            kind: "USER",
            id: user.id.clone(),
            name: user.username().to_owned(),
            population: Some(user.population.clone()),
            href: self.user_url(&user.id),
        }
    }

    /// A user's membership in a group as a resource of an activity. It names the user in its address
    /// alone.
    pub(crate) fn membership_subject(&self, user: &str, group: &Group) -> Subject {
        Subject {
            kind: "MEMBER_OF_GROUP",
            population: None,
            href: format!("{}/memberOfGroups/{}", self.user_url(user), group.id),
            ..self.group_subject(group)
        }
    }

    /// A user's device as a resource of an activity.
    pub(crate) fn device_subject(&self, user: &str, device: &Device) -> Subject {
        Subject {
            kind: "DEVICE",
            id: device.id.clone(),
            name: device.kind.clone(),
            population: None,
            href: format!("{}/devices/{}", self.user_url(user), device.id),
        }
    }

    /// An application as a resource of an activity.
    pub(crate) fn application_subject(&self, application: &Application) -> Subject {
        self.configuration_subject("APPLICATION", &application.id, &application.name)
    }

    /// A role, webhook or other part of the configuration as a resource of an activity.
    pub(crate) fn configuration_subject(
        &self,
        kind: &'static str,
        id: &str,
        name: &str,
    ) -> Subject {
        let collection = match kind {
            "APPLICATION" => "applications",
            "ROLE" => "roles",
            "RISK_EVALUATION" => "riskEvaluations",
            "IDENTITY_PROVIDER" => "identityProviders",
            _ => "subscriptions",
        };
        Subject {
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            population: None,
            href: format!("{}/{collection}/{id}", self.environment_url()),
        }
    }

    /// A group as a resource of an activity.
    pub(crate) fn group_subject(&self, group: &Group) -> Subject {
        Subject {
            kind: "GROUP",
            id: group.id.clone(),
            name: group.name.clone(),
            population: group.population.clone(),
            href: format!("{}/groups/{}", self.environment_url(), group.id),
        }
    }
}
