//! Secrets that are easy to recognise go in, by every way there is, and a server says everything that it was
//! told and knows, in every form: nothing that comes out may hold a mark. The one exception is the message that
//! stores the access token in the integration context.

use std::{
    cell::Cell,
    collections::HashMap,
    fmt::Debug,
    fs,
    path::Path,
    sync::{Arc, LazyLock, Mutex},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pingone::private_key::PrivateKey;
use pingone_xsoar::{env::Env, replay};
use serde_json::{Map, Value, json};

use crate::{
    conversation::{Received, Turn, talk_without_waits},
    faults::collection,
    healthy::{self, USER},
    matrix::{COMMANDS, Command, Place, place_of},
    process,
    server::{Answer, PINGONE_JSON, Request, Server, Step, json as send, reply},
    several_calls::{INVOCATIONS, Invocation},
};

/// The marks. Letters and digits come through every encoding but base64 unchanged, so each is found by them.
const MARKS: [&str; 6] = [
    "Zq7ClientCanary",
    "Zq7TokenCanary",
    "Zq7PasswordCanary",
    "Zq7StoredCanary",
    "Zq7KeyCanary",
    "Zq7ProxyCanary",
];
/// The secrets, which have a mark each, and whatever is encoded differently in one place or another.
const CLIENT_SECRET: &str = "s\u{e9}c/\"+ Zq7ClientCanary\\%~'<&>";
const TOKEN: &str = "t0.-_~+/ Zq7TokenCanary=";
const PASSWORD: &str = "p\u{e4}ss \"wo/rd+\\ Zq7PasswordCanary%<&>";
const STORED_PASSWORD: &str = "in the store: Zq7StoredCanary";
const STORED_KEY: &str = "-----BEGIN KEY----- Zq7KeyCanary";
const SECRETS: [&str; 5] = [CLIENT_SECRET, TOKEN, STORED_PASSWORD, STORED_KEY, PASSWORD];

/// The first mark in `text`, in whatever form, with what stands around it.
fn mark_in(text: &str) -> Option<String> {
    static ENCODED: LazyLock<Vec<String>> =
        LazyLock::new(|| MARKS.into_iter().flat_map(in_base64).collect());
    let lower = text.to_ascii_lowercase();
    // Every mark begins so.
    if lower.contains("zq7") {
        let mut marks = MARKS.iter();
        if let Some(place) = marks.find_map(|mark| lower.find(&mark.to_lowercase())) {
            return Some(around(text, place));
        }
    }
    let in_base64 = ENCODED.iter().find_map(|part| text.find(part));
    let mut marks = MARKS.iter().map(|mark| hexadecimal(mark));
    let place = in_base64.or_else(|| marks.find_map(|mark| lower.find(&mark)))?;
    Some(around(text, place))
}

/// What a mark is in the base64 of a text, wherever in it: that which neighbouring bytes have no part in.
fn in_base64(mark: &str) -> [String; 3] {
    [0, 1, 2].map(|before| {
        let mut bytes = vec![b' '; before];
        bytes.extend(mark.bytes());
        let encoded = STANDARD.encode(&bytes);
        encoded[(before * 4).div_ceil(3)..bytes.len() * 4 / 3].to_owned()
    })
}

/// A private key of its own for each run, and what it is recognised by.
struct KeyCanary {
    pem: String,
    /// The parts of the key that are letters and digits, which come through every encoding but base64 and hexadecimal
    /// unchanged, and what they are in those.
    marks: Vec<String>,
}

impl KeyCanary {
    fn new() -> Self {
        /// Shorter ones may be in anything.
        const MIN: usize = 12;
        let pem = PrivateKey::generate_pem().expect("a key").to_string();
        let lines = pem.lines().filter(|line| !line.starts_with('-'));
        let parts = lines.flat_map(|line| line.split(['+', '/', '=']));
        let parts: Vec<&str> = parts.filter(|part| part.len() >= MIN).collect();
        let marks = parts.into_iter().flat_map(|part| {
            let [one, two, three] = in_base64(part);
            let hex = hexadecimal(part);
            [part.to_owned(), one, two, three, hex.to_uppercase(), hex]
        });
        let marks = marks.collect();
        Self { pem, marks }
    }

    /// The key with this in the place of line breaks.
    fn with_breaks(&self, breaks: &str) -> String {
        self.pem.trim().replace('\n', breaks)
    }

    /// The key in all ways in which somebody may write it, and its lines.
    fn spellings(&self) -> Vec<String> {
        let mut spellings: Vec<String> = BREAKS.map(|breaks| self.with_breaks(breaks)).into();
        let lines = self.pem.lines().filter(|line| !line.starts_with('-'));
        spellings.push(lines.clone().collect());
        spellings.extend(lines.map(str::to_owned));
        spellings
    }

    /// The first mark in `text`, with what stands around it.
    fn find(&self, text: &str) -> Option<String> {
        let place = self.marks.iter().find_map(|mark| text.find(mark.as_str()));
        place.map(|place| around(text, place))
    }
}

/// What becomes of the line breaks of a key in a text field.
const BREAKS: [&str; 5] = ["\n", "\r\n", "\\n", " ", ""];

fn around(text: &str, place: usize) -> String {
    let before: String = text[..place].chars().rev().take(300).collect();
    let after: String = text[place..].chars().take(120).collect();
    format!("{}>>>{after}", before.chars().rev().collect::<String>())
}

/// What a server may say: what it was told by a request and what else it knows, in every form. A few forms at
/// a time, so that each request sees others in each place.
struct Said {
    forms: Vec<String>,
    next: Cell<usize>,
}

impl Said {
    /// `number` tells with which form to begin.
    fn new(seen: &Request, secrets: &[&str], number: usize) -> Self {
        let mut forms = vec![seen.header("authorization").unwrap_or_default().to_owned()];
        // An update sends back what was an echo already, and so escaped once more.
        let is_update = seen.method == "PATCH"
            || seen.method == "PUT" && seen.path().contains("/applications/");
        if !is_update {
            forms.extend([seen.body_text(), STANDARD.encode(seen.body_text())]);
        }
        for secret in secrets {
            let quoted = Value::from(*secret).to_string();
            let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
            forms.extend([
                (*secret).to_owned(),
                ascii(&quoted),
                quoted,
                percent.replace("%20", "+"),
                lower_case_escapes(&percent),
                percent,
                STANDARD.encode(secret),
                URL_SAFE_NO_PAD.encode(secret),
                STANDARD.encode(format!("user:{secret}")),
                URL_SAFE_NO_PAD.encode(format!("a{secret}b")),
                hexadecimal(secret),
                hexadecimal(&format!("user:{secret}")).to_uppercase(),
                Value::from(Value::from(*secret).to_string()).to_string(),
                html(secret),
            ]);
        }
        Self {
            forms,
            next: Cell::new(number),
        }
    }

    fn next(&self) -> String {
        let next = self.next.get();
        self.next.set(next + 3);
        let forms = (next..next + 3).map(|place| self.forms[place % self.forms.len()].as_str());
        forms.collect::<Vec<_>>().join(" ; ")
    }

    /// As much as stands in a header or an address.
    fn line(&self) -> String {
        self.next().replace(['\r', '\n'], " ")
    }
}

fn hexadecimal(text: &str) -> String {
    let bytes = text.bytes().map(|byte| format!("{byte:02x}"));
    bytes.collect()
}

/// Text as it stands in a web page.
fn html(text: &str) -> String {
    let escapes = [
        ('&', "&amp;"),
        ('<', "&lt;"),
        ('>', "&gt;"),
        ('"', "&quot;"),
        ('\'', "&#39;"),
    ];
    escapes
        .iter()
        .fold(text.to_owned(), |text, (character, escape)| {
            text.replace(*character, escape)
        })
}

/// JSON as Python writes it, with everything beyond ASCII escaped.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    json.chars()
        .map(|character| {
            if character.is_ascii() {
                return character.to_string();
            }
            let units = character.encode_utf16(&mut units).iter();
            units.fold(String::new(), |text, unit| format!("{text}\\u{unit:04x}"))
        })
        .collect()
}

/// `%2F` as `%2f`
fn lower_case_escapes(percent: &str) -> String {
    let mut parts = percent.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (escape, rest) = part.split_at(2);
        format!("{text}%{}{rest}", escape.to_lowercase())
    })
}

/// The secrets that a server can know when it is asked this for a command.
fn known(command: &str, seen: &Request) -> Vec<&'static str> {
    let mut secrets = vec![CLIENT_SECRET, STORED_PASSWORD, STORED_KEY];
    if !seen.path().ends_with("/as/token") {
        secrets.push(TOKEN);
    }
    if command == SET_PASSWORD {
        secrets.push(PASSWORD);
    }
    secrets
}

const SET_PASSWORD: &str = "pingone-set-password";

/// The body with `said` in every text that is only shown, and under names that nobody knows.
fn with_echo(value: Value, said: &Said) -> Value {
    const SHOWN: [&str; 12] = [
        "message",
        "error_description",
        "email",
        "nickname",
        "title",
        "formatted",
        "given",
        "family",
        "createdAt",
        "updatedAt",
        "lastChangedAt",
        "displayName",
    ];
    match value {
        Value::Object(members) => {
            // Feedback on a risk evaluation needs the evaluation's time.
            let is_evaluation = members.contains_key("riskPolicySet");
            let mut echoing: Map<String, Value> = members
                .into_iter()
                .map(|(name, value)| {
                    let is_shown = SHOWN.contains(&name.as_str());
                    let is_needed = is_evaluation && name == "createdAt";
                    let value = match value {
                        Value::String(text) if is_shown && !is_needed => {
                            Value::String(format!("{text} {}", said.next()))
                        }
                        other => with_echo(other, said),
                    };
                    (name, value)
                })
                .collect();
            echoing.insert(
                "echo".to_owned(),
                json!([said.next(), {"deep": said.next()}]),
            );
            echoing.insert(said.next(), json!(said.next()));
            Value::Object(echoing)
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| with_echo(item, said))
            .collect(),
        other => other,
    }
}

/// A request with marked secrets, for the part of the server below `/<number>`.
fn marked(mut request: Value, host: &str, number: usize) -> Value {
    let path_of = |url: &Value| {
        let url = url.as_str().unwrap_or_default();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        rest.split_once('/')
            .map_or_else(String::new, |(_, path)| format!("/{path}"))
    };
    let params = &mut request["params"];
    if params.is_object() {
        for name in ["api_url", "auth_url"] {
            params[name] = json!(format!("http://{host}/{number}{}", path_of(&params[name])));
        }
        let secret = params["credentials"]["password"].as_str();
        // With a private key, the secret is not used, but an instance may still have one.
        if params["private_key"].is_object()
            || secret.is_some_and(|secret| !secret.trim().is_empty())
        {
            params["credentials"]["password"] = json!(CLIENT_SECRET);
            params["credentials"]["credentials"] = json!({
                "user": params["credentials"]["identifier"], "password": STORED_PASSWORD, "sshkey": STORED_KEY,
            });
        }
    }
    // An empty one is part of its case.
    if !matches!(request["args"]["password"].as_str(), None | Some(""))
        || request["args"]["password"].is_number()
    {
        request["args"]["password"] = json!(PASSWORD);
    }
    request["native"] = json!(false);
    request
}

/// Plays the requests in the two-way mode in this process and in the one-way mode in one of its own, and finds
/// no mark in what comes out. Gives what was received.
fn assert_nothing_shown(requests: &[Value], names: &[String]) -> Received {
    let received = talk_without_waits(
        Env::default(),
        requests.iter().cloned().map(Turn::new).collect::<Vec<_>>(),
    );
    assert_eq!(received.answers.len(), requests.len());
    for (name, answer) in names.iter().zip(&received.answers) {
        let errors = answer.iter().filter(|entry| entry["Type"] == 4).count();
        assert!(
            answer.len() == 1 || (answer.len() == 2 && errors == 1),
            "{name}: one entry, or one for all users and an error entry for some: {answer:?}"
        );
        for text in texts(&json!(answer)) {
            if let Some(found) = mark_in(&text) {
                panic!("{name}: an entry shows a secret: {found}");
            }
        }
    }
    for line in &received.log {
        if let Some(found) = mark_in(line) {
            panic!("a log line shows a secret: {found}");
        }
    }
    if let Some(found) = mark_in(&received.everything_shown()) {
        panic!("a secret is shown: {found}");
    }
    // What is stored is the token, in one place.
    for stored in &received.stored {
        let texts = texts(stored);
        let of_token: Vec<&String> = texts.iter().filter(|text| text.contains(TOKEN)).collect();
        assert!(of_token.len() <= 1, "the token is stored once");
        for text in texts {
            if let Some(found) = mark_in(&text.replace(TOKEN, "")) {
                panic!("the integration context holds another secret: {found}");
            }
        }
    }

    let lines: Vec<String> = requests.iter().map(Value::to_string).collect();
    let ended = process::run(&[], lines.join("\n").as_bytes());
    let completed = ended.stdout.matches(r#""completed""#).count();
    assert_eq!(completed, requests.len(), "{}", ended.stderr);
    for (stream, text) in [("stdout", &ended.stdout), ("stderr", &ended.stderr)] {
        if let Some(found) = mark_in(text) {
            panic!("{stream} shows a secret: {found}");
        }
    }
    let failures = received.answers.iter().flatten();
    if failures.into_iter().any(|entry| entry["Type"] == 4) {
        assert!(!ended.stderr.is_empty(), "the log goes there");
    }
    received
}

/// All texts in a value, member names too.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| {
                let mut found = texts(value);
                found.push(name.clone());
                found
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Splits `/<number>` off the path.
fn below(seen: &Request) -> (usize, Request) {
    let (number, target) = seen.target[1..]
        .split_once('/')
        .unwrap_or((&seen.target[1..], ""));
    let seen = Request {
        target: format!("/{target}"),
        ..seen.clone()
    };
    (number.parse().expect("a number of ours"), seen)
}

/// The exchanges of a recorded case that are left, as method, target below the host, and answer.
type Recorded = Vec<(String, String, Value)>;

#[test]
fn no_recorded_case_reveals_a_secret_that_the_server_echoes() {
    let mut folders = replay::cases(Path::new("test_data")).expect("test_data");
    let exchanges_hold = |folder: &Path, text: &str| {
        let exchanges = fs::read_to_string(folder.join(replay::EXCHANGES)).expect("exchanges");
        exchanges.contains(text)
    };
    // A case with a time of its own asks for other things today.
    folders.retain(|folder| !exchanges_hold(folder, "\"at\": \""));
    assert!(folders.len() > 150, "the recorded cases are there");
    // Every case as it was recorded, and with a server that echoes.
    let cases: Vec<(usize, bool)> = (0..folders.len())
        .flat_map(|folder| [(folder, false), (folder, true)])
        // An echo beside the address that is looked for, or by which a user is protected, makes it another one.
        .filter(|(folder, echoes)| {
            let folder = &folders[*folder];
            let by_email = exchanges_hold(folder, "filter=email%20eq")
                || folder.ends_with("pingone-unlock-user/protected-by-e-mail-address");
            !(*echoes && by_email)
        })
        .collect();
    let record = |folder: usize| -> Recorded {
        let text = fs::read(folders[folder].join(replay::EXCHANGES)).expect("exchanges");
        let exchanges: Vec<Value> = serde_json::from_slice(&text).expect("JSON");
        exchanges
            .into_iter()
            .map(|exchange| {
                let url = exchange["request"]["url"].as_str().unwrap_or_default();
                let path = url.splitn(4, '/').nth(3).unwrap_or_default();
                let method = exchange["request"]["method"].as_str().unwrap_or_default();
                (method.to_owned(), format!("/{path}"), exchange)
            })
            .collect()
    };
    let all: HashMap<usize, Recorded> = cases
        .iter()
        .enumerate()
        .map(|(number, (folder, _))| (number, record(*folder)))
        .collect();
    let commands: Vec<String> = folders
        .iter()
        .map(|folder| {
            let command = folder.components().nth(1).expect("test_data/command/case");
            command.as_os_str().to_string_lossy().into_owned()
        })
        .collect();
    // Both modes play all of it, one after the other.
    let left = Arc::new(Mutex::new([all.clone(), all]));
    let server = {
        let (left, cases) = (Arc::clone(&left), cases.clone());
        Server::start(move |asked| {
            let (number, seen) = below(asked);
            let mut left = left.lock().expect("no panic");
            for tape in left.iter_mut() {
                let tape = tape.get_mut(&number).expect("a case");
                let place = tape.iter().position(|(method, target, _)| {
                    *method == seen.method && *target == seen.target
                });
                if let Some(place) = place {
                    let (_, _, exchange) = tape.remove(place);
                    let host = asked.header("host").unwrap_or_default();
                    let base = format!("http://{host}/{number}");
                    let (folder, echoes) = cases[number];
                    let said = Said::new(&seen, &known(&commands[folder], &seen), number);
                    return play(&exchange, &base, echoes.then_some(&said));
                }
            }
            send(
                599,
                &json!({"message": format!("not recorded: {}", asked.call())}),
            )
        })
    };
    let requests: Vec<Value> = cases
        .iter()
        .enumerate()
        .map(|(number, (folder, _))| {
            let text = fs::read(folders[*folder].join(replay::REQUEST)).expect("request");
            marked(
                serde_json::from_slice(&text).expect("JSON"),
                &server.host(),
                number,
            )
        })
        .collect();
    let names: Vec<String> = cases
        .iter()
        .map(|(folder, echoes)| format!("{} (echo: {echoes})", folders[*folder].display()))
        .collect();
    let received = assert_nothing_shown(&requests, &names);
    for (name, answer) in names.iter().zip(&received.answers) {
        let answer = json!(answer).to_string();
        assert!(!answer.contains("not recorded"), "{name}: {answer}");
    }
    for tape in left.lock().expect("no panic").iter() {
        for (number, rest) in tape {
            let calls: Vec<&String> = rest.iter().map(|(_, target, _)| target).collect();
            assert!(rest.is_empty(), "{}: not made: {calls:?}", names[*number]);
        }
    }
}

/// A recorded answer; `base` takes the place of PingOne's hosts in it.
fn play(exchange: &Value, base: &str, said: Option<&Said>) -> Answer {
    let response = &exchange["response"];
    let status = u16::try_from(response["status"].as_u64().unwrap_or_default()).unwrap_or_default();
    let mut headers = vec![];
    let line = said.map(Said::line).unwrap_or_default();
    if said.is_some() {
        headers.extend([("Correlation-Id", line.as_str()), ("X-Echo", line.as_str())]);
    }
    let content_type = response["headers"]["content-type"].as_str();
    if response["json"].is_null() {
        let mut text = response["text"].as_str().unwrap_or_default().to_owned();
        if let Some(said) = said.filter(|_| !text.is_empty()) {
            text += &said.next();
        }
        return reply(status, &headers, content_type.unwrap_or_default(), text);
    }
    let url = exchange["request"]["url"].as_str().unwrap_or_default();
    let host: String = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let text = response["json"].to_string().replace(&host, base);
    let mut body: Value = serde_json::from_str(&text).expect("JSON");
    if let Some(said) = said {
        body = with_echo(body, said);
    }
    if !body["access_token"].is_null() {
        body["access_token"] = json!(TOKEN);
    }
    reply(
        status,
        &headers,
        content_type.unwrap_or(PINGONE_JSON),
        body.to_string(),
    )
}

type Echo = fn(&Request, &Said) -> Answer;

/// Answers that say everything, one for each way by which text from outside comes in.
const ECHOES: &[(&str, Echo)] = &[
    ("healthy", |seen, said| {
        let answer = if seen.path().ends_with("/as/token") {
            healthy::token(TOKEN, 3600)
        } else {
            healthy::answer(seen)
        };
        echoing(answer, said)
    }),
    ("400", |_, said| refusal(400, said)),
    ("401", |_, said| refusal(401, said)),
    ("403", |_, said| refusal(403, said)),
    ("404", |_, said| refusal(404, said)),
    ("407", |_, said| refusal(407, said)),
    ("429", |_, said| refusal(429, said)),
    ("500", |_, said| refusal(500, said)),
    ("oauth", |_, said| {
        send(
            401,
            &json!({"error": said.next(), "error_description": said.next()}),
        )
    }),
    ("other method", |_, said| {
        let text = format!("Unsupported authentication method {}", said.next());
        send(
            401,
            &json!({"error": "invalid_client", "error_description": text}),
        )
    }),
    ("text", |_, said| reply(400, &[], "text/plain", said.next())),
    ("cut text", |_, said| {
        reply(502, &[], "text/plain", said.next().repeat(20))
    }),
    ("list", |_, said| send(400, &json!([said.next()]))),
    ("odd body", |_, said| {
        send(
            503,
            &json!({"code": 7, "message": said.next(), "details": said.next()}),
        )
    }),
    ("page", |_, said| {
        reply(500, &[], "text/html", format!("<html>{}", said.next()))
    }),
    ("page 200", |_, said| {
        reply(200, &[], "text/html", format!("<html>{}", said.next()))
    }),
    ("type", |_, said| reply(200, &[], &said.line(), "{}")),
    ("redirect", |_, said| {
        reply(
            302,
            &[("Location", &format!("/{}", said.line()))],
            "",
            said.next(),
        )
    }),
    ("malformed", |_, said| {
        reply(200, &[], PINGONE_JSON, format!("{{{:?}: ", said.next()))
    }),
    ("id", |_, said| {
        send(200, &json!({"id": said.next(), "access_token": 7}))
    }),
    ("user's name", |_, said| {
        send(
            200,
            &json!({"id": USER, "username": "emma.sharp", "name": said.next(), "account": said.next()}),
        )
    }),
    ("no list", |seen, said| {
        send(200, &json!({"_embedded": {collection(seen): said.next()}}))
    }),
    ("odd items", |seen, said| {
        let items =
            json!([said.next(), {"id": said.next(), "username": "emma.sharp", "name": "Sales"}]);
        send(200, &json!({"_embedded": {collection(seen): items}}))
    }),
    ("odd members of items", |seen, said| {
        let items = json!([{
            "id": USER, "username": "emma.sharp", "name": said.next(), "type": said.next(),
            "_embedded": said.next(), "account": {"status": [said.next()]},
        }]);
        send(200, &json!({"_embedded": {collection(seen): items}}))
    }),
    ("next page here", |seen, said| {
        // Its path has a secret in it, and so has the address that is then called.
        if seen.target.contains("Zq7") || seen.target.contains("elsewhere") {
            return vec![Step::Close];
        }
        let path =
            utf8_percent_encode(&said.forms[said.forms.len() - 14], NON_ALPHANUMERIC).to_string();
        let number = seen.header("x-number").unwrap_or_default();
        let link = format!("/{number}/{path}");
        listing(seen, &link)
    }),
    ("next page elsewhere", |seen, said| {
        listing(seen, &format!("https://elsewhere.invalid/{}", said.line()))
    }),
    ("next page nowhere", |seen, said| {
        listing(seen, &format!("http://{}", said.line()))
    }),
    ("no HTTP", |_, said| {
        let line = said.line();
        let bytes = format!("HTTP/1.1 200 {line}\r\n{line}\r\n\r\n{}", said.next()).into_bytes();
        vec![Step::Send(bytes), Step::Close]
    }),
    ("token that cannot be one", |_, said| {
        send(
            200,
            &json!({"access_token": format!("a\n{}", said.next()), "expires_in": said.next()}),
        )
    }),
];

fn listing(seen: &Request, link: &str) -> Answer {
    let mut page = healthy::page(collection(seen), &[]);
    page["_links"] = json!({"next": {"href": link}});
    send(200, &page)
}

fn refusal(status: u16, said: &Said) -> Answer {
    let line = said.line();
    let body = json!({
        "id": said.next(), "code": said.next(), "message": said.next(), said.next(): said.next(),
        "details": [
            {"code": said.next(), "target": said.next(), "message": said.next(), "innerError": {"unsatisfiedRequirements": [said.next(), said.next()]}},
            {"code": "UNIQUENESS_VIOLATION", "message": said.next()},
        ],
    });
    reply(
        status,
        &[
            ("Correlation-Id", &line),
            ("Retry-After", &line),
            ("WWW-Authenticate", &line),
        ],
        PINGONE_JSON,
        body.to_string(),
    )
}

/// A healthy answer with more in its body.
fn echoing(answer: Answer, said: &Said) -> Answer {
    let [Step::Send(bytes)] = answer.as_slice() else {
        return answer;
    };
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    match serde_json::from_str::<Value>(body) {
        Ok(body) => send(status.unwrap_or(200), &with_echo(body, said)),
        Err(_) => answer,
    }
}

/// A command, and where the server says all that it knows.
#[derive(Clone, Copy)]
struct Asked {
    name: &'static str,
    args: &'static [(&'static str, &'static str)],
    faulted: Struck,
    echo: usize,
}

#[derive(Clone, Copy)]
enum Struck {
    Place(&'static Command, Place),
    /// One of the calls of a command that makes several.
    Call(&'static str),
}

impl Asked {
    fn name(&self) -> String {
        let faulted = match self.faulted {
            Struck::Place(_, place) => format!("{place:?}"),
            Struck::Call(call) => call.to_owned(),
        };
        format!("{}, {faulted}, {}", self.name, ECHOES[self.echo].0)
    }

    fn is_faulted(&self, seen: &Request) -> bool {
        match self.faulted {
            Struck::Place(command, place) => {
                let here = place_of(command, seen);
                here == Some(place) || here.is_none()
            }
            Struck::Call(call) => healthy::short(seen) == call,
        }
    }
}

#[test]
fn no_fault_reveals_a_secret_that_the_server_echoes() {
    let mut scenarios: Vec<Asked> = Vec::new();
    for (number, command) in COMMANDS.iter().enumerate() {
        let Command { name, args, .. } = command;
        let mut add = |place, echo| {
            let faulted = Struck::Place(command, place);
            scenarios.push(Asked {
                name,
                args,
                faulted,
                echo,
            });
        };
        for echo in 0..ECHOES.len() {
            if command.own.is_some() {
                add(Place::Own, echo);
            }
            // Token request and look-up are the same for all commands: each with some is enough.
            if (number + echo) % 3 == 0 {
                add(Place::Token, echo);
                if command.looks_up.is_some() {
                    add(Place::LookUp, echo);
                }
            }
        }
    }
    // The same calls are made in many forms: each with some of the echoes is enough.
    for (number, form) in INVOCATIONS.iter().enumerate() {
        let Invocation { name, args, .. } = form;
        for (place, call) in form.shorts().into_iter().enumerate() {
            let some = |echo: &usize| (number + place + echo).is_multiple_of(4);
            for echo in (0..ECHOES.len()).filter(some) {
                let faulted = Struck::Call(call);
                scenarios.push(Asked {
                    name,
                    args,
                    faulted,
                    echo,
                });
            }
        }
    }
    let server = {
        let scenarios = scenarios.clone();
        Server::start(move |asked| {
            let (number, mut seen) = below(asked);
            let scenario = scenarios[number];
            let said = Said::new(&seen, &known(scenario.name, &seen), number);
            seen.headers
                .push(("x-number".to_owned(), number.to_string()));
            if scenario.is_faulted(&seen) {
                return ECHOES[scenario.echo].1(&seen, &said);
            }
            if seen.path().ends_with("/as/token") {
                return healthy::token(TOKEN, 3600);
            }
            echoing(healthy::answer(&seen), &said)
        })
    };
    let host = server.host();
    let mut requests = Vec::new();
    for (number, scenario) in scenarios.iter().enumerate() {
        let args: Value = scenario
            .args
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        // A second try writes a line into the log. Each costs half a second, so there are few.
        let logged = ["500", "no HTTP"].contains(&ECHOES[scenario.echo].0);
        let retries = u8::from(logged && scenario.name == "pingone-delete-user").to_string();
        let request = healthy::request(
            &host,
            scenario.name,
            &args,
            &json!({"max_retries": retries}),
        );
        requests.push(marked(request, "", number));
        // `marked` has no host to offer here.
        for name in ["api_url", "auth_url"] {
            requests[number]["params"][name] = json!(format!("http://{host}/{number}"));
        }
    }
    let names: Vec<String> = scenarios.iter().map(Asked::name).collect();
    let received = assert_nothing_shown(&requests, &names);
    let masked = received.everything_shown().matches("<XX_REPLACED>").count();
    assert!(masked > 1000, "the echoes arrive, and are masked: {masked}");
}

#[test]
fn malformed_requests_are_not_echoed() {
    let good = healthy::request(
        "127.0.0.1:1",
        "pingone-set-password",
        &json!({"username": "emma.sharp", "password": PASSWORD}),
        &json!({}),
    );
    let good = marked(good, "127.0.0.1:1", 0);
    let change = |pointer: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).expect("a member") = value;
        changed.to_string()
    };
    let mut nested = good.to_string();
    nested.truncate(nested.len() / 2);
    let lines = [
        // Cut in the middle, and then followed by something else.
        nested,
        format!(
            "{{\"command\": 7, \"params\": {{\"x\": \"{}\"}}}}",
            MARKS[0]
        ),
        change("/params", json!([CLIENT_SECRET])),
        change("/params/credentials", json!(CLIENT_SECRET)),
        change("/params/credentials", json!([CLIENT_SECRET])),
        change(
            "/params/credentials/password",
            json!({"secret": CLIENT_SECRET}),
        ),
        change("/params/environment_id", json!(CLIENT_SECRET)),
        change(
            "/params/auth_url",
            json!(format!("https://user:{}@auth.example", MARKS[0])),
        ),
        change(
            "/params/api_url",
            json!(format!("https://api.example/?token={}", MARKS[1])),
        ),
        change("/args/password", json!([PASSWORD])),
        change("/args/password", json!({"p": PASSWORD})),
        change(
            "/args",
            json!({"username": "emma.sharp", "pasword": PASSWORD}),
        ),
        change("/args", json!(PASSWORD)),
        format!("{} {good}", MARKS[2]),
        format!("\"{}\"", MARKS[0]),
        format!("{}{}", good, MARKS[3]),
    ];
    let input = lines.join("\n") + "\n";
    let ended = process::run(&[], input.as_bytes());
    let completed = ended.stdout.matches(r#""completed""#).count();
    assert!(
        completed >= lines.len() - 1,
        "{completed}: {}",
        ended.stdout
    );
    for text in [&ended.stdout, &ended.stderr] {
        if let Some(found) = mark_in(text) {
            panic!("a secret is shown: {found}");
        }
    }
}

#[test]
fn a_proxys_credentials_are_hidden_from_every_echo() {
    let address_with =
        |proxy: &Server| format!("http://gate%20keeper:{}%2F%2B@{}", MARKS[5], proxy.host());
    for (number, (name, echo)) in ECHOES.iter().enumerate() {
        let proxy = Server::start(move |seen| {
            let told = seen.header("proxy-authorization").unwrap_or_default();
            let secret = format!("{}/+", MARKS[5]);
            let said = Said::new(seen, &[&secret, told], number);
            echo(seen, &said)
        });
        let address = address_with(&proxy);
        let pingone = "https://127.0.0.1:1";
        let more =
            json!({"proxy": true, "max_retries": "0", "api_url": pingone, "auth_url": pingone});
        let request = healthy::get_user("127.0.0.1:1", &more).to_string() + "\n";
        let ended = process::run(&[("HTTPS_PROXY", &address)], request.as_bytes());
        for text in [&ended.stdout, &ended.stderr] {
            // The other secrets are not this instance's, so nothing is known of them.
            let found = text.find(MARKS[5]).map(|place| around(text, place));
            assert_eq!(found, None, "{name}");
            let basic = STANDARD.encode(format!("gate keeper:{}/+", MARKS[5]));
            assert!(!text.contains(&basic), "{name}");
        }
        assert!(!proxy.seen().is_empty(), "{name}");
    }
}

#[test]
fn a_private_key_is_hidden_from_every_echo() {
    let key = Arc::new(KeyCanary::new());
    let server = {
        let key = Arc::clone(&key);
        Server::start(move |asked| {
            let (number, mut seen) = below(asked);
            let spellings = key.spellings();
            let secrets: Vec<&str> = spellings.iter().map(String::as_str).collect();
            // Other forms of other spellings for each request.
            let said = Said::new(&seen, &secrets, number * 7);
            seen.headers
                .push(("x-number".to_owned(), number.to_string()));
            ECHOES[number % ECHOES.len()].1(&seen, &said)
        })
    };
    let mut requests = Vec::new();
    // Each echo says some of the forms; these are enough for all.
    for number in 0..ECHOES.len() * 2 * BREAKS.len() {
        let given = key.with_breaks(BREAKS[number / ECHOES.len() % BREAKS.len()]);
        let address = format!("http://{}/{number}", server.host());
        let params = json!({
            "credentials": {"identifier": healthy::CLIENT, "password": ""},
            "client_authentication": "Private key JWT (ES256)",
            "private_key": {
                "password": given,
                "credentials": {"user": "key", "password": given, "sshkey": given},
            },
            "api_url": address, "auth_url": address, "max_retries": "0",
        });
        requests.push(healthy::get_user("", &params));
    }
    let received = talk_without_waits(
        Env::default(),
        requests.iter().cloned().map(Turn::new).collect::<Vec<_>>(),
    );
    let shown = received.everything_shown();
    assert_eq!(key.find(&shown), None, "the key is shown");
    let stored = json!(received.stored).to_string();
    assert_eq!(key.find(&stored), None, "the key is stored");
    let masked = shown.matches("<XX_REPLACED>").count();
    assert!(masked > 200, "the echoes arrive, and are masked: {masked}");

    let lines: Vec<String> = requests.iter().map(Value::to_string).collect();
    let ended = process::run(&[], lines.join("\n").as_bytes());
    let completed = ended.stdout.matches(r#""completed""#).count();
    assert_eq!(completed, requests.len(), "{}", ended.stderr);
    for text in [&ended.stdout, &ended.stderr] {
        assert_eq!(key.find(text), None, "the key is shown");
    }
    // It is the key that is used.
    let mut calls = server.seen().into_iter();
    assert!(calls.any(|seen| seen.body_text().contains("client_assertion=")));
}

#[test]
fn a_private_key_is_found_in_every_form() {
    let key = KeyCanary::new();
    let seen = Request {
        method: "GET".to_owned(),
        target: "/".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        connection: 0,
    };
    let spellings = key.spellings();
    let secrets: Vec<&str> = spellings.iter().map(String::as_str).collect();
    let said = Said::new(&seen, &secrets, 0);
    // The first three are of the request.
    for form in &said.forms[3..] {
        assert!(key.find(form).is_some(), "{form}");
    }
    assert_eq!(key.find("nothing"), None);
}

#[test]
fn a_mask_is_not_written_into_a_user() {
    let server = Server::start(|seen| {
        if seen.path().ends_with("/users") {
            let mut user = healthy::user();
            user["name"] = json!({"given": CLIENT_SECRET, "family": "Sharp"});
            return send(200, &healthy::page("users", &[user]));
        }
        healthy::answer(seen)
    });
    let args = json!({"username": "emma.sharp", "family": "Stone"});
    let request = healthy::request(&server.host(), "pingone-update-user", &args, &json!({}));
    let mut request = marked(request, &server.host(), 0);
    for name in ["api_url", "auth_url"] {
        request["params"][name] = json!(format!("http://{}", server.host()));
    }
    assert_nothing_shown(&[request], &["update".to_owned()]);
    let sent = server.seen().pop().expect("the update");
    assert_eq!(
        sent.body_text(),
        json!({"name": {"given": CLIENT_SECRET, "family": "Stone"}}).to_string()
    );
}

/// Fails to compile if the type can be shown with `{:?}`.
macro_rules! assert_not_debug {
    ($($type:ty),* $(,)?) => {$({
        trait Either<A> {
            fn choose() {}
        }
        impl<T: ?Sized> Either<()> for T {}
        struct Shown;
        impl<T: ?Sized + Debug> Either<Shown> for T {}
        // With two implementations to choose from, the compiler cannot.
        <$type as Either<_>>::choose();
    })*};
}

#[test]
fn types_with_secrets_do_not_implement_debug() {
    use pingone::secrets;
    use pingone_xsoar::{arguments, instance, protocol, run, server};
    assert_not_debug!(
        arguments::Arguments,
        instance::Instance,
        pingone::Client<'static>,
        pingone::Connection,
        pingone::settings::Settings,
        pingone::token::StoredToken,
        pingone::token::Token,
        pingone::token::TokenState,
        pingone::wire::Authorization,
        pingone::wire::HttpRequest,
        pingone::wire::Reply,
        protocol::Incoming,
        protocol::Message<'static>,
        protocol::Request,
        run::Prepared,
        run::Runner,
        secrets::Mask,
        server::IntegrationContext,
        Env,
    );
}

#[test]
fn marks_are_found_in_every_form() {
    for secret in SECRETS {
        for before in ["", "a", "ab", "user:"] {
            let text = STANDARD.encode(format!("{before}{secret}"));
            assert!(mark_in(&text).is_some(), "{text}");
        }
        assert!(mark_in(&hexadecimal(secret).to_uppercase()).is_some());
        let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        assert!(mark_in(&percent).is_some() && mark_in(&Value::from(secret).to_string()).is_some());
    }
    assert_eq!(mark_in("nothing"), None);
}
