//! The fault matrix: every command × every fault × every place where it can strike: the token request, the
//! look-up, the command's own call. What has to come of each fault stands in one table, [`FAULTS`]; which
//! commands there are, in another, [`COMMANDS`]. `FAULT_SUMMARY=1 cargo test --test faults summary -- --nocapture`
//! prints the first as Markdown.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use pingone_xsoar::{commands, surroundings::Surroundings};
use serde_json::{Value, json};

use crate::{
    conversation::{Turn, talk},
    healthy::{self, GROUP, POPULATION, USER},
    scripted::{Answer, PINGONE_JSON, Scripted, Seen, Step, head, json as send, reply},
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
    /// What a second try of that call would do.
    kind: Kind,
    /// What the call's answer is used for.
    needs: Needs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    /// Sets a state: twice is the same as once.
    Write,
    /// Twice could be two.
    Create,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// A list with all its pages, or its first page alone.
    List,
    FirstPage,
    /// A user.
    User,
    /// A user, or nothing: then the user is read.
    UserOrNothing,
    /// The new state, or nothing: then the user is read.
    StateOrNothing,
    /// The password's state.
    Status,
    /// Nothing: the HTTP status says it all. But what came must be PingOne's.
    Nothing,
}

const EMMA: (&str, &str) = ("username", "emma.sharp");

/// Every command, some in two ways.
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
        needs: Needs::Nothing,
    },
    Command {
        name: "pingone-read-password-state",
        args: &[EMMA],
        looks_up: Some("/users"),
        own: Some(("GET", "/users/U/password")),
        kind: Kind::Read,
        needs: Needs::Status,
    },
];

/// Commands that have no one call of their own, or go on with other users after a fault. They go the same way to
/// PingOne; what they make of a fault is in their recorded cases and in `tests/respond`.
const MADE_OF_MORE_CALLS: [&str; 17] = [
    "pingone-list-users",
    "pingone-lock-user",
    "pingone-unlock-password",
    "pingone-list-sessions",
    "pingone-clear-user-sessions",
    "pingone-list-mfa-devices",
    "pingone-delete-mfa-device",
    "pingone-reset-mfa",
    "pingone-set-mfa-enabled",
    "pingone-list-audit-activities",
    "pingone-get-failed-logins",
    "pingone-list-groups",
    "pingone-get-group-members",
    "pingone-list-populations",
    "pingone-list-role-assignments",
    "pingone-contain-user",
    "pingone-restore-user",
];

/// What goes wrong.
enum Strike {
    /// A whole answer: status, headers, content type, body.
    Answer(
        u16,
        &'static [(&'static str, &'static str)],
        &'static str,
        &'static [u8],
    ),
    /// The same as many times as this, then all is well.
    Once(u16, &'static str),
    /// No connection is accepted.
    Refused,
    /// These steps instead of an answer.
    Steps(fn() -> Answer),
    /// A list whose next page is said to be here; `{n}` is the number of the page.
    Next(&'static str),
    /// A list whose items are this JSON.
    Items(&'static str),
}

/// What has to come of a fault. The numbers are tries of the struck call with two retries allowed.
struct Fault {
    name: &'static str,
    strike: Strike,
    reads: Outcome,
    writes: Outcome,
    creates: Outcome,
    token: Outcome,
    doubt: Doubt,
}

/// What comes of a fault at one kind of call.
enum Outcome {
    /// So many tries, then an error entry that says this.
    Error(u32, &'static [&'static str]),
    /// So many tries, and the command succeeds.
    Fine(u32),
    /// One try; an error entry that says this, or, for commands that need no such answer, success.
    ErrorIfNeeded(&'static [&'static str]),
    /// This fault cannot be had here.
    No,
}

/// Whether a change may have been made although no proper answer came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// It was surely not made.
    None,
    /// The error says that it may have been, and a creation is settled by looking the user up.
    Unknown,
}

use Doubt::Unknown;
use Outcome::{Error, ErrorIfNeeded, Fine, No};

const JSON: &str = PINGONE_JSON;
const ERROR_BODY: &[u8] = br#"{"id":"5f2c","code":"SOME_CODE","message":"Some message.","details":[{"code":"SOME_DETAIL","target":"username","message":"Some detail."}]}"#;
const HTML: &[u8] = b"<html><body><h1>Welcome to the guest network</h1></body></html>";
const NOT_JSON_TYPE: &str =
    "cannot be used: it is not JSON by its content type; a proxy or gateway may have answered";
const UNUSABLE: &[&str] = &["PingOne's answer to ", "cannot be used: "];
const INVALID: &[&str] = &["cannot be used: it is not valid JSON ("];
const NO_OBJECT: &[&str] = &["cannot be used: it is not a JSON object"];
const NO_TOKEN: &[&str] = &["cannot be used: it holds no access token"];
const NO_END: &[&str] = &["cannot be used: its pages do not come to an end"];
const ELSEWHERE: &[&str] = &[
    "cannot be used: its link to the next page leads to another host, where the access token must not go",
];
const SLOW: &[&str] = &[
    "did not answer",
    "in time (waited 1.5 s)",
    "'Request timeout in seconds'",
];
const CUT: &[&str] = &["the connection to 127.0.0.1:", "ended before the answer to"];
const TOO_LARGE: &[&str] = &["the answer of 127.0.0.1:", "is too large (more than 8 MiB)"];
const LIMITED: &[&str] = &[
    "Error in API call [429] - Too Many Requests\nSOME_CODE: Some message.\n- username: Some detail. (SOME_DETAIL)\nCorrelation id: 5f2c",
    "PingOne limits how many requests a licence may make: try again later.",
];
const NO_CONNECTION: &[&str] = &[
    "no connection to 127.0.0.1:",
    "Check that the engine may reach this host; behind a proxy, turn 'Use system proxy settings' on.",
];
const CREDENTIALS: &str = "check the Client ID and the Client Secret, and that they belong to this environment and region.";

/// The table. Read it as: the fault; what comes of it at a read, at a write, at a creation, at the token
/// request; whether a change may have been made all the same.
#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    // PingOne, or what stands before it, is in trouble: it may pass.
    busy("408", Strike::Answer(408, &[], "", b""), &["Error in API call [408] - Request Timeout"], Unknown),
    busy("500 with PingOne's body", Strike::Answer(500, &[], JSON, ERROR_BODY), &["Error in API call [500] - Internal Server Error\nSOME_CODE: Some message.\n- username: Some detail. (SOME_DETAIL)\nCorrelation id: 5f2c"], Unknown),
    busy("502 with a web page", Strike::Answer(502, &[], "text/html", HTML), &["Error in API call [502] - Bad Gateway\nthe answer is a web page, not PingOne's"], Unknown),
    busy("503 with `Retry-After`", Strike::Answer(503, &[("Retry-After", "0"), ("Correlation-Id", "c-503")], JSON, b"{}"), &["Error in API call [503] - Service Unavailable\nCorrelation id: c-503"], Unknown),
    busy("504 with plain text", Strike::Answer(504, &[], "text/plain", b"upstream timed out"), &["Error in API call [504] - Gateway Timeout\nupstream timed out"], Unknown),
    busy("500 with invalid UTF-8", Strike::Answer(500, &[("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")], JSON, b"\"\xc3\x28"), &["Error in API call [500] - Internal Server Error\n\"\u{fffd}("], Unknown),
    busy("connection reset before the answer", Strike::Steps(|| vec![Step::Reset]), CUT, Unknown),
    busy("connection closed before the answer", Strike::Steps(|| vec![Step::Close]), CUT, Unknown),
    busy("connection closed within the headers", Strike::Steps(|| vec![Step::Send(head(200, &[], JSON)), Step::Close]), CUT, Unknown),
    busy("body cut short", Strike::Steps(|| cut(200, "Content-Length: 5000\r\n\r\n{\"id\":")), CUT, Unknown),
    busy("chunked body cut short", Strike::Steps(|| cut(200, "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n")), CUT, Unknown),
    busy("no HTTP at all", Strike::Steps(|| vec![Step::Send(b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec()), Step::Close]), CUT, Unknown),
    busy("no answer in time", Strike::Steps(|| vec![Step::Hold]), SLOW, Unknown),
    busy("body that drips", Strike::Steps(drip), SLOW, Unknown),

    // Surely not carried out: a creation too is tried again.
    passing("429", Strike::Answer(429, &[], JSON, ERROR_BODY), LIMITED),
    passing("429 with `Retry-After`", Strike::Answer(429, &[("Retry-After", "0")], JSON, ERROR_BODY), LIMITED),
    passing("connection refused", Strike::Refused, NO_CONNECTION),

    // No use in trying again.
    Fault {
        name: "429 that asks for more time than there is",
        strike: Strike::Answer(429, &[("Retry-After", "3600")], JSON, ERROR_BODY),
        reads: Error(1, LIMITED), writes: Error(1, LIMITED), creates: Error(1, LIMITED), token: Error(1, &["Error in API call [429] - Too Many Requests"]),
        doubt: Doubt::None,
    },
    refused("400", Strike::Answer(400, &[], JSON, ERROR_BODY), &["Error in API call [400] - Bad Request\nSOME_CODE: Some message.\n- username: Some detail. (SOME_DETAIL)\nCorrelation id: 5f2c"], &["Error in API call [400] - Bad Request\nSOME_CODE: Some message.", CREDENTIALS]),
    refused("403", Strike::Answer(403, &[], JSON, ERROR_BODY), &["Error in API call [403] - Forbidden\nSOME_CODE: Some message.", "The worker application needs the role Identity Data"], &["Error in API call [403] - Forbidden", CREDENTIALS]),
    refused("404", Strike::Answer(404, &[], JSON, ERROR_BODY), &["Error in API call [404] - Not Found\nSOME_CODE: Some message."], &["Error in API call [404] - Not Found", "There is no such environment where the token was asked for: check the Environment ID and the Region."]),
    refused("302 to another host", Strike::Answer(302, &[("Location", "https://elsewhere.invalid/")], "text/html", HTML), &["Error in API call [302] - Found", "Redirects are not followed, to keep the access token here: check the API URL."], &["Error in API call [302] - Found", "Redirects are not followed, to keep the client secret here: check the Authentication URL."]),
    refused("501", Strike::Answer(501, &[], "", b""), &["Error in API call [501] - Not Implemented"], &["Error in API call [501] - Not Implemented"]).doubtful(),
    Fault {
        name: "401 once",
        strike: Strike::Once(401, r#"{"code":"ACCESS_FAILED","message":"The token is expired."}"#),
        reads: Fine(2), writes: Fine(2), creates: Fine(2), token: No,
        doubt: Doubt::None,
    },
    Fault {
        name: "401 always",
        strike: Strike::Answer(401, &[], JSON, ERROR_BODY),
        reads: Error(2, &["Error in API call [401] - Unauthorized\nSOME_CODE: Some message.", "PingOne accepted the credentials but refused the access token: check that the Region and the Environment ID belong to the worker application."]),
        writes: Error(2, &["Error in API call [401] - Unauthorized"]), creates: Error(2, &["Error in API call [401] - Unauthorized"]),
        token: Error(1, &["Error in API call [401] - Unauthorized\nSOME_CODE: Some message.", CREDENTIALS]),
        doubt: Doubt::None,
    },

    // A success by its status, but nothing that PingOne would say.
    nonsense("200 with a web page", Strike::Answer(200, &[], "text/html", HTML), &[NOT_JSON_TYPE], &[NOT_JSON_TYPE]),
    nonsense("200 with JSON that is called text", Strike::Answer(200, &[], "text/plain", br#"{"id":"a8890eb9-38ea-469a-bc00-b64be7903633","username":"emma.sharp","access_token":"t","status":"OK","enabled":true,"_embedded":{"users":[],"groups":[],"groupMemberships":[]}}"#), &[NOT_JSON_TYPE], &[NOT_JSON_TYPE]),
    nonsense("200 with malformed JSON", Strike::Answer(200, &[], JSON, br#"{"id":"a8890eb9-38ea-469a-bc00-b64be7903633",}"#), INVALID, NO_TOKEN),
    nonsense("200 with JSON and more after it", Strike::Answer(200, &[], JSON, br#"{"access_token":"t"} {}"#), INVALID, NO_TOKEN),
    nonsense("200 with invalid UTF-8", Strike::Answer(200, &[], JSON, b"{\"id\":\"\xc3\x28\",\"access_token\":\"\xff\"}"), INVALID, NO_TOKEN),
    nonsense("200 with 200 levels of nesting", Strike::Steps(|| reply(200, &[], JSON, "[".repeat(200) + &"]".repeat(200))), INVALID, NO_TOKEN),
    nonsense("200 with a list", Strike::Answer(200, &[], JSON, b"[]"), NO_OBJECT, NO_TOKEN),
    nonsense("200 with a text", Strike::Answer(200, &[], JSON, b"\"x\""), NO_OBJECT, NO_TOKEN),
    nonsense("200 with `null`", Strike::Answer(200, &[], JSON, b"null"), NO_OBJECT, NO_TOKEN),
    nonsense("200 with null where an object should be", Strike::Answer(200, &[], JSON, br#"{"id":null,"account":null,"enabled":null,"status":null,"_embedded":null,"access_token":null}"#), UNUSABLE, NO_TOKEN).if_needed(UNUSABLE),
    nonsense("200 with an empty object", Strike::Answer(200, &[], JSON, b"{}"), UNUSABLE, NO_TOKEN).if_needed(UNUSABLE),
    nonsense("200 with an empty body", Strike::Answer(200, &[], JSON, b""), &["cannot be used: it is empty"], NO_TOKEN).if_needed(&["cannot be used: it is empty"]),
    nonsense("body of more than 8 MiB", Strike::Steps(oversized), TOO_LARGE, TOO_LARGE),
    nonsense("body without end", Strike::Steps(endless), TOO_LARGE, TOO_LARGE),

    // Lists.
    list("a text for a list", Strike::Items("\"x\""), 1, UNUSABLE),
    list("an object for a list", Strike::Items("{}"), 1, UNUSABLE),
    list("a next page that is the page itself", Strike::Next(""), 1, NO_END),
    list("ever new next pages", Strike::Next("&cursor={n}"), 500, NO_END),
    list("a next page at another host", Strike::Next("https://elsewhere.invalid/users"), 1, ELSEWHERE),
    list("a next page at another port", Strike::Next("http://127.0.0.1:1/users"), 1, ELSEWHERE),
    list("a next page behind a user name", Strike::Next("http://user@127.0.0.1:1/users"), 1, ELSEWHERE),
];

/// Tried again, but not a creation: PingOne may have made it.
const fn busy(
    name: &'static str,
    strike: Strike,
    says: &'static [&'static str],
    doubt: Doubt,
) -> Fault {
    Fault {
        name,
        strike,
        reads: Error(3, says),
        writes: Error(3, says),
        creates: Error(1, says),
        token: Error(3, says),
        doubt,
    }
}

/// Tried again, whatever it is: it was not carried out.
const fn passing(name: &'static str, strike: Strike, says: &'static [&'static str]) -> Fault {
    Fault {
        creates: Error(3, says),
        ..busy(name, strike, says, Doubt::None)
    }
}

/// Final at once.
const fn refused(
    name: &'static str,
    strike: Strike,
    says: &'static [&'static str],
    token: &'static [&'static str],
) -> Fault {
    Fault {
        name,
        strike,
        reads: Error(1, says),
        writes: Error(1, says),
        creates: Error(1, says),
        token: Error(1, token),
        doubt: Doubt::None,
    }
}

/// Final at once; a change may have been made.
const fn nonsense(
    name: &'static str,
    strike: Strike,
    says: &'static [&'static str],
    token: &'static [&'static str],
) -> Fault {
    refused(name, strike, says, token).doubtful()
}

/// Only where a list is read.
const fn list(
    name: &'static str,
    strike: Strike,
    tries: u32,
    says: &'static [&'static str],
) -> Fault {
    Fault {
        name,
        strike,
        reads: Error(tries, says),
        writes: No,
        creates: No,
        token: No,
        doubt: Doubt::None,
    }
}

impl Fault {
    const fn doubtful(mut self) -> Self {
        self.doubt = Unknown;
        self
    }

    /// Commands that need nothing of the answer take it.
    const fn if_needed(mut self, says: &'static [&'static str]) -> Self {
        self.writes = ErrorIfNeeded(says);
        self
    }

    fn is_slow(&self) -> bool {
        matches!(&self.reads, Error(_, says) if std::ptr::eq(*says, SLOW))
    }

    fn answer(&self, seen: &Seen, struck: usize) -> Answer {
        match &self.strike {
            Strike::Answer(status, headers, content_type, body) => {
                reply(*status, headers, content_type, body)
            }
            Strike::Once(status, body) if struck == 0 => reply(*status, &[], JSON, body),
            Strike::Once(..) | Strike::Refused => healthy::answer(seen),
            Strike::Steps(steps) => steps(),
            Strike::Next(link) => {
                let this = seen.target.split("&cursor").next().unwrap_or_default();
                let link = if link.starts_with("http") {
                    (*link).to_owned()
                } else if link.is_empty() {
                    seen.target.clone()
                } else {
                    format!("{this}{}", link.replace("{n}", &struck.to_string()))
                };
                let mut page = healthy::page(collection(seen), &[]);
                page["_links"] = json!({"next": {"href": link}});
                send(200, &page)
            }
            Strike::Items(items) => {
                let items: Value = serde_json::from_str(items).expect("JSON in the table");
                send(200, &json!({"_embedded": {collection(seen): items}}))
            }
        }
    }
}

pub(crate) fn collection(seen: &Seen) -> &'static str {
    match seen.path().rsplit('/').next() {
        Some("memberOfGroups") => "groupMemberships",
        Some("groups") => "groups",
        _ => "users",
    }
}

fn cut(status: u16, rest: &str) -> Answer {
    let mut bytes = head(status, &[], JSON);
    bytes.extend(rest.as_bytes());
    vec![Step::Send(bytes), Step::Close]
}

fn chunked(chunk: &[u8], pause: Duration) -> Answer {
    let mut first = head(200, &[], JSON);
    first.extend(b"Transfer-Encoding: chunked\r\n\r\n");
    let mut bytes = format!("{:x}\r\n", chunk.len()).into_bytes();
    bytes.extend(chunk);
    bytes.extend(b"\r\n");
    vec![Step::Send(first), Step::SendForever(bytes, pause)]
}

fn drip() -> Answer {
    chunked(b" ", Duration::from_millis(50))
}

fn endless() -> Answer {
    chunked(&vec![b' '; 65536], Duration::ZERO)
}

fn oversized() -> Answer {
    reply(200, &[], JSON, vec![b' '; 8 * 1024 * 1024 + 1])
}

/// One cell of the matrix.
struct Cell {
    command: &'static Command,
    place: Place,
    fault: &'static Fault,
}

impl Cell {
    fn outcome(&self) -> &'static Outcome {
        let Fault {
            reads,
            writes,
            creates,
            token,
            ..
        } = self.fault;
        match (self.place, self.command.kind) {
            (Place::Token, _) => token,
            (Place::LookUp, _) | (Place::Own, Kind::Read) => reads,
            (Place::Own, Kind::Write) => writes,
            (Place::Own, Kind::Create) => creates,
        }
    }

    /// Whether there is such a cell.
    fn exists(&self) -> bool {
        let place = match self.place {
            Place::Token => true,
            Place::LookUp => self.command.looks_up.is_some(),
            Place::Own => self.command.own.is_some(),
        };
        let reads_a_list = self.place == Place::LookUp
            || match self.fault.strike {
                Strike::Next(_) => self.command.needs == Needs::List,
                Strike::Items(_) => {
                    matches!(self.command.needs, Needs::List | Needs::FirstPage)
                }
                _ => true,
            };
        place && reads_a_list && !matches!(self.outcome(), No)
    }

    /// Whether a call is the one that is struck.
    fn is_struck(&self, seen: &Seen) -> bool {
        place_of(self.command, seen) == Some(self.place)
    }

    /// How many tries there have to be, and what the error has to say; `None` if the command succeeds.
    fn expected(&self) -> (u32, Option<&'static [&'static str]>) {
        match self.outcome() {
            Error(tries, says) => (*tries, Some(says)),
            Fine(tries) => (*tries, None),
            ErrorIfNeeded(says) => {
                let empty = matches!(self.fault.strike, Strike::Answer(_, _, _, b""));
                let taken = match self.command.needs {
                    Needs::Nothing | Needs::StateOrNothing => true,
                    Needs::UserOrNothing => empty,
                    Needs::List | Needs::FirstPage | Needs::User | Needs::Status => false,
                };
                (1, (!taken).then_some(says))
            }
            No => unreachable!("left out before"),
        }
    }

    /// The calls that are neither token request, look-up nor the command's own: how many of which there have
    /// to be, and what the command then says instead.
    fn afterwards(&self) -> (&'static [&'static str], Option<&'static str>) {
        if self.place != Place::Own {
            return (&[], None);
        }
        let taken = self.expected().1.is_none();
        match (self.fault.strike_status(), self.command.name) {
            // A wrong environment is told from missing roles.
            (403, "test-module") => (&["GET "], None),
            (404, "test-module") => (&["GET "], Some("Check the Environment ID and the Region.")),
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
            // The answer does not tell the new state.
            (200, _) if taken && self.command.needs != Needs::Nothing => (&["GET /users/U"], None),
            _ => (&[], None),
        }
    }

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

    /// Plays the cell; the error says what differs from the table.
    fn play(&'static self) -> Result<(), String> {
        let on = Arc::new(AtomicBool::new(true));
        let struck = Arc::new(AtomicUsize::new(0));
        let server = {
            let (on, struck) = (Arc::clone(&on), Arc::clone(&struck));
            Arc::new(Scripted::start(move |seen| {
                if !on.load(Ordering::SeqCst) {
                    return healthy::answer(seen);
                }
                if self.is_struck(seen) {
                    return self
                        .fault
                        .answer(seen, struck.fetch_add(1, Ordering::SeqCst));
                }
                let mut answer = healthy::answer(seen);
                if self.command.name == "pingone-deactivate-user" && short(seen) == "GET /users/U" {
                    // It took place, although the answer did not say so.
                    let mut user = healthy::user();
                    user["enabled"] = json!(false);
                    answer = send(200, &user);
                }
                if matches!(self.fault.strike, Strike::Refused) && self.comes_before(seen) {
                    answer = closing(answer);
                }
                answer
            }))
        };
        let refused = matches!(self.fault.strike, Strike::Refused);
        if refused && self.place == Place::Token {
            server.shut();
        }
        let host = server.host();
        let args: Value = self
            .command
            .args
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let limits = if self.fault.is_slow() {
            json!({"request_timeout": "1.5"})
        } else {
            json!({})
        };
        let calls = Arc::new(Mutex::new(Vec::new()));
        let switch_off = {
            let (server, calls) = (Arc::clone(&server), Arc::clone(&calls));
            move || {
                *calls.lock().expect("one thread") = server.seen();
                on.store(false, Ordering::SeqCst);
                server.reopen();
            }
        };
        let heard = talk(
            Surroundings::default(),
            [
                Turn::new(healthy::request(&host, self.command.name, &args, &limits)),
                // The process lives and serves the next request on the same instance.
                Turn::after(switch_off, healthy::get_user(&host, &limits)),
            ],
        );
        let calls = calls.lock().expect("one thread").clone();
        let entries = &heard.answers[0];
        if entries.len() != 1 {
            return Err(format!("not exactly one entry: {entries:?}"));
        }
        self.judge_entry(heard.result(0))?;
        self.judge_calls(&calls)?;
        match heard.result(1) {
            (1, text) if text.starts_with(&format!("### User:{USER}")) => Ok(()),
            other => Err(format!("the next request is not served: {other:?}")),
        }
    }

    /// Whether the connection has to be refused right after this call.
    fn comes_before(&self, seen: &Seen) -> bool {
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

    fn judge_entry(&self, (kind, text): (u64, &str)) -> Result<(), String> {
        let (tries, says) = self.expected();
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
        let mut wanted = vec![format!(
            "Failed to execute {} command. Error: ",
            self.command.name
        )];
        match self.afterwards().1 {
            Some(instead) => wanted.push(instead.to_owned()),
            None => wanted.extend(
                says.iter()
                    // What was found when a creation was looked up stands where the advice would.
                    .filter(|part| !self.is_settled() || !part.starts_with('\''))
                    .map(|part| (*part).to_owned()),
            ),
        }
        let mut unwanted: Vec<&str> = SUCCESSES.to_vec();
        // Refused tries are counted, useless answers are not tries.
        let gave_up = format!("\nGave up after {tries} tries in ");
        if tries > 1 && !text.contains("cannot be used") {
            wanted.push(gave_up);
        } else {
            unwanted.push("Gave up after");
        }
        let changes = self.place == Place::Own && self.command.kind != Kind::Read;
        match (changes && self.fault.doubt == Unknown, self.command.kind) {
            (true, Kind::Create) => wanted.push(
                "\nThe user new.user was looked up afterwards and does not exist: it was not created."
                    .to_owned(),
            ),
            (true, _) if text.contains("cannot be used") => {
                wanted.push("Whether the change was made is not known".to_owned());
            }
            (true, _) => wanted.push("PingOne may have carried out the change all the same".to_owned()),
            (false, _) => unwanted.extend([
                "Whether the change was made is not known",
                "may have carried out",
                "looked up afterwards",
            ]),
        }
        for part in wanted {
            if !text.contains(&part) {
                return Err(format!("should say {part:?}, but says: {text}"));
            }
        }
        match unwanted.iter().find(|part| text.contains(**part)) {
            Some(part) => Err(format!("must not say {part:?}: {text}")),
            None => Ok(()),
        }
    }

    fn judge_calls(&self, calls: &[Seen]) -> Result<(), String> {
        let (tries, says) = self.expected();
        let refused = matches!(self.fault.strike, Strike::Refused);
        let count = |place| {
            calls
                .iter()
                .filter(|seen| place_of(self.command, seen) == Some(place))
                .count()
        };
        let struck = if refused { 0 } else { tries as usize };
        // A refused token is asked for anew.
        let renewed = usize::from(self.place != Place::Token && self.outcome_is_401());
        let settled = usize::from(self.is_settled() && says.is_some());
        let looks_up = usize::from(self.command.looks_up.is_some());
        let has_own = usize::from(self.command.own.is_some());
        let wanted = match self.place {
            Place::Token => [struck, 0, 0],
            Place::LookUp => [
                1 + renewed,
                struck,
                if says.is_some() { 0 } else { has_own },
            ],
            Place::Own => [1 + renewed, looks_up, struck],
        };
        let found = [count(Place::Token), count(Place::LookUp), count(Place::Own)];
        let shown = || calls.iter().map(Seen::call).collect::<Vec<_>>().join("\n");
        if found != wanted {
            return Err(format!(
                "token requests, look-ups and own calls should be {wanted:?}, but are {found:?}:\n{}",
                shown()
            ));
        }
        let others: BTreeSet<String> = calls
            .iter()
            .filter(|seen| place_of(self.command, seen).is_none())
            .map(short)
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
                shown()
            ));
        }
        Ok(())
    }

    /// Whether it is a creation whose outcome is looked up.
    fn is_settled(&self) -> bool {
        self.command.kind == Kind::Create && self.place == Place::Own && self.fault.doubt == Unknown
    }

    fn outcome_is_401(&self) -> bool {
        self.fault.strike_status() == 401
    }
}

impl Fault {
    fn strike_status(&self) -> u16 {
        match self.strike {
            Strike::Answer(status, ..) | Strike::Once(status, _) => status,
            _ => 0,
        }
    }
}

/// Texts that only a command that did its work may give.
const SUCCESSES: &[&str] = &[
    "successfully",
    "### ",
    " unlocked",
    " deactivated",
    "is active now",
    "password was updated",
    "password was set",
    "was Deleted",
    "user created",
    "user updated",
];

/// Method and path below the environment, with `U` and `G` for ids.
fn short(seen: &Seen) -> String {
    let path = seen.path();
    let path = path.strip_prefix(&healthy::base()).unwrap_or(path);
    format!(
        "{} {}",
        seen.method,
        path.replace(USER, "U").replace(GROUP, "G")
    )
}

pub(crate) fn place_of(command: &Command, seen: &Seen) -> Option<Place> {
    if seen.path().ends_with("/as/token") {
        return Some(Place::Token);
    }
    let call = short(seen);
    let is = |method: &str, path: &str| call == format!("{method} {path}");
    if command.own.is_some_and(|(method, path)| is(method, path)) {
        return Some(Place::Own);
    }
    command
        .looks_up
        .is_some_and(|path| is("GET", path))
        .then_some(Place::LookUp)
}

/// `answer`, after which no connection is accepted and this one ends.
fn closing(answer: Answer) -> Answer {
    let mut steps = vec![Step::Shut];
    for step in answer {
        if let Step::Send(bytes) = step {
            let text = String::from_utf8_lossy(&bytes);
            let closed = text.replacen("\r\n", "\r\nConnection: close\r\n", 1);
            steps.push(Step::Send(closed.into_bytes()));
        }
    }
    steps.push(Step::Close);
    steps
}

/// Plays all cells of a place, many at once: most of their time is waiting.
fn play(place: Place) {
    const AT_ONCE: usize = 48;
    let mut cells: Vec<Cell> = Vec::new();
    for fault in FAULTS {
        for command in COMMANDS {
            let cell = Cell {
                command,
                place,
                fault,
            };
            if cell.exists() {
                cells.push(cell);
            }
        }
    }
    assert!(cells.len() > 200, "the matrix has cells");
    // The longest first, so that none is left alone at the end.
    cells.sort_by_key(|cell| !cell.fault.is_slow());
    let cells: &'static [Cell] = cells.leak();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = cell.play() {
                        let failure = format!("{}: {failure}", cell.name());
                        failures.lock().expect("no panic").push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic");
    assert!(
        failures.is_empty(),
        "{} of {} cells differ from the table:\n\n{}",
        failures.len(),
        cells.len(),
        failures.join("\n\n")
    );
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

#[test]
fn large_pages_do_not_add_up() {
    let number = AtomicUsize::new(0);
    let server = Scripted::start(move |seen| {
        if !seen.path().ends_with("/memberOfGroups") {
            return healthy::answer(seen);
        }
        let mut page = healthy::page("groupMemberships", &[]);
        let number = number.fetch_add(1, Ordering::SeqCst);
        page["_links"] = json!({"next": {"href": format!("?cursor={number}")}});
        reply(200, &[], JSON, page.to_string() + &" ".repeat(7_000_000))
    });
    let args = json!({"username": "emma.sharp"});
    let request = healthy::request(&server.host(), "pingone-get-groups", &args, &json!({}));
    let heard = talk(Surroundings::default(), [Turn::new(request)]);
    let text = heard.error(0);
    assert!(
        text.contains("cannot be used: its pages are too large together"),
        "{text}"
    );
    assert_eq!(server.count("GET", "/memberOfGroups"), 5, "32 MiB");
}

#[test]
fn the_matrix_has_every_command() {
    let played: BTreeSet<&str> = COMMANDS.iter().map(|command| command.name).collect();
    let known: BTreeSet<&str> = commands::NAMES.iter().copied().collect();
    let expected: BTreeSet<&str> = known
        .iter()
        .copied()
        .filter(|name| !MADE_OF_MORE_CALLS.contains(name))
        .collect();
    assert_eq!(played, expected, "COMMANDS in this file and the handlers");
    assert!(MADE_OF_MORE_CALLS.iter().all(|name| known.contains(name)));
}

/// The table as the README has it: faults of which the same comes stand in one row.
fn summary() -> String {
    let mut rows: Vec<(Vec<&str>, String)> = Vec::new();
    for fault in FAULTS {
        let cell = |outcome: &Outcome, create: bool| match outcome {
            Error(1, _) if create && fault.doubt == Unknown => "1 try, then looked up".to_owned(),
            Error(1, _) => "1 try".to_owned(),
            Error(tries, _) => format!("{tries} tries"),
            Fine(_) => "again with a new token".to_owned(),
            ErrorIfNeeded(_) => "1 try; fine if nothing of it is needed".to_owned(),
            No => "-".to_owned(),
        };
        let columns = format!(
            "{} | {} | {} | {} | {}",
            cell(&fault.reads, false),
            cell(&fault.writes, false),
            cell(&fault.creates, true),
            cell(&fault.token, false),
            told(&fault.reads),
        );
        match rows.last_mut() {
            Some((names, last)) if *last == columns => names.push(fault.name),
            _ => rows.push((vec![fault.name], columns)),
        }
    }
    let mut text = String::from(
        "| What goes wrong | reads | writes | create-user | token request | what the error entry says |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (names, columns) in rows {
        writeln!(text, "| {} | {columns} |", names.join("; ")).expect("a String takes everything");
    }
    text
}

/// An error's text in short.
fn told(outcome: &Outcome) -> String {
    let Error(_, says) = outcome else {
        return "nothing: the command succeeds".to_owned();
    };
    if says[0].starts_with("Error in API call [") {
        return "`Error in API call [status] - …`, PingOne's words, what to do".to_owned();
    }
    let parts: Vec<String> = says
        .iter()
        .map(|part| {
            part.trim_end_matches(['(', ' ', ':'])
                .replace("127.0.0.1", "HOST")
        })
        .collect();
    format!("`{}`", parts.join(" … "))
}

#[test]
fn summary_of_the_matrix() {
    let summary = summary();
    assert!(
        FAULTS.iter().all(|fault| summary.contains(fault.name)),
        "{summary}"
    );
    if std::env::var_os("FAULT_SUMMARY").is_some() {
        std::io::stdout()
            .write_all(summary.as_bytes())
            .expect("stdout");
    }
}
