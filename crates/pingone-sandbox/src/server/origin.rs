//! Protection against DNS rebinding: only this machine may use the sandbox.
//!
//! A web page can point its own host name to 127.0.0.1 and make the browser send requests here;
//! `Host` and `Origin` give it away.

use std::net::IpAddr;

use hyper::Uri;
use hyper::header::{HOST, ORIGIN};
use hyper::http::request::Parts;

/// Whether every host in the request is this machine. Clients other than browsers may send none.
pub(crate) fn is_local(parts: &Parts) -> bool {
    let authority = parts.uri.authority().map(ToString::to_string);
    let texts = |name| {
        let values = parts.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut hosts = authority.into_iter().chain(texts(HOST));
    hosts.all(|host| is_loopback(&format!("http://{host}")))
        && texts(ORIGIN).all(|origin| is_loopback(&origin))
}

fn is_loopback(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(headers: &[(&str, &str)]) -> bool {
        let mut request = hyper::Request::builder().uri("/sandbox/state");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_local(&request.body(()).expect("a request").into_parts().0)
    }

    #[test]
    fn local_hosts_are_allowed() {
        for headers in [
            [].as_slice(),
            &[("Host", "127.0.0.1:8080")],
            &[("Host", "LOCALHOST")],
            &[("Host", "[::1]:80"), ("Origin", "http://localhost:3000")],
        ] {
            assert!(asks(headers), "{headers:?}");
        }
    }

    #[test]
    fn other_hosts_are_rejected() {
        for headers in [
            [("Host", "rebound.example:8080")].as_slice(),
            &[("Host", "127.0.0.1.example")],
            &[("Host", "localhost.example")],
            &[("Host", "192.0.2.1")],
            &[("Host", "localhost@evil.example")],
            &[("Host", "")],
            &[("Host", "127.0.0.1"), ("Origin", "https://evil.example")],
            &[("Host", "127.0.0.1"), ("Origin", "null")],
            &[("Host", "127.0.0.1"), ("Host", "evil.example")],
        ] {
            assert!(!asks(headers), "{headers:?}");
        }
    }
}
