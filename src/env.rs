//! Every environment variable that the executable reads, and what for. XSOAR's server sets some of them in the
//! container, people at a terminal set others. Nothing else reads the environment.

use std::collections::HashMap;

use pingone::network_env::{EnvVar, NetworkEnv};

/// A copy of the variables, so that tests can supply their own. No `Debug`, because proxy addresses may contain
/// passwords.
#[derive(Clone, Default)]
pub struct Env {
    variables: HashMap<String, String>,
}

/// The `User-Agent` header.
const USER_AGENT: &str = concat!("pingone-xsoar/", env!("CARGO_PKG_VERSION"));

/// A PEM file that replaces the bundled root certificates. XSOAR sets both to its custom certificates.
/// <https://docs-cortex.paloaltonetworks.com/>, "Configure Python Docker Integrations to Trust Custom Certificates"
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"];

/// The proxies for `https` and `http`, in upper and lower case. XSOAR always sets all four, possibly to an empty value.
const HTTPS_PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const HTTP_PROXY: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
/// Hosts that are contacted without a proxy.
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The timeout of one HTTP request, in seconds; `REQUESTS_TIMEOUT.<brand>` applies to one integration only.
const REQUESTS_TIMEOUT: &str = "REQUESTS_TIMEOUT";

/// Rust's standard library reads them to decide whether an error takes a backtrace.
pub const BACKTRACES: [&str; 2] = ["RUST_BACKTRACE", "RUST_LIB_BACKTRACE"];

/// Whether errors would take backtraces.
pub fn asks_for_backtraces() -> bool {
    BACKTRACES
        .iter()
        .any(|name| std::env::var_os(name).is_some())
}

/// Set by people who do not want colours.
const NO_COLOUR: &str = "NO_COLOR";
const TERM: &str = "TERM";
const COLUMNS: &str = "COLUMNS";

/// Instance parameters for commands run at a terminal (`pingone-xsoar run`). XSOAR sets none of them.
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
    /// `client_authentication`
    ClientAuthentication,
    /// A file with the `private_key`
    PrivateKeyFile,
    /// `key_id`
    KeyId,
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
            Self::ClientAuthentication => "PINGONE_CLIENT_AUTHENTICATION",
            Self::PrivateKeyFile => "PINGONE_PRIVATE_KEY_FILE",
            Self::KeyId => "PINGONE_KEY_ID",
            Self::ApiUrl => "PINGONE_API_URL",
            Self::AuthUrl => "PINGONE_AUTH_URL",
        }
    }
}

impl Env {
    /// The environment of this process.
    pub fn from_process() -> Self {
        // None of ours is ever anything but Unicode.
        Self {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
        }
    }

    /// The first of these variables that is set and not blank: its name and value.
    fn first(&self, names: &[&str]) -> Option<(String, &str)> {
        names.iter().find_map(|name| {
            let value = self.variables.get(*name)?.trim();
            (!value.is_empty()).then(|| ((*name).to_owned(), value))
        })
    }

    /// The raw value of a variable that the user named.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Whether colours are off: on request (any value that is not empty, <https://no-color.org>), or because the terminal
    /// has none.
    pub fn no_colours(&self) -> bool {
        self.first(&[NO_COLOUR]).is_some() || self.variable(TERM) == Some("dumb")
    }

    /// The width of output that does not go to a terminal.
    pub fn columns(&self) -> Option<usize> {
        self.first(&[COLUMNS])?.1.parse().ok()
    }

    /// An instance parameter for commands run at a terminal.
    pub fn parameter(&self, variable: ParameterVariable) -> Option<&str> {
        self.first(&[variable.name()]).map(|(_, value)| value)
    }

    /// The client's network settings.
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

    /// The timeout of one HTTP request: the variable's name and its value.
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
    fn proxies_are_reported_in_upper_case_and_blank_variables_are_ignored() {
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
