//! Removes secrets from a recording. A placeholder replaces each one everywhere and in every encoding, so that the
//! recording replays as it ran. Pure; `record.rs` writes the files.

use std::collections::HashMap;

use reqwest::Url;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::scrub_params::{Credentials, address, address_without_password, scalar, without_body};
use super::scrub_secrets;
use crate::{
    credentials::{self, COLLECTOR_KEY},
    manifest,
    parameters::Parameters,
    protocol::Request,
};
use pingone::{
    private_key::{self, PrivateKey},
    secrets::{MASKED, Mask, map_strings},
    tape::{Exchange, RecordedFailure, RecordedRequest, RecordedResponse},
    token,
    webhooks::without_receivers,
};

/// A recording in the form of a fixture.
pub(super) struct Recorded {
    /// The requests, as they arrive on stdin.
    pub(super) requests: Vec<Value>,
    pub(super) exchanges: Vec<Exchange>,
    /// The protocol messages of the answers.
    pub(super) messages: Vec<Value>,
}

/// Scrubs a recording. `requests` still contain their secrets; `hidden` are secrets of the process that no request
/// contains, such as a proxy password.
pub(super) fn scrub(
    requests: &[Request],
    exchanges: Vec<Exchange>,
    messages: Vec<Value>,
    hidden: &Mask,
) -> Recorded {
    let mut placeholders = Placeholders {
        hidden: hidden.clone(),
        secrets: Mask::default(),
        known: Vec::new(),
        kinds: HashMap::new(),
        mask: Mask::default(),
    };
    for request in requests {
        placeholders.learn_from_request(request);
    }
    for exchange in &exchanges {
        placeholders.learn_from_exchange(exchange);
    }
    let last = requests.len().saturating_sub(1);
    Recorded {
        requests: requests
            .iter()
            .enumerate()
            .map(|(number, one)| placeholders.request(one, number == last))
            .collect(),
        exchanges: exchanges
            .into_iter()
            .map(|exchange| placeholders.exchange(exchange))
            .collect(),
        messages: messages
            .into_iter()
            .map(|message| placeholders.value(message))
            .collect(),
    }
}

/// Secrets and their placeholders.
struct Placeholders {
    /// Secrets unknown to a replay: those of the process, private keys and what they sign.
    hidden: Mask,
    /// The secrets.
    secrets: Mask,
    /// The placeholder for each.
    known: Vec<(Zeroizing<String>, String)>,
    /// How many secrets there are of each kind.
    kinds: HashMap<String, usize>,
    /// The placeholders, which the replay will mask.
    mask: Mask,
}

/// The instance parameter for how the application authenticates, and its value for the keys that replace others.
const METHOD: &str = "client_authentication";
const PLACEHOLDER_METHOD: &str = "Private key JWT (ES256)";
/// The instance parameters that are addresses.
const URLS: [&str; 3] = ["api_url", "auth_url", "xsiam_url"];
/// The field of a token request that has a signed JWT.
const ASSERTION: &str = "client_assertion";
/// The body of a token request.
const FORM: &str = "application/x-www-form-urlencoded";
/// The only members of a request's context that matter.
const CONTEXT: [&str; 3] = ["IntegrationBrand", "IntegrationInstance", "runDuration"];

impl Placeholders {
    /// The placeholder for a secret, a new one if necessary.
    fn learn(&mut self, secret: &str, kind: &str) -> String {
        if let Some(placeholder) = self.placeholder(secret) {
            return placeholder;
        }
        let count = self.kinds.entry(kind.to_owned()).or_insert(0_usize);
        *count += 1;
        // No placeholder is a prefix of another: a mask that knew only the shorter one would leave the rest of the longer.
        let placeholder = match count {
            1 => format!("recorded-{kind}"),
            count => format!("recorded-{count}-{kind}"),
        };
        self.add(secret, &placeholder);
        placeholder
    }

    fn add(&mut self, secret: &str, placeholder: &str) {
        if secret.is_empty() || self.placeholder(secret).is_some() {
            return;
        }
        self.mask.add(placeholder);
        self.secrets.add(secret);
        self.known
            .push((Zeroizing::new(secret.to_owned()), placeholder.to_owned()));
    }

    fn placeholder(&self, secret: &str) -> Option<String> {
        let mut known = self.known.iter();
        known
            .find(|(known, _)| known.as_str() == secret)
            .map(|(_, placeholder)| placeholder.clone())
    }

    fn learn_from_request(&mut self, request: &Request) {
        let credentials = Credentials::of(&request.params);
        if let Some(secret) = &credentials.password {
            let placeholder = self.learn(secret, "client-secret");
            let identifier = credentials.identifier.as_deref().unwrap_or_default();
            for basic in [token::client_basic, token::basic] {
                self.add(
                    basic(identifier, secret).expose_secret(),
                    basic(identifier, &placeholder).expose_secret(),
                );
            }
        }
        for other in credentials.others {
            self.learn(&other, "stored-credential");
        }
        if let Some(pem) = credentials::private_key(&request.params) {
            private_key::hide(&pem, &mut self.hidden);
            self.learn_private_key(&pem);
        }
        if let Some(key) = credentials::collector_key(Parameters(&request.params)) {
            self.learn(&key, "collector-key");
        }
        for name in URLS {
            if let Some(password) = address(&request.params, name)
                .as_ref()
                .and_then(Url::password)
            {
                self.learn(password, "address-password");
            }
        }
        for argument in secret_arguments(&request.command) {
            if let Some(secret) = request.args.get(argument).and_then(scalar) {
                self.learn(&secret, argument);
            }
        }
    }

    /// A key is replaced by a new one, so that a replay can sign too. A recording does not show how: the assertion is
    /// masked. An invalid key stays invalid for the same reason, if its BEGIN line tells it.
    fn learn_private_key(&mut self, pem: &str) {
        if self.placeholder(pem).is_some() {
            return;
        }
        let is_valid = PrivateKey::from_pem(pem).is_ok();
        let new = PrivateKey::generate_pem().ok().filter(|_| is_valid);
        let placeholder = new.map_or_else(|| without_body(pem), |new| new.as_str().to_owned());
        self.known
            .push((Zeroizing::new(pem.to_owned()), placeholder));
    }

    fn learn_from_exchange(&mut self, exchange: &Exchange) {
        for secret in scrub_secrets::json(exchange) {
            self.learn(secret, "application-secret");
        }
        if let Some(text) = scrub_secrets::text(exchange) {
            self.hidden.add(text);
        }
        if exchange.request.headers.content_type.as_deref() != Some(FORM) {
            return;
        }
        if let Some(form) = &exchange.request.text {
            form_values(form, |name, value| {
                if name == ASSERTION {
                    self.hidden.add(value);
                }
                String::new()
            });
        }
        let answer = exchange.response.as_ref().and_then(|one| one.json.as_ref());
        for (name, value) in answer.and_then(Value::as_object).into_iter().flatten() {
            let Some(secret) = value.as_str().filter(|_| is_token(name)) else {
                continue;
            };
            if secret.chars().any(char::is_control) {
                // The client rejects a token that is not a valid header value, and must reject its placeholder too.
                self.add(secret, "recorded\ntoken");
            } else {
                self.learn(secret, "token");
            }
        }
    }

    fn text(&self, text: &str) -> String {
        let text = self.hidden.text(text);
        let placeholder = |secret: &str| {
            self.placeholder(secret)
                .unwrap_or_else(|| MASKED.to_owned())
        };
        self.secrets.text_with_placeholders(&text, placeholder)
    }

    fn value(&self, value: Value) -> Value {
        map_strings(value, &|text| self.text(text))
    }

    /// A request as it arrives on stdin, reduced to what matters: incidents, scripts and unknown arguments may contain
    /// anything.
    fn request(&self, request: &Request, last: bool) -> Value {
        let known = manifest::command(&request.command);
        let mut args = Map::new();
        for (name, value) in &request.args {
            let described = known
                .into_iter()
                .flat_map(|command| command.arguments)
                .find(|argument| argument.name == name);
            let value = match described {
                None => Value::from(MASKED),
                Some(argument) if argument.secret => self.secret(value),
                Some(_) => self.value(value.clone()),
            };
            args.insert(self.text(name), value);
        }
        let context: Map<String, Value> = CONTEXT
            .iter()
            .filter_map(|name| {
                let value = request.context.get(*name)?;
                Some(((*name).to_owned(), self.value(value.clone())))
            })
            .collect();
        json!({
            "command": self.text(&request.command),
            "params": self.params(&request.params),
            "args": args,
            "context": context,
            "integration": true,
            "native": last,
        })
    }

    /// The placeholder for a secret argument, or a value that is invalid for the same reason.
    fn secret(&self, value: &Value) -> Value {
        match value {
            Value::Array(_) => json!([]),
            Value::Object(_) => json!({}),
            other => match scalar(other) {
                Some(secret) => Value::from(self.placeholder(&secret).unwrap_or(MASKED.to_owned())),
                None => other.clone(),
            },
        }
    }

    /// The instance parameters that the manifest knows.
    fn params(&self, params: &Map<String, Value>) -> Value {
        let mut recorded = Map::new();
        for (name, value) in params {
            if manifest::parameter(name).is_none() {
                continue;
            }
            let value = match name.as_str() {
                "credentials" => {
                    let Credentials {
                        identifier,
                        password,
                        ..
                    } = Credentials::of(params);
                    let password = password.and_then(|secret| self.placeholder(&secret));
                    json!({"identifier": identifier, "password": password})
                }
                "private_key" => {
                    let pem = credentials::private_key(params);
                    json!({"password": pem.and_then(|pem| self.placeholder(&pem))})
                }
                METHOD if credentials::uses_private_key(params) => PLACEHOLDER_METHOD.into(),
                COLLECTOR_KEY => {
                    let key = credentials::collector_key(Parameters(params));
                    json!({"password": key.and_then(|key| self.placeholder(&key))})
                }
                name if URLS.contains(&name) => {
                    address_without_password(value, |text| self.text(text))
                }
                _ => self.value(value.clone()),
            };
            recorded.insert(name.clone(), value);
        }
        Value::Object(recorded)
    }

    fn exchange(&self, exchange: Exchange) -> Exchange {
        let Exchange {
            at,
            request,
            response,
            failure,
            seconds,
        } = exchange;
        let asks_for_token = request.headers.content_type.as_deref() == Some(FORM);
        let response = response.map(|mut response| {
            if asks_for_token {
                hide_odd_tokens(&mut response);
            }
            let RecordedResponse {
                status,
                mut headers,
                json,
                text,
            } = response;
            for header in [
                &mut headers.content_type,
                &mut headers.retry_after,
                &mut headers.date,
                &mut headers.correlation_id,
            ] {
                *header = header.as_deref().map(|header| self.text(header));
            }
            RecordedResponse {
                status,
                headers,
                json: json.map(|json| self.value(without_receivers(json))),
                text: text.map(|text| self.text(&text)),
            }
        });
        let failure = failure.map(|failure| RecordedFailure {
            detail: self.text(&failure.detail),
            ..failure
        });
        Exchange {
            at,
            request: self.recorded_request(request),
            response,
            failure,
            seconds,
        }
    }

    /// Writes a request's body as the replay, which masks the placeholders, will see it.
    fn recorded_request(&self, request: RecordedRequest) -> RecordedRequest {
        let RecordedRequest {
            method,
            url,
            headers,
            json,
            text,
        } = request;
        let is_form = headers.content_type.as_deref() == Some(FORM);
        let text = text.map(|text| {
            // Short secrets are only replaced where they are a whole value, as here between `=` and `&`.
            let whole = if is_form {
                form_values(&text, |_, value| self.text(value))
            } else {
                self.text(&text)
            };
            self.mask.text(&whole)
        });
        RecordedRequest {
            method,
            url: self.text(&url),
            headers,
            json: json.map(|json| self.mask.value(self.value(json))),
            text,
        }
    }
}

/// Replaces each value in `name=value&…` by `map(name, value)`. Both are passed undecoded.
pub(super) fn form_values(form: &str, mut map: impl FnMut(&str, &str) -> String) -> String {
    let pairs = form.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", map(name, value)),
        None => map("", pair),
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn is_token(name: &str) -> bool {
    name.to_lowercase().ends_with("token")
}

/// Removes tokens that are not strings, and token responses that are not JSON.
fn hide_odd_tokens(response: &mut RecordedResponse) {
    if let Some(Value::Object(members)) = &mut response.json {
        for (name, value) in members {
            if is_token(name) && !value.is_string() && !value.is_null() {
                *value = Value::from(0);
            }
        }
    }
    let is_success = (200..300).contains(&response.status);
    if let Some(text) = &mut response.text
        && (is_success || text.to_lowercase().contains("token\""))
    {
        MASKED.clone_into(text);
    }
}

fn secret_arguments(command: &str) -> impl Iterator<Item = &'static str> {
    manifest::command(command)
        .into_iter()
        .flat_map(|command| command.arguments)
        .filter(|argument| argument.secret)
        .map(|argument| argument.name)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    use super::*;
    use pingone::{
        secrets::UNRESERVED,
        tape::{RequestHeaders, ResponseHeaders},
    };

    fn scrub(requests: &[Request], exchanges: Vec<Exchange>, messages: Vec<Value>) -> Recorded {
        super::scrub(requests, exchanges, messages, &Mask::default())
    }

    fn request(value: Value) -> Request {
        serde_json::from_value(value).expect("a request")
    }

    fn exchange(value: Value) -> Exchange {
        serde_json::from_value(value).expect("an exchange")
    }

    fn everything(recorded: &Recorded) -> String {
        serde_json::to_string(&(&recorded.requests, &recorded.exchanges, &recorded.messages))
            .expect("JSON")
    }

    fn token_exchange(body: Value) -> Exchange {
        let mut exchange = exchange(json!({
            "request": {"method": "POST", "url": "https://auth.pingone.eu/e/as/token"},
            "response": {"status": 200},
        }));
        exchange.request.headers = RequestHeaders {
            authorization: None,
            content_type: Some(FORM.to_owned()),
            content_encoding: None,
        };
        exchange.request.text = Some("grant_type=client_credentials&client_secret=t0p".to_owned());
        exchange.response = Some(RecordedResponse {
            status: 200,
            headers: ResponseHeaders::default(),
            json: Some(body),
            text: None,
        });
        exchange
    }

    #[test]
    fn what_has_no_effect_is_left_out() {
        let recorded = scrub(
            &[request(json!({
                "command": "pingone-get-user",
                "params": {"environment_id": "e", "apikey": "canary", "region": "EU",
                    "credentials": {"identifier": "", "credentials": {"user": "i", "password": "s3cret", "sshkey": "canary"}},
                    "api_url": "https://u:canary@gw.example.com/x?key=canary", "auth_url": "https://:canary@",
                    "xsiam_url": "https://c.example.com", "xsiam_key": {"password": "k3y", "credentials": {"sshkey": "canary"}}},
                "args": {"username": "emma", "pasword": "canary"},
                "context": {"IntegrationBrand": "PingOne", "Incidents": ["canary"], "runDuration": 5},
                "script": "canary"
            }))],
            Vec::new(),
            Vec::new(),
        );
        assert_eq!(
            recorded.requests,
            [json!({
                "command": "pingone-get-user",
                "params": {"environment_id": "e", "region": "EU",
                    "credentials": {"identifier": "i", "password": "recorded-client-secret"},
                    "api_url": "https://recorded-user@gw.example.com/x?recorded", "auth_url": "no address",
                    "xsiam_url": "https://c.example.com", "xsiam_key": {"password": "recorded-collector-key"}},
                "args": {"username": "emma", "pasword": "<XX_REPLACED>"},
                "context": {"IntegrationBrand": "PingOne", "runDuration": 5},
                "integration": true,
                "native": true
            })]
        );
    }

    #[test]
    fn a_secret_is_replaced_in_every_form_and_everywhere() {
        let secret = "pä ss/\"w\\rd";
        let encode = |set| utf8_percent_encode(secret, set).to_string();
        let echoes = [
            secret.to_owned(),
            Value::from(secret).to_string().trim_matches('"').to_owned(),
            encode(UNRESERVED),
            encode(NON_ALPHANUMERIC).to_lowercase(),
            STANDARD.encode(secret),
            STANDARD.encode(format!("i:{secret}")),
        ];
        let set = |password: &Value| {
            request(json!({
                "command": "pingone-set-password",
                "params": {"credentials": {"identifier": "i", "password": "client canary"}},
                "args": {"username": format!("x{secret}"), "password": password},
            }))
        };
        let recorded = scrub(
            &[
                set(&json!(secret)),
                set(&json!("second")),
                set(&json!(4711)),
                set(&json!(["x"])),
            ],
            vec![exchange(json!({
                "request": {"method": "PUT", "url": format!("https://h/{}", echoes[2]), "json": {"newPassword": secret}},
                "response": {"status": 400, "headers": {"correlation-id": secret}, "json": {"message": echoes, "4711": "second"}},
            }))],
            vec![json!({"Contents": secret})],
        );
        let text = everything(&recorded);
        for echo in echoes.iter().chain(&[
            "second".to_owned(),
            "4711".to_owned(),
            "client canary".to_owned(),
        ]) {
            let quoted = Value::from(echo.as_str()).to_string();
            assert!(!text.contains(quoted.trim_matches('"')), "{echo} in {text}");
        }
        assert_eq!(
            recorded.requests[0]["args"],
            json!({"username": "xrecorded-password", "password": "recorded-password"})
        );
        assert_eq!(
            recorded.requests[1]["args"]["password"],
            "recorded-2-password"
        );
        assert_eq!(
            recorded.requests[2]["args"]["password"],
            "recorded-3-password"
        );
        assert_eq!(recorded.requests[3]["args"]["password"], json!([]));
        assert_eq!(
            recorded.exchanges[0].request.json,
            Some(json!({"newPassword": MASKED}))
        );
        assert_eq!(
            recorded.messages,
            [json!({"Contents": "recorded-password"})]
        );
    }

    #[test]
    fn tokens_get_a_word_that_is_as_good_or_bad() {
        let recorded = scrub(
            &[request(
                json!({"command": "test-module", "params": {"credentials": {"identifier": "i", "password": "t0p"}}}),
            )],
            vec![
                token_exchange(
                    json!({"access_token": "canary-1", "refresh_token": "canary-2", "token_type": "Bearer"}),
                ),
                token_exchange(json!({"access_token": "canary\n3"})),
                token_exchange(json!({"access_token": 4711})),
                token_exchange(json!({"access_token": ""})),
            ],
            Vec::new(),
        );
        let answers: Vec<Value> = recorded
            .exchanges
            .iter()
            .map(|one| {
                one.response
                    .as_ref()
                    .and_then(|one| one.json.clone())
                    .expect("JSON")
            })
            .collect();
        assert_eq!(
            answers,
            [
                json!({"access_token": "recorded-token", "refresh_token": "recorded-2-token", "token_type": "Bearer"}),
                json!({"access_token": "recorded\ntoken"}),
                json!({"access_token": 0}),
                json!({"access_token": ""}),
            ]
        );
        assert_eq!(
            recorded.exchanges[0].request.text.as_deref(),
            Some("grant_type=client_credentials&client_secret=<XX_REPLACED>"),
            "a short secret too"
        );
    }

    #[test]
    fn a_token_answer_that_is_no_json_is_not_kept() {
        let mut exchange = token_exchange(json!({}));
        exchange.response = Some(RecordedResponse {
            status: 200,
            headers: ResponseHeaders::default(),
            json: None,
            text: Some("{\"access_token\": \"cana".to_owned()),
        });
        let recorded = scrub(&[], vec![exchange], Vec::new());
        assert!(!everything(&recorded).contains("cana"));
    }

    #[test]
    fn secrets_that_no_request_holds_are_masked() {
        let mut hidden = Mask::default();
        hidden.add("proxy canary");
        let recorded = super::scrub(
            &[],
            vec![exchange(json!({
                "request": {"method": "GET", "url": "https://h/proxy%20canary"},
                "failure": {"cause": "proxy", "reached": false, "detail": "proxy canary"},
            }))],
            vec![json!({"Contents": "proxy canary"})],
            &hidden,
        );
        assert!(!everything(&recorded).contains("canary"));
        assert_eq!(recorded.messages, [json!({"Contents": MASKED})]);
    }

    #[test]
    fn only_the_last_request_ends_the_process() {
        let ask = || request(json!({"command": "test-module", "native": true}));
        let recorded = scrub(&[ask(), ask()], Vec::new(), Vec::new());
        assert_eq!(recorded.requests[0]["native"], false);
        assert_eq!(recorded.requests[1]["native"], true);
    }
}
