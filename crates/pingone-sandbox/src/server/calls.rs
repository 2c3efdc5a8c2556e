//! The log of calls: requests and their statuses, without secrets.

use serde::Serialize;
use serde_json::Value;

use crate::protocol::message::Request;

/// A request that the sandbox received.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// The method.
    pub method: String,
    /// Path and query, still percent-encoded.
    pub path: String,
    /// The Content-Type header, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The scheme of the Authorization header: `Basic`, `Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_scheme: Option<String>,
    /// The User-Agent header, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The X-Ping-External-Transaction-Id header, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_transaction_id: Option<String>,
    /// The X-Ping-External-Session-Id header, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_session_id: Option<String>,
    /// A JSON body with its secrets replaced by `***`, or a form's field names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The status of the response; 0 if the connection was reset or closed first.
    pub status: u16,
    /// The number of its connection, counted from 1.
    pub connection: u64,
}

impl Call {
    /// Logs a request that has no response yet.
    pub(crate) fn of(
        request: &Request,
        header: impl Fn(&'static str) -> Option<String>,
        connection: u64,
    ) -> Self {
        let path = if request.query.is_empty() {
            request.path.clone()
        } else {
            format!("{}?{}", request.path, request.query)
        };
        let authorization = request.authorization.as_deref();
        // A key has no scheme.
        let scheme = authorization.and_then(|value| value.split_once(' '));
        Self {
            method: request.method.clone(),
            path,
            content_type: request.content_type.clone(),
            auth_scheme: scheme.map(|(scheme, _)| scheme.to_owned()),
            user_agent: header("user-agent"),
            external_transaction_id: header("x-ping-external-transaction-id"),
            external_session_id: header("x-ping-external-session-id"),
            body: body(request),
            status: 0,
            connection,
        }
    }
}

fn body(request: &Request) -> Option<Value> {
    if request.media_type() == "application/x-www-form-urlencoded" {
        let names = crate::protocol::message::pairs(&String::from_utf8_lossy(&request.body))
            .into_iter()
            .map(|(name, _)| Value::from(name));
        return Some(Value::Array(names.collect()));
    }
    let mut body = serde_json::from_slice(&request.body).ok()?;
    mask(&mut body, request.path.ends_with("/password"));
    Some(body)
}

/// Replaces secrets: these members anywhere, and `value` within a password.
fn mask(value: &mut Value, password: bool) {
    const SECRETS: &[&str] = &[
        "newPassword",
        "currentPassword",
        "recoveryCode",
        "otp",
        "verificationCode",
        "secret",
        "Authorization",
    ];
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let secret = SECRETS.contains(&name.as_str())
                    || (name == "password" && !member.is_object())
                    || (password && name == "value");
                if secret {
                    *member = "***".into();
                } else {
                    mask(member, password || name == "password");
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, password)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn logged(path: &str, content_type: &str, body: &str) -> Option<Value> {
        let request = Request {
            path: path.to_owned(),
            content_type: Some(content_type.to_owned()),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        Call::of(&request, |_| None, 1).body
    }

    #[test]
    fn secrets_are_masked_in_the_log() {
        let form = logged(
            "/e/as/token",
            "application/x-www-form-urlencoded",
            "client_id=a&client_secret=b",
        );
        assert_eq!(form, Some(json!(["client_id", "client_secret"])));
        let json = "application/json";
        let set = logged(
            "/u/password",
            json,
            r#"{"value": "x", "forceChange": true}"#,
        );
        assert_eq!(set, Some(json!({ "value": "***", "forceChange": true })));
        let import = logged(
            "/users",
            json,
            r#"{"username": "u", "password": {"value": "x"}}"#,
        );
        assert_eq!(
            import,
            Some(json!({ "username": "u", "password": { "value": "***" } }))
        );
        let check = logged("/u/password", json, r#"{"password": "x"}"#);
        assert_eq!(check, Some(json!({ "password": "***" })));
        let patch = logged("/u", json, r#"{"Operations": [{"value": "shown"}]}"#);
        assert_eq!(patch, Some(json!({ "Operations": [{ "value": "shown" }] })));
        assert_eq!(logged("/u", json, ""), None);
    }
}
