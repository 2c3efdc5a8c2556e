//! Micro-benchmarks of what every request passes through besides the network: the line reader, the manifest
//! check, the table renderer, the entry writer, and the preparation of a connection.

use std::{hint::black_box, io};

use divan::{Bencher, counter::BytesCount};
use pingone::{Connection, journal::Journal};
use pingone_xsoar::{
    arguments::Arguments,
    document::{self, Row},
    entry::{Entry, Output},
    env::Env,
    instance::{Instance, Purpose},
    manifest,
    markdown::markdown,
    protocol::{Incoming, Message, write_line},
    stdin,
};
use serde_json::{Map, Value, json};

fn main() {
    divan::main();
}

/// A request as the server sends it, with a script of so many bytes.
fn request_line(script: usize) -> Vec<u8> {
    let source =
        "    return_results(CommandResults(readable_output=\"done\", outputs={'id': 1}))\n";
    let script: String = source.chars().cycle().take(script).collect();
    let request = json!({
        "args": {"username": "emma.sharp"},
        "command": "pingone-get-user",
        "context": {"IntegrationBrand": "PingOne", "IntegrationInstance": "PingOne_instance_1"},
        "integration": true,
        "native": false,
        "params": params(),
        "script": script,
    });
    format!("{request}\n").into_bytes()
}

fn params() -> Value {
    json!({
        "environment_id": "b4f5e266-a946-4f77-9cc5-5dc91b046431",
        "region": "US",
        "credentials": {"identifier": "5e0d3a7b-92c4-4f16-8b6d-c1a7f0e4d938", "password": "recorded-client-secret"},
        "insecure": false,
        "proxy": false,
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The second of two lines: what the first costs more is a process's beginning.
#[divan::bench(args = [0, 490 * 1024])]
fn line_reader(bencher: Bencher<'_, '_>, script: usize) {
    let line = request_line(script);
    let mut requests = stdin::read_requests(Endless {
        line: line.clone(),
        place: 0,
    });
    bencher
        .counter(BytesCount::new(line.len()))
        .bench_local(|| assert!(matches!(requests.next(), Some(Incoming::Request(_)))));
}

/// The same line again and again.
struct Endless {
    line: Vec<u8>,
    place: usize,
}

impl io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&self.line[self.place..]).read(buffer)?;
        self.place = (self.place + count) % self.line.len();
        Ok(count)
    }
}

#[divan::bench(args = ["pingone-get-user", "pingone-update-user"])]
fn manifest_check(bencher: Bencher<'_, '_>, command: &str) {
    let command = manifest::command(command).expect("a command of the manifest");
    let args: Map<String, Value> = command
        .arguments
        .iter()
        .map(|argument| {
            let value = argument.allowed.first().unwrap_or(&"a value");
            (argument.name.to_owned(), json!(value))
        })
        .collect();
    bencher
        .with_inputs(|| args.clone())
        .bench_local_values(|args| {
            Arguments::check(command, args, &Journal::buffered()).expect("fine arguments")
        });
}

#[divan::bench]
fn instance_check(bencher: Bencher<'_, '_>) {
    let (params, context) = (object(params()), Map::new());
    let env = Env::default();
    bencher.bench_local(|| {
        Instance::read(&params, &context, Purpose::Command, &env).expect("fine parameters")
    });
}

/// A row like that of get-user.
fn row() -> Row {
    object(json!({
        "Username": "emma.sharp", "Email": "emma.sharp@example.com", "First Name": "Emma", "Last Name": "Sharp",
        "Enabled": true, "AccountStatus": "OK", "ID": "a8890eb9-38ea-469a-bc00-b64be7903633",
        "Environment": "b4f5e266-a946-4f77-9cc5-5dc91b046431", "PopulationID": "4cd45bdb-0eb2-42fe-8475-4bcd908269f1",
        "CreatedAt": "2021-09-03T18:04:03.916Z", "UpdatedAt": "2021-09-23T17:18:11.747Z",
    }))
}

#[divan::bench(args = [1, 1000])]
fn table_renderer(bencher: Bencher<'_, '_>, rows: usize) {
    let rows = vec![row(); rows];
    bencher.bench_local(|| markdown(&document::table("User:emma.sharp", black_box(&rows)).into()));
}

#[divan::bench(args = [1, 1000])]
fn entry_writer(bencher: Bencher<'_, '_>, rows: usize) {
    let rows = vec![row(); rows];
    let output = Output::new(document::table("Users", &rows), Some(json!(rows)));
    let entry = Entry::from(output.with_account(json!(rows)));
    bencher.bench_local(|| {
        let results = std::slice::from_ref(&entry);
        write_line(&mut io::sink(), &Message::Result { results }).expect("nothing can fail");
    });
}

/// Masking an answer of PingOne, as every answer is.
#[divan::bench(args = [1, 200])]
fn mask(bencher: Bencher<'_, '_>, rows: usize) {
    let answer = json!({"_embedded": {"users": vec![row(); rows]}});
    let mut mask = Instance::read(
        &object(params()),
        &Map::new(),
        Purpose::Command,
        &Env::default(),
    )
    .expect("fine parameters")
    .mask;
    // As long as PingOne's.
    mask.add(&"eyJhbGciOiJSUzI1NiIsImtpZCI6ImRlZmF1bHQifQ.".repeat(20));
    bencher
        .with_inputs(|| answer.clone())
        .bench_local_values(|answer| mask.value(answer));
}

/// What the first request of a process pays for its connection, before anything is sent: with TLS, the bundled
/// roots are read.
#[divan::bench(args = ["http://127.0.0.1:1", "https://127.0.0.1:1"])]
fn connection(bencher: Bencher<'_, '_>, url: &str) {
    let mut params = object(params());
    params.insert("api_url".to_owned(), json!(url));
    params.insert("auth_url".to_owned(), json!(url));
    let env = Env::default();
    let settings = Instance::read(&params, &Map::new(), Purpose::Command, &env)
        .expect("fine parameters")
        .settings;
    bencher
        .with_inputs(|| settings.clone())
        .bench_local_values(|settings| {
            Connection::live(settings, &env.network()).expect("a connection")
        });
}
