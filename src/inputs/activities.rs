//! The arguments that select activities of the audit trail.

use anyhow::{Result, ensure};
use jiff::Timestamp;

use crate::times::parse_timestamp;
use crate::{
    arguments::Arguments,
    inputs::users,
    manifest::Arg,
    operations::{activities::Question, find::NamedUser},
};

/// How far back to look by default.
const DEFAULT_START: &str = "1 day ago";

/// The query, and the user to restrict it to. The caller looks the user up and adds the id to the query.
pub fn question(args: &Arguments, now: Timestamp) -> Result<(Question, Option<NamedUser>)> {
    let from = match args.past_time(Arg::From, now)? {
        Some(from) => from,
        None => parse_timestamp(Arg::From.name(), DEFAULT_START, now)?,
    };
    let to = args.past_time(Arg::To, now)?.unwrap_or(now);
    ensure!(
        from < to,
        "The time in the argument 'from' is not before that in 'to'."
    );
    let user = users::at_most_one(args)?;
    let actions = args.list(Arg::ActionType).iter();
    let question = Question {
        from,
        to,
        user: None,
        // PingOne's are upper case.
        actions: actions.map(|action| action.to_ascii_uppercase()).collect(),
        client: args.text(Arg::ClientId).map(str::to_owned),
        ip: args.text(Arg::Ip).map(str::to_owned),
    };
    Ok((question, user))
}
