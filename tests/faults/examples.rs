//! Every command on the calls of its document example, whatever they are: a fault is injected at each call in turn, and what
//! must hold of any command is held. So a new command is covered by its case in `test_data` alone. The tables of
//! `matrix.rs` and `several_calls.rs` know more of the commands that stand there; those get a few faults
//! here, the others by all.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;
use pingone::tape::Exchange;
use pingone_xsoar::{commands, replay};
use serde_json::Value;

use crate::{
    conversation::kind_and_text,
    faults::{self, FAULTS, Fault, Injection, Kind, Needs, Transcript},
    healthy::{self, Healthy},
    matrix,
    server::{Answer, PINGONE_JSON, Request, reply},
    several_calls,
};

/// One of each sort.
const FEW: [&str; 10] = [
    "500 with PingOne's body",
    "connection reset before the answer",
    "429",
    "400",
    "404",
    "401 once",
    "401 always",
    "200 with a web page",
    "200 with an empty object",
    "a text for a list",
];

/// Commands whose examples hold built-in roles alone. They read the names of the environment's own roles beside them, and
/// miss nothing without.
const WITH_BUILT_IN_ROLES: [&str; 2] = [
    "pingone-contain-application",
    "pingone-remove-role-assignment",
];

const POSTURE: &str = "pingone-check-posture";

/// A command with the recorded calls of its document example.
struct Example {
    command: &'static str,
    args: Value,
    exchanges: Vec<Exchange>,
    /// What is answered if nothing is wrong.
    healthy: Vec<Value>,
}

impl Example {
    fn read(command: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("test_data")
            .join(command)
            .join("document-example");
        let read = |name: &str| {
            fs::read_to_string(folder.join(name))
                .unwrap_or_else(|error| panic!("{command}/document-example/{name}: {error}"))
        };
        let request: Value = serde_json::from_str(&read(replay::REQUEST)).expect("a request");
        let exchanges = serde_json::from_str(&read(replay::EXCHANGES)).expect("exchanges");
        let mut example = Self {
            command,
            args: request["args"].clone(),
            exchanges,
            healthy: Vec::new(),
        };
        let answers = Recorded::of(&example);
        let transcript = faults::run_at(
            example.date(),
            (command, &example.args),
            None,
            false,
            move |seen| answers.answer(seen),
        );
        example.healthy = transcript
            .unwrap_or_else(|error| panic!("{command}: {error}"))
            .entries;
        example
    }

    /// When it was recorded, where that matters; else a day on which the recorded sessions are live.
    fn date(&self) -> Timestamp {
        let mut dates = self.exchanges.iter().filter_map(|exchange| exchange.at);
        dates
            .next()
            .unwrap_or_else(|| "2026-03-04T10:00:00Z".parse().expect("a date"))
    }

    /// The calls but for the token's, each with the number of those before it that are the same.
    fn calls(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let calls = self.exchanges.iter().map(call_of);
        calls
            .filter(|call| !call.ends_with("/as/token"))
            .map(|call| {
                let count = counts.entry(call.clone()).or_default();
                *count += 1;
                (call, *count)
            })
            .collect()
    }
}

/// Method and path.
fn call_of(exchange: &Exchange) -> String {
    let url = &exchange.request.url;
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    format!("{} /{path}", exchange.request.method)
}

fn call_seen(seen: &Request) -> String {
    format!("{} {}", seen.method, seen.path())
}

/// Answers as they were recorded, to calls of the same method and path one after the other. What a filter says of
/// the time is different on every day.
struct Recorded {
    answers: BTreeMap<String, Vec<(u16, String)>>,
    given: Mutex<BTreeMap<String, usize>>,
}

impl Recorded {
    fn of(example: &Example) -> Self {
        let mut answers: BTreeMap<String, Vec<(u16, String)>> = BTreeMap::new();
        for exchange in &example.exchanges {
            let Some(response) = &exchange.response else {
                continue;
            };
            let body = response.json.as_ref().map(Value::to_string);
            answers
                .entry(call_of(exchange))
                .or_default()
                .push((response.status, body.unwrap_or_default()));
        }
        Self {
            answers,
            given: Mutex::default(),
        }
    }

    fn answer(&self, seen: &Request) -> Answer {
        if seen.path().ends_with("/as/token") {
            return healthy::token(healthy::TOKEN, 3600);
        }
        let call = call_seen(seen);
        let Some(answers) = self.answers.get(&call) else {
            return reply(404, &[], PINGONE_JSON, "{}");
        };
        let mut given = self.given.lock().expect("no panic");
        let number = given.entry(call).or_default();
        let (status, body) = &answers[(*number).min(answers.len() - 1)];
        *number += 1;
        // Links to next pages stay at this host.
        let here = format!("http://{}", seen.header("host").unwrap_or_default());
        let body = body.replace("https://api.pingone.com", &here);
        let content_type = if body.is_empty() { "" } else { PINGONE_JSON };
        reply(*status, &[], content_type, body)
    }

    /// How often each change was answered.
    fn changes(&self) -> BTreeMap<String, usize> {
        let mut given = self.given.lock().expect("no panic").clone();
        given.retain(|call, _| !call.starts_with("GET "));
        given
    }
}

/// A fault at one call of an example, or at the token request.
struct Scenario {
    example: &'static Example,
    /// Method and path, and from which of several on.
    place: Option<(String, usize)>,
    fault: &'static Fault,
}

impl Scenario {
    fn kind(&self) -> Kind {
        match &self.place {
            None => Kind::Token,
            Some((call, _)) if call.starts_with("GET ") => Kind::Read,
            Some(_) => Kind::Write,
        }
    }

    fn needs(&self) -> Needs {
        let lists = |exchange: &Exchange| {
            let body = exchange
                .response
                .as_ref()
                .and_then(|response| response.json.as_ref());
            // What has an id is a resource that has something embedded.
            body.is_some_and(|body| body.get("_embedded").is_some() && body.get("id").is_none())
        };
        let mut exchanges = self.example.exchanges.iter();
        let is_list = self.place.as_ref().is_some_and(|(call, _)| {
            exchanges.any(|exchange| call_of(exchange) == *call && lists(exchange))
        });
        if is_list { Needs::List } else { Needs::User }
    }

    fn exists(&self) -> bool {
        let needs = match self.place {
            None => Needs::Nothing,
            Some(_) => self.needs(),
        };
        // A connection is refused before a call, not at it.
        !matches!(self.fault.injection, Injection::Refused)
            && !self.fault.is_heavy()
            && self.fault.applies_to(self.kind(), needs)
    }

    /// The tries that a faulted call may have: a change that could happen twice has fewer.
    fn tries(&self) -> Vec<usize> {
        let kinds = match self.kind() {
            Kind::Write => vec![Kind::Write, Kind::Create],
            kind => vec![kind],
        };
        kinds
            .into_iter()
            .map(|kind| self.fault.expected(kind, self.needs()).0)
            .collect()
    }

    /// Whether the example's answer may be whole without this call. The posture asks for users and for the trail from two
    /// sides at once: the fault can meet the call whose result it does not show, such as who granted a role, or an empty
    /// answer that says that nothing is wrong.
    fn is_dispensable(&self) -> bool {
        if self.example.command == POSTURE {
            return true;
        }
        let own_roles = format!("GET {}/roles", healthy::base());
        WITH_BUILT_IN_ROLES.contains(&self.example.command)
            && self
                .place
                .as_ref()
                .is_some_and(|(call, _)| *call == own_roles)
    }

    fn check(&self, transcript: &Transcript, faulted: usize) -> Result<(), String> {
        let tries = self.tries();
        // Calls at once ask for a token each.
        let is_tried = match self.place {
            None => faulted >= tries[0],
            Some(_) => tries.contains(&faulted),
        };
        if !is_tried {
            return Err(format!(
                "{faulted} tries were made, not {tries:?}:\n{}",
                transcript.shown()
            ));
        }
        let entries = &transcript.entries;
        let is_error = |entry: &Value| kind_and_text(entry).0 == 4;
        if entries.is_empty() || entries.len() > 2 || entries.len() == 2 && !is_error(&entries[1]) {
            return Err(format!(
                "neither an answer, an error, nor a table and an error: {entries:#?}"
            ));
        }
        let (_, says) = self.fault.expected(self.kind(), self.needs());
        let may_do = says.is_some()
            && self.kind() == Kind::Write
            && self.fault.expected(Kind::Write, Needs::Nothing).1.is_none();
        if may_do {
            // The change was accepted; whether more has to be known is the command's to say.
            return Ok(());
        }
        match (says, entries.iter().find(|entry| is_error(entry))) {
            (None, Some(error)) => Err(format!("should succeed, but says {error}")),
            (Some(says), Some(error)) => {
                let text = kind_and_text(error).1;
                // What a 404 means is the command's to say.
                let is_told = self.fault.status() == 404 || text.contains(says[0]);
                if is_told {
                    Ok(())
                } else {
                    Err(format!("should say {says:?}, but says {text}"))
                }
            }
            // It may do without: then it says so.
            (Some(_), None) if *entries == self.example.healthy && !self.is_dispensable() => {
                Err("the answer is as if nothing had been wrong".to_owned())
            }
            (_, None) => Ok(()),
        }
    }
}

impl faults::Scenario for Scenario {
    fn name(&self) -> String {
        let place = self.place.as_ref().map_or("token", |(call, _)| call);
        format!("{}, {place}, {}", self.example.command, self.fault.name)
    }

    fn fault(&self) -> &'static Fault {
        self.fault
    }

    fn play(&'static self) -> Result<(), String> {
        let recorded = Arc::new(Recorded::of(self.example));
        let faulted = Arc::new(AtomicUsize::new(0));
        let most = self.tries().into_iter().max().unwrap_or_default();
        let transcript = {
            let (recorded, faulted) = (Arc::clone(&recorded), Arc::clone(&faulted));
            let seen_so_far: Mutex<BTreeMap<String, usize>> = Mutex::default();
            faults::run_at(
                self.example.date(),
                (self.example.command, &self.example.args),
                Some(self.fault),
                false,
                move |seen| {
                    let is_faulted = match &self.place {
                        None => seen.path().ends_with("/as/token"),
                        Some((call, from)) => {
                            let mut counts = seen_so_far.lock().expect("no panic");
                            let count = counts.entry(call_seen(seen)).or_default();
                            *count += 1;
                            call_seen(seen) == *call && *count >= *from
                        }
                    };
                    let number = faulted.load(Ordering::SeqCst);
                    if is_faulted && (self.place.is_none() || number < most) {
                        faulted.fetch_add(1, Ordering::SeqCst);
                        if number > 0 && matches!(self.fault.injection, Injection::Once(..)) {
                            return recorded.answer(seen);
                        }
                        self.fault.answer(seen, number, &Healthy::default())
                    } else {
                        recorded.answer(seen)
                    }
                },
            )?
        };
        self.check(&transcript, faulted.load(Ordering::SeqCst))?;
        for (call, times) in recorded.changes() {
            let wanted = self
                .example
                .exchanges
                .iter()
                .filter(|exchange| call_of(exchange) == call);
            if times > wanted.count() {
                return Err(format!(
                    "{call} was carried out {times} times:\n{}",
                    transcript.shown()
                ));
            }
        }
        Ok(())
    }
}

#[test]
fn every_fault_at_each_call_of_every_document_example() {
    let in_tables = |command: &str| {
        matrix::COMMANDS.iter().any(|one| one.name == command)
            || several_calls::INVOCATIONS
                .iter()
                .any(|one| one.name == command)
    };
    let mut scenarios = Vec::new();
    for command in commands::NAMES {
        let example: &'static Example = Box::leak(Box::new(Example::read(command)));
        let places = example.calls().into_iter().map(Some).chain([None]);
        for place in places {
            for fault in FAULTS {
                let scenario = Scenario {
                    example,
                    place: place.clone(),
                    fault,
                };
                let is_chosen = !in_tables(command) || FEW.contains(&fault.name);
                if is_chosen && scenario.exists() {
                    scenarios.push(scenario);
                }
            }
        }
    }
    faults::play_all(scenarios);
}
