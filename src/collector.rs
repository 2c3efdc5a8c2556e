//! The instance's HTTP collector: the part of Cortex XSIAM that takes events from outside. Its two parameters, and the
//! address that they make. <https://docs-cortex.paloaltonetworks.com/>, "Set up an HTTP log collector to receive logs"

use anyhow::{Result, anyhow};
use pingone::settings;

use crate::{
    credentials::{COLLECTOR_KEY, collector_key},
    parameters::{Parameters, UrlKind, missing},
};

const URL: &str = "xsiam_url";
/// Set where XSIAM is to fetch events.
const FETCH_EVENTS: &str = "isFetchEvents";
const COLLECTOR_URL: UrlKind = UrlKind {
    example: "https://api-example.xdr.eu.paloaltonetworks.com/logs/v1/event",
    secret: "key",
};
/// The end of every collector's address. Some copy the address without it.
const PATH: [&str; 3] = ["logs", "v1", "event"];

/// The collector; `None` if the instance has none. Half of one is an error, and so is none where events are to be
/// fetched, if `must_fetch` says that this matters now.
pub(crate) fn read(
    params: Parameters<'_>,
    must_fetch: bool,
) -> Result<Option<settings::Collector>> {
    let url = params.base_url(URL, COLLECTOR_URL)?;
    let key = collector_key(params);
    if url.is_none() && key.is_none() && !(must_fetch && params.flag(FETCH_EVENTS)) {
        return Ok(None);
    }
    let mut url = url.ok_or_else(|| missing(&Parameters::label(URL)))?;
    let key_label = Parameters::label(COLLECTOR_KEY);
    let key = key.ok_or_else(|| missing(&key_label))?;
    if !url.path().trim_end_matches('/').ends_with(&PATH.join("/"))
        && let Ok(mut path) = url.path_segments_mut()
    {
        path.pop_if_empty().extend(PATH);
    }
    settings::Collector::new(url, key.into())
        .map(Some)
        .ok_or_else(|| {
            anyhow!("{key_label} has characters that no key has: copy it again from Cortex.")
        })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::{Value, json};

    use super::*;

    fn read_params(params: &Value) -> Result<Option<settings::Collector>> {
        read(Parameters(params.as_object().expect("an object")), true)
    }

    fn error(params: &Value) -> String {
        let read = read_params(params);
        read.err()
            .unwrap_or_else(|| panic!("accepted: {params}"))
            .to_string()
    }

    const KEY: &str = "hunter22-key";

    #[test]
    fn the_address_may_be_given_with_and_without_its_path() {
        let full = "https://api-soc.xdr.eu.paloaltonetworks.com/logs/v1/event";
        for (given, expected) in [
            (full, full),
            ("https://api-soc.xdr.eu.paloaltonetworks.com", full),
            ("https://api-soc.xdr.eu.paloaltonetworks.com/", full),
            (
                "http://127.0.0.1:8080/gate/",
                "http://127.0.0.1:8080/gate/logs/v1/event",
            ),
        ] {
            for key in [
                json!(KEY),
                json!({"identifier": "", "password": KEY}),
                json!({"credentials": {"user": "x", "password": KEY}}),
            ] {
                let collector = read_params(&json!({"xsiam_url": given, "xsiam_key": key}))
                    .expect("a collector")
                    .expect("a collector");
                assert_eq!(collector.url.as_str(), expected);
                assert_eq!(collector.key.expose_secret(), KEY);
            }
        }
    }

    #[test]
    fn without_parameters_there_is_no_collector() {
        for params in [
            json!({}),
            json!({"xsiam_url": "", "xsiam_key": {"identifier": "", "password": ""}}),
            json!({"isFetchEvents": "false"}),
        ] {
            assert!(
                read_params(&params).expect("no error").is_none(),
                "{params}"
            );
        }
    }

    #[test]
    fn half_a_collector_is_an_error_that_never_shows_the_key() {
        let url = "https://api-soc.xdr.eu.paloaltonetworks.com";
        let (url_label, key_label) = (
            "The instance parameter 'HTTP collector URL' (xsiam_url)",
            "The instance parameter 'HTTP collector key' (xsiam_key)",
        );
        for (params, label, text) in [
            (json!({"xsiam_key": KEY}), url_label, "is missing"),
            (json!({"isFetchEvents": true}), url_label, "is missing"),
            (json!({"xsiam_url": url}), key_label, "is missing"),
            (
                json!({"xsiam_url": KEY, "xsiam_key": KEY}),
                url_label,
                "is not a URL",
            ),
            (
                json!({"xsiam_url": "http://api-soc.example.com", "xsiam_key": KEY}),
                url_label,
                "must start with https://, so that no one can read the key",
            ),
            (
                json!({"xsiam_url": url, "xsiam_key": format!("{KEY}\n{KEY}")}),
                key_label,
                "has characters that no key has",
            ),
        ] {
            let error = error(&params);
            assert!(error.starts_with(&format!("{label} {text}")), "{error}");
            assert!(!error.contains(KEY), "{error}");
        }
    }
}
