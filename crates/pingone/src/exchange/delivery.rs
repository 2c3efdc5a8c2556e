//! Delivers events to the collector that the settings name: the only requests that do not go to PingOne. They carry
//! the collector's own key, never a token, and the key is sent to no other address.

use reqwest::Method;
use zeroize::Zeroizing;

use super::sender::Sender;
use crate::{
    call::JSON,
    error::{Error, Problem, Refusal},
    retry::Repeat,
    settings::Collector,
    wire::{Authorization, Encoding, HttpRequest},
};

/// The way to the collector.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    sender: &'a Sender<'a>,
    collector: &'a Collector,
}

impl<'a> Delivery<'a> {
    /// `None` if the settings name no collector.
    pub(crate) fn new(sender: &'a Sender<'a>) -> Option<Self> {
        let collector = sender.connection().settings.collector.as_ref()?;
        Some(Self { sender, collector })
    }

    /// Sends lines of JSON, and again after a temporary failure. A batch whose answer was lost may thus arrive twice:
    /// an event that comes twice can be found by its id, one that never comes cannot.
    pub async fn send(self, lines: Vec<u8>) -> Result<(), Error> {
        let Self { sender, collector } = self;
        let request = HttpRequest {
            method: Method::POST,
            url: collector.url.clone(),
            authorization: Authorization::Key(collector.key.clone()),
            content_type: Some(JSON),
            body: Some(Zeroizing::new(lines)),
            encoding: Some(Encoding::Gzip),
            label: None,
            external_ids: None,
        };
        let (sent, attempts) = sender.send_without_token(&request, Repeat::Safe).await;
        let problem = match sent {
            Ok(reply) if reply.is_success() => return Ok(()),
            Ok(reply) => Problem::Refused(Refusal::read(&reply, &sender.mask())),
            Err(problem) => problem,
        };
        Err(Error {
            problem: Box::new(Problem::Undelivered(Box::new(problem))),
            attempts,
        })
    }
}
