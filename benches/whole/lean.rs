//! A server on loopback that plays recorded answers and counts requests. It is lean enough not to show up in the
//! measurements, which is why it is not the tests' server (`tests/common/server.rs`): that one parses and keeps every
//! request and runs a script for it. This one finds where a request ends, looks up an answer that was serialized
//! before the first call, and keeps nothing. The benchmarks and `tests/soak.rs` share it.

use std::{
    borrow::Cow,
    collections::HashMap,
    fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// A request that waits for others waits no longer than this.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whole answers by `METHOD /path?query`.
#[derive(Clone, Default)]
pub(crate) struct Answers(HashMap<String, Vec<u8>>);

impl Answers {
    /// The answers of a recorded case; those of the token endpoint among them.
    pub(crate) fn recorded(case: &Path) -> Self {
        let mut answers = Self::default();
        answers.add_recorded(case);
        answers
    }

    /// Adds the answers of another recorded case.
    pub(crate) fn add_recorded(&mut self, case: &Path) {
        let path = case.join("exchanges.json");
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let exchanges: Vec<Value> = serde_json::from_str(&text).expect("recorded exchanges");
        for exchange in &exchanges {
            let (request, response) = (&exchange["request"], &exchange["response"]);
            let url = request["url"].as_str().expect("a recorded address");
            // What stands after the host: the lean server is every host.
            let path = url
                .splitn(4, '/')
                .nth(3)
                .expect("a path in the recorded address");
            let status = response["status"].as_u64().expect("a recorded status");
            self.add(
                &format!("{} /{path}", request["method"].as_str().unwrap_or_default()),
                status,
                response.get("json"),
            );
        }
    }

    /// Adds an answer to `METHOD /path?query`; without a query, to any that has no answer of its own.
    pub(crate) fn add(&mut self, call: &str, status: u64, body: Option<&Value>) {
        self.0.insert(call.to_owned(), answer(status, body));
    }

    /// The answer to a call; 400, which is final, if none was prepared.
    fn find(&self, call: &str) -> Cow<'_, [u8]> {
        let path = call.split('?').next().unwrap_or_default();
        self.0.get(call).or_else(|| self.0.get(path)).map_or_else(
            || {
                let message =
                    json!({"message": format!("the lean server has no answer to {call}")});
                answer(400, Some(&message)).into()
            },
            Cow::from,
        )
    }
}

/// A whole answer. One without a body is a 204, which has no length either.
fn answer(status: u64, body: Option<&Value>) -> Vec<u8> {
    let Some(body) = body.map(Value::to_string) else {
        return format!("HTTP/1.1 {status} Recorded\r\n\r\n").into_bytes();
    };
    format!(
        "HTTP/1.1 {status} Recorded\r\nContent-Type: application/hal+json;charset=UTF-8\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// How a server answers.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// How long each answer takes.
    pub(crate) latency: Duration,
    /// For TLS.
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

/// What a server has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Requests, those for tokens among them.
    pub(crate) requests: usize,
    /// Connections that were accepted.
    pub(crate) connections: usize,
    /// The most requests that were being answered at the same time, since that was last asked for.
    pub(crate) most_at_once: usize,
}

impl Seen {
    /// What came since `earlier`; the most at once is of the whole time.
    #[must_use]
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            requests: self.requests - earlier.requests,
            connections: self.connections - earlier.connections,
            most_at_once: self.most_at_once,
        }
    }
}

struct Shared {
    answers: Answers,
    options: Options,
    requests: AtomicUsize,
    connections: AtomicUsize,
    most_at_once: AtomicUsize,
    /// So many requests have to have come at once before a GET is answered.
    together: AtomicUsize,
    /// Requests that are being answered.
    under_way: Mutex<usize>,
    changed: Condvar,
    open: Mutex<Vec<TcpStream>>,
    stopping: AtomicBool,
}

/// A running server. It ends with its threads when it is dropped.
pub(crate) struct LeanServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl LeanServer {
    /// Starts a server on a free port.
    pub(crate) fn start(answers: Answers, options: Options) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on loopback");
        let address = listener.local_addr().expect("the port's number");
        let shared = Arc::new(Shared {
            answers,
            options,
            requests: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            together: AtomicUsize::new(0),
            under_way: Mutex::default(),
            changed: Condvar::new(),
            open: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://…` or `https://…`, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        let scheme = self.shared.options.tls.as_ref().map_or("http", |_| "https");
        format!("{scheme}://{}", self.address)
    }

    /// From now on the most requests at once are counted anew, and no GET is answered before there have been so
    /// many; one that stays alone gets its answer after [`PATIENCE`].
    pub(crate) fn wait_for_concurrent(&self, requests: usize) {
        self.shared.most_at_once.store(0, Ordering::SeqCst);
        self.shared.together.store(requests, Ordering::SeqCst);
    }

    /// What it has seen so far.
    pub(crate) fn seen(&self) -> Seen {
        let count = |number: &AtomicUsize| number.load(Ordering::SeqCst);
        Seen {
            requests: count(&self.shared.requests),
            connections: count(&self.shared.connections),
            most_at_once: count(&self.shared.most_at_once),
        }
    }
}

impl Drop for LeanServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    for stream in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            break;
        }
        let Ok(stream) = stream else { continue };
        let Ok(copy) = stream.try_clone() else {
            continue;
        };
        locked(&shared.open).push(copy);
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        threads.push(thread::spawn(move || {
            // An error here is a client that went away.
            drop(serve(stream, &shared));
        }));
    }
    for stream in locked(&shared.open).drain(..) {
        // It may be closed already.
        drop(stream.shutdown(Shutdown::Both));
    }
    for thread in threads {
        drop(thread.join());
    }
}

fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match &shared.options.tls {
        None => converse(stream, shared),
        Some(config) => {
            let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
            converse(StreamOwned::new(connection, stream), shared)
        }
    }
}

/// Serves one connection until the other end closes it.
fn converse(mut stream: impl Read + Write, shared: &Shared) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(16 * 1024);
    let mut chunk = [0; 16 * 1024];
    loop {
        let (head, body) = loop {
            if let Some(lengths) = lengths(&buffer)
                && buffer.len() >= lengths.0 + lengths.1
            {
                break lengths;
            }
            let read = stream.read(&mut chunk)?;
            if read == 0 {
                return Ok(());
            }
            buffer.extend_from_slice(&chunk[..read]);
        };
        let text = str::from_utf8(&buffer[..head]).map_err(io::Error::other)?;
        // `METHOD /path?query`, without the version.
        let call = text
            .split_once(" HTTP/")
            .map_or("", |(request_line, _)| request_line);
        shared.requests.fetch_add(1, Ordering::SeqCst);
        shared.begin(call.starts_with("GET "));
        let answer = shared.answers.find(call);
        if !shared.options.latency.is_zero() {
            thread::sleep(shared.options.latency);
        }
        // Before the answer is out, or the client's next call could be counted beside this one.
        shared.end();
        stream.write_all(&answer)?;
        stream.flush()?;
        buffer.drain(..head + body);
    }
}

/// How long the head and the body of the request at the beginning of `buffer` are, once the head is there.
fn lengths(buffer: &[u8]) -> Option<(usize, usize)> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = str::from_utf8(&buffer[..head]).ok()?;
    let body = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse().ok());
    Some((head, body.unwrap_or(0)))
}

impl Shared {
    /// Counts a request in, and lets it wait for company where that is wanted.
    fn begin(&self, may_wait: bool) {
        let mut under_way = locked(&self.under_way);
        *under_way += 1;
        self.most_at_once.fetch_max(*under_way, Ordering::SeqCst);
        let together = self.together.load(Ordering::SeqCst);
        if *under_way >= together {
            self.changed.notify_all();
        }
        if may_wait {
            drop(self.changed.wait_timeout_while(under_way, PATIENCE, |_| {
                self.most_at_once.load(Ordering::SeqCst) < together
            }));
        }
    }

    fn end(&self) {
        *locked(&self.under_way) -= 1;
    }
}

/// A thread that panicked while it held the lock has told its story already.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
