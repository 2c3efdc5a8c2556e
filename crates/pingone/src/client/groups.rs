//! Groups and who is in them.

use std::rc::Rc;

use serde_json::Value;

use super::Client;
use crate::{
    endpoints::groups::{self, Group, INDIRECT, Membership},
    error::Error,
    id::{GroupId, UserId},
    pages::{Paging, Part},
};

impl Client<'_> {
    /// The groups of this name, compared again as usernames are.
    pub async fn find_groups(&self, name: &str) -> Result<Vec<Group>, Error> {
        let listing = self.reader().list(groups::named(name)).await?;
        let mask = self.mask();
        listing.decode_best_matches("name", name, |raw| Group::read(&raw, &mask))
    }

    /// The groups that the user itself was put into, and those of which PingOne does not say how the user came into
    /// them: PingOne's answer, and what it says.
    pub async fn direct_groups(&self, user: UserId) -> Result<(Value, Vec<Membership>), Error> {
        let reader = self.reader();
        let listing = match reader.list(groups::direct_of_user(user)).await {
            // The list is filtered again, and read without the filter where PingOne refuses it.
            Err(error) if error.refuses_filter() => reader.list(groups::of_user(user)).await?,
            listing => listing?,
        };
        let (listing, reservation) = listing.split_reservation();
        let mask = self.mask();
        let memberships = listing.decode(|raw| Membership::read(raw, &reservation))?;
        let direct = memberships
            .into_iter()
            .filter(|membership| membership.kind.as_deref() != Some(INDIRECT))
            .map(|membership| membership.masked(&mask));
        let direct = direct.collect();
        Ok((mask.value(listing.into_document()), direct))
    }

    /// The user's membership in a group; `None` if there is none.
    pub async fn read_membership(
        &self,
        user: UserId,
        group: GroupId,
    ) -> Result<Option<Membership>, Error> {
        let read = groups::membership(user, group);
        self.read_if_exists(read, |raw| {
            let membership = Membership::read(&raw, &Rc::default())?;
            Ok(membership.masked(&self.mask()))
        })
        .await
    }

    /// Whether there is such a group.
    pub async fn group_exists(&self, group: GroupId) -> Result<bool, Error> {
        Ok(self.raw_group(group).await?.is_some())
    }

    /// Whether a filter decides who is in the group.
    pub async fn is_dynamic_group(&self, group: GroupId) -> Result<bool, Error> {
        let raw = self.raw_group(group).await?;
        Ok(raw.as_ref().is_some_and(groups::has_filter))
    }

    async fn raw_group(&self, group: GroupId) -> Result<Option<Value>, Error> {
        self.read_if_exists(groups::group(group), Ok).await
    }

    /// Groups that a filter finds; none is every group.
    pub async fn search_groups(
        &self,
        filter: Option<&str>,
        paging: &Paging,
    ) -> Result<Part, Error> {
        self.search(groups::groups(), filter, paging).await
    }

    /// Puts the user into a group. Doing it again is refused with `UNIQUENESS_VIOLATION`.
    pub async fn add_to_group(&self, user: UserId, group: GroupId) -> Result<Option<Value>, Error> {
        self.change(groups::add(user, group)).await
    }

    /// Takes the user out of a group; 404 if it is not in it by itself.
    pub async fn remove_from_group(&self, user: UserId, group: GroupId) -> Result<(), Error> {
        self.write(groups::remove(user, group)).await.map(drop)
    }
}
