//! `since`: how far back a command looks. Older playbooks use another name for it.

use anyhow::{Result, ensure};
use jiff::Timestamp;

use crate::{arguments::Arguments, manifest::Arg};

/// The time in `since`, or in the argument `old_name` that it replaces.
pub fn since(args: &Arguments, old_name: Arg, now: Timestamp) -> Result<Option<Timestamp>> {
    let since = args.past_time(Arg::Since, now)?;
    let old = args.past_time(old_name, now)?;
    ensure!(
        since.is_none() || old.is_none(),
        "'{}' is the old name of 'since'. Use only 'since'.",
        old_name.name()
    );
    Ok(since.or(old))
}
