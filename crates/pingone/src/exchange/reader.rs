//! Reads from PingOne. Whoever has a reader can change nothing.

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

/// Makes the calls of one command that read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    sender: &'a Sender<'a>,
}

impl<'a> Reader<'a> {
    /// Reads by way of `sender`.
    pub(crate) fn new(sender: &'a Sender<'a>) -> Self {
        Self { sender }
    }

    /// Reads something, which has to be one JSON object: PingOne gives nothing else.
    pub(crate) async fn read(self, read: Read) -> Result<Answer, Error> {
        let (label, reply) = self.reply_at(self.url(&read), None).await?;
        label.read(reply, self.budget())
    }

    /// The answer at an address that is PingOne's own, such as that of a further page, which texts name by `label`.
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

    /// PingOne's answer, whatever it is.
    pub(crate) async fn any_reply(self, read: Read) -> Result<Reply, Error> {
        let request = get(self.url(&read), None);
        let (reply, _) = self.sender.exchange(outgoing(request)).await?;
        Ok(reply)
    }

    /// The address of something.
    pub(crate) fn url(self, read: &Read) -> Url {
        read.url(&self.sender.connection().settings.api)
    }

    /// What the command may still use of memory.
    pub(crate) fn budget(self) -> &'a Budget {
        self.sender.budget()
    }

    /// The secrets that are known so far.
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
        label,
    }
}

fn outgoing<'a>(request: HttpRequest) -> Outgoing<'a> {
    Outgoing {
        request,
        repeat: Repeat::Safe,
        log: None,
    }
}
