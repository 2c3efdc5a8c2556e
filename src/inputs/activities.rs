//! The arguments that select activities of the audit trail.

use std::cell::Cell;

use anyhow::{Result, ensure};
use jiff::Timestamp;

use crate::times::parse_timestamp;
use crate::{
    arguments::Arguments,
    inputs::{since::since, users},
    manifest::Arg,
    operations::{activities::ActivitySearch, find::UserRef},
};

/// How far back to look by default. Not a default in the manifest, which XSOAR would send beside the old name.
const DEFAULT_START: &str = "1 day ago";

/// The search, and the user to restrict it to. The caller resolves the user and adds the id to the search.
pub fn activity_search(
    args: &Arguments,
    now: Timestamp,
) -> Result<(ActivitySearch, Option<UserRef>)> {
    let (from, to) = time_range(args, now)?;
    let user = users::at_most_one(args)?;
    let actions = args.list(Arg::ActionType).iter();
    let search = ActivitySearch {
        from,
        to,
        user: None,
        // PingOne's are upper case.
        actions: actions.map(|action| action.to_ascii_uppercase()).collect(),
        client: args.text(Arg::ClientId).map(str::to_owned),
        ip: args.text(Arg::Ip).map(str::to_owned),
        lacks_address: Cell::default(),
    };
    Ok((search, user))
}

/// The time range: inclusive start, exclusive end.
pub fn time_range(args: &Arguments, now: Timestamp) -> Result<(Timestamp, Timestamp)> {
    let from = match since(args, Arg::From, now)? {
        Some(since) => since,
        None => parse_timestamp(Arg::Since.name(), DEFAULT_START, now)?,
    };
    let to = args.past_time(Arg::To, now)?.unwrap_or(now);
    ensure!(from < to, "'since' must be before 'to'.");
    Ok((from, to))
}
