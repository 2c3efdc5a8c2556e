//! That each activity is handed over once and none is left out: a trail in which activities turn up late, in pages in
//! any order, some of them twice, and fetches that fail at any point.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use pingone::{activities::Span, activity::Activity};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, json};

use pingone_xsoar::operations::feed::{
    Fetched, Found, Settings,
    bursts::{Covered, Rules, Subject},
    fetch,
    selection::{Group, Selection},
    state::State,
    trail::{Pages, Trail},
};

const LOOK_BACK: i64 = 15;
const WITHIN: i64 = 10;
const PER_USER: usize = 3;
const PER_ADDRESS: usize = 4;

fn minute(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-03-04T00:00:00Z".parse().expect("a time");
    start + SignedDuration::from_mins(minutes)
}

/// An activity, and when it turns up.
#[derive(Clone, Debug)]
struct Event {
    at: i64,
    late: i64,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Becomes an incident.
    Chosen,
    /// Becomes none.
    Other,
    /// Is counted.
    Failure {
        user: &'static str,
        ip: Option<&'static str>,
    },
}

impl Event {
    fn activity(&self, id: usize) -> Activity {
        let (action, user, ip) = match &self.kind {
            Kind::Chosen => ("ROLE_ASSIGNMENT.CREATED", "emma", None),
            Kind::Other => ("USER.ACCESS_ALLOWED", "emma", None),
            Kind::Failure { user, ip } => ("PASSWORD.CHECK_FAILED", *user, *ip),
        };
        json!({
            "id": id.to_string(),
            "recordedAt": minute(self.at).to_string(),
            "action": {"type": action},
            "resources": [{"type": "USER", "id": user, "name": user}],
            "source": {"ipAddress": ip},
        })
        .into()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    NewestFirst,
    OldestFirst,
    Mixed,
}

/// What PingOne shows at a time.
struct Shown<'a> {
    events: &'a [Event],
    now: i64,
    order: Order,
    page_size: usize,
    /// After how many pages PingOne refuses more.
    pages_left: Cell<usize>,
    requests: Cell<usize>,
}

#[derive(Debug)]
struct Refused;

struct Remaining<'a> {
    activities: Vec<Activity>,
    shown: &'a Shown<'a>,
    is_first: bool,
}

impl Trail for Shown<'_> {
    type Error = Refused;

    fn pages(&self, span: Span) -> impl Pages<Error = Refused> {
        let mut found: Vec<(i64, usize)> = self
            .events
            .iter()
            .enumerate()
            .filter(|(_, event)| event.at + event.late <= self.now)
            .filter(|(_, event)| (span.from..span.to).contains(&minute(event.at)))
            .map(|(id, event)| (event.at, id))
            .collect();
        // The next page is taken from the end.
        match self.order {
            Order::NewestFirst => found.sort_unstable(),
            Order::OldestFirst => found.sort_unstable_by_key(|one| std::cmp::Reverse(*one)),
            Order::Mixed => found.sort_unstable_by_key(|(at, id)| (id * 7919 % 101, *at)),
        }
        // Pages shift while they are read, so that one activity may be on two of them.
        let twice = found.iter().flat_map(|one| vec![*one; 1 + one.1 % 2]);
        Remaining {
            activities: twice.map(|(_, id)| self.events[id].activity(id)).collect(),
            shown: self,
            is_first: true,
        }
    }
}

impl Pages for Remaining<'_> {
    type Error = Refused;

    async fn next(
        &mut self,
        wanted: impl FnMut(&Activity) -> bool,
    ) -> Result<Option<Vec<Activity>>, Refused> {
        if self.activities.is_empty() && !self.is_first {
            return Ok(None);
        }
        self.is_first = false;
        let left = self.shown.pages_left.get();
        self.shown
            .pages_left
            .set(left.checked_sub(1).ok_or(Refused)?);
        self.shown.requests.set(self.shown.requests.get() + 1);
        let rest = self.activities.len().saturating_sub(self.shown.page_size);
        let mut page = self.activities.split_off(rest);
        page.retain(wanted);
        Ok(Some(page))
    }
}

fn settings(limit: usize) -> Settings {
    Settings {
        selection: Selection {
            groups: vec![Group::named("Privilege").expect("a group")],
            actions: Vec::new(),
            ignored_client: None,
        },
        rules: Rules {
            per_user: PER_USER,
            per_address: PER_ADDRESS,
            within: SignedDuration::from_mins(WITHIN),
        },
        first: minute(0),
        look_back: SignedDuration::from_mins(LOOK_BACK),
        limit,
    }
}

fn run(trail: &Shown<'_>, limit: usize, state: Option<State>) -> Result<Fetched<Refused>, Refused> {
    let settings = settings(limit);
    let fetched = fetch(trail, &settings, state, minute(trail.now));
    fetched.now_or_never().expect("nothing to wait for")
}

/// XSOAR, which keeps the state and the incidents.
#[derive(Default)]
struct Xsoar {
    stored: Map<String, serde_json::Value>,
    /// The activities that became incidents in fetches whose state was stored, as often as they did.
    activities: Vec<usize>,
    /// The same for fetches whose state was lost.
    repeated: Vec<usize>,
    /// The bursts, with the activities in them.
    bursts: Vec<(Covered, Vec<usize>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crash {
    No,
    /// Before the incidents are handed over.
    Before,
    /// After that, before the state is stored.
    After,
}

impl Xsoar {
    /// Runs a fetch; how many incidents there were.
    fn fetch(&mut self, trail: &Shown<'_>, limit: usize, crash: Crash) -> usize {
        let state = State::read(&self.stored).expect("our own state");
        let Ok(fetched) = run(trail, limit, state) else {
            return 0;
        };
        let Fetched { found, state, .. } = fetched;
        assert!(found.len() <= limit);
        if crash == Crash::Before {
            return 0;
        }
        let number = found.len();
        for one in found {
            match one {
                Found::Activity { id, .. } if crash == Crash::After => {
                    self.repeated.push(id.parse().expect("a number"));
                }
                Found::Activity { id, .. } => self.activities.push(id.parse().expect("a number")),
                Found::Burst(burst) if crash == Crash::No => {
                    let ids = burst.failures.iter().map(|one| one.id.parse());
                    let ids = ids.collect::<Result<_, _>>().expect("numbers");
                    self.bursts.push((burst.covered, ids));
                }
                Found::Burst(_) => {}
            }
        }
        if crash == Crash::No {
            self.stored = state.write();
        }
        number
    }
}

fn event() -> impl Strategy<Value = Event> {
    let user = select(vec!["ann", "ben", "cem"]);
    let ip = select(vec![None, Some("192.0.2.1"), Some("192.0.2.2")]);
    let kind = prop_oneof![
        3 => Just(Kind::Chosen),
        1 => Just(Kind::Other),
        4 => (user, ip).prop_map(|(user, ip)| Kind::Failure { user, ip }),
    ];
    // Many are late by nothing, or by as much as can be.
    let late = prop_oneof![Just(0), Just(LOOK_BACK), 0..=LOOK_BACK];
    (0..240_i64, late, kind).prop_map(|(at, late, kind)| Event { at, late, kind })
}

fn crash() -> impl Strategy<Value = Crash> {
    prop_oneof![4 => Just(Crash::No), 1 => Just(Crash::Before), 1 => Just(Crash::After)]
}

/// Whether failures of one subject, by time, hold so many within the time of the rule.
fn holds_burst(times: &[i64], number: usize) -> bool {
    times
        .windows(number)
        .any(|window| window[number - 1] - window[0] <= WITHIN)
}

proptest! {
    #[test]
    fn each_activity_is_handed_over_once(
        events in vec(event(), 0..120),
        fetches in vec((1..30_i64, 0..60_usize, crash()), 0..25),
        order in select(vec![Order::NewestFirst, Order::OldestFirst, Order::Mixed]),
        page_size in 1..6_usize,
        limit in 1..8_usize,
    ) {
        let mut xsoar = Xsoar::default();
        let mut now = 0;
        let shown = |now, pages| Shown {
            events: &events,
            now,
            order,
            page_size,
            pages_left: Cell::new(pages),
            requests: Cell::new(0),
        };
        for (later, pages, crash) in fetches {
            now += later;
            xsoar.fetch(&shown(now, pages), limit, crash);
        }
        // Then nothing goes wrong any more, until there is nothing left.
        now = now.max(240 + LOOK_BACK);
        let mut quiet = 0;
        for _ in 0..1000 {
            now += 1;
            let number = xsoar.fetch(&shown(now, 10_000), limit, Crash::No);
            quiet = if number == 0 { quiet + 1 } else { 0 };
            if quiet > LOOK_BACK + WITHIN {
                break;
            }
        }
        prop_assert!(quiet > LOOK_BACK, "it does not end");

        let mut handed_over = xsoar.activities.clone();
        handed_over.sort_unstable();
        let chosen = events.iter().enumerate().filter(|(_, event)| event.kind == Kind::Chosen);
        let chosen: Vec<usize> = chosen.map(|(id, _)| id).collect();
        prop_assert_eq!(&handed_over, &chosen);
        prop_assert!(xsoar.repeated.iter().all(|id| chosen.contains(id)));

        let mut counted: BTreeMap<Subject, BTreeSet<usize>> = BTreeMap::new();
        for (covered, ids) in &xsoar.bursts {
            let number = match covered.subject {
                Subject::User(_) => PER_USER,
                Subject::Address(_) => PER_ADDRESS,
            };
            let mut times: Vec<i64> = ids.iter().map(|id| events[*id].at).collect();
            times.sort_unstable();
            prop_assert!(holds_burst(&times, number), "{times:?} is no burst");
            for id in ids {
                let is_new = counted.entry(covered.subject.clone()).or_default().insert(*id);
                prop_assert!(is_new, "{id} is in two bursts");
            }
        }
        for subject in ["ann", "ben", "cem", "192.0.2.1", "192.0.2.2"] {
            let is_address = subject.contains('.');
            let key = if is_address {
                Subject::Address(subject.to_owned())
            } else {
                Subject::User(subject.to_owned())
            };
            let is_covered = |at| {
                xsoar.bursts.iter().any(|(covered, _)| {
                    covered.subject == key && covered.from <= minute(at) && minute(at) <= covered.until
                })
            };
            let mut left: Vec<i64> = events
                .iter()
                .filter(|event| matches!(&event.kind, Kind::Failure { user, ip }
                    if *user == subject || *ip == Some(subject)))
                .map(|event| event.at)
                .filter(|at| !is_covered(*at))
                .collect();
            left.sort_unstable();
            let number = if is_address { PER_ADDRESS } else { PER_USER };
            prop_assert!(!holds_burst(&left, number), "{subject} has a burst that was not reported: {left:?}");
        }
    }
}

fn chosen(at: i64) -> Event {
    Event {
        at,
        late: 0,
        kind: Kind::Chosen,
    }
}

fn all(events: &[Event], now: i64) -> Shown<'_> {
    Shown {
        events,
        now,
        order: Order::NewestFirst,
        page_size: 500,
        pages_left: Cell::new(10_000),
        requests: Cell::new(0),
    }
}

#[test]
fn a_fetch_without_news_is_one_request() {
    let events = [chosen(1), chosen(55)];
    let mut xsoar = Xsoar::default();
    assert_eq!(xsoar.fetch(&all(&events, 60), 50, Crash::No), 2);
    for now in [61, 62, 90] {
        let trail = all(&events, now);
        assert_eq!(xsoar.fetch(&trail, 50, Crash::No), 0);
        assert_eq!(trail.requests.get(), 1);
    }
}

#[test]
fn the_oldest_come_first_and_the_rest_later() {
    let events: Vec<Event> = (0..10).map(chosen).rev().collect();
    let mut xsoar = Xsoar::default();
    let numbers: Vec<usize> = (20..24)
        .map(|now| xsoar.fetch(&all(&events, now), 4, Crash::No))
        .collect();
    assert_eq!(numbers, [4, 4, 2, 0]);
    assert_eq!(xsoar.activities, (0..10).rev().collect::<Vec<_>>());
}

#[test]
fn a_slice_that_is_cut_off_is_shorter_next_time() {
    let events: Vec<Event> = (0..120).map(chosen).collect();
    let mut xsoar = Xsoar::default();
    let mut found = 0;
    for now in 200..260 {
        let trail = Shown {
            page_size: 5,
            pages_left: Cell::new(12),
            ..all(&events, now)
        };
        found += xsoar.fetch(&trail, 200, Crash::No);
    }
    assert_eq!(found, 120);
}

#[test]
fn what_pingone_refuses_at_once_is_an_error() {
    let trail = Shown {
        pages_left: Cell::new(0),
        ..all(&[], 60)
    };
    assert!(run(&trail, 50, None).is_err());
}

#[test]
fn what_is_out_of_reach_is_said_and_the_rest_is_fetched() {
    let now = 20 * 24 * 60;
    let events = [chosen(1), chosen(now - 60)];
    let state = State::starting(minute(0));
    let fetched = run(&all(&events, now), 50, Some(state)).expect("a result");
    assert_eq!(fetched.found.len(), 1);
    let lost_before = fetched.lost_before.expect("a time");
    assert!(lost_before > minute(now - 14 * 24 * 60) && lost_before < minute(now - 13 * 24 * 60));
}

#[test]
fn sign_ons_that_fail_for_many_users_from_one_address_are_one_incident() {
    let events: Vec<Event> = (0..30)
        .map(|number| Event {
            at: number / 10,
            late: number % 3,
            kind: Kind::Failure {
                user: [
                    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o",
                ][usize::try_from(number).expect("small") % 15],
                ip: Some("192.0.2.1"),
            },
        })
        .collect();
    let mut xsoar = Xsoar::default();
    let found: usize = (0..40)
        .map(|now| xsoar.fetch(&all(&events, now), 50, Crash::No))
        .sum();
    assert_eq!(found, 1);
    assert_eq!(
        xsoar.bursts[0].0.subject,
        Subject::Address("192.0.2.1".to_owned())
    );
}
