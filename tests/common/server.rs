//! The test server on loopback: a script decides, step by step, what goes over the wire in answer to each request,
//! down to resets, truncated answers and silence. It records what it was asked and stops when it is dropped. It
//! knows nothing of PingOne; see `faults/healthy.rs` and `it/http_server.rs` for answers that PingOne would give.
//! The benchmarks have a server of their own, `benches/whole/lean.rs`: one that is never slower than what they
//! measure.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicU16, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query; the whole address where a proxy is asked.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// On which connection it came, from 0.
    pub(crate) connection: usize,
}

impl Request {
    pub(crate) fn call(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    pub(crate) fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(&self.target, |(path, _)| path)
    }

    /// A header's value; `name` in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What the server does next. After the last step it reads the next request of the connection.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes again and again, with a pause after each time, until the client goes.
    SendForever(Vec<u8>, Duration),
    /// Sends nothing until the client goes.
    Hold,
    /// Ends the connection in good order.
    Close,
    /// Ends the connection with a reset.
    Reset,
    /// Accepts no more connections. Those that are open stay.
    Shut,
    /// Connects to a server and passes bytes on in both directions.
    Tunnel(SocketAddr),
}

pub(crate) type Answer = Vec<Step>;

/// A whole answer with a body. The content type is left out if it is empty.
pub(crate) fn reply(
    status: u16,
    headers: &[(&str, &str)],
    content_type: &str,
    body: impl AsRef<[u8]>,
) -> Answer {
    let body = body.as_ref();
    let mut bytes = head(status, headers, content_type);
    bytes.extend(format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes());
    bytes.extend(body);
    vec![Step::Send(bytes)]
}

/// A whole answer as PingOne sends one.
pub(crate) fn json(status: u16, body: &Value) -> Answer {
    reply(status, &[], PINGONE_JSON, body.to_string())
}

/// The content type of PingOne's answers.
pub(crate) const PINGONE_JSON: &str = "application/hal+json;charset=UTF-8";

/// The first lines of an answer, without the blank one that ends them. The reason phrase is nobody's.
pub(crate) fn head(status: u16, headers: &[(&str, &str)], content_type: &str) -> Vec<u8> {
    let content_type = (!content_type.is_empty()).then_some(("Content-Type", content_type));
    let headers = headers.iter().copied().chain(content_type);
    headers
        .fold(
            format!("HTTP/1.1 {status} Whatever\r\n"),
            |head, (name, value)| format!("{head}{name}: {value}\r\n"),
        )
        .into_bytes()
}

type Script = dyn Fn(&Request) -> Answer + Send + Sync;

/// The server.
pub(crate) struct Server {
    shared: Arc<Shared>,
}

struct Shared {
    port: u16,
    script: Box<Script>,
    tls: Option<Arc<ServerConfig>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    seen: Vec<Request>,
    connections: usize,
    /// Open connections, so that they can be ended from outside.
    streams: HashMap<usize, TcpStream>,
    threads: Vec<JoinHandle<()>>,
    /// Whether connections are accepted, and whether they should be.
    accepting: bool,
    wanted: bool,
}

impl Server {
    /// Starts a server that answers as `script` says.
    pub(crate) fn start(script: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_with(None, script)
    }

    /// The same behind TLS.
    pub(crate) fn start_tls(
        tls: ServerConfig,
        script: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(Some(Arc::new(tls)), script)
    }

    fn start_with(
        tls: Option<Arc<ServerConfig>>,
        script: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let (listener, port) = listen_anywhere();
        let shared = Arc::new(Shared {
            port,
            script: Box::new(script),
            tls,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        shared.accept_on(listener);
        Self { shared }
    }

    pub(crate) fn port(&self) -> u16 {
        self.shared.port
    }

    /// `127.0.0.1:<port>`, as error texts name it.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.shared.port)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.shared.port))
    }

    /// Everything that was asked so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.shared.lock().seen.clone()
    }

    /// Method and target of everything that was asked so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.seen().iter().map(Request::call).collect()
    }

    /// How many of the requests so far were for a path that ends so.
    pub(crate) fn count(&self, method: &str, path_end: &str) -> usize {
        let seen = self.seen();
        seen.iter()
            .filter(|seen| seen.method == method && seen.path().ends_with(path_end))
            .count()
    }

    /// How many connections were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// Closes every open connection, and waits until that is done.
    pub(crate) fn close_connections(&self) {
        let state = self.shared.lock();
        for stream in state.streams.values() {
            // The client may have closed it first.
            drop(stream.shutdown(Shutdown::Both));
        }
        let all_closed = self
            .shared
            .changed
            .wait_while(state, |state| !state.streams.is_empty());
        drop(all_closed);
    }

    /// Refuses connections from now on.
    pub(crate) fn shut(&self) {
        self.shared.shut();
    }

    /// Accepts connections again.
    pub(crate) fn reopen(&self) {
        if !self.shared.lock().wanted {
            let listener = TcpListener::bind(self.address())
                .expect("the port is ours: no other server of this process gets it");
            self.shared.accept_on(listener);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.shut();
        let (streams, threads) = {
            let mut state = self.shared.lock();
            (
                std::mem::take(&mut state.streams),
                std::mem::take(&mut state.threads),
            )
        };
        for stream in streams.into_values() {
            // One that the client closed first is gone already.
            drop(stream.shutdown(Shutdown::Both));
        }
        for thread in threads {
            drop(thread.join());
        }
    }
}

/// A port that no other server of this process gets, also after this one was shut: a client that is to be
/// refused must not find another test's server there. Below the ports that the system gives by itself.
fn listen_anywhere() -> (TcpListener, u16) {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 40).unwrap_or_default() * 500;
    for _ in 0..20_000 {
        let port = 10_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 22_000;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return (listener, port);
        }
    }
    panic!("no free port on loopback between 10000 and 32000");
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A connection's thread that panicked has failed its test already.
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn accept_on(self: &Arc<Self>, listener: TcpListener) {
        let shared = Arc::clone(self);
        let mut state = self.lock();
        (state.accepting, state.wanted) = (true, true);
        state.threads.push(thread::spawn(move || {
            loop {
                let accepted = listener.accept();
                let mut state = shared.lock();
                if !state.wanted {
                    break;
                }
                let Ok((stream, _)) = accepted else { continue };
                let number = state.connections;
                state.connections += 1;
                if let Ok(clone) = stream.try_clone() {
                    state.streams.insert(number, clone);
                }
                let shared = Arc::clone(&shared);
                state.threads.push(thread::spawn(move || {
                    // An error is the client's going away, which is its right.
                    drop(shared.converse(stream, number));
                    shared.lock().streams.remove(&number);
                    shared.changed.notify_all();
                }));
            }
            drop(listener);
            shared.lock().accepting = false;
            shared.changed.notify_all();
        }));
    }

    /// Returns when the port is closed.
    fn shut(&self) {
        let mut state = self.lock();
        state.wanted = false;
        if state.accepting {
            drop(state);
            // Wakes the thread that waits for a connection.
            drop(TcpStream::connect(("127.0.0.1", self.port)));
            state = self.lock();
        }
        while state.accepting {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    fn converse(&self, stream: TcpStream, number: usize) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let raw = stream.try_clone()?;
        let wire = match &self.tls {
            None => Wire::Plain(stream),
            Some(config) => {
                let connection =
                    ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                Wire::Tls(Box::new(StreamOwned::new(connection, stream)))
            }
        };
        let mut wire = BufReader::new(wire);
        while let Some(seen) = read_request(&mut wire, number)? {
            self.lock().seen.push(seen.clone());
            for step in (self.script)(&seen) {
                match step {
                    Step::Send(bytes) => {
                        wire.get_mut().write_all(&bytes)?;
                        wire.get_mut().flush()?;
                    }
                    Step::SendForever(bytes, pause) => loop {
                        wire.get_mut().write_all(&bytes)?;
                        wire.get_mut().flush()?;
                        thread::sleep(pause);
                    },
                    Step::Hold => {
                        // Ends when the client closes, or the server is dropped.
                        drop(io::copy(&mut wire, &mut io::sink()));
                        return Ok(());
                    }
                    Step::Close => return raw.shutdown(Shutdown::Both),
                    Step::Reset => {
                        socket2::SockRef::from(&raw).set_linger(Some(Duration::ZERO))?;
                        // The reset goes out when the last handle is closed, this one among them.
                        self.lock().streams.remove(&number);
                        return Ok(());
                    }
                    Step::Shut => self.shut(),
                    Step::Tunnel(target) => return tunnel(raw, target),
                }
            }
        }
        Ok(())
    }
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(buffer),
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// The first byte of a TLS client's first message.
const TLS_HANDSHAKE: u8 = 0x16;

/// Reads one request; `None` where the client has no more.
fn read_request(wire: &mut BufReader<Wire>, connection: usize) -> io::Result<Option<Request>> {
    if matches!(wire.get_ref(), Wire::Plain(_)) && wire.fill_buf()?.first() == Some(&TLS_HANDSHAKE)
    {
        let length = wire.buffer().len();
        wire.consume(length);
        return Ok(Some(Request {
            method: "(TLS)".to_owned(),
            target: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            connection,
        }));
    }
    let mut line = String::new();
    if wire.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        wire.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut seen = Request {
        method,
        target,
        headers,
        body: Vec::new(),
        connection,
    };
    let length = seen
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    seen.body = vec![0; length];
    wire.read_exact(&mut seen.body)?;
    Ok(Some(seen))
}

fn tunnel(client: TcpStream, target: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(target)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let upwards = thread::spawn(move || {
        drop(io::copy(&mut from_client, &mut to_server));
        drop(to_server.shutdown(Shutdown::Both));
    });
    let (mut from_server, mut to_client) = (server, client);
    drop(io::copy(&mut from_server, &mut to_client));
    drop(to_client.shutdown(Shutdown::Both));
    drop(upwards.join());
    Ok(())
}
