//! Builds the store from a seed: resolves names and checks references.
//!
//! The only place that knows both seed types and store types.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use serde_json::Value;

use crate::model::attributes;
use crate::model::clock::{Clock, IdGenerator, after};
use crate::model::limits::RateLimiter;
use crate::model::password::{Password, StoredPassword};
use crate::model::seed::users::DeviceStatus;
use crate::model::seed::{self, Seed};
use crate::model::store::{
    Device, DevicePolicy, Group, IdentityProvider, LinkedAccount, Lock, Population,
    ProviderReference, Session, Store, User,
};
use crate::protocol::filter::Filter;

/// How long a seeded session lasts unless the seed says otherwise.
const DEFAULT_SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);

impl Store {
    /// Builds the store from `seed`; links start with `base_url`.
    pub(crate) fn build(seed: Seed, base_url: String) -> anyhow::Result<Self> {
        let start = seed.clock.map(|clock| clock.resolve(Timestamp::now()));
        let clock = Clock::new(start);
        let now = clock.now();
        let mut store = Self::empty(&seed, clock, base_url);
        store.add_custom_roles(seed.custom_roles)?;
        store.add_resources(seed.resources);
        store.add_applications(seed.applications, now)?;
        store.add_webhooks(seed.webhooks, now);
        store.add_device_policies(seed.device_authentication_policies);
        for population in seed.populations {
            store.add_population(population, now);
        }
        let defaults = store.populations.iter().filter(|one| one.default).count();
        ensure!(
            defaults == 1,
            "the seed must have exactly one default population"
        );
        store.add_groups(seed.groups, now)?;
        for provider in seed.identity_providers {
            let provider = store.identity_provider(provider, now);
            store.identity_providers.push(provider);
        }
        for user in seed.users {
            let name = user.profile.get("username").map(ToString::to_string);
            store
                .add_user(user, now)
                .with_context(|| format!("user {}", name.unwrap_or_default()))?;
        }
        store.add_risk_evaluations(seed.risk_evaluations, now)?;
        store.add_activities(seed.activities, now)?;
        Ok(store)
    }

    /// The settings of `seed` without its data.
    fn empty(seed: &Seed, clock: Clock, base_url: String) -> Self {
        let mut ids = IdGenerator::new(seed.ids);
        let policy = seed.password_policy.clone();
        let policy_id = policy.id.clone().unwrap_or_else(|| ids.uuid());
        Self {
            base_url,
            created_at: clock.now(),
            clock,
            ids,
            last_sequence: 0,
            environment: seed.environment.clone(),
            applications: Vec::new(),
            tokens: HashMap::new(),
            policy_id,
            policy,
            custom_attributes: seed.custom_attributes.clone(),
            custom_roles: Vec::new(),
            resources: Vec::new(),
            webhooks: Vec::new(),
            risk_evaluations: Vec::new(),
            risk_feedback: Vec::new(),
            services: seed.services.clone(),
            alternatives: seed.alternatives.clone(),
            limiter: RateLimiter::new(&seed.limits.rates),
            limits: seed.limits.clone(),
            populations: Vec::new(),
            groups: Vec::new(),
            users: Vec::new(),
            identity_providers: Vec::new(),
            device_policies: Vec::new(),
            device_authentications: Vec::new(),
            activities: Vec::new(),
        }
    }

    fn add_device_policies(&mut self, seeds: Vec<seed::DeviceAuthenticationPolicy>) {
        for seed in seeds {
            let policy = DevicePolicy {
                id: seed.id.unwrap_or_else(|| self.ids.uuid()),
                name: seed.name,
                prompts_for_device: seed.prompts_for_device,
                number_matching: seed.number_matching,
            };
            self.device_policies.push(policy);
        }
    }

    fn add_population(&mut self, seed: seed::Population, now: Timestamp) {
        let population = Population {
            sequence: self.next_sequence(),
            id: seed.id.unwrap_or_else(|| self.ids.uuid()),
            name: seed.name,
            description: seed.description,
            default: seed.default,
            created_at: now,
            updated_at: now,
        };
        self.populations.push(population);
    }

    fn add_groups(&mut self, seeds: Vec<seed::Group>, now: Timestamp) -> anyhow::Result<()> {
        let nesting: Vec<Vec<String>> = seeds.iter().map(|seed| seed.member_of.clone()).collect();
        for seed in seeds {
            let population = match &seed.population {
                Some(name) => Some(self.population_named(name)?),
                None => None,
            };
            let user_filter = match seed.user_filter {
                Some(text) => {
                    let filter = Filter::parse(&text, &attributes::users(&self.custom_attributes))
                        .map_err(|error| anyhow::anyhow!(error.message))
                        .with_context(|| format!("userFilter of group '{}'", seed.name))?;
                    Some((text, filter))
                }
                None => None,
            };
            let group = Group {
                sequence: self.next_sequence(),
                id: seed.id.unwrap_or_else(|| self.ids.uuid()),
                name: seed.name,
                description: seed.description,
                external_id: seed.external_id,
                custom_data: None,
                population,
                user_filter,
                member_of: Vec::new(),
                roles: self.role_assignments(&seed.roles)?,
                created_at: now,
                updated_at: now,
            };
            self.groups.push(group);
        }
        for (position, names) in nesting.into_iter().enumerate() {
            self.groups[position].member_of = self.groups_named(&names)?;
        }
        Ok(())
    }

    fn add_user(&mut self, seed: seed::User, now: Timestamp) -> anyhow::Result<()> {
        let Some(username) = seed.profile.get("username").and_then(Value::as_str) else {
            bail!("profile.username is missing");
        };
        ensure!(
            self.users.iter().all(|user| user.username() != username),
            "the username is used twice"
        );
        let population = match &seed.population {
            Some(name) => self.population_named(name)?,
            None => self.default_population(),
        };
        let created_at = seed.created_at.map_or(now, |at| at.resolve(now));
        let roles = self.role_assignments(&seed.roles)?;
        let linked_accounts: anyhow::Result<Vec<LinkedAccount>> = seed
            .linked_accounts
            .into_iter()
            .map(|account| self.linked_account(account))
            .collect();
        let user = User {
            sequence: self.next_sequence(),
            id: seed.id.unwrap_or_else(|| self.ids.uuid()),
            enabled: !seed.disabled,
            lock: seed.lock.map(|lock| Lock {
                at: lock.at.resolve(now),
                until: lock.until.map(|until| until.resolve(now)),
            }),
            password: seed.password.map_or_else(Password::default, |password| {
                self.password(password, created_at, now)
            }),
            identity_provider: seed
                .identity_provider
                .map(|name| self.provider_reference(name)),
            linked_accounts: linked_accounts?,
            mfa_enabled: seed.mfa_enabled,
            bypass_until: seed.bypass_until.map(|until| until.resolve(now)),
            last_sign_on: seed
                .last_sign_on
                .map(|sign_on| (sign_on.at.resolve(now), sign_on.remote_ip)),
            groups: self.groups_named(&seed.groups)?,
            sessions: seed
                .sessions
                .into_iter()
                .map(|session| self.session(session, now))
                .collect(),
            devices: seed
                .devices
                .into_iter()
                .map(|device| self.device(device, now))
                .collect(),
            push_response: seed.push_response,
            roles,
            updated_at: seed.updated_at.map_or(created_at, |at| at.resolve(now)),
            ..User::new(population, seed.profile, created_at)
        };
        self.users.push(user);
        Ok(())
    }

    fn provider_reference(&self, name: String) -> ProviderReference {
        let mut providers = self.identity_providers.iter();
        match providers.find(|one| one.id == name || one.name == name) {
            Some(provider) => ProviderReference {
                id: Some(provider.id.clone()),
                kind: provider.kind.clone(),
            },
            None => ProviderReference {
                id: None,
                kind: name,
            },
        }
    }

    fn linked_account(
        &mut self,
        seed: seed::users::LinkedAccount,
    ) -> anyhow::Result<LinkedAccount> {
        let name = &seed.identity_provider;
        let identity_provider = self
            .provider_reference(name.clone())
            .id
            .with_context(|| format!("no identity provider '{name}'"))?;
        Ok(LinkedAccount {
            id: seed.id.unwrap_or_else(|| self.ids.uuid()),
            identity_provider,
            external_id: seed.external_id,
        })
    }

    fn identity_provider(
        &mut self,
        seed: seed::IdentityProvider,
        now: Timestamp,
    ) -> IdentityProvider {
        let created_at = seed.created_at.map_or(now, |at| at.resolve(now));
        IdentityProvider {
            id: seed.id.unwrap_or_else(|| self.ids.uuid()),
            name: seed.name,
            kind: seed.kind,
            enabled: !seed.disabled,
            created_at,
            updated_at: seed.updated_at.map_or(created_at, |at| at.resolve(now)),
        }
    }

    fn password(
        &self,
        seed: seed::users::Password,
        created_at: Timestamp,
        now: Timestamp,
    ) -> Password {
        let locked_out_at = seed.locked_out_at.map(|at| at.resolve(now));
        Password {
            value: Some(StoredPassword::Plaintext(seed.value)),
            must_change: seed.must_change,
            changed_at: Some(seed.changed_at.map_or(created_at, |at| at.resolve(now))),
            failures: locked_out_at.map_or(0, |_| self.policy.lockout_failures),
            locked_out_at,
            ..Password::default()
        }
    }

    fn session(&mut self, seed: seed::users::Session, now: Timestamp) -> Session {
        let created_at = seed.created_at.resolve(now);
        Session {
            id: seed.id.unwrap_or_else(|| self.ids.uuid()),
            created_at,
            active_at: seed.active_at.map_or(created_at, |at| at.resolve(now)),
            expires_at: seed.expires_at.map_or_else(
                || after(created_at, DEFAULT_SESSION_LIFETIME),
                |at| at.resolve(now),
            ),
            remote_ip: seed.remote_ip,
            location: seed.location,
            details: seed.details,
        }
    }

    fn device(&mut self, seed: seed::users::Device, now: Timestamp) -> Device {
        let created_at = seed.created_at.resolve(now);
        Device {
            id: seed.id.unwrap_or_else(|| self.ids.uuid()),
            kind: seed.kind,
            created_at,
            updated_at: created_at,
            active: seed.status == DeviceStatus::Active,
            locked: seed.locked || seed.locked_until.is_some(),
            locked_until: seed.locked_until.map(|until| until.resolve(now)),
            push_disabled: seed.push_disabled,
            blocked_at: seed.blocked.then_some(created_at),
            details: seed.details,
        }
    }

    fn population_named(&self, name: &str) -> anyhow::Result<String> {
        self.populations
            .iter()
            .find(|one| one.id == name || one.name == name)
            .map(|one| one.id.clone())
            .with_context(|| format!("no population '{name}'"))
    }

    fn groups_named(&self, names: &[String]) -> anyhow::Result<Vec<String>> {
        names.iter().map(|name| self.group_named(name)).collect()
    }

    fn group_named(&self, name: &str) -> anyhow::Result<String> {
        self.groups
            .iter()
            .find(|one| one.id == name || one.name == name)
            .map(|one| one.id.clone())
            .with_context(|| format!("no group '{name}'"))
    }

    /// The id of the default population.
    pub(crate) fn default_population(&self) -> String {
        self.populations
            .iter()
            .find(|one| one.default)
            .map(|one| one.id.clone())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(change: impl FnOnce(&mut Seed)) -> anyhow::Result<Store> {
        let mut seed = Seed::built_in();
        change(&mut seed);
        Store::build(seed, "http://127.0.0.1:1".to_owned())
    }

    #[test]
    fn the_built_in_seed_builds() {
        let store = built(|_| {}).expect("valid");
        let emma = store
            .find_user("a8890eb9-38ea-469a-bc00-b64be7903633")
            .expect("found");
        assert_eq!(emma.username(), "emma.sharp");
        assert_eq!(emma.groups.len(), 2);
        assert_eq!(store.activities.len(), 17);
    }

    #[test]
    fn dangling_references_are_named() {
        let error = |change: fn(&mut Seed)| format!("{:#}", built(change).expect_err("invalid"));
        assert!(error(|seed| seed.users[0].groups.push("Nobody".to_owned())).contains("'Nobody'"));
        assert!(
            error(|seed| seed.users[0].population = Some("Moon".to_owned())).contains("'Moon'")
        );
        assert!(
            error(|seed| seed.applications[0].roles.push("King".to_owned())).contains("'King'")
        );
        assert!(
            error(|seed| seed.groups[0].user_filter = Some("x eq".to_owned()))
                .contains("userFilter")
        );
        assert!(error(|seed| seed.users.push(seed.users[0].clone())).contains("twice"));
        assert!(error(|seed| seed.populations[0].default = false).contains("default"));
    }
}
