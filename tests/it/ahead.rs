//! The connection to PingOne's API is opened while the token is asked for, at another host: nothing is sent over it
//! before, and whatever becomes of it, the command does not suffer.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    http_server::HttpServer,
    program::Program,
    requests::{ACCESS_TOKEN, EMMA, completed, entry, params, request, user},
};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads a request without a body's worth of care: its head, and as much as was announced.
fn read_head(stream: &TcpStream) -> String {
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a time limit");
    let mut head = String::new();
    let mut reader = BufReader::new(stream);
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).expect("a request") == 0 {
            break;
        }
    }
    head
}

fn answer(mut stream: &TcpStream, body: &Value) {
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("the client reads");
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, format!("http://{address}"))
}

/// A host that gives a token once `wait` is over.
fn token_host(wait: impl FnOnce() + Send + 'static) -> (String, JoinHandle<()>) {
    let (listener, url) = listen();
    let host = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("the token request");
        read_head(&stream);
        wait();
        let token =
            json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600});
        answer(&stream, &token);
    });
    (url, host)
}

/// What comes of asking for Emma.
fn get_emma(api: &str, auth: &str) -> Value {
    let mut request = request(api, "pingone-get-user", &json!({"userId": EMMA}));
    request["params"] = params(api);
    request["params"]["auth_url"] = json!(auth);
    let mut program = Program::start(&[]);
    program.send(&request.to_string());
    let result = program.next();
    assert_eq!(program.next(), completed());
    entry(&result).clone()
}

#[test]
fn the_api_is_connected_to_before_the_token_is_there() {
    let (listener, api) = listen();
    let (connected, is_connected) = mpsc::channel();
    let host = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        connected.send(()).expect("the token host waits");
        let head = read_head(&stream);
        assert!(
            head.contains(ACCESS_TOKEN),
            "nothing is sent before: {head}"
        );
        answer(&stream, &user(EMMA, "emma.sharp"));
    });
    let (auth, token_host) = token_host(move || {
        is_connected
            .recv_timeout(PATIENCE)
            .expect("a connection to the API, before the token is given");
    });
    let entry = get_emma(&api, &auth);
    assert_eq!(entry["Type"], 1, "{entry}");
    token_host.join().expect("a token host that is content");
    host.join().expect("one connection, one request");
}

#[test]
fn a_preconnection_that_was_lost_is_reopened() {
    let (listener, api) = listen();
    let (lost, is_lost) = mpsc::channel();
    let host = thread::spawn(move || {
        drop(listener.accept().expect("a connection"));
        lost.send(()).expect("the token host waits");
        let (stream, _) = listener.accept().expect("another");
        read_head(&stream);
        answer(&stream, &user(EMMA, "emma.sharp"));
    });
    let (auth, token_host) = token_host(move || {
        is_lost.recv_timeout(PATIENCE).expect("a connection");
    });
    let entry = get_emma(&api, &auth);
    assert_eq!(entry["Type"], 1, "{entry}");
    token_host.join().expect("a token host that is content");
    host.join().expect("two connections, one request");
}

#[test]
fn an_api_that_cannot_be_reached_is_the_same_error() {
    let (auth, token_host) = token_host(|| {});
    // Nothing listens there.
    let entry = get_emma("http://127.0.0.1:1", &auth);
    let text = entry["Contents"].as_str().expect("a text");
    assert!(text.contains("no connection to 127.0.0.1"), "{text}");
    token_host.join().expect("a token host that is content");
}

#[test]
fn one_host_is_not_connected_to_twice() {
    let server: HttpServer = crate::requests::pingone();
    let entry = get_emma(&server.url(), &server.url());
    assert_eq!(entry["Type"], 1, "{entry}");
    let connections: Vec<usize> = server
        .requests()
        .iter()
        .map(|request| request.connection)
        .collect();
    assert_eq!(connections, [0, 0]);
}
