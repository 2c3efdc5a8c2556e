//! What lies between the integration and PingOne: certificates, proxies, names, redirects. Certificates are
//! made anew for every test; proxies are scripted servers.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pingone_xsoar::env::Env;
use rcgen::{CertificateParams, CertifiedKey, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::{Value, json};

use crate::{
    conversation::{Received, Turn, talk},
    healthy::{self, get_user},
    process,
    server::{Answer, Request, Server, Step, json as send, reply},
};

/// A folder that is removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pingone-xsoar-network-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a new folder");
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a new file");
        path.to_str().expect("a path in UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A PingOne behind TLS, and the file that makes its certificate a trusted one.
struct Tls {
    server: Server,
    pem: String,
}

impl Tls {
    fn start(certificate: CertifiedKey<KeyPair>) -> Self {
        let CertifiedKey { cert, signing_key } = certificate;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring's versions")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a certificate and its key");
        Self {
            server: Server::start_tls(config, healthy::answer),
            pem: cert.pem(),
        }
    }

    fn for_this_machine() -> Self {
        Self::start(certificate(&["127.0.0.1", "localhost"], |_| {}))
    }

    fn request(&self, more: &Value) -> Value {
        let address = format!("https://{}", self.server.host());
        let mut all = json!({"api_url": address, "auth_url": address});
        for (name, value) in more.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        get_user(&self.server.host(), &all)
    }
}

type Change = fn(&mut CertificateParams);

fn certificate(names: &[&str], change: Change) -> CertifiedKey<KeyPair> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    change(&mut params);
    let signing_key = KeyPair::generate().expect("a key");
    let cert = params.self_signed(&signing_key).expect("a certificate");
    CertifiedKey { cert, signing_key }
}

fn once(env: Env, request: Value) -> Received {
    talk(env, [Turn::new(request)])
}

const TLS_ADVICE: &str = "If a proxy or gateway inspects TLS traffic, add its certificate to XSOAR (SSL_CERT_FILE). 'Trust any certificate (not secure)' would turn the check off.";

/// The error of a certificate that is not trusted: said at once.
fn assert_untrusted(received: &Received, tls: &Tls) {
    let text = received.error(0);
    let host = tls.server.host();
    assert!(
        text.contains(&format!("no trusted TLS connection to {host} (")),
        "{text}"
    );
    assert!(text.ends_with(TLS_ADVICE), "{text}");
    assert_eq!(tls.server.connections(), 1, "final at once: {text}");
    assert_eq!(tls.server.seen().len(), 0, "{text}");
}

#[test]
fn an_unknown_certificate_is_final_at_once() {
    let tls = Tls::for_this_machine();
    assert_untrusted(&once(Env::default(), tls.request(&json!({}))), &tls);
}

#[test]
fn a_certificate_file_replaces_the_bundled_roots() {
    let folder = Folder::new();
    let (tls, other) = (Tls::for_this_machine(), Tls::for_this_machine());
    let file = folder.file("roots.pem", &tls.pem);
    for variable in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"] {
        let env = Env::from([(variable, file.as_str())]);
        let received = once(env, tls.request(&json!({})));
        assert!(received.note(0).starts_with("### User:"), "{variable}");
    }
    // The first of the two counts, as it does for XSOAR's other integrations; the file has one certificate.
    let env = Env::from([("SSL_CERT_FILE", file.as_str())]);
    assert_untrusted(&once(env, other.request(&json!({}))), &other);
}

#[test]
fn a_trusted_certificate_for_another_name_or_time_is_not_trusted() {
    let folder = Folder::new();
    let changed: [(&[&str], Change); 2] = [
        (&["api.pingone.example"], |_| {}),
        (&["127.0.0.1"], |params| {
            params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }),
    ];
    for (names, change) in changed {
        let tls = Tls::start(certificate(names, change));
        let file = folder.file("roots.pem", &tls.pem);
        let env = Env::from([("SSL_CERT_FILE", file.as_str())]);
        assert_untrusted(&once(env, tls.request(&json!({}))), &tls);
    }
}

#[test]
fn a_certificate_file_that_cannot_be_read_is_an_error() {
    let folder = Folder::new();
    let tls = Tls::for_this_machine();
    let missing = folder.0.join("missing.pem");
    let garbage = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    let files = [
        missing.to_str().expect("UTF-8").to_owned(),
        folder.file("empty.pem", ""),
        folder.file("text.pem", "no certificate"),
        folder.file("garbage.pem", garbage),
        folder.0.to_str().expect("UTF-8").to_owned(),
    ];
    for file in files {
        let env = Env::from([("REQUESTS_CA_BUNDLE", file.as_str())]);
        let received = once(env, tls.request(&json!({})));
        let text = received.error(0);
        assert!(
            text.contains(&file) && text.contains("REQUESTS_CA_BUNDLE"),
            "{text}"
        );
    }
    assert_eq!(tls.server.connections(), 0);
}

#[test]
fn insecure_is_true_only_for_true() {
    for (value, trusts) in [
        (json!(true), true),
        (json!("true"), true),
        (json!("True"), true),
        (json!(false), false),
        (json!("false"), false),
        (json!("yes"), false),
        (json!(1), false),
        (json!([true]), false),
        (Value::Null, false),
    ] {
        let tls = Tls::for_this_machine();
        let received = once(Env::default(), tls.request(&json!({"insecure": value})));
        if trusts {
            assert!(received.note(0).starts_with("### User:"), "{value}");
        } else {
            assert_untrusted(&received, &tls);
        }
    }
}

#[test]
fn a_server_without_tls_is_refused() {
    let server = Server::start(|_| {
        vec![
            Step::Send(b"HTTP/1.1 400 Bad\r\n\r\n".to_vec()),
            Step::Close,
        ]
    });
    let address = format!("https://{}", server.host());
    let request = get_user(
        &server.host(),
        &json!({"api_url": address, "auth_url": address}),
    );
    let received = once(Env::default(), request);
    let text = received.error(0);
    assert!(
        text.contains("no trusted TLS connection to 127.0.0.1:") && text.ends_with(TLS_ADVICE),
        "{text}"
    );
    assert_eq!(server.connections(), 1);
}

/// A proxy that opens tunnels to where it is told, and nothing else.
fn proxy() -> Server {
    Server::start(|seen| {
        let target = seen.target.parse().expect("a loopback address and a port");
        vec![
            Step::Send(b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec()),
            Step::Tunnel(target),
        ]
    })
}

const ON: fn() -> Value = || json!({"proxy": true, "max_retries": "0"});

/// Runs one request in a process of its own with these variables.
fn process(variables: &[(&str, &str)], request: &Value) -> process::Ended {
    process::run(variables, format!("{request}\n").as_bytes())
}

#[test]
fn proxy_variables_are_ignored_where_the_parameter_is_off() {
    let (server, proxy) = (Server::start(healthy::answer), proxy());
    let address = format!("http://{}", proxy.host());
    let all: Vec<(&str, &str)> = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ]
    .map(|name| (name, address.as_str()))
    .to_vec();
    let ended = process(&all, &get_user(&server.host(), &json!({})));
    assert!(ended.note().starts_with("### User:"));
    let tls = Tls::for_this_machine();
    let ended = process(&all, &tls.request(&json!({"insecure": true})));
    assert!(ended.note().starts_with("### User:"));
    assert_eq!(proxy.connections(), 0);
    assert_eq!((server.seen().len(), tls.server.seen().len()), (2, 2));
}

#[test]
fn all_proxy_is_ignored_also_where_the_parameter_is_on() {
    let (server, proxy) = (Server::start(healthy::answer), proxy());
    let address = proxy.host();
    let ended = process(
        &[("ALL_PROXY", &address), ("all_proxy", &address)],
        &get_user(&server.host(), &ON()),
    );
    assert!(ended.note().starts_with("### User:"));
    assert_eq!((proxy.connections(), server.seen().len()), (0, 2));
}

/// A request for a server with TLS, through a proxy if there is one.
fn proxied(tls: &Tls) -> Value {
    let mut more = ON();
    more["insecure"] = json!(true);
    tls.request(&more)
}

#[test]
fn a_proxy_is_used_with_and_without_a_scheme_in_either_case() {
    for name in ["HTTPS_PROXY", "https_proxy"] {
        for scheme in ["", "http://"] {
            let (tls, proxy) = (Tls::for_this_machine(), proxy());
            let address = format!("{scheme}{}", proxy.host());
            let ended = process(&[(name, &address)], &proxied(&tls));
            assert!(ended.note().starts_with("### User:"), "{name} {scheme}");
            assert_eq!(proxy.calls(), [format!("CONNECT {}", tls.server.host())]);
        }
    }
}

#[test]
fn plain_http_goes_through_no_proxy() {
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY"] {
        let (server, proxy) = (Server::start(healthy::answer), proxy());
        let address = proxy.host();
        let ended = process(&[(name, &address)], &get_user(&server.host(), &ON()));
        assert!(ended.note().starts_with("### User:"), "{name}");
        assert_eq!((proxy.connections(), server.seen().len()), (0, 2), "{name}");
    }
}

#[test]
fn no_proxy_exempts_hosts_and_ports() {
    let (tls, proxy) = (Tls::for_this_machine(), proxy());
    let address = proxy.host();
    let with_port = tls.server.host();
    for (name, hosts) in [
        ("NO_PROXY", "127.0.0.1"),
        ("no_proxy", "example.com, 127.0.0.1"),
        ("NO_PROXY", "127.0.0.0/8"),
        ("NO_PROXY", with_port.as_str()),
        ("NO_PROXY", "*"),
    ] {
        let variables = [("HTTPS_PROXY", address.as_str()), (name, hosts)];
        let ended = process(&variables, &proxied(&tls));
        assert!(ended.note().starts_with("### User:"), "{hosts}");
        assert_eq!(proxy.connections(), 0, "{hosts}");
    }
    for hosts in ["example.com", "127.0.0.1:1"] {
        let before = proxy.connections();
        let variables = [("HTTPS_PROXY", address.as_str()), ("NO_PROXY", hosts)];
        process(&variables, &proxied(&tls));
        assert!(
            proxy.connections() > before,
            "{hosts}: others are not exempt"
        );
    }
}

const PROXY_USER: &str = "engine@corp";
const PROXY_PASSWORD: &str = "pr0xy/p@ss+wörd";

/// The proxy's address with credentials, as an administrator has to write it.
fn with_credentials(proxy: &Server) -> String {
    format!(
        "http://engine%40corp:pr0xy%2Fp%40ss%2Bw%C3%B6rd@{}",
        proxy.host()
    )
}

fn proxy_authorization() -> String {
    let credentials = STANDARD.encode(format!("{PROXY_USER}:{PROXY_PASSWORD}"));
    format!("Basic {credentials}")
}

#[test]
fn credentials_are_sent_to_the_proxy_alone() {
    let (tls, proxy) = (Tls::for_this_machine(), proxy());
    let address = with_credentials(&proxy);
    let ended = process(&[("HTTPS_PROXY", &address)], &proxied(&tls));
    assert!(ended.note().starts_with("### User:"));
    let connect = proxy.seen().pop().expect("a tunnel");
    assert_eq!(
        connect.header("proxy-authorization"),
        Some(proxy_authorization().as_str())
    );
    for seen in tls.server.seen() {
        assert_eq!(seen.header("proxy-authorization"), None);
    }
}

const PROXY_ADVICE: &str =
    "Check 'Use system proxy settings' and the variables HTTPS_PROXY and NO_PROXY.";

/// Nothing of the proxy's credentials is in what the process gave.
fn assert_hidden(ended: &process::Ended) {
    let shown = format!("{}{}", ended.stdout, ended.stderr);
    let encoded = STANDARD.encode(format!("{PROXY_USER}:{PROXY_PASSWORD}"));
    for secret in [
        PROXY_PASSWORD,
        "pr0xy%2F",
        "pr0xy%2f",
        "pr0xy/",
        encoded.trim_end_matches('='),
        STANDARD.encode(PROXY_PASSWORD).trim_end_matches('='),
    ] {
        assert!(!shown.contains(secret), "{secret} is shown: {shown}");
    }
}

/// A proxy that refuses, and says everything that it was told.
fn echoing(seen: &Request) -> Answer {
    let told = seen.header("proxy-authorization").unwrap_or_default();
    let body = json!({
        "message": format!("no access for {told} ({PROXY_USER}:{PROXY_PASSWORD})"),
        "code": STANDARD.encode(PROXY_PASSWORD),
    });
    let header = format!("http://{PROXY_USER}:{PROXY_PASSWORD}@proxy");
    reply(
        407,
        &[
            ("Proxy-Authenticate", "Basic realm=\"proxy\""),
            ("Correlation-Id", &header),
        ],
        "application/json",
        body.to_string(),
    )
}

#[test]
fn a_proxy_that_refuses_is_named_and_its_credentials_are_not() {
    let (tls, proxy) = (Tls::for_this_machine(), Server::start(echoing));
    let address = with_credentials(&proxy);
    let ended = process(&[("HTTPS_PROXY", &address)], &tls.request(&ON()));
    let text = ended.error();
    assert!(
        text.contains("the proxy gave no connection to 127.0.0.1:") && text.ends_with(PROXY_ADVICE),
        "{text}"
    );
    assert_hidden(&ended);
    assert_eq!((proxy.seen().len(), tls.server.connections()), (1, 0));
}

#[test]
fn a_proxy_that_cannot_be_reached_is_named() {
    let (tls, proxy) = (Tls::for_this_machine(), proxy());
    proxy.shut();
    let unreachable = with_credentials(&proxy);
    // RFC 6761: no resolver has an address for it.
    let unknown = "http://engine%40corp:pr0xy%2Fp%40ss%2Bw%C3%B6rd@proxy.invalid:3128";
    for (address, why) in [
        (unreachable.as_str(), "("),
        (unknown, "(the proxy's host proxy.invalid was not found: "),
    ] {
        let ended = process(&[("HTTPS_PROXY", address)], &tls.request(&ON()));
        let text = ended.error();
        let named = format!(
            "the proxy gave no connection to {} {why}",
            tls.server.host()
        );
        assert!(
            text.contains(&named) && text.ends_with(PROXY_ADVICE),
            "{text}"
        );
        assert_hidden(&ended);
    }
    assert_eq!(tls.server.connections(), 0);
}

#[test]
fn a_proxy_address_that_cannot_be_used_is_an_error_without_it() {
    let tls = Tls::for_this_machine();
    for address in [
        "http://engine%40corp:pr0xy%2Fp%40ss%2Bw%C3%B6rd@:::",
        "htp://engine%40corp:pr0xy%2Fp%40ss%2Bw%C3%B6rd@127.0.0.1:3128",
        "ftp://engine%40corp:pr0xy%2Fp%40ss%2Bw%C3%B6rd@127.0.0.1",
        "socks5://engine%40corp:pr0xy%2Fp%40ss%2Bw%C3%B6rd@127.0.0.1:1080",
    ] {
        for name in ["HTTPS_PROXY", "HTTP_PROXY"] {
            let ended = process(&[(name, address)], &proxied(&tls));
            let text = ended.error();
            assert!(
                text.contains(name) && text.contains("'Use system proxy settings'"),
                "{text}"
            );
            assert_hidden(&ended);
        }
    }
    assert_eq!(
        tls.server.connections(),
        0,
        "never without the proxy instead"
    );
}

#[test]
fn an_unresolvable_host_is_named() {
    // RFC 6761: no resolver has an address for it.
    let address = "https://nonexistent.invalid";
    let more = json!({"api_url": address, "auth_url": address, "max_retries": "0"});
    let received = once(Env::default(), get_user("127.0.0.1:1", &more));
    let text = received.error(0);
    assert!(
        text.contains("the host nonexistent.invalid was not found ("),
        "{text}"
    );
    assert!(
        text.ends_with("Check the Region, the API URL, the Authentication URL, and DNS on the engine. Behind a proxy, turn on 'Use system proxy settings'."),
        "{text}"
    );
}

#[test]
fn redirects_are_not_followed() {
    let other = Server::start(healthy::answer);
    for status in [301, 302, 303, 307, 308] {
        for strikes_token in [true, false] {
            let location = format!("http://{}/elsewhere", other.host());
            let server = Server::start(move |seen| {
                if seen.path().ends_with("/as/token") == strikes_token {
                    return reply(status, &[("Location", &location)], "", "");
                }
                healthy::answer(seen)
            });
            let received = once(Env::default(), get_user(&server.host(), &json!({})));
            let text = received.error(0);
            assert!(
                text.contains(&format!("Error in API call [{status}] - "))
                    && text.contains("Redirects are not followed, to protect the "),
                "{text}"
            );
        }
    }
    assert_eq!(other.connections(), 0);
}

#[test]
fn the_token_goes_to_no_other_host_by_a_link() {
    let other = Server::start(healthy::answer);
    let link = format!("http://{}{}/users?cursor=2", other.host(), healthy::base());
    let server = Server::start(move |seen| {
        if seen.method == "GET" {
            let mut page = healthy::page("users", &[]);
            page["_links"] = json!({"next": {"href": link}});
            return send(200, &page);
        }
        healthy::answer(seen)
    });
    let args = json!({"username": "emma.sharp"});
    let request = healthy::request(&server.host(), "pingone-delete-user", &args, &json!({}));
    let received = once(Env::default(), request);
    assert!(received.error(0).contains("leads to another host"));
    assert_eq!(other.connections(), 0);
    assert!(server.seen().iter().all(|seen| seen.method != "DELETE"));
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    for name in ["api_url", "auth_url"] {
        let request = get_user("127.0.0.1:1", &json!({name: "http://pingone.example"}));
        let received = once(Env::default(), request);
        let text = received.error(0);
        assert!(
            text.contains(name) && text.contains("must start with https://"),
            "{text}"
        );
    }
}

#[test]
fn folders_of_these_tests_are_removed() {
    let folder = Folder::new();
    let path = folder.0.clone();
    folder.file("a", "b");
    drop(folder);
    assert!(!Path::new(&path).exists());
}
