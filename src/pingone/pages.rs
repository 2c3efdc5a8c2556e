//! Lists over several pages. PingOne says where the next page is; a page may be short without being the last.
//! <https://developer.pingidentity.com/pingone-api/platform/reference/paging-ordering-collections.html>
//!
//! The link to the next page comes from outside: it is followed only to the configured host, only once to
//! each address, and not without end.

use std::collections::HashSet;

use reqwest::Url;
use serde_json::Value;

use super::{
    client::{Call, Client, unusable},
    error::Error,
};

/// More pages than any list has that a command asks for (10,000 memberships at 50 a page).
const MOST_PAGES: usize = 200;

/// All pages of a list together are no larger: 10,000 memberships of 2 KB would be 20 MB.
const LARGEST_LIST: usize = 32 * 1024 * 1024;

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

impl Client<'_> {
    /// Reads the list at `url`, page by page.
    pub(super) async fn list(&self, url: Url, collection: &'static str) -> Result<Listing, Error> {
        let described = format!("GET {}", url.path());
        let wrong = |reason: &str| unusable(&described, false, reason);
        let mut seen = HashSet::from([url.clone()]);
        let (mut page, mut size) = self.call_sized_json(Call::get(url.clone())).await?;
        let mut items = take_items(&mut page, collection)
            .ok_or_else(|| wrong(&format!("`_embedded.{collection}` is not a list")))?;
        let mut next = next_page(&page, &url).map_err(wrong)?;
        let listing_first = page;
        while let Some(url) = next {
            if !seen.insert(url.clone()) || seen.len() > MOST_PAGES {
                return Err(wrong("its pages do not come to an end"));
            }
            let further = Call::get_further(url.clone(), &described);
            let (mut page, more_size) = self.call_sized_json(further).await?;
            size += more_size;
            if size > LARGEST_LIST {
                return Err(wrong("its pages are too large together"));
            }
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
