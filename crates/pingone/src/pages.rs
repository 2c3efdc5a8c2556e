//! Lists over several pages. PingOne links to the next page; a short page need not be the last.
//! <https://developer.pingidentity.com/pingone-api/platform/reference/paging-ordering-collections.html>
//!
//! That link comes from outside: it is followed only within the requested list, only once to each address, and not
//! endlessly.

use std::{collections::HashSet, fmt, rc::Rc, str::FromStr};

use reqwest::Url;
use serde_json::Value;

use super::{
    answer::CallLabel,
    call::List,
    error::Error,
    exchange::reader::Reader,
    names::{best_matches, match_quality},
};
use crate::{
    memory::{Exhausted, Reservation},
    secrets::Mask,
};

/// More pages than any list that a command reads: 100,000 users at 200 a page.
const MAX_PAGES: usize = 500;
const TOO_MANY_PAGES: &str = "it has more than 500 pages";

/// A page is charged with at least this multiple of its size on the wire.
const MIN_EXPANSION: usize = 5;
const TOO_LARGE: &str =
    "its pages are too large together: ask for fewer items at once, or for fewer users";

/// A page without its items, the items, and the memory reserved for them.
pub(super) struct Page {
    rest: Value,
    items: Vec<Value>,
    reservation: Reservation,
}

impl Page {
    /// The items, not masked yet, and the memory reserved for them.
    pub(super) fn into_parts(self) -> (Vec<Value>, Reservation) {
        (self.items, self.reservation)
    }

    /// Whether PingOne reports more items than these for the page (`size`) or the list (`count`).
    fn says_more_than(&self, member: &str, items: usize) -> bool {
        let said = self.rest.get(member).and_then(Value::as_u64);
        said.is_some_and(|said| said > items as u64)
    }
}

/// A list read to its end. Nothing in it is masked yet.
pub(super) struct Listing {
    label: CallLabel,
    first: Value,
    collection: &'static str,
    /// The items of all pages.
    pub(super) items: Vec<Value>,
    /// The memory reserved for them.
    pub(super) reservation: Reservation,
    /// PingOne reported more items than it returned.
    is_short: bool,
}

impl Listing {
    /// Fails if PingOne reported more items than it returned: for lists in which every item may matter.
    pub(super) fn ensure_complete(&self) -> Result<(), Error> {
        if self.is_short {
            return Err(self.label.unusable("it has fewer items than it says"));
        }
        Ok(())
    }

    /// Decodes the items whose `attribute` matches `wanted` best: PingOne's filters ignore case, and more.
    pub(super) fn decode_best_matches<T>(
        self,
        attribute: &str,
        wanted: &str,
        read: impl FnMut(Value) -> Result<T, String>,
    ) -> Result<Vec<T>, Error> {
        let alike = self.items.into_iter().filter_map(|raw| {
            let match_quality = match_quality(wanted, raw.get(attribute)?.as_str()?)?;
            Some((match_quality, raw))
        });
        let found: Result<Vec<T>, String> = best_matches(alike.collect())
            .into_iter()
            .map(read)
            .collect();
        found.map_err(|reason| self.label.unusable(&reason))
    }

    /// Decodes every item. `read` returns what is wrong with one as its error.
    pub(super) fn decode<T>(
        &self,
        read: impl FnMut(&Value) -> Result<T, String>,
    ) -> Result<Vec<T>, Error> {
        let items: Result<Vec<T>, String> = self.items.iter().map(read).collect();
        items.map_err(|reason| self.label.unusable(&reason))
    }

    /// The items for a command, masked.
    pub(super) fn into_items(self, mask: &Mask) -> Result<Vec<Value>, Error> {
        let items = self.into_raw_items()?.into_iter();
        Ok(items.map(|item| mask.value(item)).collect())
    }

    /// The items for a command, which has to mask them.
    pub(super) fn into_raw_items(self) -> Result<Vec<Value>, Error> {
        let label = CallLabel::reading(format!("GET {}", self.collection));
        self.reservation
            .hand_over()
            .map_err(|Exhausted| label.unusable(TOO_LARGE))?;
        Ok(self.items)
    }

    /// Decodes every item for a command. `read` masks it, and returns what is wrong with it as its error.
    pub(super) fn into_decoded<T>(
        self,
        read: impl FnMut(Value) -> Result<T, String>,
    ) -> Result<Vec<T>, Error> {
        let label = CallLabel::reading(format!("GET {}", self.collection));
        let items = self.into_raw_items()?.into_iter().map(read);
        let items: Result<Vec<T>, String> = items.collect();
        items.map_err(|reason| label.unusable(&reason))
    }

    /// Splits off the memory reserved for the list.
    pub(super) fn split_reservation(mut self) -> (Self, Rc<Reservation>) {
        let reservation = std::mem::take(&mut self.reservation);
        (self, Rc::new(reservation))
    }

    /// One document shaped like the first page, with the items of all pages.
    pub(super) fn into_document(self) -> Value {
        let Self {
            label: _,
            first: mut document,
            collection,
            items,
            reservation: _,
            is_short: _,
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

/// How much of a list to read.
#[derive(Clone, Debug)]
pub struct Paging<Position = PageToken> {
    /// The maximum number of items; `None` for all.
    pub limit: Option<usize>,
    /// The number of items per page; PingOne may return fewer.
    pub page_size: usize,
    /// Where an earlier part ended.
    pub from: Option<Position>,
}

/// A part of a list, and where the next part starts.
pub struct Part<Position = PageToken, Item = Value> {
    /// The items, with every secret masked.
    pub items: Vec<Item>,
    /// Whether there are, or may be, more items.
    pub more: bool,
    /// Where to continue. Also `None` if there is more, but PingOne's link to it has no cursor.
    pub next: Option<Position>,
}

impl<Position, Item> Part<Position, Item> {
    /// The last part of a list.
    pub(super) fn last(items: Vec<Item>) -> Self {
        Self {
            items,
            more: false,
            next: None,
        }
    }
}

/// A position in a list: PingOne's cursor for a page, and how many of its items were returned already. Written as
/// `3.cursor`; a cursor cannot name another address.
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
    type Err = InvalidPageToken;

    fn from_str(text: &str) -> Result<Self, InvalidPageToken> {
        let (skip, cursor) = text.split_once('.').ok_or(InvalidPageToken)?;
        let cursor = (!cursor.is_empty()).then(|| cursor.to_owned());
        Ok(Self {
            skip: skip.parse().map_err(|_| InvalidPageToken)?,
            cursor,
        })
    }
}

/// The text is not a page token.
#[derive(Debug, thiserror::Error)]
#[error("not a page token")]
pub struct InvalidPageToken;

impl PageToken {
    /// The start of a page; `None` if its address has no cursor.
    fn at(page: &Url) -> Option<Self> {
        let cursor = Some(cursor(page)?);
        Some(Self { skip: 0, cursor })
    }

    /// The position after the first `skip` items of a page. The first page has no cursor.
    fn within(page: Option<&Url>, skip: usize) -> Self {
        let cursor = page.and_then(cursor);
        Self { skip, cursor }
    }
}

fn cursor(url: &Url) -> Option<String> {
    url.query_pairs()
        .find(|(name, _)| name == "cursor")
        .map(|(_, value)| value.into_owned())
}

impl Reader<'_> {
    /// Reads as much of a list as `paging` asks for. Also returns the memory reserved for it.
    pub(super) async fn list_part(
        self,
        list: List,
        filter: Option<&str>,
        paging: &Paging,
    ) -> Result<(Part, Reservation), Error> {
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
        let mut pages = Pages::of(list.query(&query), self);
        pages.advice = ": ask for fewer items, or for more at once";

        let mut items = Vec::new();
        let mut reservation = self.budget().reserve();
        let mut url = pages.next.clone();
        while let Some(page) = pages.read(self).await? {
            // Taken after the call, which may have brought a token.
            let mask = self.mask();
            let on_page = page.items.len();
            let given = on_page.saturating_sub(skip).min(wanted - items.len());
            let found = page.items.into_iter().skip(skip).take(given);
            items.extend(found.map(|item| mask.value(item)));
            if pages.next.is_some() {
                self.set_progress(format!("{} items read", items.len()));
            }
            reservation.merge(page.reservation);
            let given_of_page = skip + given;
            let is_within = on_page > given_of_page;
            if items.len() == wanted && (is_within || pages.next.is_some()) {
                // If the page holds more than was wanted, the next part starts within it.
                let next = if is_within {
                    Some(PageToken::within(url.as_ref(), given_of_page))
                } else {
                    pages.next.as_ref().and_then(PageToken::at)
                };
                let more = true;
                return Ok((Part { items, more, next }, reservation));
            }
            url = pages.next.clone();
            // The page may have become shorter since the last part ended within it.
            skip = skip.saturating_sub(on_page);
        }
        Ok((Part::last(items), reservation))
    }

    /// Reads a list to its end.
    pub(super) async fn list(self, list: List) -> Result<Listing, Error> {
        let mut pages = Pages::of(list, self);
        let Some(mut first) = pages.read(self).await? else {
            return Err(pages.label.unusable("it has no page"));
        };
        let mut items = std::mem::take(&mut first.items);
        let mut is_short = first.says_more_than("size", items.len());
        while let Some(page) = pages.read(self).await? {
            is_short |= page.says_more_than("size", page.items.len());
            items.extend(page.items);
            first.reservation.merge(page.reservation);
        }
        is_short |= first.says_more_than("count", items.len());
        Ok(Listing {
            label: pages.label,
            first: first.rest,
            collection: pages.collection,
            items,
            reservation: first.reservation,
            is_short,
        })
    }
}

/// The pages of a list, read one at a time.
pub(super) struct Pages {
    collection: &'static str,
    label: CallLabel,
    /// The path of the list, which no link may leave.
    path: String,
    /// The address of the next page.
    next: Option<Url>,
    seen: HashSet<Url>,
    /// What to do about too many pages.
    advice: &'static str,
}

impl Pages {
    /// The pages of a list, of which none is read yet.
    pub(super) fn of(list: List, reader: Reader<'_>) -> Self {
        let collection = list.collection;
        let first = reader.url(&list.into_read());
        Self {
            collection,
            label: CallLabel::reading(format!("GET {}", first.path())),
            path: first.path().to_owned(),
            next: Some(first),
            seen: HashSet::new(),
            advice: "",
        }
    }

    fn unusable(&self, reason: &str) -> Error {
        self.label.unusable(reason)
    }

    /// Whether there is a further page.
    pub(super) fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// Reads the next page; `None` after the last.
    pub(super) async fn read(&mut self, reader: Reader<'_>) -> Result<Option<Page>, Error> {
        let Some(url) = self.next.take() else {
            return Ok(None);
        };
        let is_first = self.seen.is_empty();
        if !self.seen.insert(url.clone()) {
            return Err(self.unusable("its pages do not come to an end"));
        }
        if self.seen.len() > MAX_PAGES {
            return Err(self.unusable(&[TOO_MANY_PAGES, self.advice].concat()));
        }
        // The address of a further page is PingOne's, so it is not quoted.
        let label = (!is_first).then(|| format!("{} (a further page)", self.label.text()));
        let (label, reply) = reader.reply_at(url.clone(), label).await?;
        let mut reservation = reader.budget().reserve();
        let mut rest = label
            .object(&reply, &mut reservation)?
            .ok_or_else(|| label.unusable("it is empty"))?;
        let size = reply.body.len();
        drop(reply);
        let items = take_items(&mut rest, self.collection).ok_or_else(|| {
            let which = if is_first { "" } else { " of a later page" };
            self.unusable(&format!(
                "`_embedded.{}`{which} is not a list",
                self.collection
            ))
        })?;
        reservation
            .charge_items(&items, size * MIN_EXPANSION)
            .map_err(|Exhausted| self.unusable(TOO_LARGE))?;
        self.next =
            next_page_url(&rest, &url, &self.path).map_err(|reason| self.unusable(reason))?;
        Ok(Some(Page {
            rest,
            items,
            reservation,
        }))
    }
}

/// Moves the items out of a page.
fn take_items(page: &mut Value, collection: &str) -> Option<Vec<Value>> {
    match page.get_mut("_embedded")?.get_mut(collection)?.take() {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

/// The address of the next page, if there is one. The bearer token goes only to the host of this page, and nothing is
/// read but the list at `path` and what is below it.
fn next_page_url(page: &Value, this: &Url, path: &str) -> Result<Option<Url>, &'static str> {
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
    // The server may decode an escape to a dot or a slash.
    let rest = url.path().strip_prefix(path);
    if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') && !rest.contains('%')) {
        return Err("its link to the next page leads away from the list that was asked for");
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
        next_page_url(
            &json!({"_links": {"next": {"href": href}}}),
            &this,
            this.path(),
        )
    }

    #[test]
    fn only_links_within_the_list_are_followed() {
        for href in [
            "https://api.pingone.eu/v1/environments/e/users?cursor=1",
            "https://api.pingone.eu:443/v1/environments/e/users",
            "/v1/environments/e/users/?cursor=1",
            "/v1/environments/e/users/pages/2",
            "/v1/environments/e/groups/../users?cursor=1",
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
            "/",
            "/v1/environments/e",
            "/v1/environments/f/users",
            "/v1/environments/e/users2",
            "/v1/environments/e/groups",
            "/v1/environments/e/users/../groups",
            "/v1/environments/e/users/%2e%2e/groups",
            "/v1/environments/e/users/..%2fgroups",
            "/v1/environments/e/users/..;/groups%5c",
            "../groups",
        ] {
            assert!(next(&json!(href)).is_err(), "{href}");
        }
        assert!(next(&json!(null)).is_err() && next(&json!(7)).is_err());
    }

    #[test]
    fn without_a_link_the_list_ends() {
        let this = Url::parse("https://api.pingone.eu/").expect("an address");
        for page in [json!({}), json!({"_links": {}}), json!({"_links": null})] {
            assert_eq!(next_page_url(&page, &this, this.path()), Ok(None));
        }
    }

    #[test]
    fn pages_are_merged_into_one_document() {
        let mut first = json!({"_links": {"self": 1, "next": {"href": "/2"}}, "_embedded": {"users": [1]}, "count": 3, "size": 1});
        let mut items = take_items(&mut first, "users").expect("a list");
        items.extend([json!(2), json!(3)]);
        let document = Listing {
            label: CallLabel::reading("GET users"),
            first,
            collection: "users",
            items,
            reservation: Reservation::default(),
            is_short: false,
        }
        .into_document();
        assert_eq!(
            document,
            json!({"_links": {"self": 1}, "_embedded": {"users": [1, 2, 3]}, "count": 3, "size": 3})
        );
    }
}
