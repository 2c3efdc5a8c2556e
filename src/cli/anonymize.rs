//! Replaces ids and personal data in a scrubbed recording by pseudonyms, consistently, so that the recording can be
//! shared and still replays. Pure.
//!
//! The name of a member or argument decides whether it is personal. Text under an unknown name is replaced too: custom
//! attributes may contain anything. Numbers, booleans, times, statuses, types, codes and the manifest's predefined values
//! stay. So do awkward characters in names (quotes, pipes, line breaks, non-ASCII letters): they may be what the
//! recording is about.

use std::net::IpAddr;

use jiff::{Timestamp, civil};
use percent_encoding::{percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use super::{
    personal_data::{Treatment, treatment},
    pseudonyms::{Kind, Pseudonyms, known_id},
    scrub::form_values,
};
use crate::{manifest, safety};
use pingone::{
    names::nfc,
    secrets::{MASKED, UNRESERVED},
    tape::{Exchange, RecordedFailure, RecordedRequest, RecordedResponse},
};

/// Replaces personal data in requests and exchanges. Replaying these gives the new answers.
pub(super) fn anonymize(requests: &[Value], exchanges: &[Exchange]) -> (Vec<Value>, Vec<Exchange>) {
    let mut anonymizer = Anonymizer::default();
    // Twice: a message may contain a name that only a later answer reveals to be one.
    let all = |anonymizer: &mut Anonymizer| -> (Vec<Value>, Vec<Exchange>) {
        (
            requests.iter().map(|one| anonymizer.request(one)).collect(),
            exchanges
                .iter()
                .map(|one| anonymizer.exchange(one))
                .collect(),
        )
    };
    all(&mut anonymizer);
    anonymizer.pseudonyms.sort();
    all(&mut anonymizer)
}

/// Walks over a recording.
#[derive(Default)]
struct Anonymizer {
    pseudonyms: Pseudonyms,
}

impl Anonymizer {
    fn request(&mut self, request: &Value) -> Value {
        let Value::Object(members) = request else {
            return request.clone();
        };
        let mut out = Map::new();
        for (name, value) in members {
            let value = match (name.as_str(), value) {
                ("params", Value::Object(params)) => Value::Object(self.params(params)),
                ("args", Value::Object(args)) => {
                    let command = members.get("command").and_then(Value::as_str);
                    Value::Object(self.args(command.unwrap_or_default(), args))
                }
                ("context", Value::Object(context)) => {
                    let mut context = context.clone();
                    if let Some(instance) = context.get_mut("IntegrationInstance") {
                        *instance = Value::from("PingOne_instance_1");
                    }
                    Value::Object(context)
                }
                _ => value.clone(),
            };
            out.insert(name.clone(), value);
        }
        Value::Object(out)
    }

    fn params(&mut self, params: &Map<String, Value>) -> Map<String, Value> {
        let mut out = params.clone();
        for (name, value) in &mut out {
            match (name.as_str(), &mut *value) {
                ("credentials", Value::Object(credentials)) => {
                    if let Some(Value::String(identifier)) = credentials.get_mut("identifier") {
                        *identifier = self.pseudonyms.pseudonym(Kind::Other, identifier);
                    }
                }
                ("environment_id" | "auth_environment_id" | "key_id", Value::String(id)) => {
                    *id = self.pseudonyms.pseudonym(Kind::Other, id);
                }
                ("api_url" | "auth_url" | "xsiam_url", Value::String(url)) => *url = self.url(url),
                ("protected_users", names) => *names = self.protected("username", names),
                ("protected_groups", names) => *names = self.protected("groupname", names),
                ("protected_applications", names) => *names = self.protected("name", names),
                _ => {}
            }
        }
        out
    }

    /// An invalid list of names stays invalid.
    fn protected(&mut self, name: &str, names: &Value) -> Value {
        let Some(names) = safety::parse_names(names) else {
            return "[".into();
        };
        names.iter().map(|one| self.text(name, &nfc(one))).collect()
    }

    /// Names separated by commas or line breaks.
    fn names(&mut self, name: &str, names: &str) -> String {
        let names = names.split([',', '\n']).map(str::trim);
        let pseudonyms: Vec<String> = names.map(|one| self.text(name, one)).collect();
        pseudonyms.join(",")
    }

    fn args(&mut self, command: &str, args: &Map<String, Value>) -> Map<String, Value> {
        let takes_list = |name: &str| {
            let described = manifest::command(command).map_or(&[][..], |one| one.arguments);
            described.iter().any(|one| one.name == name && one.is_array)
        };
        args.iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::String(text) if takes_list(name) => match serde_json::from_str(text) {
                        Ok(list @ (Value::Array(_) | Value::Object(_))) => {
                            Value::from(self.value(name, &list).to_string())
                        }
                        // An invalid list stays invalid.
                        _ => match text.strip_prefix(['[', '{']) {
                            Some(rest) => Value::from(format!("[{}", self.text(name, rest))),
                            None => Value::from(self.names(name, text)),
                        },
                    },
                    // The command takes whatever is given as a name.
                    Value::Number(_) | Value::Bool(_) => {
                        self.value(name, &Value::from(value.to_string()))
                    }
                    other => self.value(name, other),
                };
                (name.clone(), value)
            })
            .collect()
    }

    /// The value of the member `name`.
    fn value(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(name, text)),
            Value::Array(items) => items.iter().map(|item| self.value(name, item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.value(name, value)))
                .collect(),
            other => other.clone(),
        }
    }

    fn text(&mut self, name: &str, text: &str) -> String {
        // Placeholders for secrets identify nobody.
        if text.is_empty() || text == MASKED {
            return text.to_owned();
        }
        if name == "filter" {
            return self.filter(text);
        }
        // A position in a list: how many items to skip, and PingOne's cursor as it appears in links.
        // In the audit trail it is an id and a time, which also contains a dot.
        let is_page = |(skip, _): &(&str, &str)| name == "next_token" && !skip.contains('/');
        if let Some((skip, cursor)) = text.split_once('.').filter(is_page) {
            if cursor.is_empty() {
                return text.to_owned();
            }
            let encoded = utf8_percent_encode(cursor, UNRESERVED).to_string();
            return format!("{skip}.{}", self.pseudonyms.cursor(&encoded));
        }
        if name == "href" || text.starts_with("http://") || text.starts_with("https://") {
            return self.url(text);
        }
        match treatment(name) {
            Treatment::Keep => text.to_owned(),
            Treatment::Sentence => self.pseudonyms.sentence(text),
            Treatment::Replace(Kind::Other) if is_harmless(text) => text.to_owned(),
            // An invalid address stays invalid.
            Treatment::Replace(Kind::Ip) if text.parse::<IpAddr>().is_err() => {
                self.pseudonyms.pseudonym(Kind::Other, text)
            }
            Treatment::Replace(kind) => self.pseudonyms.pseudonym(kind, text),
        }
    }

    fn exchange(&mut self, exchange: &Exchange) -> Exchange {
        let Exchange {
            at,
            request,
            response,
            failure,
            seconds,
        } = exchange.clone();
        let RecordedRequest {
            method,
            url,
            headers,
            json,
            text,
        } = request;
        let request = RecordedRequest {
            method,
            url: self.url(&url),
            headers,
            json: json.map(|json| self.value("", &json)),
            text: text.map(|text| self.request_text(&text)),
        };
        let response = response.map(|response| {
            let RecordedResponse {
                status,
                mut headers,
                json,
                text,
            } = response;
            headers.correlation_id = headers
                .correlation_id
                .map(|id| self.pseudonyms.pseudonym(Kind::Other, &id));
            RecordedResponse {
                status,
                headers,
                json: json.map(|json| self.value("", &json)),
                text: text.map(|text| self.foreign_body(&text)),
            }
        });
        let failure = failure.map(|failure| RecordedFailure {
            detail: self.pseudonyms.sentence(&failure.detail),
            ..failure
        });
        Exchange {
            at,
            request,
            response,
            failure,
            seconds,
        }
    }

    /// Events for a collector, one a line, or else a form.
    fn request_text(&mut self, text: &str) -> String {
        let events: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
        let Ok(events) = events else {
            return self.form(text);
        };
        let events = events.iter();
        let lines: Vec<String> = events
            .map(|event| self.value("", event).to_string())
            .collect();
        lines.join("\n")
    }

    /// The body of a token request, which contains the encoded client id.
    fn form(&mut self, form: &str) -> String {
        form_values(form, |name, value| {
            match percent_decode_str(value).decode_utf8() {
                Ok(id) if name == "client_id" => {
                    let pseudonym = self.pseudonyms.pseudonym(Kind::Other, &id);
                    utf8_percent_encode(&pseudonym, UNRESERVED).to_string()
                }
                _ => value.to_owned(),
            }
        })
    }

    /// A body that is not JSON: a gateway's page, or truncated JSON, whose strings are all removed.
    fn foreign_body(&mut self, body: &str) -> String {
        let is_broken_json = body.trim_start().starts_with(['{', '[']);
        if !is_broken_json {
            return self.pseudonyms.sentence(body);
        }
        let mut out = String::new();
        let mut in_value = false;
        let mut last = ' ';
        let mut escaped = false;
        for character in body.chars() {
            if in_value {
                let ends = character == '"' && !escaped;
                escaped = character == '\\' && !escaped;
                if ends {
                    in_value = false;
                    out.push('"');
                }
                continue;
            }
            out.push(character);
            // After a comma it may also be a member's name, which is then removed too.
            in_value = character == '"' && matches!(last, ':' | ',' | '[');
            if !character.is_whitespace() {
                last = character;
            }
        }
        if serde_json::from_str::<Value>(&out).is_ok() {
            // The mistake was inside a string; the result must stay invalid.
            out.push('x');
        }
        out
    }

    /// A URL, or the end of one. Unchanged, byte for byte, if there is nothing to replace.
    fn url(&mut self, url: &str) -> String {
        let (before_query, query) = match url.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (url, None),
        };
        let (origin, path) = match before_query.split_once("://") {
            None => (String::new(), before_query),
            Some((scheme, rest)) => {
                let end = rest.find('/').unwrap_or(rest.len());
                let (host, path) = rest.split_at(end);
                (format!("{scheme}://{}", self.pseudonyms.host(host)), path)
            }
        };
        let segments = path.split('/').map(|segment| match known_id(segment) {
            Some(id) => self.pseudonyms.id(id),
            None => segment.to_owned(),
        });
        let path = segments.collect::<Vec<_>>().join("/");
        let query = query.map(|query| {
            let pairs = query.split('&').map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                if value.is_empty() {
                    return pair.to_owned();
                }
                format!("{name}={}", self.query_value(name, value))
            });
            format!("?{}", pairs.collect::<Vec<_>>().join("&"))
        });
        format!("{origin}{path}{}", query.unwrap_or_default())
    }

    fn query_value(&mut self, name: &str, value: &str) -> String {
        match name {
            "limit" | "expand" | "include" | "order" | "recorded" => value.to_owned(),
            // In a query, a plus sign may mean a space; a literal plus is always encoded.
            "filter" => match percent_decode_str(&value.replace('+', " ")).decode_utf8() {
                Ok(filter) => {
                    let replaced = self.filter(&filter);
                    if replaced == filter {
                        return value.to_owned();
                    }
                    utf8_percent_encode(&replaced, UNRESERVED).to_string()
                }
                Err(_) => self.pseudonyms.cursor(value),
            },
            // A cursor is opaque.
            _ => self.pseudonyms.cursor(value),
        }
    }

    /// A SCIM filter: replaces each value according to the attribute that it is compared with.
    fn filter(&mut self, filter: &str) -> String {
        let mut out = String::new();
        let mut rest = filter;
        let mut attribute = "";
        while let Some(quote) = rest.find('"') {
            let (before, literal) = rest.split_at(quote);
            out.push_str(before);
            let mut values = serde_json::Deserializer::from_str(literal).into_iter::<String>();
            let Some(Ok(value)) = values.next() else {
                break;
            };
            // After a comma, it is another value of the same list: `action.type in ["…", "…"]`.
            if before.trim() != "," {
                let before = before.trim_end_matches(['[', ' ']);
                attribute = before.split_whitespace().rev().nth(1).unwrap_or_default();
                attribute = attribute.rsplit(['.', '(']).next().unwrap_or_default();
            }
            out.push_str(&Value::from(self.text(attribute, &value)).to_string());
            rest = literal.get(values.byte_offset()..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }
}

/// Values that identify nobody, and that commands interpret literally.
fn is_harmless(text: &str) -> bool {
    let is_span = text.split_once(' ').is_some_and(|(number, unit)| {
        let unit = unit.trim_end_matches('s');
        let units = ["second", "minute", "hour", "day", "week", "month", "year"];
        number.parse::<f64>().is_ok() && units.contains(&unit)
    });
    let is = |choice: &str| choice.eq_ignore_ascii_case(text);
    let is_choice = || {
        let mut arguments = manifest::COMMANDS
            .iter()
            .flat_map(|command| command.arguments);
        arguments.any(|argument| argument.allowed.iter().any(|choice| is(choice)))
    };
    is_span
        || ["true", "false", "yes", "no"].into_iter().any(is)
        || text.parse::<f64>().is_ok()
        || text.parse::<Timestamp>().is_ok()
        || text.parse::<civil::DateTime>().is_ok()
        || text.parse::<civil::Date>().is_ok()
        || is_choice()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EMMA: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";

    fn exchanges(values: Value) -> Vec<Exchange> {
        serde_json::from_value(values).expect("exchanges")
    }

    /// The anonymized requests and exchanges.
    fn anonymous(requests: Value, recorded: Value) -> (Value, Value) {
        let Value::Array(requests) = requests else {
            panic!("not a list")
        };
        let (requests, exchanges) = anonymize(&requests, &exchanges(recorded));
        (
            Value::Array(requests),
            serde_json::to_value(exchanges).expect("JSON"),
        )
    }

    #[test]
    fn the_same_is_replaced_by_the_same_everywhere() {
        let base = "https://api.pingone.eu/v1/environments/b4f5e266-a946-4f77-9cc5-5dc91b046431";
        let (requests, exchanges) = anonymous(
            json!([{
                "command": "pingone-get-user",
                "params": {"environment_id": "B4F5E266-a946-4f77-9cc5-5dc91b046431", "region": "EU",
                    "credentials": {"identifier": "my app", "password": "recorded-client-secret"}},
                "args": {"username": "Emma.Sharp", "detailed": "true", "title": "Director"},
                "context": {"IntegrationInstance": "PingOne_acme"},
            }]),
            json!([
                {"request": {"method": "POST", "url": "https://sso.acme.com/as/token", "text": "grant_type=x&client_id=my%20app"},
                 "response": {"status": 200, "json": {"access_token": "recorded-token", "token_type": "Bearer"}}},
                {"request": {"method": "GET", "url": format!("{base}/users?filter=username%20eq%20%22Emma.Sharp%22")},
                 "response": {"status": 200, "json": {
                    "_links": {"next": {"href": format!("{base}/users?cursor=ZW1tYQ%3D%3D&limit=1")}},
                    "_embedded": {"users": [{
                        "id": EMMA, "username": "emma.sharp", "email": "emma@acme.com", "enabled": true,
                        "createdAt": "2021-09-03T18:04:03.916Z", "name": {"given": "Emma", "family": "O'Hara"},
                        "account": {"status": "OK"}, "title": "Director", "badge": "blue", "employeeNumber": "4711",
                        "lastSignOn": {"remoteIp": "10.1.2.3"}, "mobilePhone": "+49.891234", "address": {"countryCode": "DE"}
                    }]}, "count": 1
                 }}},
                {"request": {"method": "GET", "url": format!("{base}/users?cursor=ZW1tYQ%3D%3D&limit=1")},
                 "response": {"status": 400, "headers": {"correlation-id": EMMA}, "json": {
                    "code": "INVALID_DATA",
                    "message": format!("Emma (emma.sharp, {EMMA}, EMMA@acme.com) at 10.1.2.3 emmarsharp"),
                    "details": [{"target": "username", "code": "X"}]
                 }}},
            ]),
        );
        let id = |number| format!("00000000-0000-4000-8000-00000000000{number}");
        let base = format!("https://api.pingone.eu/v1/environments/{}", id(1));
        assert_eq!(
            requests,
            json!([{
                "command": "pingone-get-user",
                "params": {"environment_id": id(1), "region": "EU",
                    "credentials": {"identifier": "text-1", "password": "recorded-client-secret"}},
                "args": {"username": "user-1", "detailed": "true", "title": "text-2"},
                "context": {"IntegrationInstance": "PingOne_instance_1"},
            }])
        );
        assert_eq!(
            exchanges,
            json!([
                {"request": {"method": "POST", "url": "https://host-1.example.com/as/token", "text": "grant_type=x&client_id=text-1"},
                 "response": {"status": 200, "json": {"access_token": "recorded-token", "token_type": "Bearer"}}},
                {"request": {"method": "GET", "url": format!("{base}/users?filter=username%20eq%20%22user-1%22")},
                 "response": {"status": 200, "json": {
                    "_links": {"next": {"href": format!("{base}/users?cursor=page-1&limit=1")}},
                    "_embedded": {"users": [{
                        "id": id(2), "username": "User-1", "email": "person-1@example.com", "enabled": true,
                        "createdAt": "2021-09-03T18:04:03.916Z", "name": {"given": "Name-1", "family": "Name-2'"},
                        "account": {"status": "OK"}, "title": "text-2", "badge": "text-3", "employeeNumber": "4711",
                        "lastSignOn": {"remoteIp": "192.0.2.1"}, "mobilePhone": "+1.5550000001", "address": {"countryCode": "Place-1"}
                    }]}, "count": 1
                 }}},
                {"request": {"method": "GET", "url": format!("{base}/users?cursor=page-1&limit=1")},
                 "response": {"status": 400, "headers": {"correlation-id": id(2)}, "json": {
                    "code": "INVALID_DATA",
                    "message": format!("Name-1 (User-1, {}, Person-1@example.com) at 192.0.2.1 emmarsharp", id(2)),
                    "details": [{"target": "username", "code": "X"}]
                 }}},
            ])
        );
    }

    #[test]
    fn protected_names_are_replaced_in_every_format() {
        let params = json!({"protected_users": "\"emma\"", "protected_groups": "[x"});
        let (requests, _) = anonymous(json!([{"params": params}]), json!([]));
        let params = &requests[0]["params"];
        assert_ne!(params["protected_users"][0], "emma");
        assert_eq!(params["protected_groups"], "[");
    }

    #[test]
    fn awkward_names_stay_awkward() {
        let name = "a\"b|c`d\\e\nf姓";
        let (requests, exchanges) = anonymous(
            json!([{"command": "c", "args": {"username": name}}]),
            json!([{"request": {"method": "GET", "url": format!(
                "https://api.pingone.com/v1/users?filter={}",
                utf8_percent_encode(&format!("username eq {}", Value::from(name)), UNRESERVED)
            )}, "response": {"status": 204}}]),
        );
        let pseudonym = "user-1\"|`\\\nü";
        assert_eq!(requests[0]["args"]["username"], pseudonym);
        let filter = format!("username eq {}", Value::from(pseudonym));
        assert_eq!(
            exchanges[0]["request"]["url"],
            format!(
                "https://api.pingone.com/v1/users?filter={}",
                utf8_percent_encode(&filter, UNRESERVED)
            )
        );
    }

    #[test]
    fn urls_without_personal_data_stay_the_same() {
        let mut anonymizer = Anonymizer::default();
        for url in [
            "http://127.0.0.1:8080/v1/environments",
            "http://[::1]:8080/",
            "http://[::1]/",
            "http://localhost/",
            "https://api.pingone.com/v1/users?limit=1",
            "https://auth.pingone.eu/as/token",
            "/v1/x?expand=group&filter=type%20eq%20%22DIRECT%22",
            "/v1/x?filter=type+eq+%22DIRECT%22",
        ] {
            assert_eq!(anonymizer.url(url), url);
        }
        assert_eq!(
            anonymizer.url("https://gw.acme.com:8443/p"),
            "https://host-1.example.com/p"
        );
    }

    #[test]
    fn broken_bodies_lose_their_texts_and_stay_broken() {
        let mut anonymizer = Anonymizer::default();
        for (body, expected) in [
            (
                "{\"given\": \"Emma\", \"x\": \"Sh",
                "{\"given\": \"\", \"\": \"",
            ),
            ("{\"given\": \"E\\\"mma\\ud800\"}", "{\"given\": \"\"}x"),
            ("[\"Emma\", ", "[\"\", "),
            ("<p>emma@acme.com</p>", "<p>person-1@example.com</p>"),
        ] {
            assert_eq!(anonymizer.foreign_body(body), expected);
        }
    }
}
