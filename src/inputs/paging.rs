//! `limit`, `page_size`, `next_token` and `all_results`, following XSOAR's conventions.

use std::str::FromStr;

use anyhow::{Result, bail};

use crate::{arguments::Arguments, manifest::Arg};
use pingone::pages::Paging;

/// The default in XSOAR's conventions.
const LIMIT: usize = 50;
/// PingOne's documented maximum for users, and the default for other lists.
pub const PAGE_SIZE: usize = 200;
/// PingOne's maximum for any list.
const MAX_PAGE: usize = 1_000;

/// How many results to return; `None` for all.
pub fn limit(args: &Arguments) -> Result<Option<usize>> {
    let is_all = |text: &str| text.trim().eq_ignore_ascii_case("all");
    if args.flag(Arg::AllResults)? || args.text(Arg::Limit).is_some_and(is_all) {
        return Ok(None);
    }
    Ok(Some(args.count(Arg::Limit)?.unwrap_or(LIMIT)))
}

/// Which part of a list to return. `page_size` is the default.
pub fn paging<Place: FromStr>(args: &Arguments, page_size: usize) -> Result<Paging<Place>> {
    let from = args.text(Arg::NextToken).map(str::parse);
    let Ok(from) = from.transpose() else {
        bail!("'next_token' is not valid. Use the next_token of the previous result.")
    };
    let limit = limit(args)?;
    let page_size = args.count(Arg::PageSize)?.unwrap_or(page_size);
    Ok(Paging {
        limit,
        page_size: page_size.min(MAX_PAGE),
        from,
    })
}
