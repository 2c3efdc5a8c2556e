//! The names behind role assignments, which hold ids alone. PingOne lists built-in roles and an environment's custom
//! roles separately.

use std::collections::HashMap;

use futures_util::future::join_all;
use serde_json::Value;

use pingone::{
    Client,
    id::{GroupId, PopulationId},
    roles::RoleAssignment,
};

/// How many groups and populations are read for their names: enough for any person's roles.
const MAX_PLACES: usize = 20;

/// The names that are known.
#[derive(Default)]
pub struct RoleNames {
    roles: Vec<Value>,
    /// Groups that roles come through, and populations that they are assigned for, by id.
    places: HashMap<String, String>,
    /// The lists of roles that could not be read, and why.
    pub unread: Vec<(&'static str, anyhow::Error)>,
}

/// Reads both lists of roles. A list that cannot be read is no error: role ids then stand without names.
pub async fn role_names(pingone: &Client<'_>) -> RoleNames {
    let (built_in, custom) = tokio::join!(pingone.built_in_roles(), pingone.environment_roles());
    let (mut roles, mut unread) = (Vec::new(), Vec::new());
    for (list, result) in [
        ("PingOne's built-in roles", built_in),
        ("the environment's own roles", custom),
    ] {
        match result {
            Ok(found) => roles.extend(found),
            Err(error) => unread.push((list, error.into())),
        }
    }
    RoleNames {
        roles,
        places: HashMap::new(),
        unread,
    }
}

impl RoleNames {
    /// The name of the assigned role.
    pub fn of(&self, assignment: &RoleAssignment) -> Option<&Value> {
        let role = assignment.raw.pointer("/role/id").unwrap_or(&Value::Null);
        let known = self
            .roles
            .iter()
            .find(|known| known.get("id") == Some(role));
        known?.get("name").filter(|name| !name.is_null())
    }

    /// The name of the group that the role comes through.
    pub fn of_group(&self, assignment: &RoleAssignment) -> Option<&str> {
        self.place(&assignment.through?.to_string())
    }

    /// The name of what the role is assigned for, if that is a population.
    pub fn of_scope(&self, assignment: &RoleAssignment) -> Option<&str> {
        self.place(&assignment.grant.as_ref()?.scope.to_string())
    }

    fn place(&self, id: &str) -> Option<&str> {
        self.places.get(id).map(String::as_str)
    }

    /// Adds the name of a group or population that was read already.
    pub fn add_place(&mut self, id: String, name: &str) {
        if !name.is_empty() {
            self.places.insert(id, name.to_owned());
        }
    }

    /// Reads the names of the groups and populations in `assignments`. Where that fails, their ids stand without names.
    pub async fn read_places(
        &mut self,
        pingone: &Client<'_>,
        assignments: impl Iterator<Item = &RoleAssignment>,
    ) {
        let mut wanted = Vec::new();
        for place in assignments.flat_map(Place::of).flatten() {
            let is_known = self.places.contains_key(&place.id()) || wanted.contains(&place);
            if !is_known && wanted.len() < MAX_PLACES {
                wanted.push(place);
            }
        }
        let names = wanted.into_iter().map(|place| async move {
            let name = place.name(pingone).await?;
            Some((place.id(), name))
        });
        for (id, name) in join_all(names).await.into_iter().flatten() {
            self.add_place(id, &name);
        }
    }
}

/// A group that a role comes through, or a population that it is assigned for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Group(GroupId),
    Population(PopulationId),
}

impl Place {
    fn of(assignment: &RoleAssignment) -> [Option<Self>; 2] {
        let population = assignment.grant.as_ref().and_then(|grant| {
            let is_population = grant.scope_type == "POPULATION";
            is_population.then(|| grant.scope.to_string().parse().ok())?
        });
        [
            assignment.through.map(Self::Group),
            population.map(Self::Population),
        ]
    }

    fn id(self) -> String {
        match self {
            Self::Group(id) => id.to_string(),
            Self::Population(id) => id.to_string(),
        }
    }

    async fn name(self, pingone: &Client<'_>) -> Option<String> {
        match self {
            Self::Group(id) => Some(pingone.group(id).await.ok()??.name),
            Self::Population(id) => {
                let population = pingone.read_population(id).await.ok()?;
                population.get("name")?.as_str().map(str::to_owned)
            }
        }
    }
}
