//! An integration instance: validates XSOAR's parameters and turns them into the client's settings. Every error names
//! the parameter as the instance settings show it and says what to enter.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use reqwest::Url;
use serde_json::{Map, Value};

use crate::{
    collector, credentials,
    env::Env,
    fetch_settings::FetchSettings,
    parameters::{self, Parameters, UrlKind, missing},
    safety,
};
use pingone::{
    external_ids::ExternalIds,
    id::EnvironmentId,
    policy::{Policy, PolicyLabels},
    proxy::proxy_url,
    region::{REGIONS, Region},
    secrets::Mask,
    settings::{Limits, Settings},
    token,
};

/// A validated instance.
pub struct Instance {
    /// Addresses and credentials.
    pub settings: Settings,
    /// Timeouts and retries.
    pub limits: Limits,
    /// Secrets to mask.
    pub mask: Mask,
    /// What must not change.
    pub policy: Policy,
    /// Whether a read of an unknown user returns a note instead of an error.
    pub not_found_as_note: bool,
    /// What to fetch, if it fetches incidents and this is what it is used for or tested.
    pub fetch: Option<FetchSettings>,
    /// The incident and the instance, for PingOne's audit trail.
    pub external_ids: ExternalIds,
}

/// The default timeout of a command. The test button's is shorter, because someone is waiting for it.
const COMMAND_TIMEOUT: Duration = Duration::from_mins(1);
const TEST_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest that a fetch may take. XSIAM is said to stop one after a minute.
const FETCH_TIMEOUT: Duration = Duration::from_secs(50);
/// The default timeout of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
const RETRIES: u32 = 4;
/// Time reserved to answer before XSOAR stops the container.
const SHUTDOWN_MARGIN: Duration = Duration::from_secs(5);

/// How an error names the parameter that blocks a change.
const POLICY_LABELS: PolicyLabels = PolicyLabels {
    read_only: "The instance is read-only ('Read only' in its settings)",
    protected_users: "'Protected users' in the instance's settings",
    protected_groups: "'Protected groups' in the instance's settings",
    protected_applications: "'Protected applications' in the instance's settings",
};

/// An address of PingOne's, and what a request to it must not lose.
const PINGONE_URL: UrlKind = UrlKind {
    example: "https://api.pingone.eu",
    secret: "token",
};

/// The brand, if XSOAR does not send it.
const BRAND: &str = "PingOne";

/// What an instance is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A command.
    Command,
    /// XSOAR's Test button.
    TestButton,
    /// XSOAR's schedule: incidents.
    FetchIncidents,
    /// XSIAM's schedule: events.
    FetchEvents,
}

impl Purpose {
    fn is_fetch(self) -> bool {
        matches!(self, Self::FetchIncidents | Self::FetchEvents)
    }
}

impl Instance {
    /// Validates the parameters. `context` is the request's: it has the brand and the container's time limit.
    pub fn read(
        params: &Map<String, Value>,
        context: &Map<String, Value>,
        purpose: Purpose,
        env: &Env,
    ) -> Result<Self> {
        let params = Parameters(params);
        let environment = params
            .environment("environment_id")?
            .ok_or_else(|| missing(&Parameters::label("environment_id")))?;
        let region = params.region()?;
        let (client_id, credentials) = credentials::read(params)?;
        let api = params
            .base_url("api_url", PINGONE_URL)?
            .map_or_else(|| parse_url(&region.api_url()), Ok)?;
        let auth = params
            .base_url("auth_url", PINGONE_URL)?
            .map_or_else(|| parse_url(&region.auth_url()), Ok)?;
        let auth_environment = params.environment("auth_environment_id")?;

        let mut mask = credentials::mask(params.0);
        let proxy = params.flag("proxy");
        if proxy {
            mask_proxy_credentials(env, &mut mask);
        }
        let authentication = match custom_domain(&auth) {
            Some(domain) if auth_environment.is_none_or(|other| other == environment) => domain,
            // A custom domain belongs to one environment, and the users are in another.
            Some(_) => append_path(parse_url(&region.auth_url())?, &[&environment.to_string()]),
            None => append_path(auth.clone(), &[&environment.to_string()]),
        };
        let settings = Settings {
            environment,
            authentication,
            api: append_path(api, &["v1", "environments", &environment.to_string()]),
            token_url: token_url(auth, auth_environment.unwrap_or(environment)),
            client_id,
            credentials,
            insecure: params.flag("insecure"),
            proxy,
            collector: collector::read(params, purpose == Purpose::TestButton)?,
        };
        let fetches = match purpose {
            Purpose::FetchIncidents => true,
            Purpose::TestButton => FetchSettings::is_on(params),
            Purpose::Command | Purpose::FetchEvents => false,
        };
        let fetch = fetches.then(|| FetchSettings::read(params, &settings.client_id));
        let limits = limits(params, context, purpose, env)?;
        Ok(Self {
            settings,
            limits,
            mask,
            policy: Policy {
                read_only: params.switch("read_only")?,
                protected_users: params.names("protected_users")?,
                protected_groups: params.names("protected_groups")?,
                protected_applications: params.names("protected_applications")?,
                labels: POLICY_LABELS,
            },
            not_found_as_note: params.flag("not_found_as_note"),
            fetch: fetch.transpose()?,
            external_ids: external_ids(params, context)?,
        })
    }
}

/// An investigation has the id of its incident.
fn external_ids(params: Parameters<'_>, context: &Map<String, Value>) -> Result<ExternalIds> {
    if params.switch("hide_incident_id")? {
        return Ok(ExternalIds::default());
    }
    let incident = context.get("Inv").and_then(|found| found.get("id"));
    let instance = context.get("IntegrationInstance");
    let [incident, instance] = [incident, instance].map(|id| id.and_then(parameters::text));
    Ok(ExternalIds::new(incident.as_deref(), instance.as_deref()))
}

impl Parameters<'_> {
    fn environment(self, name: &str) -> Result<Option<EnvironmentId>> {
        let parse = |text: String| {
            text.parse().map_err(|_| {
                anyhow!(
                    "{} is not a UUID: copy it from the PingOne console, Environment Properties.",
                    Self::label(name)
                )
            })
        };
        self.text(name).map(parse).transpose()
    }

    /// An option that protects: an invalid value must not leave it off, so it is an error.
    fn switch(self, name: &str) -> Result<bool> {
        safety::parse_switch(self.value(name))
            .ok_or_else(|| anyhow!("{} must be true or false.", Self::label(name)))
    }

    /// A list of protected names. An invalid value is an error here too.
    fn names(self, name: &str) -> Result<Vec<String>> {
        safety::parse_names(self.value(name)).ok_or_else(|| {
            anyhow!(
                "{} is not a list of names: enter names or IDs separated by commas or line breaks, or a JSON list of strings. Put names that contain a comma in double quotes.",
                Self::label(name)
            )
        })
    }

    fn region(self) -> Result<Region> {
        let name = self.choice("region")?;
        Region::named(&name).ok_or_else(|| {
            let names = REGIONS.map(|region| region.name).join(", ");
            anyhow!(
                "{} is '{name}': choose one of {names}.",
                Self::label("region")
            )
        })
    }

    /// A positive number of seconds.
    fn seconds(self, name: &str) -> Result<Option<Duration>> {
        self.text(name)
            .map(|text| seconds(&Self::label(name), &text))
            .transpose()
    }
}

fn seconds(label: &str, text: &str) -> Result<Duration> {
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds| *seconds > 0.0 && *seconds <= 86_400.0);
    seconds
        .map(Duration::from_secs_f64)
        .ok_or_else(|| anyhow!("{label} is '{text}': enter a number of seconds, such as 60."))
}

fn parse_url(url: &str) -> Result<Url> {
    Ok(Url::parse(url)?)
}

/// Appends path segments to `base`, with or without a slash at its end.
fn append_path(mut base: Url, segments: &[&str]) -> Url {
    if let Ok(mut path) = base.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    base
}

/// The token endpoint has the environment in its path, except at a custom domain.
/// <https://developer.pingidentity.com/pingone-api/platform/custom-domains.html>
fn token_url(auth: Url, environment: EnvironmentId) -> Url {
    if custom_domain(&auth).is_some() {
        return append_path(auth, &[]);
    }
    append_path(auth, &[&environment.to_string(), "as", "token"])
}

/// The custom domain of which `auth` is the token endpoint. It replaces the authentication host and the environment.
fn custom_domain(auth: &Url) -> Option<Url> {
    let path = auth.path().trim_end_matches('/');
    let path = path.strip_suffix("/as/token")?.to_owned();
    let mut domain = auth.clone();
    domain.set_path(&path);
    Some(domain)
}

/// A proxy can echo its password, and an error text can contain the proxy's address.
pub fn mask_proxy_credentials(env: &Env, mask: &mut Mask) {
    use secrecy::ExposeSecret as _;
    for address in [env.https_proxy(), env.http_proxy()].into_iter().flatten() {
        let Ok(url) = proxy_url(address) else {
            continue;
        };
        let plain = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy();
        let user = plain(url.username());
        // A username without a password is an API key for the proxy.
        let Some(password) = url.password() else {
            mask.add(&user);
            continue;
        };
        mask.add(password);
        mask.add(&plain(password));
        mask.add(token::basic(&user, &plain(password)).expose_secret());
    }
}

fn limits(
    params: Parameters<'_>,
    context: &Map<String, Value>,
    purpose: Purpose,
    env: &Env,
) -> Result<Limits> {
    let mut command = match params.seconds("command_timeout")? {
        _ if purpose == Purpose::TestButton => TEST_TIMEOUT,
        set if purpose.is_fetch() => set.unwrap_or(FETCH_TIMEOUT).min(FETCH_TIMEOUT),
        set => set.unwrap_or(COMMAND_TIMEOUT),
    };
    // Newer servers send the number of minutes after which they stop the container.
    if let Some(minutes) = context
        .get("runDuration")
        .and_then(Value::as_f64)
        .filter(|minutes| *minutes > 0.0 && *minutes < 1e6)
    {
        let life = Duration::from_secs_f64(minutes * 60.0);
        command = command.min(life.saturating_sub(SHUTDOWN_MARGIN).max(life / 2));
    }
    let brand = context
        .get("IntegrationBrand")
        .and_then(Value::as_str)
        .unwrap_or(BRAND);
    let request = match env.request_timeout(brand) {
        Some((variable, text)) => Some(seconds(
            &format!("The environment variable {variable}"),
            text,
        )?),
        None => params.seconds("request_timeout")?,
    };
    let retries = match params.text("max_retries") {
        None => RETRIES,
        Some(text) => match text.parse() {
            Ok(retries) if retries <= 100 => retries,
            _ => bail!(
                "{} is '{text}': enter a number from 0 to 100.",
                Parameters::label("max_retries")
            ),
        },
    };
    Ok(Limits {
        command,
        request: request.unwrap_or(REQUEST_TIMEOUT),
        retries,
    })
}

#[cfg(test)]
mod tests {
    use pingone::settings::Credentials;
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

    fn params() -> Value {
        json!({
            "environment_id": "b4f5e266-a946-4f77-9cc5-5dc91b046431",
            "region": "EU",
            "credentials": {"identifier": "client", "password": "hunter22"},
        })
    }

    fn read_with(change: &Value, context: &Value, env: &Env) -> Result<Instance> {
        let mut params = params();
        for (name, value) in change.as_object().expect("an object") {
            params[name] = value.clone();
        }
        let (Value::Object(params), Value::Object(context)) = (params, context.clone()) else {
            panic!("not objects")
        };
        Instance::read(&params, &context, Purpose::Command, env)
    }

    fn read(change: &Value) -> Result<Instance> {
        read_with(change, &json!({}), &Env::default())
    }

    fn error(change: &Value) -> String {
        read(change)
            .err()
            .unwrap_or_else(|| panic!("accepted: {change}"))
            .to_string()
    }

    #[test]
    fn addresses_depend_on_the_region_and_the_overrides() {
        let api = |change: &Value| {
            read(change)
                .expect("a fine instance")
                .settings
                .api
                .to_string()
        };
        let auth = |change: &Value| {
            read(change)
                .expect("a fine instance")
                .settings
                .token_url
                .to_string()
        };
        let environment = "b4f5e266-a946-4f77-9cc5-5dc91b046431";
        assert_eq!(
            api(&json!({})),
            format!("https://api.pingone.eu/v1/environments/{environment}")
        );
        assert_eq!(
            auth(&json!({})),
            format!("https://auth.pingone.eu/{environment}/as/token")
        );
        assert_eq!(
            api(&json!({"region": null})),
            format!("https://api.pingone.com/v1/environments/{environment}")
        );
        for base in ["http://127.0.0.1:8080/gate", "http://127.0.0.1:8080/gate/"] {
            assert_eq!(
                api(&json!({"api_url": base})),
                format!("http://127.0.0.1:8080/gate/v1/environments/{environment}")
            );
            assert_eq!(
                auth(&json!({"auth_url": base})),
                format!("http://127.0.0.1:8080/gate/{environment}/as/token")
            );
        }
        for custom in [
            "https://login.example.com/as/token",
            "https://login.example.com/as/token/",
        ] {
            assert_eq!(
                auth(&json!({"auth_url": custom})),
                "https://login.example.com/as/token"
            );
        }
        let other = "11111111-2222-4333-8444-555555555555";
        for (change, url) in [
            (json!({}), format!("https://auth.pingone.eu/{environment}")),
            (
                json!({"auth_environment_id": other}),
                format!("https://auth.pingone.eu/{environment}"),
            ),
            (
                json!({"auth_url": "http://127.0.0.1:8080/gate/"}),
                format!("http://127.0.0.1:8080/gate/{environment}"),
            ),
            (
                json!({"auth_url": "https://login.example.com/as/token"}),
                "https://login.example.com/".to_owned(),
            ),
            // The custom domain is that of the other environment.
            (
                json!({"auth_url": "https://login.example.com/as/token", "auth_environment_id": other}),
                format!("https://auth.pingone.eu/{environment}"),
            ),
        ] {
            let settings = read(&change).expect("a valid instance").settings;
            assert_eq!(settings.authentication.to_string(), url, "{change}");
        }
        assert_eq!(
            auth(&json!({"auth_environment_id": other})),
            format!("https://auth.pingone.eu/{other}/as/token")
        );
    }

    #[test]
    fn plain_http_is_allowed_for_this_machine_only() {
        for address in ["http://localhost:1", "http://127.9.9.9", "http://[::1]:80"] {
            assert!(read(&json!({"api_url": address})).is_ok(), "{address}");
        }
        for address in [
            "http://api.pingone.eu",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
            "api.pingone.eu",
            "https://u:p@h",
            "https://h/?q",
            "https://h/#f",
        ] {
            let text = error(&json!({"api_url": address}));
            assert!(
                text.starts_with("The instance parameter 'API URL' (api_url) "),
                "{text}"
            );
        }
    }

    #[test]
    fn insecure_is_true_only_for_true() {
        for value in [json!(true), json!("true"), json!("True")] {
            assert!(
                read(&json!({"insecure": value}))
                    .expect("a fine instance")
                    .settings
                    .insecure,
                "{value}"
            );
        }
        for value in [
            json!(false),
            json!("false"),
            json!(null),
            json!("yes"),
            json!(1),
            json!({}),
            json!(["true"]),
        ] {
            assert!(
                !read(&json!({"insecure": value}))
                    .expect("a fine instance")
                    .settings
                    .insecure,
                "{value}"
            );
        }
    }

    #[test]
    fn an_invalid_protection_parameter_is_an_error() {
        let policy = |change: &Value| read(change).expect("a fine instance").policy;
        assert!(policy(&json!({"read_only": "Yes"})).read_only);
        assert!(!policy(&json!({"read_only": ""})).read_only);
        assert_eq!(
            policy(&json!({"protected_users": ["emma.sharp"]})).protected_users,
            ["emma.sharp"]
        );
        for (change, begins) in [
            (
                json!({"read_only": "maybe"}),
                "The instance parameter 'Read only' (read_only) must be true or false",
            ),
            (
                json!({"protected_users": {"name": "emma.sharp"}}),
                "The instance parameter 'Protected users' (protected_users) is not a list of names: enter ",
            ),
            (
                json!({"protected_groups": "[Sales]"}),
                "The instance parameter 'Protected groups' (protected_groups) is not a list of names: enter ",
            ),
        ] {
            let text = error(&change);
            assert!(text.starts_with(begins), "{text}");
        }
    }

    #[test]
    fn credentials_can_come_from_a_credential_store() {
        let instance = read(&json!({"credentials": {"identifier": "", "credentials": {"user": "stored", "password": "stored-secret"}}})).expect("a fine instance");
        assert_eq!(instance.settings.client_id, "stored");
        assert!(matches!(
            instance.settings.credentials,
            Credentials::Secret(secret) if secret.expose_secret() == "stored-secret"
        ));
        let both = read(&json!({"credentials": {"identifier": "a", "password": "typed-secret", "credentials": {"password": "stored-secret"}}})).expect("a fine instance");
        assert!(
            !both
                .mask
                .text("typed-secret stored-secret")
                .contains("-secret")
        );
        for credentials in [
            json!(null),
            json!("text"),
            json!([]),
            json!({"password": "x"}),
        ] {
            assert!(
                error(&json!({"credentials": credentials}))
                    .contains("'Client ID' (credentials.identifier)")
            );
        }
        assert!(
            error(&json!({"credentials": {"identifier": "x"}}))
                .contains("'Client Secret' (credentials.password)")
        );
    }

    #[test]
    fn timeouts_and_retries() {
        let limits = |change: &Value, context: &Value, env: Env| {
            read_with(change, context, &env)
                .expect("a fine instance")
                .limits
        };
        let nothing = Env::default;
        let seconds = Duration::from_secs;
        assert_eq!(
            limits(&json!({}), &json!({}), nothing()),
            Limits {
                command: seconds(60),
                request: seconds(20),
                retries: 4
            }
        );
        let set = json!({"command_timeout": "90", "request_timeout": 5, "max_retries": "0"});
        assert_eq!(
            limits(&set, &json!({}), nothing()),
            Limits {
                command: seconds(90),
                request: seconds(5),
                retries: 0
            }
        );
        assert_eq!(
            limits(&set, &json!({"runDuration": 1}), nothing()).command,
            seconds(55)
        );
        assert_eq!(
            limits(&set, &json!({"runDuration": 0.1}), nothing()).command,
            seconds(3)
        );
        assert_eq!(
            limits(&set, &json!({}), Env::from([("REQUESTS_TIMEOUT", "7")])).request,
            seconds(7)
        );
        let both = Env::from([
            ("REQUESTS_TIMEOUT", "7"),
            ("REQUESTS_TIMEOUT.PingOne_copy", "8"),
        ]);
        assert_eq!(
            limits(&set, &json!({"IntegrationBrand": "PingOne_copy"}), both).request,
            seconds(8)
        );
        for bad in [
            json!({"command_timeout": "soon"}),
            json!({"request_timeout": "0"}),
            json!({"command_timeout": -1}),
            json!({"request_timeout": "inf"}),
            json!({"max_retries": "many"}),
            json!({"max_retries": -1}),
        ] {
            assert!(error(&bad).contains("enter a number"), "{bad}");
        }
    }

    #[test]
    fn proxy_credentials_are_masked_in_every_form() {
        let proxy = Env::from([("HTTPS_PROXY", "proxy%5Cuser:p%40ss-word@127.0.0.1:3128")]);
        let mask = read_with(&json!({"proxy": true}), &json!({}), &proxy)
            .expect("a fine instance")
            .mask;
        for echoed in [
            "p%40ss-word",
            "p@ss-word",
            token::basic("proxy\\user", "p@ss-word").expose_secret(),
        ] {
            assert!(
                !mask.text(&format!("x {echoed} y")).contains(echoed),
                "{echoed}"
            );
        }
    }
}
