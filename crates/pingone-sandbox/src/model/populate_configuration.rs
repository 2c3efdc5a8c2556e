//! Builds the rest of the store from a seed: applications, roles, webhooks, risk evaluations and the
//! audit trail.

use anyhow::Context as _;
use jiff::Timestamp;

use crate::model::activity::{Activity, Actor, CONSOLE, Subject, humanize};
use crate::model::application::{Application, Grant, Resource, Scope};
use crate::model::permission::ROLES;
use crate::model::risk::RiskEvaluation;
use crate::model::roles::{CustomRole, RoleAssignment};
use crate::model::seed;
use crate::model::store::Store;
use crate::model::webhook::Webhook;

impl Store {
    pub(crate) fn add_custom_roles(&mut self, seeds: Vec<seed::CustomRole>) -> anyhow::Result<()> {
        for seed in seeds {
            let assigners: anyhow::Result<Vec<String>> = seed
                .can_be_assigned_by
                .iter()
                .map(|name| self.role_named(name))
                .collect();
            self.custom_roles.push(CustomRole {
                id: seed.id,
                can_be_assigned_by: assigners.with_context(|| format!("role '{}'", seed.name))?,
                name: seed.name,
                description: seed.description,
                applicable_to: vec!["ENVIRONMENT".to_owned()],
                permissions: seed.permissions,
            });
        }
        Ok(())
    }

    pub(crate) fn add_resources(&mut self, seeds: Vec<seed::Resource>) {
        for seed in seeds {
            let resource = Resource {
                id: seed.id.unwrap_or_else(|| self.ids.uuid()),
                name: seed.name,
                kind: seed.kind,
                scopes: seed
                    .scopes
                    .into_iter()
                    .map(|name| Scope {
                        id: self.ids.uuid(),
                        name,
                    })
                    .collect(),
            };
            self.resources.push(resource);
        }
    }

    pub(crate) fn add_applications(
        &mut self,
        seeds: Vec<seed::Application>,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        for seed in seeds {
            let name = seed.name.clone();
            let application = self
                .application(seed, now)
                .with_context(|| format!("application '{name}'"))?;
            self.applications.push(application);
        }
        Ok(())
    }

    fn application(
        &mut self,
        seed: seed::Application,
        now: Timestamp,
    ) -> anyhow::Result<Application> {
        let created_at = seed.created_at.map_or(now, |at| at.resolve(now));
        let grants: anyhow::Result<Vec<Grant>> =
            seed.grants.iter().map(|grant| self.grant(grant)).collect();
        Ok(Application {
            sequence: self.next_sequence(),
            id: seed.id,
            name: seed.name,
            enabled: !seed.disabled,
            kind: seed.kind,
            environment: seed.environment,
            token_auth_method: seed.token_auth_method,
            token_seconds: seed.token_seconds,
            secret: seed.secret,
            secret_used_at: None,
            previous_secret: None,
            denied: seed.denied,
            roles: self.role_assignments(&seed.roles)?,
            retained_roles: Vec::new(),
            grants: grants?,
            details: seed.details,
            created_at,
            updated_at: seed.updated_at.map_or(created_at, |at| at.resolve(now)),
        })
    }

    fn grant(&mut self, seed: &seed::Grant) -> anyhow::Result<Grant> {
        let name = &seed.resource;
        let resource = self
            .resources
            .iter()
            .find(|one| one.id == *name || one.name == *name)
            .with_context(|| format!("no resource '{name}'"))?;
        let scopes: anyhow::Result<Vec<String>> = seed
            .scopes
            .iter()
            .map(|name| {
                let mut scopes = resource.scopes.iter();
                let scope = scopes.find(|scope| scope.name == *name);
                let scope = scope.with_context(|| format!("no scope '{name}'"))?;
                Ok(scope.id.clone())
            })
            .collect();
        Ok(Grant {
            resource: resource.id.clone(),
            scopes: scopes?,
            id: self.ids.uuid(),
        })
    }

    /// Assignments of the roles with these names, over the environment.
    pub(crate) fn role_assignments(
        &mut self,
        names: &[String],
    ) -> anyhow::Result<Vec<RoleAssignment>> {
        names
            .iter()
            .map(|name| {
                Ok(RoleAssignment {
                    id: self.ids.uuid(),
                    role: self.role_named(name)?,
                    scope: self.environment.id.clone(),
                    scope_type: "ENVIRONMENT".to_owned(),
                })
            })
            .collect()
    }

    fn role_named(&self, name: &str) -> anyhow::Result<String> {
        let mut custom = self.custom_roles.iter();
        if let Some(role) = custom.find(|role| role.name == name) {
            return Ok(role.id.clone());
        }
        let mut built_in = ROLES.iter();
        built_in
            .find(|(known, _)| *known == name)
            .map(|(_, id)| (*id).to_owned())
            .with_context(|| format!("unknown role '{name}'"))
    }

    pub(crate) fn add_webhooks(&mut self, seeds: Vec<seed::Webhook>, now: Timestamp) {
        for seed in seeds {
            let created_at = seed.created_at.map_or(now, |at| at.resolve(now));
            let webhook = Webhook {
                id: seed.id.unwrap_or_else(|| self.ids.uuid()),
                details: seed.details,
                created_at,
                updated_at: seed.updated_at.map_or(created_at, |at| at.resolve(now)),
            };
            self.webhooks.push(webhook);
        }
    }

    pub(crate) fn add_risk_evaluations(
        &mut self,
        seeds: Vec<seed::RiskEvaluation>,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        for seed in seeds {
            let user = self
                .user_named(&seed.user)
                .with_context(|| format!("risk evaluation of '{}'", seed.user))?
                .id;
            let evaluation = RiskEvaluation {
                id: seed.id.unwrap_or_else(|| self.ids.uuid()),
                user,
                remote_ip: seed.remote_ip,
                level: seed.level,
                details: seed.details,
                created_at: seed.created_at.resolve(now),
            };
            self.risk_evaluations.push(evaluation);
        }
        Ok(())
    }

    pub(crate) fn add_activities(
        &mut self,
        seeds: Vec<seed::Activity>,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let mut activities = Vec::new();
        for seed in seeds {
            let action = seed.action.clone();
            let activity = self
                .activity(seed, now)
                .with_context(|| format!("activity {action}"))?;
            activities.push(activity);
        }
        activities.sort_by_key(|activity| activity.at);
        for mut activity in activities {
            activity.sequence = self.next_sequence();
            activity.id = self.ids.uuid();
            activity.correlation_id = self.ids.uuid();
            self.activities.push(activity);
        }
        Ok(())
    }

    /// A seeded activity. Its sequence number and ids are set later.
    fn activity(&self, seed: seed::Activity, start: Timestamp) -> anyhow::Result<Activity> {
        let user = match &seed.user {
            Some(name) => Some(self.user_named(name)?),
            None => None,
        };
        let mut resource = match &seed.resource {
            Some(name) => Some(self.subject_named(name)?),
            None => user.clone(),
        };
        if let (Some(subject), Some(description)) = (&mut resource, &seed.description)
            && seed.action == "ROLE_ASSIGNMENT.CREATED"
            && let Some(assignment) = self.assignment_in(&subject.id, description)
        {
            subject.href = format!("{}/roleAssignments/{assignment}", subject.href);
        }
        let resources = match (resource, &seed.group, &seed.device) {
            (Some(user), Some(group), _) => vec![self.membership_named(&user.id, group)?],
            (Some(user), None, Some(device)) => vec![self.device_with_id(&user.id, device)?, user],
            (resource, ..) => resource.into_iter().collect(),
        };
        let client = match seed.client.as_deref() {
            None => None,
            Some(CONSOLE) => Some(Actor {
                id: CONSOLE.to_owned(),
                name: CONSOLE.to_owned(),
            }),
            Some(name) => Some(self.client_named(name)?),
        };
        let humanized = || humanize(&seed.action);
        Ok(Activity {
            sequence: 0,
            id: String::new(),
            correlation_id: String::new(),
            at: seed.at.resolve(start),
            client,
            user,
            resources,
            failed: seed.failed,
            description: seed.description.unwrap_or_else(humanized),
            action: seed.action,
            remote_ip: seed.remote_ip,
            user_agent: seed.user_agent,
            details: seed.details,
        })
    }

    fn client_named(&self, name: &str) -> anyhow::Result<Actor> {
        let mut applications = self.applications.iter();
        let application = applications.find(|one| one.id == name || one.name == name);
        let application = application.with_context(|| format!("no application '{name}'"))?;
        Ok(Actor {
            id: application.id.clone(),
            name: application.name.clone(),
        })
    }

    fn membership_named(&self, user: &str, name: &str) -> anyhow::Result<Subject> {
        let mut groups = self.groups.iter();
        let group = groups.find(|one| one.id == name || one.name == name);
        let group = group.with_context(|| format!("no group '{name}'"))?;
        Ok(self.membership_subject(user, group))
    }

    fn device_with_id(&self, user: &str, id: &str) -> anyhow::Result<Subject> {
        let owner = self.users.iter().find(|one| one.id == user);
        let mut devices = owner.into_iter().flat_map(|owner| &owner.devices);
        let device = devices.find(|device| device.id == id);
        let device = device.with_context(|| format!("no device '{id}'"))?;
        Ok(self.device_subject(user, device))
    }

    /// The holder's assignment of the role that a description names in quotes.
    fn assignment_in(&self, holder: &str, description: &str) -> Option<&str> {
        let users = self.users.iter().map(|one| (&one.id, &one.roles));
        let groups = self.groups.iter().map(|one| (&one.id, &one.roles));
        let applications = self.applications.iter().map(|one| (&one.id, &one.roles));
        let (_, roles) = users
            .chain(groups)
            .chain(applications)
            .find(|(id, _)| *id == holder)?;
        let name_of = |id: &str| ROLES.iter().find(|(_, known)| *known == id);
        let is_named = |role: &&RoleAssignment| {
            name_of(&role.role).is_some_and(|(name, _)| description.contains(&format!("'{name}'")))
        };
        roles.iter().find(is_named).map(|role| role.id.as_str())
    }

    fn user_named(&self, name: &str) -> anyhow::Result<Subject> {
        self.users
            .iter()
            .find(|user| user.id == name || user.username() == name)
            .map(|user| self.subject(user))
            .with_context(|| format!("no user '{name}'"))
    }

    /// The user, group or part of the configuration with this name or id.
    fn subject_named(&self, name: &str) -> anyhow::Result<Subject> {
        if let Ok(user) = self.user_named(name) {
            return Ok(user);
        }
        let group = self.groups.iter();
        let group = group.map(|one| self.group_subject(one));
        let application = self.applications.iter();
        let application = application.map(|one| self.application_subject(one));
        let webhook = self.webhooks.iter().map(|one| {
            let name = one.details.get("name").and_then(|name| name.as_str());
            self.configuration_subject("SUBSCRIPTION", &one.id, name.unwrap_or_default())
        });
        let provider = self.identity_providers.iter();
        let provider =
            provider.map(|one| self.configuration_subject("IDENTITY_PROVIDER", &one.id, &one.name));
        let evaluation = self.risk_evaluations.iter();
        let evaluation =
            evaluation.map(|one| self.configuration_subject("RISK_EVALUATION", &one.id, ""));
        group
            .chain(application)
            .chain(webhook)
            .chain(provider)
            .chain(evaluation)
            .find(|subject| subject.id == name || subject.name == name)
            .with_context(|| format!("nothing is called '{name}'"))
    }
}
