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

    /// All roles with their names; an assignment has the id alone.
    pub async fn roles(&self) -> Result<Vec<Value>, Error> {
        let listing = self.list(self.roles_url(), "roles").await?;
        listing.into_items(&self.mask())
    }

    /// Roles belong to no environment: `…/v1/roles`.
    fn roles_url(&self) -> reqwest::Url {
        let mut url = self.url(&[], "");
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop().pop().push("roles");
        }
        url
    }
}
