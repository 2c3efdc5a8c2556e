//! A small HTTP/1.1 server on loopback that answers by a script and notes every call. It knows nothing of
//! PingOne; it sends well-formed answers only, and keeps connections alive until told otherwise.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::{Value, json};

/// A call as it came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The method.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, as text.
    pub(crate) body: String,
    /// Which connection it came on, from 1.
    pub(crate) connection: usize,
}

impl Call {
    /// Method and path, which is how tests name a call.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// A header; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map_or("", |(_, value)| value)
    }
}

/// What a call is answered with.
#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    /// A JSON body.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string(),
        }
    }

    /// No body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// One header more.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Answers for calls with this method and this beginning of the path.
struct Route {
    method: &'static str,
    prefix: String,
    answer: Answer,
    used: bool,
}

#[derive(Default)]
struct State {
    routes: Vec<Route>,
    calls: Vec<Call>,
    open: Vec<TcpStream>,
    connections: usize,
    closed: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    a_connection_closed: Condvar,
    stopping: AtomicBool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A test that failed while it held the lock has told its story already.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to `call`: the longest prefix counts; of several routes with the same, each serves once
    /// and the last for good.
    fn answer(&self, call: &Call) -> Answer {
        let mut state = self.state();
        state.calls.push(call.clone());
        let mut chosen: Option<&mut Route> = None;
        for route in &mut state.routes {
            if route.method != call.method || !call.path.starts_with(&route.prefix) {
                continue;
            }
            let better = match &chosen {
                None => true,
                Some(other) if other.prefix == route.prefix => other.used,
                Some(other) => other.prefix.len() < route.prefix.len(),
            };
            if better {
                chosen = Some(route);
            }
        }
        match chosen {
            Some(route) => {
                route.used = true;
                route.answer.clone()
            }
            // 400 is final, and the text is shown in the entry.
            None => Answer::json(
                400,
                &json!({"message": format!("the test's server has no route for {}", call.name())}),
            ),
        }
    }
}

/// A running server. It stops when it is dropped.
pub(crate) struct HttpServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl HttpServer {
    /// Starts a server without any route.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on loopback");
        let address = listener.local_addr().expect("the port's number");
        let shared = Arc::new(Shared::default());
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

    /// Adds an answer. Several for the same method and prefix serve in turn, the last for good.
    pub(crate) fn on(&self, method: &'static str, prefix: &str, answer: Answer) {
        self.shared.state().routes.push(Route {
            method,
            prefix: prefix.to_owned(),
            answer,
            used: false,
        });
    }

    /// `http://…`, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.clone()
    }

    /// Method and path of the calls so far.
    pub(crate) fn call_names(&self) -> Vec<String> {
        self.calls().iter().map(Call::name).collect()
    }

    /// Closes every connection, without a word to the client.
    pub(crate) fn close_connections(&self) {
        for stream in &self.shared.state().open {
            // It may be closed already.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// Waits until the server has closed so many connections.
    pub(crate) fn wait_until_closed(&self, count: usize) {
        let (state, waited) = self
            .shared
            .a_connection_closed
            .wait_timeout_while(self.shared.state(), Duration::from_secs(30), |state| {
                state.closed < count
            })
            .unwrap_or_else(PoisonError::into_inner);
        assert!(
            !waited.timed_out(),
            "only {} of {count} connections were closed",
            state.closed
        );
    }
}

impl Drop for HttpServer {
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
        let number = {
            let mut state = shared.state();
            state.open.push(copy);
            state.connections += 1;
            state.connections
        };
        let shared = Arc::clone(shared);
        threads.push(thread::spawn(move || {
            // An error here is a client that went away; the calls tell how far it came.
            drop(serve(&stream, number, &shared));
            drop(stream.shutdown(Shutdown::Both));
            shared.state().closed += 1;
            shared.a_connection_closed.notify_all();
        }));
    }
    for stream in &shared.state().open {
        drop(stream.shutdown(Shutdown::Both));
    }
    for thread in threads {
        drop(thread.join());
    }
}

/// Serves one connection until either side closes it.
fn serve(stream: &TcpStream, connection: usize, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(call) = read_call(&mut reader, connection)? {
        write_answer(stream, &shared.answer(&call))?;
    }
    Ok(())
}

fn read_call(reader: &mut BufReader<&TcpStream>, connection: usize) -> io::Result<Option<Call>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut call = Call {
        method,
        path,
        headers,
        body: String::new(),
        connection,
    };
    let mut body = vec![0; call.header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body)?;
    call.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(call))
}

fn write_answer(mut stream: &TcpStream, answer: &Answer) -> io::Result<()> {
    let Answer {
        status,
        headers,
        body,
    } = answer;
    let mut lines = vec![format!("HTTP/1.1 {status} Answer")];
    lines.extend(
        headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}")),
    );
    // 204 may not have a length (RFC 9110, section 8.6).
    if *status != 204 {
        lines.push(format!("content-length: {}", body.len()));
    }
    // In one piece: a client may close as soon as it has seen enough.
    stream.write_all(format!("{}\r\n\r\n{body}", lines.join("\r\n")).as_bytes())
}
