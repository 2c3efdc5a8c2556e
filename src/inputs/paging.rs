//! `limit`, `page_size`, `next_token` and `all_results`, as XSOAR's conventions have them.

use std::str::FromStr;

use anyhow::{Result, bail};

use crate::{arguments::Arguments, manifest::Arg};
use pingone::pages::Paging;

/// What XSOAR's conventions give a list command where nothing is said.
const LIMIT: usize = 50;
/// PingOne's documented cap for users; what a page is asked for where nothing is said.
pub const PAGE_SIZE: usize = 200;
/// The most that PingOne takes for any list.
const MAX_PAGE: usize = 1_000;

/// Which part of a list is wanted. `page_size` is what a page is asked for where nothing is said.
pub fn paging<Place: FromStr>(args: &Arguments, page_size: usize) -> Result<Paging<Place>> {
    let from = args.text(Arg::NextToken).map(str::parse);
    let Ok(from) = from.transpose() else {
        bail!("The argument 'next_token' is no token of an earlier list.")
    };
    let limit = args.count(Arg::Limit)?.unwrap_or(LIMIT);
    let limit = (!args.flag(Arg::AllResults)?).then_some(limit);
    let page_size = args.count(Arg::PageSize)?.unwrap_or(page_size);
    Ok(Paging {
        limit,
        page_size: page_size.min(MAX_PAGE),
        from,
    })
}
