//! Reads from PingOne. A reader cannot change anything.

use std::rc::Rc;

use reqwest::{Method, Url};

use super::sender::{Outgoing, Sender};
use crate::{
    answer::{Answer, CallLabel},
    call::Read,
    error::Error,
    memory::Budget,
    retry::Repeat,
    secrets::Mask,
    wire::{Authorization, HttpRequest, Reply},
};

/// Makes the reads of one command.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    sender: &'a Sender<'a>,
}

impl<'a> Reader<'a> {
    /// Reads through `sender`.
    pub(crate) fn new(sender: &'a Sender<'a>) -> Self {
        Self { sender }
    }

    /// Reads a resource, which must be one JSON object: PingOne returns nothing else.
    pub(crate) async fn read(self, read: Read) -> Result<Answer, Error> {
        let (label, reply) = self.reply_at(self.url(&read), None).await?;
        label.read(reply, self.budget())
    }

    /// The reply at an address that may come from PingOne, such as that of a further page. `label` names such a call
    /// in messages.
    pub(crate) async fn reply_at(
        self,
        url: Url,
        label: Option<String>,
    ) -> Result<(CallLabel, Reply), Error> {
        let request = get(url, label);
        let label = CallLabel::of(&request);
        let reply = self.sender.call(outgoing(request)).await?;
        Ok((label, reply))
    }

    /// PingOne's reply, whatever its status.
    pub(crate) async fn any_reply(self, read: Read) -> Result<Reply, Error> {
        let request = get(self.url(&read), None);
        let (reply, _) = self.sender.exchange(outgoing(request)).await?;
        Ok(reply)
    }

    /// The address of a resource.
    pub(crate) fn url(self, read: &Read) -> Url {
        read.url(&self.sender.connection().settings)
    }

    /// The client id of the worker application that makes the calls.
    pub(crate) fn client_id(self) -> &'a str {
        &self.sender.connection().settings.client_id
    }

    /// The memory that the command may still use.
    pub(crate) fn budget(self) -> &'a Budget {
        self.sender.budget()
    }

    /// Says how far the command has got.
    pub(crate) fn set_progress(self, text: String) {
        self.sender.set_progress(text);
    }

    /// The secrets known so far.
    pub(crate) fn mask(self) -> Rc<Mask> {
        self.sender.mask()
    }
}

fn get(url: Url, label: Option<String>) -> HttpRequest {
    HttpRequest {
        method: Method::GET,
        url,
        authorization: Authorization::None,
        content_type: None,
        body: None,
        encoding: None,
        label,
        external_ids: None,
    }
}

fn outgoing<'a>(request: HttpRequest) -> Outgoing<'a> {
    Outgoing {
        request,
        repeat: Repeat::Safe,
        log: None,
    }
}
