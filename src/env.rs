//! Every environment variable that the executable reads, with what it is for. XSOAR's server sets some for the
//! container, a person at a terminal others; nothing else looks into the environment.

use std::collections::HashMap;

use pingone::network_env::{EnvVar, NetworkEnv};

/// A copy of the variables that matter, so that tests can give others. It has no `Debug`: the proxies'
/// addresses may hold passwords.
#[derive(Clone, Default)]
pub struct Env {
    variables: HashMap<String, String>,
}

/// What the client calls itself to PingOne.
const USER_AGENT: &str = concat!("pingone-xsoar/", env!("CARGO_PKG_VERSION"));

/// A file of PEM certificates that replaces the bundled roots. XSOAR sets both to its custom certificates.
/// <https://docs-cortex.paloaltonetworks.com/>, "Configure Python Docker Integrations to Trust Custom Certificates"
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"];

/// The proxy for `https` addresses, and that for `http`, in either case. XSOAR always passes all four,
/// possibly empty.
const HTTPS_PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const HTTP_PROXY: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
/// Hosts that are reached without a proxy.
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Seconds that one HTTP request may take; `REQUESTS_TIMEOUT.<brand>` for one integration alone.
const REQUESTS_TIMEOUT: &str = "REQUESTS_TIMEOUT";

/// Set by people who want no colours.
const NO_COLOUR: &str = "NO_COLOR";

/// Instance parameters for commands that are typed at a terminal (`pingone-xsoar run`); XSOAR sets none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterVariable {
    /// `environment_id`
    EnvironmentId,
    /// `region`
    Region,
    /// `credentials.identifier`
    ClientId,
    /// `credentials.password`
    ClientSecret,
    /// `api_url`
    ApiUrl,
    /// `auth_url`
    AuthUrl,
}

impl ParameterVariable {
    /// The name of the variable.
    pub fn name(self) -> &'static str {
        match self {
            Self::EnvironmentId => "PINGONE_ENVIRONMENT_ID",
            Self::Region => "PINGONE_REGION",
            Self::ClientId => "PINGONE_CLIENT_ID",
            Self::ClientSecret => "PINGONE_CLIENT_SECRET",
            Self::ApiUrl => "PINGONE_API_URL",
            Self::AuthUrl => "PINGONE_AUTH_URL",
        }
    }
}

impl Env {
    /// The process's own.
    pub fn of_the_process() -> Self {
        // A variable that is not Unicode cannot be one of ours.
        Self {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
        }
    }

    /// The first of these variables that is set and not blank, with its name.
    fn first(&self, names: &[&str]) -> Option<(String, &str)> {
        names.iter().find_map(|name| {
            let value = self.variables.get(*name)?.trim();
            (!value.is_empty()).then(|| ((*name).to_owned(), value))
        })
    }

    /// A variable that a person named, as it is.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Whether programs are asked to write without colours. <https://no-color.org>: any value that is not empty.
    pub fn no_colours(&self) -> bool {
        self.first(&[NO_COLOUR]).is_some()
    }

    /// An instance parameter for commands that are typed at a terminal.
    pub fn parameter(&self, variable: ParameterVariable) -> Option<&str> {
        self.first(&[variable.name()]).map(|(_, value)| value)
    }

    /// What the client takes from the environment.
    pub fn network(&self) -> NetworkEnv {
        let proxy = |name: &str, address: Option<&str>| {
            address.map(|address| EnvVar {
                name: name.to_owned(),
                value: address.to_owned(),
            })
        };
        NetworkEnv {
            user_agent: USER_AGENT,
            certificate_file: self.first(&CERTIFICATES).map(|(name, value)| EnvVar {
                name,
                value: value.to_owned(),
            }),
            https_proxy: proxy("HTTPS_PROXY", self.https_proxy()),
            http_proxy: proxy("HTTP_PROXY", self.http_proxy()),
            no_proxy: self.first(&NO_PROXY).map(|(_, hosts)| hosts.to_owned()),
            proxy_advice: "correct it, or turn 'Use system proxy settings' off",
        }
    }

    /// The proxy for `https` addresses.
    pub fn https_proxy(&self) -> Option<&str> {
        self.first(&HTTPS_PROXY).map(|(_, value)| value)
    }

    /// The proxy for `http` addresses.
    pub fn http_proxy(&self) -> Option<&str> {
        self.first(&HTTP_PROXY).map(|(_, value)| value)
    }

    /// The time limit for one HTTP request: the variable's name and its text.
    pub fn request_timeout(&self, brand: &str) -> Option<(String, &str)> {
        self.first(&[&format!("{REQUESTS_TIMEOUT}.{brand}"), REQUESTS_TIMEOUT])
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Env {
    fn from(variables: [(&str, &str); N]) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_named_in_capitals_and_blank_variables_count_for_nothing() {
        for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
            let network = Env::from([(name, "proxy:1")]).network();
            let proxy = network.https_proxy.or(network.http_proxy).expect("a proxy");
            assert_eq!(
                (proxy.name, proxy.value),
                (name.to_uppercase(), "proxy:1".to_owned())
            );
        }
        let variables = [("SSL_CERT_FILE", " "), ("REQUESTS_CA_BUNDLE", "/dev/null")];
        let network = Env::from(variables).network();
        let file = network.certificate_file.expect("a file");
        assert_eq!(
            (&*file.name, &*file.value),
            ("REQUESTS_CA_BUNDLE", "/dev/null")
        );
    }
}
