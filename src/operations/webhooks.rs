//! What is wrong with a webhook: why it sends nothing, too little, or to anyone who listens.

use serde_json::Value;

/// What is wrong with a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// It sends nothing.
    Off,
    /// It sends without TLS.
    Unencrypted,
    /// It does not check the receiver's certificate.
    AnyCertificate,
    /// Events do not have the address of whoever caused them.
    NoIpAddresses,
    /// Events do not have the user agent of whoever caused them.
    NoUserAgents,
    /// It leaves out what happens in other populations or applications.
    SomeOnly,
}

/// What is wrong with this webhook, the worst first. Addresses and user agents are left out by default.
pub fn weaknesses(webhook: &Value) -> Vec<Weakness> {
    let is = |pointer: &str, value: bool| webhook.pointer(pointer) == Some(&Value::Bool(value));
    let has_some = |pointer: &str| {
        let list = webhook.pointer(pointer).and_then(Value::as_array);
        list.is_some_and(|list| !list.is_empty())
    };
    let url = webhook.pointer("/httpEndpoint/url").and_then(Value::as_str);
    let found = [
        (Weakness::Off, !is("/enabled", true)),
        (
            Weakness::Unencrypted,
            url.is_some_and(|url| url.starts_with("http:")),
        ),
        (
            Weakness::AnyCertificate,
            is("/verifyTlsCertificates", false),
        ),
        (
            Weakness::NoIpAddresses,
            !is("/filterOptions/ipAddressExposed", true),
        ),
        (
            Weakness::NoUserAgents,
            !is("/filterOptions/userAgentExposed", true),
        ),
        (
            Weakness::SomeOnly,
            has_some("/filterOptions/includedPopulations")
                || has_some("/filterOptions/includedApplications"),
        ),
    ];
    let found = found.into_iter().filter(|(_, is_so)| *is_so);
    found.map(|(weakness, _)| weakness).collect()
}
