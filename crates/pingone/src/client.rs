//! The client that serves one command: a connection, the command's time and memory limits, and what it may change. The
//! calls themselves stand beside this file, one file per noun.

use std::{rc::Rc, str::FromStr, time::Duration};

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use super::{
    call::{List, Path, Read, Write},
    changes::ChangeLog,
    connection::Connection,
    error::{Error, none_on_404},
    exchange::{
        delivery::Delivery,
        guard::{Guard, Permit},
        reader::Reader,
        sender::Sender,
        writer::Writer,
    },
    external_ids::ExternalIds,
    id::{Principal, UserId},
    pages::{Paging, Part},
    policy::Policy,
    server_clock::Moment,
    settings::Limits,
    wire::Reply,
};
use crate::{
    answer::Answer,
    journal::{Journal, Level},
    memory::Budget,
    secrets::Mask,
};

mod applications;
mod device_authentications;
mod devices;
mod groups;
mod passwords;
mod risk;
mod roles;
mod sessions;
mod users;
mod webhooks;

/// The client that serves one command. Its journal knows the secrets to mask in PingOne's answers.
pub struct Client<'a> {
    sender: Sender<'a>,
    guard: Guard,
    writer: Writer,
    now: Timestamp,
}

impl<'a> Client<'a> {
    /// A client for one command, whose time starts now. Every change that it sends is logged in `changes`.
    pub fn new(
        connection: &'a Connection,
        limits: Limits,
        policy: Policy,
        journal: &'a Journal,
        changes: Rc<ChangeLog>,
    ) -> Self {
        Self {
            sender: Sender::new(connection, limits, journal),
            guard: Guard::new(policy),
            writer: Writer::new(changes),
            now: connection.begin(),
        }
    }

    /// Sends the caller's own ids with each API call, for PingOne's audit trail.
    #[must_use]
    pub fn with_external_ids(mut self, ids: ExternalIds) -> Self {
        self.sender.set_external_ids(ids);
        self
    }

    /// The memory that the command may still use.
    pub fn budget(&self) -> &Budget {
        self.sender.budget()
    }

    /// The secrets known so far.
    pub fn mask(&self) -> Rc<Mask> {
        self.sender.mask()
    }

    /// Masks a secret from now on: a token, or a generated password.
    pub fn hide(&self, secret: &SecretString) {
        self.sender.hide(secret);
    }

    /// Writes a line to the command's log.
    pub fn log(&self, level: Level, text: String) {
        self.sender.log(level, text);
    }

    /// Says how far the command has got, for a user who is waiting.
    pub fn set_progress(&self, text: String) {
        self.sender.set_progress(text);
    }

    /// Logs an error that does not end the command, and that nobody would see in its answer.
    pub fn log_error(&self, text: String) {
        self.sender.log_error(text);
    }

    /// From now on changes are recorded instead of sent, and assumed to have succeeded.
    pub fn start_dry_run(&self) {
        self.writer.start_dry_run();
    }

    /// Whether changes are recorded instead of sent.
    pub fn is_dry_run(&self) -> bool {
        self.writer.is_dry_run()
    }

    /// Takes the recorded changes that affect a user, group or application, without duplicates. Several may be planned
    /// for concurrently.
    pub fn take_plan(&self, principal: impl Into<Principal>) -> Vec<String> {
        self.writer.take_plan(principal.into())
    }

    /// When the command began. It stays the same throughout, so that all parts of a command agree.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The current moment, to be compared with times that PingOne reports.
    pub fn moment(&self) -> Moment {
        Moment(self.sender.elapsed())
    }

    /// Whether something that PingOne dates `time` happened after `moment`, by PingOne's clock. `None` if no answer
    /// had a `Date` header to tell PingOne's time by.
    pub fn came_after(&self, moment: Moment, time: Timestamp) -> Option<bool> {
        self.sender.server_clock().came_after(moment, time)
    }

    /// The current time by PingOne's clock, or this machine's time if no answer had a `Date` header.
    pub fn now_at_pingone(&self) -> Timestamp {
        let shown = self.sender.server_clock().at(self.moment());
        shown.unwrap_or_else(|| self.now())
    }

    /// Waits for `duration`; false, without waiting, if less than `reserve` of the command's time would be left.
    pub async fn pause(&self, duration: Duration, reserve: Duration) -> bool {
        self.sender.pause(duration, reserve).await
    }

    /// Reads the environment itself, which every role may do.
    pub async fn read_environment(&self) -> Result<(), Error> {
        let environment = Read::at(Path::of(&[]));
        self.reader().read(environment).await?.decode(|_| Ok(()))
    }

    /// The protected groups that the user is in now, by name and id. The filter of a dynamic group decides membership
    /// only after the change, so nothing can be refused in advance: ask this after changing any attribute that such a
    /// filter may use. <https://developer.pingidentity.com/pingone-api/platform/groups.html>
    pub async fn protected_groups_of(&self, user: UserId) -> Result<Vec<String>, Error> {
        self.guard.protected_groups_of(self.reader(), user).await
    }

    /// What must not be changed.
    pub(super) fn policy(&self) -> &Policy {
        self.guard.policy()
    }

    /// The way to the collector; `None` if the settings name none.
    pub fn delivery(&self) -> Option<Delivery<'_>> {
        Delivery::new(&self.sender)
    }

    /// Reads from PingOne.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader::new(&self.sender)
    }

    /// Reads a resource, with every secret masked.
    pub async fn read(&self, read: Read) -> Result<Value, Error> {
        let answer = self.reader().read(read).await?;
        answer.decode(|raw| Ok(self.mask().value(raw)))
    }

    /// Reads and decodes a resource; `None` if PingOne has no such resource.
    async fn read_if_exists<T>(
        &self,
        read: Read,
        decode: impl FnOnce(Value) -> Result<T, String>,
    ) -> Result<Option<T>, Error> {
        let answer = none_on_404(self.reader().read(read).await)?;
        answer.map(|answer| answer.decode(decode)).transpose()
    }

    /// Reads a whole list, with every secret masked.
    pub async fn list(&self, list: List) -> Result<Vec<Value>, Error> {
        let listing = self.reader().list(list).await?;
        listing.into_items(&self.mask())
    }

    /// Reads a whole list, each item with its id if it has one. The id is read before masking, which may garble it if a
    /// secret happens to be part of it.
    async fn list_with_ids<Id: FromStr>(
        &self,
        list: List,
    ) -> Result<Vec<(Option<Id>, Value)>, Error> {
        let listing = self.reader().list(list).await?;
        let mask = self.mask();
        let items = listing.into_raw_items()?.into_iter();
        let with_id = items.map(|item| {
            let id = item.get("id").and_then(Value::as_str);
            (id.and_then(|id| id.parse().ok()), mask.value(item))
        });
        Ok(with_id.collect())
    }

    /// Reads as much of a list as `paging` asks for. Without a filter, nothing is left out.
    pub async fn search(
        &self,
        list: List,
        filter: Option<&str>,
        paging: &Paging,
    ) -> Result<Part, Error> {
        let (part, reservation) = self.reader().list_part(list, filter, paging).await?;
        reservation.keep_until_end();
        Ok(part)
    }

    /// Sends a change if the policy permits it.
    async fn write(&self, write: Write) -> Result<Answer, Error> {
        let permit = self.authorize(write).await?;
        self.writer.send(&self.sender, permit).await
    }

    async fn authorize(&self, write: Write) -> Result<Permit, Error> {
        // Boxed, so that the futures of changes do not carry the room for the guard's own calls.
        Box::pin(self.guard.authorize(self.reader(), write)).await
    }

    /// Like `write`, but a refusal is an ordinary reply.
    pub(super) async fn write_for_any_reply(&self, write: Write) -> Result<Reply, Error> {
        let permit = self.authorize(write).await?;
        self.writer.send_for_any_reply(&self.sender, permit).await
    }

    /// Sends a change. Returns PingOne's answer, if it has one, with every secret masked.
    async fn change(&self, write: Write) -> Result<Option<Value>, Error> {
        let raw = self.write(write).await?.into_body();
        Ok(raw.map(|raw| self.mask().value(raw)))
    }
}
