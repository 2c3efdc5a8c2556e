//! The whole executable, as it is shipped, against a lean server on loopback: what a command costs in time and
//! memory, in a fresh process and in one that is kept alive. Prints tables in Markdown and asserts nothing of
//! time. `cargo bench --bench whole` builds what it measures first, which takes some minutes;
//! `cargo bench --bench whole -- PATH` measures an executable that is there.

#[path = "events.rs"]
mod events;
#[path = "incidents.rs"]
mod incidents;
#[path = "lean.rs"]
mod lean;
#[path = "process.rs"]
mod process;
mod shipped;
mod table;

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use base64::Engine as _;
use lean::{Answers, LeanServer, Options};
use nix::sys::resource::{UsageWho, getrusage};
use pingone_xsoar::manifest;
use process::Process;
use serde_json::{Value, json};
use shipped::Executable;
use table::{Table, mebibytes, milliseconds};

/// How often each thing is done: before it is measured, and measured.
const FRESH: (usize, usize) = (20, 300);
const KEPT: (usize, usize) = (200, 3000);
const WITH_SCRIPT: (usize, usize) = (100, 1000);
/// When memory is looked at.
const FEW: usize = 200;
const MANY: usize = 20_000;
/// And once more, to tell what comes late from what goes on.
const MORE: usize = 40_000;

/// What XSOAR's server sends along with every command: the source of the Python integration.
const SCRIPT: usize = 490 * 1024;

/// Users in one command, and what the server takes for each answer.
const CROWD: usize = 1000;
const LATENCY: Duration = Duration::from_millis(20);

/// The command that is measured wherever nothing else is said.
const GET_USER: &str = "pingone-get-user/document-example";

fn main() {
    let paths: Vec<PathBuf> = env::args_os()
        .skip(1)
        .filter(|argument| !argument.to_string_lossy().starts_with("--"))
        .map(PathBuf::from)
        .collect();
    let executables = if paths.is_empty() {
        shipped::build()
    } else {
        paths.into_iter().map(Executable::given).collect()
    };
    let mut out = Table::new(std::io::stdout().lock());
    out.heading("What measures");
    harness(&mut out);
    for executable in &executables {
        out.heading(&executable.name);
        out.row("size", "≤ 5 MB", &executable.size());
        fresh(&mut out, executable);
        kept(&mut out, executable);
    }
    let Some(Executable { path, name }) = executables.first() else {
        return;
    };
    out.heading(&format!("More of {name}"));
    memory(&mut out, path);
    counts(&mut out, path);
    crowd(&mut out, path);
    events::push(&mut out, path, &case(""));
    incidents::fetch(&mut out, path, &case(""));
    tls(&mut out, path);
}

/// How fast the server is by itself, and how fast a process can be.
fn harness(out: &mut Table<impl std::io::Write>) {
    let server = LeanServer::start(Answers::recorded(&case(GET_USER)), Options::default());
    let exchanges = fs::read_to_string(case(GET_USER).join("exchanges.json")).expect("a case");
    let exchanges: Value = serde_json::from_str(&exchanges).expect("a recording");
    let url = exchanges[1]["request"]["url"].as_str().expect("an address");
    let path = url.splitn(4, '/').nth(3).expect("a path");
    let request = format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut stream = TcpStream::connect(server.address()).expect("the server listens");
    stream.set_nodelay(true).expect("a socket");
    let mut buffer = vec![0; 64 * 1024];
    let times = sample(KEPT, || {
        let began = Instant::now();
        stream
            .write_all(request.as_bytes())
            .expect("the server reads");
        // The answer is small and comes in one piece.
        let read = stream.read(&mut buffer).expect("the server answers");
        assert!(buffer[..read].ends_with(b"}"), "a whole answer");
        began.elapsed()
    });
    drop(stream);
    out.figures(
        "one request to the server, from a bare socket",
        "",
        &times,
        milliseconds,
    );
    let times = sample(FRESH, || run(Path::new("/bin/true"), b"").0);
    out.figures("`/bin/true`: wall", "", &times, milliseconds);
}

/// A process for each command.
fn fresh(out: &mut Table<impl std::io::Write>, executable: &Executable) {
    let server = LeanServer::start(Answers::recorded(&case(GET_USER)), Options::default());
    let mut request = process::request(&case(GET_USER), &server.url());
    let kept = process::line(&request);
    request["native"] = json!(true);
    let native = process::line(&request);

    let idle = sample(FRESH, || run(&executable.path, b"").0);
    out.figures(
        "fresh process, no request at all: wall",
        "",
        &idle,
        milliseconds,
    );
    let costs = sample(FRESH, || run(&executable.path, &native));
    let wall = costs.iter().map(|(wall, _)| *wall).collect::<Vec<_>>();
    let processor = costs.iter().map(|(_, cpu)| *cpu).collect::<Vec<_>>();
    out.figures(
        "fresh process, one get-user: wall",
        "≤ 4 ms",
        &wall,
        milliseconds,
    );
    out.figures(
        "fresh process, one get-user: CPU",
        "≤ 4 ms",
        &processor,
        milliseconds,
    );
    let peaks = sample((1, 30), || {
        let mut process = Process::start(&executable.path, &[]);
        process.ask_well(&kept);
        let peak = process.peak();
        assert!(process.end().success(), "the exit code");
        peak
    });
    out.figures(
        "fresh process, one get-user: peak memory",
        "≤ 6 MiB",
        &peaks,
        mebibytes,
    );
}

/// Starts the executable, gives it its input, reads its output and waits for its end: time passed, and processor
/// time of the process.
fn run(executable: &Path, input: &[u8]) -> (Duration, Duration) {
    let before = processor_time_of_children();
    let began = Instant::now();
    let mut child = Command::new(executable)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", executable.display()));
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // `/bin/true` may be gone by then.
    drop(stdin.write_all(input));
    drop(stdin);
    let output = child.wait_with_output().expect("the process ends");
    let wall = began.elapsed();
    assert!(output.status.success(), "the exit code");
    assert_eq!(
        !input.is_empty(),
        output
            .stdout
            .starts_with(b"{\"type\":\"result\",\"results\":[{\"Type\":1,"),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    (wall, processor_time_of_children().saturating_sub(before))
}

/// Of all processes that were started and waited for.
fn processor_time_of_children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("Linux counts");
    [usage.user_time(), usage.system_time()]
        .map(|time| {
            let microseconds = time.tv_sec() * 1_000_000 + time.tv_usec();
            Duration::from_micros(microseconds.try_into().unwrap_or_default())
        })
        .iter()
        .sum()
}

/// One process for many commands.
fn kept(out: &mut Table<impl std::io::Write>, executable: &Executable) {
    let server = LeanServer::start(Answers::recorded(&case(GET_USER)), Options::default());
    let mut request = process::request(&case(GET_USER), &server.url());
    let short = process::line(&request);
    request["script"] = json!(script());
    let long = process::line(&request);
    for (what, line, goal, times) in [
        ("kept alive, per get-user", &short, "≤ 0.5 ms", KEPT),
        (
            "kept alive, per get-user with a script of 490 KB",
            &long,
            "≤ 1.5 ms",
            WITH_SCRIPT,
        ),
    ] {
        let mut process = Process::start(&executable.path, &[]);
        let mut processor = Duration::ZERO;
        let wall = sample(times, || {
            processor = process.processor_time();
            let began = Instant::now();
            process.ask_well(line);
            began.elapsed()
        });
        out.figures(&format!("{what}: wall"), goal, &wall, milliseconds);
        let processor = sample(times, || {
            let before = process.processor_time();
            process.ask_well(line);
            process.processor_time().saturating_sub(before)
        });
        out.figures(&format!("{what}: CPU"), "", &processor, milliseconds);
        assert!(process.end().success(), "the exit code");
    }
}

/// Something like the Python source that the server sends: lines, quotes, indentation.
fn script() -> String {
    let line = "    return_results(CommandResults(readable_output=\"done\", outputs={'id': 1}))\n";
    line.chars().cycle().take(SCRIPT).collect()
}

/// Whether memory grows with the number of requests.
fn memory(out: &mut Table<impl std::io::Write>, executable: &Path) {
    let server = LeanServer::start(Answers::recorded(&case(GET_USER)), Options::default());
    let line = process::line(&process::request(&case(GET_USER), &server.url()));
    let mut process = Process::start(executable, &[]);
    for _ in 0..FEW {
        process.ask_well(&line);
    }
    let few = process.resident();
    for _ in FEW..MANY {
        process.ask_well(&line);
    }
    let many = process.resident();
    for _ in MANY..MORE {
        process.ask_well(&line);
    }
    let more = process.resident();
    out.row(
        &format!("memory after {FEW}, {MANY} and {MORE} requests"),
        "no growth",
        &[few, many, more].map(mebibytes).join(", "),
    );
    let connections = server.seen().connections;
    out.row(
        &format!("connections for {MORE} requests"),
        "",
        &connections.to_string(),
    );
    assert!(process.end().success(), "the exit code");
}

/// Requests and new connections of a second command in the same process.
fn counts(out: &mut Table<impl std::io::Write>, executable: &Path) {
    for (what, name, goal) in [
        ("get-user", "pingone-get-user/document-example", 1),
        (
            "unlock-user, by username",
            "pingone-unlock-user/document-example",
            2,
        ),
        (
            "set-password, by username",
            "pingone-set-password/document-example",
            2,
        ),
        (
            "add-to-group, both by name",
            "pingone-add-to-group/document-example",
            3,
        ),
        (
            "remove-from-group, both by name",
            "pingone-remove-from-group/document-example",
            3,
        ),
    ] {
        let server = LeanServer::start(Answers::recorded(&case(name)), Options::default());
        let line = process::line(&process::request(&case(name), &server.url()));
        let mut process = Process::start(executable, &[]);
        process.ask_well(&line);
        let before = server.seen();
        server.wait_for_concurrent(if goal == 3 { 2 } else { 1 });
        process.ask_well(&line);
        let seen = server.seen().since(before);
        let goal_text = if goal == 3 {
            "3, two of them at once; 0"
        } else {
            &format!("{goal}; 0")
        };
        out.row(
            &format!("{what}, warm: requests; new connections"),
            goal_text,
            &format!(
                "{}{}; {}",
                seen.requests,
                if seen.most_at_once == 2 {
                    ", two of them at once"
                } else {
                    ""
                },
                seen.connections
            ),
        );
        assert!(process.end().success(), "the exit code");
    }
}

/// Many users in one command, with a server that takes its time.
fn crowd(out: &mut Table<impl std::io::Write>, executable: &Path) {
    const COMMAND: &str = "pingone-list-sessions";
    let what = format!(
        "{CROWD} users in one {COMMAND}, {} ms a request: wall",
        LATENCY.as_millis()
    );
    if manifest::command(COMMAND).is_none() {
        out.row(&what, "≤ 1.2 × the limit's", "there is no such command yet");
        return;
    }
    let mut answers = Answers::recorded(&case(GET_USER));
    let mut request = process::request(&case(GET_USER), "");
    let environment = request["params"]["environment_id"]
        .as_str()
        .expect("an environment")
        .to_owned();
    let mut names = Vec::new();
    for number in 0..CROWD {
        let name = format!("user-{number}");
        let id = format!("00000000-0000-4000-8000-{number:012}");
        let users = format!("/v1/environments/{environment}/users");
        answers.add(
            &format!("GET {users}?filter=username%20eq%20%22{name}%22"),
            200,
            Some(&json!({"_embedded": {"users": [{"id": id, "username": name}]}, "count": 1, "size": 1})),
        );
        answers.add(
            &format!("GET {users}/{id}/sessions"),
            200,
            Some(&json!({"_embedded": {"sessions": []}, "count": 0, "size": 0})),
        );
        names.push(name);
    }
    let options = Options {
        latency: LATENCY,
        ..Options::default()
    };
    let server = LeanServer::start(answers, options);
    request["command"] = json!(COMMAND);
    request["args"] = json!({"username": names.join(",")});
    for address in ["api_url", "auth_url"] {
        request["params"][address] = json!(server.url());
    }
    let line = process::line(&request);
    let mut process = Process::start(executable, &[]);
    let before = server.seen();
    let wall = sample((1, 5), || {
        let began = Instant::now();
        process.ask_well(&line);
        began.elapsed()
    });
    let seen = server.seen().since(before);
    assert!(process.end().success(), "the exit code");
    // Two requests a user, as many at once as were seen.
    let requests = u32::try_from(2 * CROWD / seen.most_at_once.max(1)).unwrap_or(u32::MAX);
    let bound = LATENCY * requests;
    out.figures(
        &what,
        &format!(
            "≤ 1.2 × {} of {} at once",
            milliseconds(bound),
            seen.most_at_once
        ),
        &wall,
        milliseconds,
    );
    let shares: Vec<f64> = wall
        .iter()
        .map(|wall| wall.as_secs_f64() / bound.as_secs_f64())
        .collect();
    out.figures(
        "the same, as a multiple of that",
        "≤ 1.2",
        &shares,
        |share| format!("{share:.3}"),
    );
}

/// The same with TLS, which PingOne itself asks for. The certificates that are trusted come from a file, as XSOAR
/// names one where the administrator gave certificates: the server's own alone, and with Mozilla's beside it, which
/// is about what such a file holds.
fn tls(out: &mut Table<impl std::io::Write>, executable: &Path) {
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_no_client_auth()
        .with_single_cert(
            vec![key.cert.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der())
                .expect("a key"),
        )
        .expect("a certificate with its key");
    let options = Options {
        tls: Some(Arc::new(config)),
        ..Options::default()
    };
    let server = LeanServer::start(Answers::recorded(&case(GET_USER)), options);
    let line = process::line(&process::request(&case(GET_USER), &server.url()));
    let own = key.cert.pem();
    let mozilla: Vec<String> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|der| pem(der))
        .collect();
    let many = format!("{own}{}", mozilla.concat());
    let file = env::temp_dir().join(format!("pingone-xsoar-bench-{}.pem", std::process::id()));
    let certificates = file.to_string_lossy().into_owned();
    let start = || Process::start(executable, &[("SSL_CERT_FILE", &certificates)]);

    for (trusted, bundle) in [(1, own), (mozilla.len() + 1, many)] {
        fs::write(&file, bundle).expect("a temporary file");
        let what = format!("TLS 1.3, {trusted} trusted, fresh process, one get-user");
        let mut peaks = Vec::new();
        let costs = sample(FRESH, || {
            let before = processor_time_of_children();
            let began = Instant::now();
            let mut process = start();
            process.ask_well(&line);
            peaks.push(process.peak());
            assert!(process.end().success(), "the exit code");
            let wall = began.elapsed();
            (wall, processor_time_of_children().saturating_sub(before))
        });
        let (wall, processor): (Vec<Duration>, Vec<Duration>) = costs.into_iter().unzip();
        out.figures(&format!("{what}: wall"), "", &wall, milliseconds);
        out.figures(&format!("{what}: CPU"), "", &processor, milliseconds);
        out.figures(&format!("{what}: peak memory"), "", &peaks, mebibytes);
    }
    let mut process = start();
    let wall = sample(KEPT, || {
        let began = Instant::now();
        process.ask_well(&line);
        began.elapsed()
    });
    out.figures(
        "TLS 1.3, kept alive, per get-user: wall",
        "",
        &wall,
        milliseconds,
    );
    assert!(process.end().success(), "the exit code");
    fs::remove_file(&file).expect("the temporary file is still there");
}

/// A certificate as it stands in a file of trusted ones.
fn pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&[u8]> = text.as_bytes().chunks(64).collect();
    let lines = lines.join(&b'\n');
    let lines = String::from_utf8(lines).expect("base64 is ASCII");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}

/// A recorded case.
fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("test_data")
        .join(name)
}

/// Does something a few times, then measures it a number of times.
fn sample<T>((before, measured): (usize, usize), mut once: impl FnMut() -> T) -> Vec<T> {
    for _ in 0..before {
        once();
    }
    (0..measured).map(|_| once()).collect()
}
