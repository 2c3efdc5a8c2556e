//! The audit trail as a feed of incidents: each activity once and none left out, as long as an activity can be found
//! within the look-back after it happened, and XSOAR keeps the state that belongs to the incidents it took.
//!
//! A fetch reads everything from the mark of the previous one (`State::from`) to now. PingOne does not say in which
//! order it lists activities, and they seem to come newest first. So a part of the trail is of use only if it was read
//! completely: it is read in slices, the oldest first, and one that is too large or is cut off is read again as several
//! shorter ones. The activities that are new are sorted here, and the oldest are handed over. The mark advances up to
//! the first that was not, and never beyond the look-back, because there late activities may still turn up.
//!
//! Failed sign-ons are counted anew in each fetch, from a little before the mark on, so that no counters have to be kept.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pingone::{
    activities::{MAX_SPAN, Span},
    activity::Activity,
};

use bursts::{Burst, Failure, Rules};
use selection::{Selection, Severity};
use state::State;
use trail::{Pages, Trail};

pub mod bursts;
pub mod selection;
pub mod state;
pub mod trail;

/// What to fetch.
pub struct Settings {
    /// Which activities become incidents.
    pub selection: Selection,
    /// How failed sign-ons are counted.
    pub rules: Rules,
    /// Where the first fetch begins.
    pub first: Timestamp,
    /// How long after it happened an activity may turn up.
    pub look_back: SignedDuration,
    /// The most incidents of one fetch.
    pub limit: usize,
}

/// What becomes an incident.
#[derive(Debug)]
pub enum Found {
    /// A single activity.
    Activity {
        /// Its identity: that of the activity.
        id: String,
        /// When it was recorded.
        at: Timestamp,
        /// How severe it is.
        severity: Severity,
        /// The activity.
        activity: Activity,
    },
    /// Failed sign-ons.
    Burst(Burst),
}

impl Found {
    /// Its place in the feed.
    fn at(&self) -> Timestamp {
        match self {
            Self::Activity { at, .. } => *at,
            Self::Burst(burst) => burst.at,
        }
    }
}

/// The result of a fetch.
pub struct Fetched<E> {
    /// What becomes incidents, the oldest first.
    pub found: Vec<Found>,
    /// What the next fetch will find.
    pub state: State,
    /// Up to where everything was read.
    pub read_up_to: Timestamp,
    /// How many incidents are left for the next fetch, at least.
    pub left: usize,
    /// What ended the reading early. The next fetch continues there.
    pub cut_off: Option<E>,
    /// Activities before this time could no longer be read, although they were not handed over.
    pub lost_before: Option<Timestamp>,
}

/// How far back PingOne can be asked, less what the fetch itself may take.
const REACH: SignedDuration = MAX_SPAN.saturating_sub(SignedDuration::from_mins(2));
/// The first slice. A usual fetch is a single one.
const FIRST_SLICE: SignedDuration = SignedDuration::from_hours(6);
const MIN_SLICE: SignedDuration = SignedDuration::from_secs(1);
/// A slice of more pages is divided; one of a single page makes the next one longer.
const MAX_PAGES: usize = 20;
const SLICE_FACTOR: i32 = 4;
/// How many failed sign-ons to hold at once.
const MAX_FAILURES: usize = 100_000;

/// What was read.
#[derive(Default)]
struct Read {
    /// New activities for incidents by time and id: the oldest, one more than are wanted.
    chosen: BTreeMap<(Timestamp, String), (Severity, Activity)>,
    failures: Vec<Failure>,
}

/// Fetches what is new. Fails only if nothing could be read.
pub async fn fetch<T: Trail>(
    trail: &T,
    settings: &Settings,
    state: Option<State>,
    now: Timestamp,
) -> Result<Fetched<T::Error>, T::Error> {
    let now = to_milliseconds(now);
    let reach = now.saturating_sub(REACH).unwrap_or(now);
    let is_first = state.is_none();
    let mut state = state.unwrap_or_else(|| State::starting(to_milliseconds(settings.first)));
    let lost_before = (state.from < reach && !is_first).then_some(reach);
    state.from = state.from.max(reach);
    // To count failed sign-ons that began before the mark.
    let again = settings.rules.within;
    let again = again * i32::from(settings.rules.are_on() && !is_first);
    let start = state.from.saturating_sub(again).unwrap_or(reach).max(reach);

    let mut read = Read::default();
    let mut end = start;
    let mut slice = state.slice.unwrap_or(FIRST_SLICE).max(MIN_SLICE);
    let mut cut_off = None;
    while end < now && read.chosen.len() <= settings.limit && read.failures.len() < MAX_FAILURES {
        let span = Span {
            from: end,
            to: end.saturating_add(slice).unwrap_or(now).min(now),
        };
        let is_short = span.to.duration_since(span.from) <= MIN_SLICE;
        match read_slice(trail, settings, &state, span, is_short).await {
            Ok(Slice::Whole { read: more, pages }) => {
                read.failures.extend(more.failures);
                read.chosen.extend(more.chosen);
                end = span.to;
                if pages <= 1 {
                    slice = slice.saturating_mul(SLICE_FACTOR);
                }
            }
            Ok(Slice::TooLong) => {
                slice = (span.to.duration_since(span.from) / SLICE_FACTOR).max(MIN_SLICE);
            }
            Err((error, pages)) => {
                // Nothing is new. Try less next time, unless PingOne cannot be read at all.
                if end <= state.from && (pages == 0 || is_short) {
                    return Err(error);
                }
                slice = (span.to.duration_since(span.from) / SLICE_FACTOR).max(MIN_SLICE);
                cut_off = Some(error);
                break;
            }
        }
    }
    state.slice = (slice < FIRST_SLICE).then_some(slice);
    Ok(hand_over(
        settings,
        state,
        read,
        end,
        now,
        (cut_off, lost_before),
    ))
}

enum Slice {
    Whole { read: Read, pages: usize },
    TooLong,
}

/// Reads a slice to its end. An error comes with the number of pages read before it.
async fn read_slice<T: Trail>(
    trail: &T,
    settings: &Settings,
    state: &State,
    span: Span,
    is_short: bool,
) -> Result<Slice, (T::Error, usize)> {
    let mut read = Read::default();
    let mut pages = trail.pages(span);
    let mut number = 0;
    loop {
        let Read { chosen, failures } = &mut read;
        let wanted = |activity: &Activity| {
            let Some((at, id)) = place(activity, span) else {
                return false;
            };
            if settings.rules.are_on() && !settings.selection.ignores(activity) {
                failures.extend(Failure::of(activity, at, &id));
            }
            at >= state.from
                && !state.handed_over.contains_key(&id)
                && settings.selection.severity(activity).is_some()
        };
        let page = pages.next(wanted).await.map_err(|error| (error, number))?;
        let Some(page) = page else {
            return Ok(Slice::Whole {
                read,
                pages: number,
            });
        };
        for activity in page {
            if let Some(place) = place(&activity, span)
                && let Some(severity) = settings.selection.severity(&activity)
            {
                chosen.insert(place, (severity, activity));
            }
            if chosen.len() > settings.limit + 1 {
                chosen.pop_last();
            }
        }
        number += 1;
        if number > MAX_PAGES && !is_short {
            return Ok(Slice::TooLong);
        }
    }
}

/// When an activity of a slice was recorded, and its identity; `None` if it does not belong to the slice. Every recorded
/// example has both members.
fn place(activity: &Activity, span: Span) -> Option<(Timestamp, String)> {
    let at = activity.recorded_at().unwrap_or(span.from);
    let id = || {
        let parts = [activity.action(), activity.correlation_id()];
        format!("{at}/{}", parts.map(Option::unwrap_or_default).join("/"))
    };
    let is_inside = span.from <= at && at < span.to;
    is_inside.then(|| (at, activity.id().map_or_else(id, str::to_owned)))
}

/// Takes the oldest of what was found up to `end`, and moves the mark.
fn hand_over<E>(
    settings: &Settings,
    mut state: State,
    read: Read,
    end: Timestamp,
    now: Timestamp,
    (cut_off, lost_before): (Option<E>, Option<Timestamp>),
) -> Fetched<E> {
    let Read {
        chosen,
        mut failures,
    } = read;
    failures.sort_unstable();
    failures.dedup();
    let activities = chosen
        .into_iter()
        .map(|((at, id), (severity, activity))| Found::Activity {
            id,
            at,
            severity,
            activity,
        });
    let mut found: Vec<Found> = activities.collect();
    let bursts = bursts::find(&failures, &settings.rules, &state.covered, state.from);
    found.extend(bursts.into_iter().map(Found::Burst));
    found.sort_by_key(Found::at);
    let rest = found.split_off(settings.limit.min(found.len()));
    let mark = rest.first().map_or(end, Found::at);
    let settled = now.saturating_sub(settings.look_back).unwrap_or(mark);
    let from = state.from.max(mark.min(settled));
    for found in &found {
        match found {
            Found::Activity { id, at, .. } => {
                state.handed_over.insert(id.clone(), *at);
            }
            Found::Burst(burst) => state.covered.push(burst.covered.clone()),
        }
    }
    state.handed_over.retain(|_, at| *at >= from);
    let counted_from = from.saturating_sub(settings.rules.within).unwrap_or(from);
    state.covered.retain(|burst| burst.until >= counted_from);
    state.from = from;
    Fetched {
        found,
        state,
        read_up_to: end,
        left: rest.len(),
        cut_off,
        lost_before,
    }
}

/// PingOne's times have milliseconds.
fn to_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
