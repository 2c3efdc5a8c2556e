//! Resolves the group or application of a request about roles.

use anyhow::Result;

use super::{
    applications::{ApplicationRef, find_application},
    find::{GroupRef, find_group},
};
use pingone::{Client, id::Principal};

/// A reference to a group or an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HolderRef {
    /// A group.
    Group(GroupRef),
    /// An application.
    Application(ApplicationRef),
}

impl HolderRef {
    /// The group or application as the request gave it.
    pub fn label(&self) -> String {
        match self {
            Self::Group(group) => group.label(),
            Self::Application(application) => application.label(),
        }
    }
}

/// Resolves a group or an application. An id is accepted without a look-up.
pub async fn find_holder(pingone: &Client<'_>, holder: &HolderRef) -> Result<Principal> {
    Ok(match holder {
        HolderRef::Group(group) => Principal::Group(find_group(pingone, group).await?),
        HolderRef::Application(ApplicationRef::Id(id)) => Principal::Application(*id),
        HolderRef::Application(application) => {
            Principal::Application(find_application(pingone, application).await?.id)
        }
    })
}
