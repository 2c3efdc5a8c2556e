//! The fault matrix of the commands that have one call of their own: every command × every fault × every place
//! where it can be injected: the token request, the look-up, the command's own call. Which commands there are stands
//! in one table, [`COMMANDS`]; the others are in `several_calls.rs`.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use pingone_xsoar::{commands, env::Env};
use serde_json::{Value, json};

use crate::{
    conversation::{Received, Turn, kind_and_text, talk},
    faults::{self, Doubt, ExpectedText, FAULTS, Fault, Kind, Needs, Transcript, closing},
    healthy::{self, EVALUATION, GROUP, Healthy, POPULATION, USER},
    server::{PINGONE_JSON, Request, Server, json as json_reply, reply},
    several_calls,
};

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Token,
    LookUp,
    Own,
}

/// A command, asked so that it makes the calls which are told here.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) args: &'static [(&'static str, &'static str)],
    /// What it looks up first.
    pub(crate) looks_up: Option<&'static str>,
    /// The call that it is there for; `U` and `G` stand for ids. `None` where the look-up is all.
    pub(crate) own: Option<(&'static str, &'static str)>,
    kind: Kind,
    needs: Needs,
}

const EMMA: (&str, &str) = ("username", "emma.sharp");

/// Every command of one call, some in two ways.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        name: "test-module",
        args: &[],
        looks_up: None,
        own: Some(("GET", "/users")),
        kind: Kind::Read,
        needs: Needs::FirstPage,
    },
    Command {
        name: "pingone-unlock-user",
        args: &[EMMA],
        looks_up: Some("/users"),
        own: Some(("POST", "/users/U")),
        kind: Kind::Write,
        needs: Needs::UserOrNothing,
    },
    Command {
        name: "pingone-deactivate-user",
        args: &[EMMA],
        looks_up: Some("/users"),
        own: Some(("PUT", "/users/U/enabled")),
        kind: Kind::Write,
        needs: Needs::StateOrNothing,
    },
    Command {
        name: "pingone-activate-user",
        args: &[EMMA],
        looks_up: Some("/users"),
        own: Some(("PUT", "/users/U/enabled")),
        kind: Kind::Write,
        needs: Needs::StateOrNothing,
    },
    Command {
        name: "pingone-set-password",
        args: &[EMMA, ("password", "Correct-Horse-7")],
        looks_up: Some("/users"),
        own: Some(("PUT", "/users/U/password")),
        kind: Kind::Write,
        needs: Needs::Nothing,
    },
    Command {
        name: "pingone-add-to-group",
        args: &[EMMA, ("groupId", GROUP)],
        looks_up: Some("/users"),
        own: Some(("POST", "/users/U/memberOfGroups")),
        kind: Kind::Write,
        needs: Needs::Nothing,
    },
    Command {
        name: "pingone-add-to-group",
        args: &[("userId", USER), ("groupName", "Sales")],
        looks_up: Some("/groups"),
        own: Some(("POST", "/users/U/memberOfGroups")),
        kind: Kind::Write,
        needs: Needs::Nothing,
    },
    Command {
        name: "pingone-remove-from-group",
        args: &[EMMA, ("groupId", GROUP)],
        looks_up: Some("/users"),
        own: Some(("DELETE", "/users/U/memberOfGroups/G")),
        kind: Kind::Write,
        needs: Needs::Nothing,
    },
    Command {
        name: "pingone-remove-from-group",
        args: &[("userId", USER), ("groupName", "Sales")],
        looks_up: Some("/groups"),
        own: Some(("DELETE", "/users/U/memberOfGroups/G")),
        kind: Kind::Write,
        needs: Needs::Nothing,
    },
    Command {
        name: "pingone-get-groups",
        args: &[EMMA],
        looks_up: Some("/users"),
        own: Some(("GET", "/users/U/memberOfGroups")),
        kind: Kind::Read,
        needs: Needs::List,
    },
    Command {
        name: "pingone-get-user",
        args: &[EMMA],
        looks_up: Some("/users"),
        own: None,
        kind: Kind::Read,
        needs: Needs::List,
    },
    Command {
        name: "pingone-get-user",
        args: &[("userId", USER)],
        looks_up: None,
        own: Some(("GET", "/users/U")),
        kind: Kind::Read,
        needs: Needs::User,
    },
    Command {
        name: "pingone-create-user",
        args: &[("username", "new.user"), ("populationId", POPULATION)],
        looks_up: None,
        own: Some(("POST", "/users")),
        kind: Kind::Create,
        needs: Needs::User,
    },
    Command {
        name: "pingone-update-user",
        args: &[EMMA, ("email", "emma@example.com")],
        looks_up: Some("/users"),
        own: Some(("PATCH", "/users/U")),
        kind: Kind::Write,
        needs: Needs::User,
    },
    Command {
        name: "pingone-delete-user",
        args: &[EMMA],
        looks_up: Some("/users"),
        own: Some(("DELETE", "/users/U")),
        kind: Kind::Write,
        needs: Needs::Nothing,
    },
    Command {
        name: "pingone-password-force-change",
        args: &[EMMA],
        looks_up: Some("/users"),
        own: Some(("POST", "/users/U/password")),
        kind: Kind::Write,
        needs: Needs::StateOrNothing,
    },
    Command {
        name: "pingone-read-password-state",
        args: &[EMMA],
        looks_up: Some("/users"),
        own: Some(("GET", "/users/U/password")),
        kind: Kind::Read,
        needs: Needs::Status,
    },
    Command {
        name: "pingone-get-risk-evaluation",
        args: &[("evaluationId", EVALUATION)],
        looks_up: None,
        own: Some(("GET", "/riskEvaluations/V")),
        kind: Kind::Read,
        needs: Needs::Object,
    },
];

/// One scenario of the matrix.
struct Scenario {
    command: &'static Command,
    place: Place,
    fault: &'static Fault,
}

impl faults::Scenario for Scenario {
    fn name(&self) -> String {
        let args: Vec<&str> = self.command.args.iter().map(|(name, _)| *name).collect();
        format!(
            "{} ({}), {:?}, {}",
            self.command.name,
            args.join(", "),
            self.place,
            self.fault.name
        )
    }

    fn fault(&self) -> &'static Fault {
        self.fault
    }

    fn play(&'static self) -> Result<(), String> {
        let (pingone, faulted) = (Healthy::default(), AtomicUsize::new(0));
        let refused = self.fault.is_refused_connection();
        let shut = refused && self.place == Place::Token;
        let transcript = faults::run(
            self.command.name,
            &faults::arguments(self.command.args),
            Some(self.fault),
            shut,
            move |seen| {
                if place_of(self.command, seen) == Some(self.place) {
                    if self.expected().1.is_none() && self.fault.status() == 200 {
                        // It takes place, although the answer does not say so.
                        pingone.answer(seen);
                    }
                    let faulted = faulted.fetch_add(1, Ordering::SeqCst);
                    return self.fault.answer(seen, faulted, &pingone);
                }
                let answer = pingone.answer(seen);
                if refused && self.comes_before(seen) {
                    closing(answer)
                } else {
                    answer
                }
            },
        )?;
        self.check_entries(&transcript)?;
        self.check_calls(&transcript)
    }
}

impl Scenario {
    fn kind(&self) -> Kind {
        match self.place {
            Place::Token => Kind::Token,
            Place::LookUp => Kind::Read,
            Place::Own => self.command.kind,
        }
    }

    fn needs(&self) -> Needs {
        match self.place {
            Place::Token | Place::LookUp => Needs::List,
            Place::Own => self.command.needs,
        }
    }

    /// Whether there is such a scenario.
    fn exists(&self) -> bool {
        let place = match self.place {
            Place::Token => true,
            Place::LookUp => self.command.looks_up.is_some(),
            Place::Own => self.command.own.is_some(),
        };
        place && self.fault.applies_to(self.kind(), self.needs())
    }

    fn expected(&self) -> (usize, Option<&'static [&'static str]>) {
        self.fault.expected(self.kind(), self.needs())
    }

    /// The calls that are neither token request, look-up nor the command's own: how many of which there have
    /// to be, and what the command then says instead.
    fn afterwards(&self) -> (&'static [&'static str], Option<&'static str>) {
        if self.place != Place::Own {
            return (&[], None);
        }
        let taken = self.expected().1.is_none();
        match (self.fault.status(), self.command.name) {
            // A wrong environment is told from missing roles.
            (403, "test-module") => (&["GET "], None),
            (404, "test-module") => (&["GET "], Some("Check the Environment ID and the Region.")),
            // Is Protect missing?
            (404, "pingone-get-risk-evaluation") => (
                &["GET /billOfMaterials"],
                Some("There is no risk evaluation "),
            ),
            (403, "pingone-get-risk-evaluation") => (&["GET /billOfMaterials"], None),
            // Gone already, or never there?
            (404, "pingone-delete-user") => (
                &["GET /users/U"],
                Some(
                    "PingOne answered that there is nothing to delete, but the user a8890eb9-38ea-469a-bc00-b64be7903633 is still there.",
                ),
            ),
            (404, "pingone-remove-from-group") => (
                &["GET /users/U", "GET /users/U/memberOfGroups/G"],
                Some(
                    "PingOne answered that there is nothing to remove, but the user a8890eb9-38ea-469a-bc00-b64be7903633 is still in group",
                ),
            ),
            // Was it changed all the same?
            (_, "pingone-set-password") if !taken && self.fault.doubt == Doubt::Unknown => {
                (&["GET /users/U/password"], None)
            }
            // The answer does not tell the new state.
            (200, "pingone-password-force-change") if taken => (&["GET /users/U/password"], None),
            // It is shown as it is.
            (200, "pingone-get-risk-evaluation") => (&[], None),
            (200, _) if taken && self.command.needs != Needs::Nothing => (&["GET /users/U"], None),
            _ => (&[], None),
        }
    }

    /// Whether the connection has to be refused right after this call.
    fn comes_before(&self, seen: &Request) -> bool {
        match self.place {
            Place::Token => false,
            Place::LookUp => place_of(self.command, seen) == Some(Place::Token),
            Place::Own => {
                let before = if self.command.looks_up.is_some() {
                    Place::LookUp
                } else {
                    Place::Token
                };
                place_of(self.command, seen) == Some(before)
            }
        }
    }

    fn check_entries(&self, transcript: &Transcript) -> Result<(), String> {
        let [entry] = transcript.entries.as_slice() else {
            return Err(format!("not exactly one entry: {:?}", transcript.entries));
        };
        let (tries, says) = self.expected();
        let (kind, text) = kind_and_text(entry);
        let Some(says) = says else {
            return if kind == 1 {
                Ok(())
            } else {
                Err(format!("should succeed, but says: {text}"))
            };
        };
        if kind != 4 {
            return Err(format!("should fail, but says: {text}"));
        }
        let instead = self.afterwards().1.map(|instead| [instead]);
        let says = instead.as_ref().map_or(says, |instead| &instead[..]);
        let mut told = ExpectedText::of(self.fault, self.kind(), tries, says);
        told.wanted.push(format!(
            "Failed to execute {} command. Error: ",
            self.command.name
        ));
        told.check(text)
    }

    fn check_calls(&self, transcript: &Transcript) -> Result<(), String> {
        let calls = &transcript.calls;
        let (tries, says) = self.expected();
        let refused = self.fault.is_refused_connection();
        let count = |place| {
            calls
                .iter()
                .filter(|seen| place_of(self.command, seen) == Some(place))
                .count()
        };
        let faulted = if refused { 0 } else { tries };
        // A refused token is asked for anew.
        let renewed = usize::from(self.place != Place::Token && self.outcome_is_401());
        let settled = usize::from(self.is_settled() && says.is_some());
        let looks_up = usize::from(self.command.looks_up.is_some());
        let has_own = usize::from(self.command.own.is_some());
        let wanted = match self.place {
            Place::Token => [faulted, 0, 0],
            Place::LookUp => [
                1 + renewed,
                faulted,
                if says.is_some() { 0 } else { has_own },
            ],
            Place::Own => [1 + renewed, looks_up, faulted],
        };
        let found = [count(Place::Token), count(Place::LookUp), count(Place::Own)];
        if found != wanted {
            return Err(format!(
                "token requests, look-ups and own calls should be {wanted:?}, but are {found:?}:\n{}",
                transcript.shown()
            ));
        }
        let others: BTreeSet<String> = calls
            .iter()
            .filter(|seen| place_of(self.command, seen).is_none())
            .map(healthy::short)
            .collect();
        let mut wanted: BTreeSet<String> = self
            .afterwards()
            .0
            .iter()
            .map(|call| (*call).to_owned())
            .collect();
        if settled == 1 {
            wanted.insert("GET /users".to_owned());
        }
        let number = calls.len() - found.iter().sum::<usize>();
        if others != wanted || number != wanted.len() {
            return Err(format!(
                "afterwards there should be {wanted:?}, but there are {number} calls, {others:?}:\n{}",
                transcript.shown()
            ));
        }
        Ok(())
    }

    /// Whether it is a creation whose outcome is looked up.
    fn is_settled(&self) -> bool {
        self.command.kind == Kind::Create
            && self.place == Place::Own
            && self.fault.doubt == Doubt::Unknown
    }

    fn outcome_is_401(&self) -> bool {
        self.fault.status() == 401
    }
}

pub(crate) fn place_of(command: &Command, seen: &Request) -> Option<Place> {
    if seen.path().ends_with("/as/token") {
        return Some(Place::Token);
    }
    let call = healthy::short(seen);
    let is = |method: &str, path: &str| call == format!("{method} {path}");
    if command.own.is_some_and(|(method, path)| is(method, path)) {
        return Some(Place::Own);
    }
    command
        .looks_up
        .is_some_and(|path| is("GET", path))
        .then_some(Place::LookUp)
}

/// Plays all scenarios of a place.
fn play(place: Place) {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for fault in FAULTS {
        for command in COMMANDS {
            let scenario = Scenario {
                command,
                place,
                fault,
            };
            if scenario.exists() {
                scenarios.push(scenario);
            }
        }
    }
    faults::play_all(scenarios);
}

#[test]
fn every_fault_at_the_token_request() {
    play(Place::Token);
}

#[test]
fn every_fault_at_the_look_up() {
    play(Place::LookUp);
}

#[test]
fn every_fault_at_the_commands_own_call() {
    play(Place::Own);
}

/// Runs a command against a PingOne that answers at the end of `path` with a page of one item and 7 MB; with a next
/// page each time, if that is asked for.
fn with_large_pages(
    command: &str,
    args: &Value,
    (path, collection): (&'static str, &'static str),
    item: impl Fn(usize) -> Value + Send + Sync + 'static,
    go_on: bool,
) -> (Received, usize) {
    let number = AtomicUsize::new(0);
    let server = Server::start(move |seen| {
        if !seen.path().ends_with(path) {
            return healthy::answer(seen);
        }
        let number = number.fetch_add(1, Ordering::SeqCst);
        let mut page = healthy::page(collection, &[item(number)]);
        if go_on {
            page["_links"] = json!({"next": {"href": format!("?cursor={number}")}});
        }
        reply(
            200,
            &[],
            PINGONE_JSON,
            page.to_string() + &" ".repeat(7_000_000),
        )
    });
    let request = healthy::request(&server.host(), command, args, &json!({}));
    let received = talk(Env::default(), [Turn::new(request)]);
    (received, server.count("GET", path))
}

#[test]
fn large_pages_do_not_accumulate_in_memory() {
    let membership = |_| json!({"id": GROUP, "name": "Sales", "type": "DIRECT"});
    let user = |_| healthy::user();
    for (received, calls) in [
        with_large_pages(
            "pingone-get-groups",
            &json!({"username": "emma.sharp"}),
            ("/memberOfGroups", "groupMemberships"),
            membership,
            true,
        ),
        with_large_pages(
            "pingone-list-users",
            &json!({"all_results": "true"}),
            ("/users", "users"),
            user,
            true,
        ),
    ] {
        let text = received.error(0);
        assert!(
            text.contains("cannot be used: its pages are too large together"),
            "{text}"
        );
        assert_eq!(
            calls, 6,
            "192 MiB, of which a page takes five times its size"
        );
    }
}

#[test]
fn long_audit_periods_do_not_accumulate_in_memory() {
    let run = |args: &Value| {
        with_large_pages(
            "pingone-list-audit-activities",
            args,
            ("/activities", "activities"),
            |number| json!({"id": format!("a{number}"), "remoteIp": "10.0.0.1"}),
            false,
        )
    };
    // Seven spans of 14 days.
    let mut args = json!({"from": "98 days ago", "all_results": "true"});
    let (received, calls) = run(&args);
    let text = received.error(0);
    assert!(
        text.contains("cannot be used: its pages are too large together"),
        "{text}"
    );
    assert_eq!(
        calls, 6,
        "192 MiB, of which a page takes five times its size"
    );
    // What is not wanted is let go.
    args["ip"] = json!("10.0.0.2");
    let (received, calls) = run(&args);
    assert_eq!(kind_and_text(received.entry(0)).0, 1);
    assert_eq!(calls, 7);
}

#[test]
fn endlessly_nested_groups_are_not_followed_forever() {
    let number = AtomicUsize::new(0);
    let server = Server::start(move |seen| {
        if seen.path() == format!("{}/groups/{GROUP}", healthy::base()) {
            return json_reply(200, &json!({"id": GROUP, "name": "Sales"}));
        }
        if !seen.path().contains("/groups/") {
            return healthy::answer(seen);
        }
        let number = number.fetch_add(1, Ordering::SeqCst);
        let above = json!({"id": format!("00000000-0000-4000-8000-{number:012}"), "name": "Upper"});
        json_reply(200, &healthy::page("groupMemberships", &[above]))
    });
    let args = json!({"userId": USER, "groupId": GROUP});
    let protected = json!({"protected_groups": "Admins"});
    let request = healthy::request(&server.host(), "pingone-add-to-group", &args, &protected);
    let received = talk(Env::default(), [Turn::new(request)]);
    let text = received.error(0);
    assert!(
        text.contains("is nested in too many groups to tell whether one is protected"),
        "{text}"
    );
    assert_eq!(server.count("GET", "/memberOfGroups"), 250);
    assert_eq!(server.count("POST", "/memberOfGroups"), 0);
}

#[test]
fn the_tables_have_commands_that_are_there() {
    let several = several_calls::INVOCATIONS.iter().map(|form| form.name);
    for name in COMMANDS.iter().map(|command| command.name).chain(several) {
        assert!(commands::NAMES.contains(&name), "{name} is no command");
    }
}
