//! Administrator roles that users hold.
//! <https://developer.pingidentity.com/pingone-api/platform/users/user-role-assignments.html>

use serde_json::Value;

use super::{client::Client, error::Error, id::UserId};

impl Client<'_> {
    /// The role assignments of a user.
    pub async fn role_assignments(&self, user: UserId) -> Result<Vec<Value>, Error> {
        let listing = self
            .list(self.user_url(user, &["roleAssignments"]), "roleAssignments")
            .await?;
        listing.into_items(&self.mask())
    }

    /// The built-in roles with their names; an assignment has the id alone.
    pub async fn built_in_roles(&self) -> Result<Vec<Value>, Error> {
        self.roles_at(self.built_in_roles_url()).await
    }

    /// The roles of the environment: the only list that has the custom ones.
    /// <https://developer.pingidentity.com/pingone-api/platform/roles.html>
    pub async fn environment_roles(&self) -> Result<Vec<Value>, Error> {
        self.roles_at(self.url(&["roles"], "")).await
    }

    async fn roles_at(&self, url: reqwest::Url) -> Result<Vec<Value>, Error> {
        let listing = self.list(url, "roles").await?;
        listing.into_items(&self.mask())
    }

    /// Built-in roles belong to no environment: `…/v1/roles`.
    fn built_in_roles_url(&self) -> reqwest::Url {
        let mut url = self.url(&[], "");
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop().pop().push("roles");
        }
        url
    }
}
