//! What the client takes from where it runs, as plain data: whom it trusts, its proxies, and what it calls itself. Which
//! variables say so is the caller's business.

/// Something from the environment, and what texts call the place where it stands. It has no `Debug`: a proxy's address
/// may hold a password.
#[derive(Clone)]
pub struct EnvVar {
    /// The name of the variable.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The network as the process finds it. It has no `Debug` either.
#[derive(Clone)]
pub struct NetworkEnv {
    /// The `User-Agent` of every request.
    pub user_agent: &'static str,
    /// A file of PEM certificates that replaces the bundled roots.
    pub certificate_file: Option<EnvVar>,
    /// The proxy for `https` addresses.
    pub https_proxy: Option<EnvVar>,
    /// That for `http` addresses. It is not used, but it has to be an address.
    pub http_proxy: Option<EnvVar>,
    /// Hosts that are reached without a proxy, with commas between them.
    pub no_proxy: Option<String>,
    /// What to do about a proxy's address that cannot be used, for error texts.
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
