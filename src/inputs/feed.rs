//! The instance parameters of fetching incidents, as the feed needs them.

use anyhow::{Result, anyhow, ensure};
use jiff::{SignedDuration, Timestamp};

use crate::{
    fetch_settings::{FIRST_FETCH, FetchSettings, GROUPS},
    operations::feed::{
        Settings,
        bursts::Rules,
        selection::{self, Group, Selection},
    },
    parameters::Parameters,
    times::parse_timestamp,
};
use pingone::activities::MAX_SPAN;

/// What to fetch.
pub fn feed_settings(settings: &FetchSettings, now: Timestamp) -> Result<Settings> {
    let label = Parameters::label(FIRST_FETCH);
    let first = parse_timestamp(FIRST_FETCH, &settings.first_fetch, now)?;
    ensure!(
        first <= now,
        "{label} lies in the future: enter a time such as 3 days."
    );
    ensure!(
        now.duration_since(first) <= MAX_SPAN,
        "{label} is more than 14 days ago. PingOne only returns older activities after they were restored: enter 14 days or less."
    );
    let groups = settings.groups.iter().map(|name| {
        Group::named(name).ok_or_else(|| {
            let names = selection::GROUPS.map(|group| group.name).join(", ");
            anyhow!(
                "{} has '{name}': choose from {names}.",
                Parameters::label(GROUPS)
            )
        })
    });
    Ok(Settings {
        selection: Selection {
            groups: groups.collect::<Result<_>>()?,
            actions: settings.actions.clone(),
            ignored_client: settings.ignored_client.clone(),
        },
        rules: Rules {
            per_user: settings.failures_per_user,
            per_address: settings.failures_per_address,
            within: minutes(settings.failure_minutes),
        },
        first,
        look_back: minutes(settings.look_back),
        limit: settings.max_fetch,
    })
}

fn minutes(number: usize) -> SignedDuration {
    SignedDuration::from_mins(i64::try_from(number).unwrap_or(i64::MAX / 60))
}
