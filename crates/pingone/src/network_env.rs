//! What the client takes from its environment, as plain data: trusted certificates, proxies, and its user agent. Which
//! variables these come from is the caller's business.

/// A value from the environment and the name of its variable, for messages. It has no `Debug`: a proxy's address may
/// hold a password.
#[derive(Clone)]
pub struct EnvVar {
    /// The name of the variable.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The network environment of the process. It has no `Debug` either.
#[derive(Clone)]
pub struct NetworkEnv {
    /// The `User-Agent` of every request.
    pub user_agent: &'static str,
    /// A file of PEM certificates that replaces the bundled roots.
    pub certificate_file: Option<EnvVar>,
    /// The proxy for `https` addresses.
    pub https_proxy: Option<EnvVar>,
    /// The proxy for `http` addresses. It is not used, but it must be valid.
    pub http_proxy: Option<EnvVar>,
    /// Hosts that are reached without a proxy, separated by commas.
    pub no_proxy: Option<String>,
    /// What to do about an invalid proxy address, for error texts.
    pub proxy_advice: &'static str,
}

impl Default for NetworkEnv {
    fn default() -> Self {
        Self {
            user_agent: concat!("pingone/", env!("CARGO_PKG_VERSION")),
            certificate_file: None,
            https_proxy: None,
            http_proxy: None,
            no_proxy: None,
            proxy_advice: "correct it",
        }
    }
}
