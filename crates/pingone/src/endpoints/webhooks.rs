//! Webhooks, which PingOne's API calls subscriptions: they send the audit trail elsewhere. Their headers, and often their
//! addresses, hold the receiver's credentials, which nobody needs to see.
//! <https://developer.pingidentity.com/pingone-api/platform/subscriptions.html>

use reqwest::Url;
use serde_json::Value;

use crate::{
    call::{List, Path},
    secrets::MASKED,
};

const SUBSCRIPTIONS: &str = "subscriptions";

/// The webhooks of the environment: 50 at most.
pub(crate) fn webhooks() -> List {
    List::at(Path::of(&[SUBSCRIPTIONS]), SUBSCRIPTIONS)
}

/// A webhook without the values of its headers, and with the receiver's host alone: user name, path and query may hold
/// a token.
pub(crate) fn without_credentials(mut webhook: Value) -> Value {
    let Some(endpoint) = webhook.get_mut("httpEndpoint") else {
        return webhook;
    };
    if !endpoint.is_object() {
        *endpoint = Value::Null;
    }
    match endpoint.get_mut("headers") {
        Some(Value::Object(headers)) => headers
            .values_mut()
            .for_each(|value| *value = MASKED.into()),
        Some(other) => *other = Value::Null,
        None => {}
    }
    if let Some(url) = endpoint.get_mut("url") {
        *url = origin(url).map_or_else(|| MASKED.into(), Value::from);
    }
    webhook
}

/// An answer that may list webhooks, without their receivers' credentials: for recordings.
pub fn without_receivers(mut answer: Value) -> Value {
    if let Some(Value::Array(webhooks)) = answer.pointer_mut("/_embedded/subscriptions") {
        for webhook in webhooks {
            *webhook = without_credentials(webhook.take());
        }
    }
    answer
}

/// `https://siem.example.com:8443/…`
fn origin(url: &Value) -> Option<String> {
    let url = Url::parse(url.as_str()?).ok()?;
    let rest = if url.path().len() > 1 || url.query().is_some() {
        "/…"
    } else {
        ""
    };
    let origin = url.origin();
    origin
        .is_tuple()
        .then(|| origin.ascii_serialization() + rest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_credential_is_left() {
        for (url, expected) in [
            (
                "https://siem.example.com:8443/p1",
                "https://siem.example.com:8443/…",
            ),
            ("https://siem.example.com", "https://siem.example.com"),
            (
                "https://u:p@siem.example.com/?token=t",
                "https://siem.example.com/…",
            ),
            ("HTTP://siem.example.com:80?t", "http://siem.example.com/…"),
            ("data:text/plain,token", MASKED),
            ("siem.example.com/token", MASKED),
        ] {
            let endpoint = json!({"url": url, "headers": {"Authorization": "Basic dTpw", "X": 7}});
            let cleaned = without_credentials(json!({"name": "SIEM", "httpEndpoint": endpoint}));
            assert_eq!(
                cleaned,
                json!({"name": "SIEM", "httpEndpoint": {
                    "url": expected, "headers": {"Authorization": MASKED, "X": MASKED},
                }}),
                "{url}"
            );
        }
        let endpoint = json!({"url": "https://siem.example.com/token", "headers": {"X": "token"}});
        let listed = json!({"_embedded": {"subscriptions": [{"httpEndpoint": endpoint}]}});
        let recorded = without_receivers(listed);
        assert!(!recorded.to_string().contains("token"), "{recorded}");
        assert_eq!(without_receivers(recorded.clone()), recorded, "it replays");
        for odd in [json!({"url": 7, "headers": "t"}), json!("t"), json!(["t"])] {
            let cleaned = without_credentials(json!({"httpEndpoint": odd}));
            assert!(!cleaned.to_string().contains('7'), "{cleaned}");
            assert!(!cleaned.to_string().contains("\"t\""), "{cleaned}");
        }
    }
}
