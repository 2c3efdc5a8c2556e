//! The faults: what each is, and what has to come of it, in one table, [`FAULTS`]. `matrix.rs` and
//! `several_calls.rs` play them, each on its commands; what both need for that is here, too.
//! `FAULT_SUMMARY=1 cargo test --test faults summary -- --nocapture` prints the table as Markdown.

use std::{
    fmt::Write as _,
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use jiff::Timestamp;
use pingone_xsoar::{env::Env, run::Runner};
use serde_json::{Value, json};

use crate::{
    conversation::{Turn, talk_with},
    healthy::{self, Healthy, USER},
    server::{Answer, PINGONE_JSON, Request, Server, Step, head, json as send, reply},
};

/// What a second try of a call would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It asks for the access token.
    Token,
    Read,
    /// Sets a state: twice is the same as once.
    Write,
    /// Twice could be two.
    Create,
    /// Twice could be two, and what was made cannot be looked up.
    Once,
}

/// What a call's answer is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// A list with all its pages, or its first page alone.
    List,
    FirstPage,
    /// A user.
    User,
    /// A user, or nothing: then the user is read.
    UserOrNothing,
    /// The new state, or nothing: then the state is read.
    StateOrNothing,
    /// A state: that of the password, or whether a second factor is asked for.
    Status,
    /// A JSON object; what it does not have counts as not told.
    Object,
    /// A new secret. Of an empty answer, a recorded case says what comes of it.
    Secret,
    /// Nothing: the HTTP status says it all. But what came must be PingOne's.
    Nothing,
}

/// What goes wrong.
pub(crate) enum Injection {
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
    /// A list whose next page is said to be here; with no address the page itself, with `another` ever new ones.
    Next(&'static str),
    /// A list whose items are this JSON.
    Items(&'static str),
}

/// What has to come of a fault. The numbers are tries of the faulted call with two retries allowed.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) injection: Injection,
    reads: Outcome,
    writes: Outcome,
    creates: Outcome,
    token: Outcome,
    pub(crate) doubt: Doubt,
}

/// What comes of a fault at one kind of call.
pub(crate) enum Outcome {
    /// So many tries, then an error entry that says this.
    Error(usize, &'static [&'static str]),
    /// So many tries, and the command succeeds.
    Fine(usize),
    /// One try; an error entry that says this, or, for calls that need no such answer, success.
    ErrorIfNeeded(&'static [&'static str]),
    /// This fault cannot be had here.
    No,
}

/// Whether a change may have been made although no proper answer came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
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
const TOO_MANY: &[&str] = &["cannot be used: it has more than 500 pages"];
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
    "PingOne's rate limit was reached: try again later.",
];
const NO_CONNECTION: &[&str] = &[
    "no connection to 127.0.0.1:",
    "Check that the engine can reach this host. Behind a proxy, turn on 'Use system proxy settings'.",
];
const CREDENTIALS: &str =
    "check the Client ID and Client Secret, and that they belong to this environment and region.";

/// The table. Read it as: the fault; what comes of it at a read, at a write, at a creation, at the token
/// request; whether a change may have been made all the same.
#[rustfmt::skip]
pub(crate) static FAULTS: &[Fault] = &[
    // PingOne, or what stands before it, is in trouble: it may pass.
    busy("408", Injection::Answer(408, &[], "", b""), &["Error in API call [408] - Request Timeout"], Unknown),
    busy("500 with PingOne's body", Injection::Answer(500, &[], JSON, ERROR_BODY), &["Error in API call [500] - Internal Server Error\nSOME_CODE: Some message.\n- username: Some detail. (SOME_DETAIL)\nCorrelation id: 5f2c"], Unknown),
    busy("502 with a web page", Injection::Answer(502, &[], "text/html", HTML), &["Error in API call [502] - Bad Gateway\nthe answer is a web page: a proxy or gateway"], Unknown),
    busy("503 with `Retry-After`", Injection::Answer(503, &[("Retry-After", "0"), ("Correlation-Id", "c-503")], JSON, b"{}"), &["Error in API call [503] - Service Unavailable\nCorrelation id: c-503"], Unknown),
    busy("504 with plain text", Injection::Answer(504, &[], "text/plain", b"upstream timed out"), &["Error in API call [504] - Gateway Timeout\nupstream timed out"], Unknown),
    busy("500 with invalid UTF-8", Injection::Answer(500, &[("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")], JSON, b"\"\xc3\x28"), &["Error in API call [500] - Internal Server Error\n\"\u{fffd}("], Unknown),
    busy("connection reset before the answer", Injection::Steps(|| vec![Step::Reset]), CUT, Unknown),
    busy("connection closed before the answer", Injection::Steps(|| vec![Step::Close]), CUT, Unknown),
    busy("connection closed within the headers", Injection::Steps(|| vec![Step::Send(head(200, &[], JSON)), Step::Close]), CUT, Unknown),
    busy("body cut short", Injection::Steps(|| cut(200, "Content-Length: 5000\r\n\r\n{\"id\":")), CUT, Unknown),
    busy("chunked body cut short", Injection::Steps(|| cut(200, "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n")), CUT, Unknown),
    busy("no HTTP at all", Injection::Steps(|| vec![Step::Send(b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec()), Step::Close]), CUT, Unknown),
    busy("no answer in time", Injection::Steps(|| vec![Step::Hold]), SLOW, Unknown),
    busy("body that drips", Injection::Steps(drip), SLOW, Unknown),

    // Surely not carried out: a creation too is tried again.
    passing("429", Injection::Answer(429, &[], JSON, ERROR_BODY), LIMITED),
    passing("429 with `Retry-After`", Injection::Answer(429, &[("Retry-After", "0")], JSON, ERROR_BODY), LIMITED),
    passing("connection refused", Injection::Refused, NO_CONNECTION),

    // No use in trying again.
    Fault {
        name: "429 that asks for more time than there is",
        injection: Injection::Answer(429, &[("Retry-After", "3600")], JSON, ERROR_BODY),
        reads: Error(1, LIMITED), writes: Error(1, LIMITED), creates: Error(1, LIMITED), token: Error(1, &["Error in API call [429] - Too Many Requests"]),
        doubt: Doubt::None,
    },
    refused("400", Injection::Answer(400, &[], JSON, ERROR_BODY), &["Error in API call [400] - Bad Request\nSOME_CODE: Some message.\n- username: Some detail. (SOME_DETAIL)\nCorrelation id: 5f2c"], &["Error in API call [400] - Bad Request\nSOME_CODE: Some message.", CREDENTIALS]),
    refused("403", Injection::Answer(403, &[], JSON, ERROR_BODY), &["Error in API call [403] - Forbidden\nSOME_CODE: Some message.", "The worker application needs the role"], &["Error in API call [403] - Forbidden", CREDENTIALS]),
    refused("404", Injection::Answer(404, &[], JSON, ERROR_BODY), &["Error in API call [404] - Not Found\nSOME_CODE: Some message."], &["Error in API call [404] - Not Found", "The environment does not exist in this region: check the Environment ID and the Region."]),
    refused("302 to another host", Injection::Answer(302, &[("Location", "https://elsewhere.invalid/")], "text/html", HTML), &["Error in API call [302] - Found", "Redirects are not followed, to protect the access token: check the API URL."], &["Error in API call [302] - Found", "Redirects are not followed, to protect the client secret: check the Authentication URL."]),
    refused("501", Injection::Answer(501, &[], "", b""), &["Error in API call [501] - Not Implemented"], &["Error in API call [501] - Not Implemented"]).doubtful(),
    Fault {
        name: "401 once",
        injection: Injection::Once(401, r#"{"code":"ACCESS_FAILED","message":"The token is expired."}"#),
        reads: Fine(2), writes: Fine(2), creates: Fine(2), token: No,
        doubt: Doubt::None,
    },
    Fault {
        name: "401 always",
        injection: Injection::Answer(401, &[], JSON, ERROR_BODY),
        reads: Error(2, &["Error in API call [401] - Unauthorized\nSOME_CODE: Some message.", "PingOne accepted the credentials but rejected the access token: check that the Region and the Environment ID belong to the worker application."]),
        writes: Error(2, &["Error in API call [401] - Unauthorized"]), creates: Error(2, &["Error in API call [401] - Unauthorized"]),
        token: Error(1, &["Error in API call [401] - Unauthorized\nSOME_CODE: Some message.", CREDENTIALS]),
        doubt: Doubt::None,
    },

    // A success by its status, but nothing that PingOne would say.
    nonsense("200 with a web page", Injection::Answer(200, &[], "text/html", HTML), &[NOT_JSON_TYPE], &[NOT_JSON_TYPE]),
    nonsense("200 with JSON that is called text", Injection::Answer(200, &[], "text/plain", br#"{"id":"a8890eb9-38ea-469a-bc00-b64be7903633","username":"emma.sharp","access_token":"t","status":"OK","enabled":true,"_embedded":{"users":[],"groups":[],"groupMemberships":[]}}"#), &[NOT_JSON_TYPE], &[NOT_JSON_TYPE]),
    nonsense("200 with malformed JSON", Injection::Answer(200, &[], JSON, br#"{"id":"a8890eb9-38ea-469a-bc00-b64be7903633",}"#), INVALID, NO_TOKEN),
    nonsense("200 with JSON and more after it", Injection::Answer(200, &[], JSON, br#"{"access_token":"t"} {}"#), INVALID, NO_TOKEN),
    nonsense("200 with invalid UTF-8", Injection::Answer(200, &[], JSON, b"{\"id\":\"\xc3\x28\",\"access_token\":\"\xff\"}"), INVALID, NO_TOKEN),
    nonsense("200 with 200 levels of nesting", Injection::Steps(|| reply(200, &[], JSON, "[".repeat(200) + &"]".repeat(200))), INVALID, NO_TOKEN),
    nonsense("200 with a list", Injection::Answer(200, &[], JSON, b"[]"), NO_OBJECT, NO_TOKEN),
    nonsense("200 with a text", Injection::Answer(200, &[], JSON, b"\"x\""), NO_OBJECT, NO_TOKEN),
    nonsense("200 with `null`", Injection::Answer(200, &[], JSON, b"null"), NO_OBJECT, NO_TOKEN),
    nonsense("200 with null where an object should be", Injection::Answer(200, &[], JSON, br#"{"id":null,"account":null,"enabled":null,"status":null,"_embedded":null,"access_token":null}"#), UNUSABLE, NO_TOKEN).if_needed(UNUSABLE),
    nonsense("200 with an empty object", Injection::Answer(200, &[], JSON, b"{}"), UNUSABLE, NO_TOKEN).if_needed(UNUSABLE),
    nonsense("200 with an empty body", Injection::Answer(200, &[], JSON, b""), &["cannot be used: it is empty"], NO_TOKEN).if_needed(&["cannot be used: it is empty"]),
    nonsense("body of more than 8 MiB", Injection::Steps(oversized), TOO_LARGE, TOO_LARGE),
    nonsense("body without end", Injection::Steps(endless), TOO_LARGE, TOO_LARGE),

    // Lists.
    list("a text for a list", Injection::Items("\"x\""), 1, UNUSABLE),
    list("an object for a list", Injection::Items("{}"), 1, UNUSABLE),
    list("a next page that is the page itself", Injection::Next(""), 1, NO_END),
    list("ever new next pages", Injection::Next("another"), 500, TOO_MANY),
    list("a next page at another host", Injection::Next("https://elsewhere.invalid/users"), 1, ELSEWHERE),
    list("a next page at another port", Injection::Next("http://127.0.0.1:1/users"), 1, ELSEWHERE),
    list("a next page behind a user name", Injection::Next("http://user@127.0.0.1:1/users"), 1, ELSEWHERE),
];

/// Tried again, but not a creation: PingOne may have made it.
const fn busy(
    name: &'static str,
    injection: Injection,
    says: &'static [&'static str],
    doubt: Doubt,
) -> Fault {
    Fault {
        name,
        injection,
        reads: Error(3, says),
        writes: Error(3, says),
        creates: Error(1, says),
        token: Error(3, says),
        doubt,
    }
}

/// Tried again, whatever it is: it was not carried out.
const fn passing(name: &'static str, injection: Injection, says: &'static [&'static str]) -> Fault {
    Fault {
        creates: Error(3, says),
        ..busy(name, injection, says, Doubt::None)
    }
}

/// Final at once.
const fn refused(
    name: &'static str,
    injection: Injection,
    says: &'static [&'static str],
    token: &'static [&'static str],
) -> Fault {
    Fault {
        name,
        injection,
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
    injection: Injection,
    says: &'static [&'static str],
    token: &'static [&'static str],
) -> Fault {
    refused(name, injection, says, token).doubtful()
}

/// Only where a list is read.
const fn list(
    name: &'static str,
    injection: Injection,
    tries: usize,
    says: &'static [&'static str],
) -> Fault {
    Fault {
        name,
        injection,
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
        matches!(&self.reads, Error(_, says) if *says == SLOW)
    }

    /// Whether it moves so many bytes, or takes so many calls, that it is not played everywhere.
    pub(crate) fn is_heavy(&self) -> bool {
        match &self.reads {
            Error(tries, says) => *tries > 100 || *says == TOO_LARGE,
            _ => false,
        }
    }

    pub(crate) fn is_refused_connection(&self) -> bool {
        matches!(self.injection, Injection::Refused)
    }

    /// Whether a token that was just given is refused: no further call has a chance then.
    pub(crate) fn refuses_every_token(&self) -> bool {
        matches!(self.injection, Injection::Answer(401, ..))
    }

    /// Whether the same request would be refused again.
    pub(crate) fn is_definite(&self) -> bool {
        matches!(self.status(), 400..=499) && !matches!(self.status(), 408 | 429)
    }

    /// The status that is answered; 0 where there is none.
    pub(crate) fn status(&self) -> u16 {
        match self.injection {
            Injection::Answer(status, ..) | Injection::Once(status, _) => status,
            _ => 0,
        }
    }

    fn outcome(&self, kind: Kind, needs: Needs) -> &Outcome {
        match kind {
            Kind::Token => &self.token,
            // What is wrong for a list is an object all the same.
            Kind::Read if needs == Needs::Object && matches!(self.writes, ErrorIfNeeded(_)) => {
                &self.writes
            }
            Kind::Read => &self.reads,
            Kind::Write => &self.writes,
            Kind::Create | Kind::Once => &self.creates,
        }
    }

    /// Whether such a call can meet it.
    pub(crate) fn applies_to(&self, kind: Kind, needs: Needs) -> bool {
        let fits = match self.injection {
            Injection::Next(_) => needs == Needs::List,
            Injection::Items(_) => matches!(needs, Needs::List | Needs::FirstPage),
            Injection::Answer(200, _, _, b"") => needs != Needs::Secret,
            _ => true,
        };
        fits && !matches!(self.outcome(kind, needs), No)
    }

    /// How many tries there have to be, and what the error has to say; `None` if the call does its work.
    pub(crate) fn expected(
        &self,
        kind: Kind,
        needs: Needs,
    ) -> (usize, Option<&'static [&'static str]>) {
        match self.outcome(kind, needs) {
            Error(tries, says) => (*tries, Some(*says)),
            Fine(tries) => (*tries, None),
            ErrorIfNeeded(says) => {
                let empty = matches!(self.injection, Injection::Answer(_, _, _, b""));
                let taken = match needs {
                    Needs::Nothing | Needs::StateOrNothing => true,
                    Needs::UserOrNothing => empty,
                    Needs::Object => !empty,
                    Needs::List
                    | Needs::FirstPage
                    | Needs::User
                    | Needs::Status
                    | Needs::Secret => false,
                };
                (1, (!taken).then_some(*says))
            }
            No => unreachable!("left out before"),
        }
    }

    /// What comes instead of PingOne's answer; `faulted` tries met it before.
    pub(crate) fn answer(&self, seen: &Request, faulted: usize, pingone: &Healthy) -> Answer {
        match &self.injection {
            Injection::Answer(status, headers, content_type, body) => {
                reply(*status, headers, content_type, body)
            }
            Injection::Once(status, body) if faulted == 0 => reply(*status, &[], JSON, body),
            Injection::Once(..) | Injection::Refused => pingone.answer(seen),
            Injection::Steps(steps) => steps(),
            Injection::Next(link) => {
                let this = seen.target.split("cursor").next().unwrap_or_default();
                let this = this.trim_end_matches(['?', '&']);
                let link = if link.starts_with("http") {
                    (*link).to_owned()
                } else if link.is_empty() {
                    seen.target.clone()
                } else {
                    let mark = if this.contains('?') { '&' } else { '?' };
                    format!("{this}{mark}cursor={faulted}")
                };
                let mut page = healthy::page(collection(seen), &[]);
                page["_links"] = json!({"next": {"href": link}});
                send(200, &page)
            }
            Injection::Items(items) => {
                let items: Value = serde_json::from_str(items).expect("JSON in the table");
                send(200, &json!({"_embedded": {collection(seen): items}}))
            }
        }
    }
}

/// What PingOne calls the list at the end of a path: as the path does, but for memberships.
pub(crate) fn collection(seen: &Request) -> &str {
    match seen.path().rsplit('/').next() {
        Some("memberOfGroups") => "groupMemberships",
        Some(name) if name.bytes().all(|byte| byte.is_ascii_alphabetic()) => name,
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

/// `answer`, after which no connection is accepted and this one ends.
pub(crate) fn closing(answer: Answer) -> Answer {
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

/// What an error's text has to say and must not say.
pub(crate) struct ExpectedText {
    pub(crate) wanted: Vec<String>,
    pub(crate) unwanted: Vec<&'static str>,
}

impl ExpectedText {
    /// After so many tries of a call of this kind.
    pub(crate) fn of(fault: &Fault, kind: Kind, tries: usize, says: &[&str]) -> Self {
        let settled = kind == Kind::Create && fault.doubt == Unknown;
        let mut wanted: Vec<String> = says
            .iter()
            // What was found when a creation was looked up stands where the advice would.
            .filter(|part| !settled || !part.starts_with('\''))
            .map(|part| (*part).to_owned())
            .collect();
        let mut unwanted: Vec<&str> = SUCCESSES.to_vec();
        // Refused tries are counted, useless answers are not tries.
        let useless = says.iter().any(|part| part.contains("cannot be used"));
        if tries > 1 && !useless {
            wanted.push(format!("\nGave up after {tries} attempts in "));
        } else {
            unwanted.push("Gave up after");
        }
        match (fault.doubt, kind) {
            (Unknown, Kind::Create) => wanted.push(
                "\nThe user new.user was looked up afterwards and does not exist yet. PingOne may still create it: check before you run the command again."
                    .to_owned(),
            ),
            (Unknown, Kind::Write | Kind::Once) if useless => {
                wanted.push("Whether the change was made is not known".to_owned());
            }
            (Unknown, Kind::Write | Kind::Once) => {
                wanted.push("PingOne may have made the change anyway".to_owned());
            }
            _ => unwanted.extend([
                "Whether the change was made is not known",
                "may have carried out",
                "looked up afterwards",
            ]),
        }
        Self { wanted, unwanted }
    }

    pub(crate) fn check(&self, text: &str) -> Result<(), String> {
        if let Some(part) = self.wanted.iter().find(|part| !text.contains(*part)) {
            return Err(format!("should say {part:?}, but says: {text}"));
        }
        // What may have been done is not told as done.
        let done = text.replace("may have unlocked", "");
        match self.unwanted.iter().find(|part| done.contains(**part)) {
            Some(part) => Err(format!("must not say {part:?}: {text}")),
            None => Ok(()),
        }
    }
}

/// What came of a command on a server that plays a fault.
pub(crate) struct Transcript {
    pub(crate) entries: Vec<Value>,
    pub(crate) calls: Vec<Request>,
}

impl Transcript {
    /// The calls, one a line.
    pub(crate) fn shown(&self) -> String {
        let calls: Vec<String> = self.calls.iter().map(Request::call).collect();
        calls.join("\n")
    }
}

/// The arguments as XSOAR sends them.
pub(crate) fn arguments(args: &[(&str, &str)]) -> Value {
    args.iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect()
}

/// Runs a command on a server that answers as `script` says, or is shut from the start; and then, with nothing
/// wrong any more, a second one in the same process, which has to be served.
pub(crate) fn run(
    command: &str,
    args: &Value,
    fault: Option<&Fault>,
    shut: bool,
    script: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> Result<Transcript, String> {
    run_at(Timestamp::now(), (command, args), fault, shut, script)
}

/// The same with a command that begins at `date`.
pub(crate) fn run_at(
    date: Timestamp,
    (command, args): (&str, &Value),
    fault: Option<&Fault>,
    shut: bool,
    script: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> Result<Transcript, String> {
    let on = Arc::new(AtomicBool::new(true));
    let server = {
        let on = Arc::clone(&on);
        Arc::new(Server::start(move |seen| {
            if on.load(Ordering::SeqCst) {
                script(seen)
            } else {
                healthy::answer(seen)
            }
        }))
    };
    if shut {
        server.shut();
    }
    let host = server.host();
    let limits = if fault.is_some_and(Fault::is_slow) {
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
    let mut received = talk_with(
        &mut Runner::with_simulated_waits(Env::default(), date),
        json!({}),
        [
            Turn::new(healthy::request(&host, command, args, &limits)),
            // The process lives and serves the next request on the same instance.
            Turn::after(switch_off, healthy::get_user(&host, &limits)),
        ],
    );
    match received.result(1) {
        (1, text) if text.starts_with(&format!("### User:{USER}")) => {}
        other => return Err(format!("the next request is not served: {other:?}")),
    }
    Ok(Transcript {
        entries: received.answers.swap_remove(0),
        calls: calls.lock().expect("one thread").clone(),
    })
}

/// One fault at one place of one command.
pub(crate) trait Scenario: Sync + 'static {
    fn name(&self) -> String;

    fn fault(&self) -> &'static Fault;

    /// The error says what differs from the table.
    fn play(&'static self) -> Result<(), String>;
}

/// Plays all these scenarios, many at once: most of their time is waiting.
pub(crate) fn play_all<C: Scenario>(mut scenarios: Vec<C>) {
    const AT_ONCE: usize = 96;
    assert!(scenarios.len() > 200, "the matrix has scenarios");
    // The longest first, so that none is left alone at the end.
    scenarios.sort_by_key(|scenario| !scenario.fault().is_slow());
    let scenarios: &'static [C] = scenarios.leak();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut played = scenario.play();
                    // Their limit is so short that on a busy machine a healthy answer may come too late as well.
                    if played.is_err() && scenario.fault().is_slow() {
                        played = scenario.play();
                    }
                    if let Err(failure) = played {
                        let failure = format!("{}: {failure}", scenario.name());
                        failures.lock().expect("no panic").push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic");
    assert!(
        failures.is_empty(),
        "{} of {} scenarios differ from the table:\n\n{}",
        failures.len(),
        scenarios.len(),
        failures.join("\n\n")
    );
}

/// The table as docs/behaviour.md has it: faults of which the same comes stand in one row.
fn summary() -> String {
    let mut rows: Vec<(Vec<&str>, String)> = Vec::new();
    for fault in FAULTS {
        let column = |outcome: &Outcome, create: bool| match outcome {
            Error(1, _) if create && fault.doubt == Unknown => "1 try, then looked up".to_owned(),
            Error(1, _) => "1 try".to_owned(),
            Error(tries, _) => format!("{tries} tries"),
            Fine(_) => "again with a new token".to_owned(),
            ErrorIfNeeded(_) => "1 try; fine if nothing of it is needed".to_owned(),
            No => "-".to_owned(),
        };
        let columns = format!(
            "{} | {} | {} | {} | {}",
            column(&fault.reads, false),
            column(&fault.writes, false),
            column(&fault.creates, true),
            column(&fault.token, false),
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
