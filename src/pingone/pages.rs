//! Lists over several pages. PingOne says where the next page is; a page may be short without being the last.
//! <https://developer.pingidentity.com/pingone-api/platform/reference/paging-ordering-collections.html>
//!
//! The link to the next page comes from outside: it is followed only to the configured host, only once to
//! each address, and not without end.

use std::{cell::Cell, collections::HashSet, fmt, str::FromStr};

use reqwest::Url;
use serde_json::Value;

use super::{
    client::{Call, Client, unusable},
    error::Error,
    filter,
};

/// More pages than any list has that a command asks for: 100,000 users at 200 a page.
const MOST_PAGES: usize = 500;
const MORE_PAGES: &str = "it has more than 500 pages";

/// All pages of a list together are no larger: 10,000 memberships of 2 KB would be 20 MB.
const LARGEST_LIST: usize = 32 * 1024 * 1024;

/// How many bytes the pages of a list, or of several that are kept together, may still have.
pub(super) struct Room(Cell<usize>);

impl Room {
    /// As much as a list may have.
    pub(super) fn new() -> Self {
        Self(Cell::new(LARGEST_LIST))
    }

    fn take(&self, size: usize) -> Result<(), &'static str> {
        let left = self.0.get().checked_sub(size);
        self.0.set(left.ok_or("its pages are too large together")?);
        Ok(())
    }

    /// What there is now.
    pub(super) fn left(&self) -> usize {
        self.0.get()
    }

    /// Some of what was taken is not kept.
    pub(super) fn give_back(&self, size: usize) {
        self.0.set(self.0.get().saturating_add(size));
    }
}

/// A list that was read to its end. Texts in it are not masked yet.
pub(super) struct Listing {
    first: Value,
    collection: &'static str,
    /// The items of all pages.
    pub(super) items: Vec<Value>,
}

impl Listing {
    /// One document of the first page's shape with the items of all pages.
    pub(super) fn into_document(self) -> Value {
        let Self {
            first: mut document,
            collection,
            items,
        } = self;
        if let Some(links) = document.get_mut("_links").and_then(Value::as_object_mut) {
            links.shift_remove("next");
        }
        if let Some(size) = document.get_mut("size") {
            *size = Value::from(items.len());
        }
        if let Some(place) = document.pointer_mut(&format!("/_embedded/{collection}")) {
            *place = Value::Array(items);
        }
        document
    }
}

/// How much of a list is wanted.
#[derive(Clone, Debug)]
pub struct Paging<Place = PageToken> {
    /// So many items at the most; all if `None`.
    pub limit: Option<usize>,
    /// So many items in one answer of PingOne, which may give fewer.
    pub page_size: usize,
    /// Where an earlier part ended.
    pub from: Option<Place>,
}

/// A part of a list, and where the next begins.
pub struct Part<Place = PageToken> {
    /// The items, with every secret masked.
    pub items: Vec<Value>,
    /// Whether there is, or may be, more.
    pub more: bool,
    /// Where to go on. Also `None` where there is more, but PingOne's link to it has no cursor.
    pub next: Option<Place>,
}

impl<Place> Part<Place> {
    /// The last part of a list.
    pub(super) fn last(items: Vec<Value>) -> Self {
        Self {
            items,
            more: false,
            next: None,
        }
    }
}

/// A place in a list: PingOne's cursor of a page, and how many of its items were given already. Written as
/// `3.cursor`; a cursor can name no other address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken {
    skip: usize,
    cursor: Option<String>,
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}",
            self.skip,
            self.cursor.as_deref().unwrap_or_default()
        )
    }
}

impl FromStr for PageToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let (skip, cursor) = text.split_once('.').ok_or(NotAToken)?;
        let cursor = (!cursor.is_empty()).then(|| cursor.to_owned());
        Ok(Self {
            skip: skip.parse().map_err(|_| NotAToken)?,
            cursor,
        })
    }
}

/// The text is not the place in a list.
#[derive(Debug, thiserror::Error)]
#[error("not a page token")]
pub struct NotAToken;

fn cursor(url: &Url) -> Option<String> {
    url.query_pairs()
        .find(|(name, _)| name == "cursor")
        .map(|(_, value)| value.into_owned())
}

impl Client<'_> {
    /// Reads as much of a list as `paging` wants.
    pub(super) async fn list_part(
        &self,
        path: &[&str],
        collection: &'static str,
        filter: Option<&str>,
        paging: &Paging,
    ) -> Result<Part, Error> {
        self.list_part_within(&Room::new(), path, collection, filter, paging)
            .await
    }

    /// The same, of several lists that are kept together.
    pub(super) async fn list_part_within(
        &self,
        room: &Room,
        path: &[&str],
        collection: &'static str,
        filter: Option<&str>,
        paging: &Paging,
    ) -> Result<Part, Error> {
        let (mut skip, start) = paging
            .from
            .as_ref()
            .map_or((0, None), |token| (token.skip, token.cursor.as_deref()));
        let wanted = paging.limit.unwrap_or(usize::MAX);
        let page_size = paging
            .page_size
            .min(wanted.saturating_add(skip))
            .to_string();
        let mut query = vec![("limit", page_size.as_str())];
        query.extend(filter.map(|filter| ("filter", filter)));
        query.extend(start.map(|cursor| ("cursor", cursor)));
        let mut url = self.url(path, &filter::query(&query));
        let described = format!("GET {}", url.path());
        let wrong = |reason: &str| unusable(&described, false, reason);

        let mut items = Vec::new();
        let mut seen = HashSet::from([url.clone()]);
        let mut call = Call::get(url.clone());
        loop {
            let (mut page, size) = self.call_sized_json(call).await?;
            room.take(size)
                .map_err(|reason| wrong(&format!("{reason}: ask for fewer at once")))?;
            // Not before the call: it may have brought a token.
            let mask = self.mask();
            let mut found = take_items(&mut page, collection)
                .ok_or_else(|| wrong(&format!("`_embedded.{collection}` is not a list")))?;
            let next = next_page(&page, &url).map_err(wrong)?;
            let room = wanted - items.len();
            let on_page = found.len();
            let given = found.len().saturating_sub(skip).min(room);
            let rest = found.len().saturating_sub(skip + given);
            items.extend(
                found
                    .drain(..)
                    .skip(skip)
                    .take(given)
                    .map(|item| mask.value(item)),
            );
            if rest > 0 {
                // The page holds more than was wanted: the next part begins within it.
                return Ok(Part {
                    items,
                    more: true,
                    next: Some(PageToken {
                        skip: skip + given,
                        cursor: cursor(&url),
                    }),
                });
            }
            let Some(next) = next else {
                return Ok(Part::last(items));
            };
            if items.len() == wanted {
                let cursor = cursor(&next);
                return Ok(Part {
                    items,
                    more: true,
                    next: cursor.map(|cursor| PageToken {
                        skip: 0,
                        cursor: Some(cursor),
                    }),
                });
            }
            if !seen.insert(next.clone()) {
                return Err(wrong("its pages do not come to an end"));
            }
            if seen.len() > MOST_PAGES {
                let advice = ": ask for fewer items, or for more at once";
                return Err(wrong(&format!("{MORE_PAGES}{advice}")));
            }
            url = next;
            call = Call::get_further(url.clone(), &described);
            // A page may be shorter now than the one within which the last part ended.
            skip = skip.saturating_sub(on_page);
        }
    }

    /// Reads the list at `url`, page by page.
    pub(super) async fn list(&self, url: Url, collection: &'static str) -> Result<Listing, Error> {
        let described = format!("GET {}", url.path());
        let wrong = |reason: &str| unusable(&described, false, reason);
        let mut seen = HashSet::from([url.clone()]);
        let room = Room::new();
        let (mut page, size) = self.call_sized_json(Call::get(url.clone())).await?;
        room.take(size).map_err(wrong)?;
        let mut items = take_items(&mut page, collection)
            .ok_or_else(|| wrong(&format!("`_embedded.{collection}` is not a list")))?;
        let mut next = next_page(&page, &url).map_err(wrong)?;
        let listing_first = page;
        while let Some(url) = next {
            if !seen.insert(url.clone()) {
                return Err(wrong("its pages do not come to an end"));
            }
            if seen.len() > MOST_PAGES {
                return Err(wrong(MORE_PAGES));
            }
            let further = Call::get_further(url.clone(), &described);
            let (mut page, size) = self.call_sized_json(further).await?;
            room.take(size).map_err(wrong)?;
            let more = take_items(&mut page, collection).ok_or_else(|| {
                wrong(&format!(
                    "`_embedded.{collection}` of a later page is not a list"
                ))
            })?;
            items.extend(more);
            next = next_page(&page, &url).map_err(wrong)?;
        }
        Ok(Listing {
            first: listing_first,
            collection,
            items,
        })
    }
}

/// Moves the items out of a page.
fn take_items(page: &mut Value, collection: &str) -> Option<Vec<Value>> {
    match page.get_mut("_embedded")?.get_mut(collection)?.take() {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

/// Where the next page is, if there is one. The bearer token goes to the host of this page only.
fn next_page(page: &Value, this: &Url) -> Result<Option<Url>, &'static str> {
    let Some(next) = page.get("_links").and_then(|links| links.get("next")) else {
        return Ok(None);
    };
    let href = next
        .get("href")
        .and_then(Value::as_str)
        .ok_or("its link to the next page is not a text")?;
    let url = this
        .join(href)
        .map_err(|_| "its link to the next page is not an address")?;
    let same_place = url.scheme() == this.scheme()
        && url.host() == this.host()
        && url.port_or_known_default() == this.port_or_known_default();
    if !same_place || !url.username().is_empty() || url.password().is_some() {
        return Err(
            "its link to the next page leads to another host, where the access token must not go",
        );
    }
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn next(href: &Value) -> Result<Option<Url>, &'static str> {
        let this =
            Url::parse("https://api.pingone.eu/v1/environments/e/users").expect("an address");
        next_page(&json!({"_links": {"next": {"href": href}}}), &this)
    }

    #[test]
    fn only_the_same_host_is_followed() {
        for href in [
            "https://api.pingone.eu/v1/x?cursor=1",
            "https://api.pingone.eu:443/v1/x",
            "/v1/x",
            "?cursor=a%22",
        ] {
            assert!(next(&json!(href)).is_ok_and(|url| url.is_some()), "{href}");
        }
        for href in [
            "https://api.pingone.com/v1/x",
            "http://api.pingone.eu/v1/x",
            "https://api.pingone.eu:8443/v1/x",
            "https://api.pingone.eu@evil.example/",
            "https://user@api.pingone.eu/",
            "//evil.example/v1",
            "https://api.pingone.eu.evil.example/",
            "https://",
        ] {
            assert!(next(&json!(href)).is_err(), "{href}");
        }
        assert!(next(&json!(null)).is_err() && next(&json!(7)).is_err());
    }

    #[test]
    fn no_link_is_the_end() {
        let this = Url::parse("https://api.pingone.eu/").expect("an address");
        for page in [json!({}), json!({"_links": {}}), json!({"_links": null})] {
            assert_eq!(next_page(&page, &this), Ok(None));
        }
    }

    #[test]
    fn the_pages_become_one_document() {
        let mut first = json!({"_links": {"self": 1, "next": {"href": "/2"}}, "_embedded": {"users": [1]}, "count": 3, "size": 1});
        let mut items = take_items(&mut first, "users").expect("a list");
        items.extend([json!(2), json!(3)]);
        let document = Listing {
            first,
            collection: "users",
            items,
        }
        .into_document();
        assert_eq!(
            document,
            json!({"_links": {"self": 1}, "_embedded": {"users": [1, 2, 3]}, "count": 3, "size": 3})
        );
    }
}
