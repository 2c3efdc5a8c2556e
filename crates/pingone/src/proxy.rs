//! Which proxy a call goes through, as set by `HTTPS_PROXY` and `NO_PROXY`. Plain `http` uses none: it is for this
//! machine alone, and the proxy would see the client secret in clear text.

use std::net::IpAddr;

use anyhow::{Result, bail, ensure};
use reqwest::Url;

use crate::network_env::{EnvVar, NetworkEnv};

/// The proxy, and what is reached without it.
pub(super) struct Proxies {
    https: Option<Url>,
    exempt: Vec<NoProxyEntry>,
}

/// An entry of `NO_PROXY`.
#[derive(Debug, PartialEq, Eq)]
struct NoProxyEntry {
    host: Host,
    /// Every port, if `None`.
    port: Option<u16>,
}

#[derive(Debug, PartialEq, Eq)]
enum Host {
    Any,
    /// A domain and all its subdomains.
    Domain(String),
    /// An address and the length of its prefix in bits.
    Network(IpAddr, u32),
}

impl Proxies {
    /// Reads the environment. A variable that cannot be used is an error: silently going without a proxy would expose
    /// the traffic that the administrator meant to protect.
    pub(super) fn read(env: &NetworkEnv) -> Result<Self> {
        let checked = |proxy: &Option<EnvVar>| {
            let Some(EnvVar { name, value }) = proxy else {
                return Ok(None);
            };
            // The address is not shown: it may hold a password.
            let advice = env.proxy_advice;
            match proxy_url(value) {
                Ok(url) => Ok(Some(url)),
                Err(error) => {
                    bail!("the proxy address in {name} cannot be used: {advice}: {error}")
                }
            }
        };
        // Not used, but an invalid address is a mistake that every other program would stumble over.
        checked(&env.http_proxy)?;
        let entries = env.no_proxy.as_deref().unwrap_or_default().split(',');
        Ok(Self {
            https: checked(&env.https_proxy)?,
            exempt: entries.filter_map(NoProxyEntry::read).collect(),
        })
    }

    /// Every call goes directly to its host.
    pub(super) fn none() -> Self {
        Self {
            https: None,
            exempt: Vec::new(),
        }
    }

    /// The proxy for this address.
    pub(super) fn proxy_for(&self, url: &Url) -> Option<&Url> {
        let is_exempt = || self.exempt.iter().any(|exempt| exempt.covers(url));
        let proxy = self.https.as_ref().filter(|_| url.scheme() == "https")?;
        (!is_exempt()).then_some(proxy)
    }
}

/// Parses a proxy's address. Without a scheme it is an `http` proxy, as in curl.
pub fn proxy_url(address: &str) -> Result<Url> {
    let url = if address.contains("://") {
        Url::parse(address)?
    } else {
        Url::parse(&format!("http://{address}"))?
    };
    ensure!(
        matches!(url.scheme(), "http" | "https"),
        "it begins neither with http:// nor with https://"
    );
    Ok(url)
}

impl NoProxyEntry {
    fn read(entry: &str) -> Option<Self> {
        let entry = entry.trim();
        // An IPv6 address has colons of its own; a port can follow it only after brackets.
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok()?))
            }
            _ => (entry, None),
        };
        let host = Host::read(host.trim_start_matches('[').trim_end_matches(']'))?;
        Some(Self { host, port })
    }

    fn covers(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default();
        (self.port.is_none() || self.port == port) && self.host.covers(host)
    }
}

impl Host {
    fn read(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        if let Ok(address) = address.parse::<IpAddr>() {
            return Some(Self::Network(address, bits.unwrap_or(128)));
        }
        let name = text.trim_start_matches("*.").trim_matches('.');
        (!name.is_empty()).then(|| Self::Domain(name.to_ascii_lowercase()))
    }

    /// `host` is written as in a URL: lower case, IPv6 in brackets.
    fn covers(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Domain(domain) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            Self::Network(network, bits) => host
                .trim_matches(['[', ']'])
                .parse::<IpAddr>()
                .is_ok_and(|address| is_within(address, *network, *bits)),
        }
    }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (one, other, width) = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits().into(), other.to_bits().into(), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
        _ => return false,
    };
    let differing: u128 = one ^ other;
    let ignored = width - bits.min(width);
    differing.checked_shr(ignored).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, value: &str) -> EnvVar {
        EnvVar {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    fn proxies(no_proxy: &str) -> Proxies {
        let env = NetworkEnv {
            https_proxy: Some(named("HTTPS_PROXY", "proxy:3128")),
            no_proxy: Some(no_proxy.to_owned()),
            ..NetworkEnv::default()
        };
        Proxies::read(&env).expect("a proxy")
    }

    fn is_direct(no_proxy: &str, url: &str) -> bool {
        let url = Url::parse(url).expect("an address");
        proxies(no_proxy).proxy_for(&url).is_none()
    }

    #[test]
    fn hosts_ports_and_networks_are_exempt() {
        for (no_proxy, url) in [
            ("*", "https://api.pingone.eu"),
            ("other, api.pingone.eu", "https://api.pingone.eu"),
            ("API.PingOne.eu", "https://api.pingone.eu"),
            ("pingone.eu", "https://api.pingone.eu"),
            (".pingone.eu", "https://api.pingone.eu"),
            ("*.pingone.eu", "https://api.pingone.eu"),
            ("api.pingone.eu:443", "https://api.pingone.eu"),
            ("pingone.eu:8443", "https://api.pingone.eu:8443"),
            ("127.0.0.1:8443", "https://127.0.0.1:8443"),
            ("10.0.0.0/8", "https://10.9.8.7"),
            ("0.0.0.0/0", "https://10.9.8.7"),
            ("[::1]:8443", "https://[::1]:8443"),
            ("::1", "https://[::1]"),
            ("fd00::/8", "https://[fd12::1]"),
        ] {
            assert!(is_direct(no_proxy, url), "{no_proxy} {url}");
        }
        for (no_proxy, url) in [
            ("", "https://api.pingone.eu"),
            ("ingone.eu", "https://api.pingone.eu"),
            ("api.pingone.eu:8443", "https://api.pingone.eu"),
            ("api.pingone.eu:443", "https://api.pingone.eu:8443"),
            ("api.pingone.eu:x", "https://api.pingone.eu"),
            ("*:8443", "https://api.pingone.eu"),
            ("127.0.0.1:8443", "https://127.0.0.1:8444"),
            ("10.0.0.0/8", "https://11.0.0.1"),
            ("10.0.0.0/x", "https://10.0.0.1"),
            ("[::1]:8443", "https://[::1]"),
            ("::1", "https://[::2]"),
            ("0.0.0.0/0", "https://[::1]"),
            (".", "https://api.pingone.eu"),
        ] {
            assert!(!is_direct(no_proxy, url), "{no_proxy} {url}");
        }
    }

    #[test]
    fn plain_http_goes_through_no_proxy() {
        let both = NetworkEnv {
            https_proxy: Some(named("HTTPS_PROXY", "proxy:1")),
            http_proxy: Some(named("HTTP_PROXY", "proxy:2")),
            ..NetworkEnv::default()
        };
        let proxies = Proxies::read(&both).expect("two proxies");
        let proxy_for = |url| proxies.proxy_for(&Url::parse(url).expect("an address"));
        assert_eq!(proxy_for("http://127.0.0.1:8080"), None);
        let https = proxy_for("https://127.0.0.1:8080").expect("a proxy");
        assert_eq!(https.as_str(), "http://proxy:1/");
    }

    #[test]
    fn invalid_addresses_are_errors_that_do_not_reveal_them() {
        for address in [
            "htp://user:hunter22@127.0.0.1:3128",
            "ftp://user:hunter22@127.0.0.1",
            "socks5://user:hunter22@127.0.0.1",
            "http://user:hunter22@:::",
            "user:hunter22@:::",
        ] {
            let https = NetworkEnv {
                https_proxy: Some(named("A_PROXY", address)),
                ..NetworkEnv::default()
            };
            let http = NetworkEnv {
                http_proxy: Some(named("A_PROXY", address)),
                ..NetworkEnv::default()
            };
            for env in [https, http] {
                let error = Proxies::read(&env).err().expect("an error").to_string();
                let begin = "the proxy address in A_PROXY cannot be used: correct it: ";
                assert!(
                    error.starts_with(begin) && !error.contains("hunter22"),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn addresses_parse_with_and_without_a_scheme() {
        for (address, url) in [
            (
                "user:hunter22@127.0.0.1:3128",
                "http://user:hunter22@127.0.0.1:3128/",
            ),
            ("HTTPS://proxy", "https://proxy/"),
            ("http://proxy:80/x", "http://proxy/x"),
        ] {
            assert_eq!(proxy_url(address).expect("an address").as_str(), url);
        }
    }
}
