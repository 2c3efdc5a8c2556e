//! The client of one command: a connection, the command's time and memory, and what it may change. What can be asked
//! for stands beside, in a file for each noun.

use std::rc::Rc;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use super::{
    call::{List, Path, Read, Write},
    changes::ChangeLog,
    connection::Connection,
    error::{Error, none_on_404},
    exchange::{
        guard::{Guard, Permit},
        reader::Reader,
        sender::Sender,
        writer::Writer,
    },
    id::UserId,
    pages::{Paging, Part},
    policy::Policy,
    server_clock::Moment,
    settings::Limits,
    wire::Reply,
};
use crate::{answer::Answer, journal::Journal, memory::Budget, secrets::Mask};

mod devices;
mod groups;
mod passwords;
mod roles;
mod sessions;
mod users;

/// The client of one command. Its journal knows the secrets that its answers must not show.
pub struct Client<'a> {
    sender: Sender<'a>,
    guard: Guard,
    writer: Writer,
    now: Timestamp,
}

impl<'a> Client<'a> {
    /// A client for one command, whose time begins now. What it sends to change something is noted in `changes`.
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

    /// What the command may still use of memory.
    pub fn budget(&self) -> &Budget {
        self.sender.budget()
    }

    /// The secrets that are known so far.
    pub fn mask(&self) -> Rc<Mask> {
        self.sender.mask()
    }

    /// Masks a secret from now on: a token, or a password that was made here.
    pub fn hide(&self, secret: &SecretString) {
        self.sender.hide(secret);
    }

    /// From now on changes are noted, not sent; PingOne is taken to say that they were made.
    pub fn start_dry_run(&self) {
        self.writer.start_dry_run();
    }

    /// Whether changes are only noted.
    pub fn is_dry_run(&self) -> bool {
        self.writer.is_dry_run()
    }

    /// The changes of a user that were noted since the last call, each once. Several users may be planned for
    /// at the same time.
    pub fn take_plan(&self, user: UserId) -> Vec<String> {
        self.writer.take_plan(user)
    }

    /// The date and time at which the command began; the same throughout, so that its parts agree.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// This moment.
    pub fn moment(&self) -> Moment {
        Moment(self.sender.elapsed())
    }

    /// Whether what PingOne dates `time` came after `moment`, by PingOne's clock. `None` where that cannot be told,
    /// since no answer had a `Date`.
    pub fn came_after(&self, moment: Moment, time: Timestamp) -> Option<bool> {
        self.sender.server_clock().came_after(moment, time)
    }

    /// What PingOne's clock shows now; this machine's time where no answer had a `Date`.
    pub fn now_at_pingone(&self) -> Timestamp {
        let shown = self.sender.server_clock().at(self.moment());
        shown.unwrap_or_else(|| self.now())
    }

    /// Reads the environment itself: every role may.
    pub async fn read_environment(&self) -> Result<(), Error> {
        let environment = Read::at(Path::of(&[]));
        self.reader().read(environment).await?.decode(|_| Ok(()))
    }

    /// The protected groups that the user is in now, by name and id. Nobody can be refused beforehand what only the
    /// filter of a dynamic group decides, so this is asked after a change to what such a filter may look at.
    /// <https://developer.pingidentity.com/pingone-api/platform/groups.html>
    pub async fn protected_groups_of(&self, user: UserId) -> Result<Vec<String>, Error> {
        self.guard.protected_groups_of(self.reader(), user).await
    }

    /// What must not be changed.
    pub(super) fn policy(&self) -> &Policy {
        self.guard.policy()
    }

    /// Reads from PingOne.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader::new(&self.sender)
    }

    /// Reads something, with every secret masked.
    pub async fn read(&self, read: Read) -> Result<Value, Error> {
        let answer = self.reader().read(read).await?;
        answer.decode(|raw| Ok(self.mask().value(raw)))
    }

    /// Reads something and makes something of it; `None` if PingOne has no such thing.
    async fn read_if_exists<T>(
        &self,
        read: Read,
        decode: impl FnOnce(Value) -> Result<T, String>,
    ) -> Result<Option<T>, Error> {
        let answer = none_on_404(self.reader().read(read).await)?;
        answer.map(|answer| answer.decode(decode)).transpose()
    }

    /// Reads a list to its end, with every secret masked.
    pub async fn list(&self, list: List) -> Result<Vec<Value>, Error> {
        let listing = self.reader().list(list).await?;
        listing.into_items(&self.mask())
    }

    /// Reads as much of a list as `paging` wants; without a filter, of everything.
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

    /// Changes something, if that is permitted.
    async fn write(&self, write: Write) -> Result<Answer, Error> {
        let permit = self.authorize(write).await?;
        self.writer.send(&self.sender, permit).await
    }

    async fn authorize(&self, write: Write) -> Result<Permit, Error> {
        // Boxed: finding out may take calls of its own, for which not every change must make room.
        Box::pin(self.guard.authorize(self.reader(), write)).await
    }

    /// The same, and PingOne's answer may be a refusal.
    pub(super) async fn write_for_any_reply(&self, write: Write) -> Result<Reply, Error> {
        let permit = self.authorize(write).await?;
        self.writer.send_for_any_reply(&self.sender, permit).await
    }

    /// Changes something. What PingOne says, if anything, with every secret masked.
    async fn change(&self, write: Write) -> Result<Option<Value>, Error> {
        let raw = self.write(write).await?.into_body();
        Ok(raw.map(|raw| self.mask().value(raw)))
    }
}
