//! Groups and their members.

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
    /// The groups with this name, compared again as usernames are.
    pub async fn find_groups(&self, name: &str) -> Result<Vec<Group>, Error> {
        let listing = self.reader().list(groups::named(name)).await?;
        let mask = self.mask();
        listing.decode_best_matches("name", name, |raw| Group::read(&raw, &mask))
    }

    /// The groups that the user is a direct member of, including those for which PingOne does not say: PingOne's
    /// answer, and its memberships.
    pub async fn direct_groups(&self, user: UserId) -> Result<(Value, Vec<Membership>), Error> {
        let reader = self.reader();
        let listing = match reader.list(groups::direct_of_user(user)).await {
            // Without the filter if PingOne rejects it; the list is filtered again below.
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

    /// A group; `None` if there is none with this id.
    pub async fn group(&self, group: GroupId) -> Result<Option<Group>, Error> {
        let read = groups::group(group);
        self.read_if_exists(read, |raw| Group::read(&raw, &self.mask()))
            .await
    }

    /// Whether the group exists.
    pub async fn group_exists(&self, group: GroupId) -> Result<bool, Error> {
        Ok(self.raw_group(group).await?.is_some())
    }

    /// Whether a filter decides the group's membership.
    pub async fn is_dynamic_group(&self, group: GroupId) -> Result<bool, Error> {
        let raw = self.raw_group(group).await?;
        Ok(raw.as_ref().is_some_and(groups::has_filter))
    }

    async fn raw_group(&self, group: GroupId) -> Result<Option<Value>, Error> {
        self.read_if_exists(groups::group(group), Ok).await
    }

    /// Groups that match a filter; without one, every group.
    pub async fn search_groups(
        &self,
        filter: Option<&str>,
        paging: &Paging,
    ) -> Result<Part, Error> {
        self.search(groups::groups(), filter, paging).await
    }

    /// Adds the user to a group. PingOne refuses a repeated add with `UNIQUENESS_VIOLATION`.
    pub async fn add_to_group(&self, user: UserId, group: GroupId) -> Result<Option<Value>, Error> {
        self.change(groups::add(user, group)).await
    }

    /// Removes the user from a group; 404 unless the user is a direct member.
    pub async fn remove_from_group(&self, user: UserId, group: GroupId) -> Result<(), Error> {
        self.write(groups::remove(user, group)).await.map(drop)
    }
}
