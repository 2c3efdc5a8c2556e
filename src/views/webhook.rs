//! Webhooks, and what is wrong with them.

use serde_json::{Value, json};

use super::cells::{choose, joined, minutes};
use crate::{
    document::{Block, Document, Row, at, cell, compact_table, row},
    entry::Output,
    operations::{
        phrases::counted,
        webhooks::{Weakness, weaknesses},
    },
};

const KEY: &str = "PingOne.Webhook(val.ID && val.ID === obj.ID)";
const COLUMNS: [&str; 7] = [
    "Name",
    "State",
    "Sends to",
    "Events",
    "Weaknesses",
    "Changed",
    "ID",
];
const NONE: &str = "No webhook sends the audit trail elsewhere. That is fine only if it is collected in another way.";

/// All webhooks.
pub fn report(webhooks: Vec<Value>) -> Output {
    let rows: Vec<_> = webhooks.iter().map(cells).collect();
    let mut readable = Document::from(compact_table("PingOne webhooks", COLUMNS, &rows));
    if webhooks.is_empty() {
        readable.push(Block::Paragraph(NONE.to_owned()));
    }
    let context: Vec<Value> = webhooks.iter().map(describe).map(Value::Object).collect();
    let output = Output::new(readable, Some(Value::Array(webhooks)));
    if context.is_empty() {
        return output;
    }
    output.with_context(KEY, Value::Array(context))
}

fn cells(webhook: &Value) -> [String; 7] {
    let text = |pointer| cell(&at(webhook, pointer));
    [
        text("/name"),
        choose(&at(webhook, "/enabled"), "on", "off"),
        text("/httpEndpoint/url"),
        events(webhook),
        texts(webhook).join("; "),
        minutes(&at(webhook, "/updatedAt")),
        text("/id"),
    ]
}

/// Which events it sends, in short.
fn events(webhook: &Value) -> String {
    let options = at(webhook, "/filterOptions");
    let count = |name: &str, noun: &str| {
        let items = options.get(name).and_then(Value::as_array);
        let count = items.map_or(0, Vec::len);
        if count == 0 {
            String::new()
        } else {
            counted(count, noun)
        }
    };
    joined(
        [
            count("includedActionTypes", "action type"),
            count("includedTags", "tag"),
            count("includedPopulations", "population"),
            count("includedApplications", "application"),
        ],
        ", ",
    )
}

/// What is wrong with it, the worst first.
fn texts(webhook: &Value) -> Vec<&'static str> {
    weaknesses(webhook).into_iter().map(text).collect()
}

/// What is wrong, in words.
pub fn text(weakness: Weakness) -> &'static str {
    match weakness {
        Weakness::Off => "off: it sends nothing",
        Weakness::Unencrypted => "sends without TLS",
        Weakness::AnyCertificate => "does not check the receiver's certificate",
        Weakness::NoIpAddresses => "leaves out IP addresses",
        Weakness::NoUserAgents => "leaves out user agents",
        Weakness::SomeOnly => "leaves out other populations or applications",
    }
}

fn describe(webhook: &Value) -> Row {
    let headers = at(webhook, "/httpEndpoint/headers");
    let headers = headers.as_object().into_iter().flatten();
    let headers: Vec<&String> = headers.map(|(name, _)| name).collect();
    let option = |name: &str| at(webhook, &format!("/filterOptions/{name}"));
    row([
        ("ID", at(webhook, "/id")),
        ("Name", at(webhook, "/name")),
        ("Enabled", at(webhook, "/enabled")),
        ("Protocol", at(webhook, "/protocol")),
        ("Format", at(webhook, "/format")),
        ("SendsTo", at(webhook, "/httpEndpoint/url")),
        ("Headers", json!(headers)),
        ("ActionTypes", option("includedActionTypes")),
        ("Tags", option("includedTags")),
        ("IPAddressExposed", option("ipAddressExposed")),
        ("UserAgentExposed", option("userAgentExposed")),
        (
            "VerifyTLSCertificates",
            at(webhook, "/verifyTlsCertificates"),
        ),
        ("Weaknesses", json!(texts(webhook))),
        ("Created", at(webhook, "/createdAt")),
        ("Updated", at(webhook, "/updatedAt")),
    ])
}
