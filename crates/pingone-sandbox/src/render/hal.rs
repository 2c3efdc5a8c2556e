//! Paged collections: HAL's `_links` and `_embedded`, limits and cursors.
//!
//! Rules:
//! `developer.pingidentity.com/pingone-api/platform/reference/paging-ordering-collections.html`. A
//! page may be shorter than its limit; only a missing `next` link marks the last one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply, Request};

/// Characters left alone in a query value of a link: PingOne encodes spaces, quotes and brackets.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How a collection is paged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging<'a> {
    /// The key in `_embedded`.
    pub(crate) name: &'a str,
    /// The page size without a `limit` parameter.
    pub(crate) default: usize,
    /// The maximum page size.
    pub(crate) cap: usize,
    /// Whether to include `count`, which PingOne omits for large sets.
    pub(crate) counted: bool,
}

/// The page of `items` that `request` asks for; `url` is the collection's, without a query.
///
/// Each item comes with a sequence number that increases along the collection and survives
/// deletions; cursors are made of it. Only the items on the page are rendered.
pub(crate) fn page<T>(
    request: &Request,
    url: &str,
    paging: &Paging<'_>,
    items: Vec<(u64, T)>,
    to_json: impl Fn(T) -> Value,
) -> ApiResult {
    let limit = limit(request)?
        .unwrap_or(paging.default)
        .min(paging.cap)
        .max(1);
    let past = match request.parameter("cursor") {
        Some(cursor) => decode(&cursor)
            .ok_or_else(|| ApiError::invalid_parameter("cursor", "The cursor is not valid."))?,
        None => 0,
    };
    let count = items.len();
    let mut left = items
        .into_iter()
        .filter(|(sequence, _)| *sequence > past)
        .peekable();
    let mut rendered: Vec<Value> = Vec::new();
    let mut last = past;
    while rendered.len() < limit
        && let Some((sequence, item)) = left.next()
    {
        last = sequence;
        rendered.push(to_json(item));
    }
    let mut links = Map::new();
    links.insert("self".to_owned(), link(&page_url(url, request, None)));
    if left.peek().is_some() {
        let next = page_url(url, request, Some(&encode(last)));
        links.insert("next".to_owned(), link(&next));
    }
    let size = rendered.len();
    let mut body = Map::new();
    body.insert("_links".to_owned(), links.into());
    body.insert("_embedded".to_owned(), json!({ paging.name: rendered }));
    if paging.counted {
        body.insert("count".to_owned(), count.into());
    }
    body.insert("size".to_owned(), size.into());
    Ok(Reply::ok(body.into()))
}

/// A short collection that is never paged: sessions, devices, role assignments.
pub(crate) fn unpaged(url: &str, name: &str, items: &[Value]) -> Reply {
    let size = items.len();
    Reply::ok(json!({
        "_links": { "self": link(url) },
        "_embedded": { name: items },
        "size": size,
    }))
}

/// `{"href": …}`.
pub(crate) fn link(url: &str) -> Value {
    json!({ "href": url })
}

/// The `limit` parameter: 1 to 1000 in Ping's schema; other values are rejected (UNCONFIRMED).
pub(crate) fn limit(request: &Request) -> Result<Option<usize>, ApiError> {
    let Some(text) = request.parameter("limit") else {
        return Ok(None);
    };
    match text.parse() {
        Ok(limit @ 1..=1000) => Ok(Some(limit)),
        _ => Err(ApiError::invalid_parameter(
            "limit",
            "The limit must be between 1 and 1000.",
        )),
    }
}

/// The URL of this view, at `cursor` if given. Like PingOne, puts the cursor first.
fn page_url(url: &str, request: &Request, cursor: Option<&str>) -> String {
    let kept = request
        .parameters()
        .into_iter()
        .filter(|(name, _)| cursor.is_none() || name != "cursor");
    let query: Vec<String> = cursor
        .map(|cursor| ("cursor".to_owned(), cursor.to_owned()))
        .into_iter()
        .chain(kept)
        .map(|(name, value)| {
            let name = utf8_percent_encode(&name, IN_QUERY);
            format!("{name}={}", utf8_percent_encode(&value, IN_QUERY))
        })
        .collect();
    if query.is_empty() {
        url.to_owned()
    } else {
        format!("{url}?{}", query.join("&"))
    }
}

fn encode(sequence: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("after:{sequence}"))
}

fn decode(cursor: &str) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.strip_prefix("after:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGING: Paging<'static> = Paging {
        name: "things",
        default: 100,
        cap: 3,
        counted: true,
    };

    fn ask(query: &str, sequences: &[u64]) -> Value {
        let request = Request {
            query: query.to_owned(),
            ..Request::default()
        };
        let items = sequences
            .iter()
            .map(|&sequence| (sequence, sequence))
            .collect();
        page(&request, "http://host/things", &PAGING, items, Value::from)
            .expect("the request is valid")
            .body
            .expect("a page has a body")
    }

    #[test]
    fn paging_returns_every_item_once_despite_deletions() {
        let first = ask("limit=2&filter=a%20eq%20%22b%22", &[1, 2, 4, 7]);
        assert_eq!(first["_embedded"]["things"], json!([1, 2]));
        assert_eq!(first["count"], 4);
        let next = first["_links"]["next"]["href"]
            .as_str()
            .expect("there is more");
        let query = next
            .strip_prefix("http://host/things?")
            .expect("the same collection");
        assert!(
            query.ends_with("&limit=2&filter=a%20eq%20%22b%22"),
            "{query}"
        );
        let second = ask(query, &[4, 7]);
        assert_eq!(second["_embedded"]["things"], json!([4, 7]));
        assert!(second["_links"].get("next").is_none());
    }

    #[test]
    fn a_page_may_be_shorter_than_its_limit() {
        let body = ask("limit=1000", &[1, 2, 3, 4]);
        assert_eq!(body["size"], 3);
        assert!(body["_links"].get("next").is_some());
    }

    #[test]
    fn an_empty_collection_has_an_empty_list() {
        let body = ask("", &[]);
        assert_eq!(body["_embedded"]["things"], json!([]));
        assert_eq!(body["count"], 0);
        assert_eq!(body["_links"]["self"]["href"], "http://host/things");
    }

    #[test]
    fn invalid_limits_and_cursors_are_rejected() {
        for query in [
            "limit=0",
            "limit=1001",
            "limit=x",
            "limit=-1",
            "cursor=x",
            "cursor=",
        ] {
            let request = Request {
                query: query.to_owned(),
                ..Request::default()
            };
            let outcome = page(
                &request,
                "u",
                &PAGING,
                Vec::<(u64, Value)>::new(),
                |value| value,
            );
            assert_eq!(
                outcome.map_err(|error| error.status).err(),
                Some(400),
                "{query}"
            );
        }
    }
}
