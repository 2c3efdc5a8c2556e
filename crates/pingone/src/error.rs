//! What can go wrong between the client and PingOne, and how it is worded. A message says what happened; what to do
//! about it is for the caller to add, who knows the settings.

use std::{fmt, time::Duration};

use serde_json::{Map, Value};

use super::wire::Reply;
pub use super::wire::{Cause, NoAnswer};
use crate::{memory, secrets::Mask, server_clock::ClockError, token::ClientAuthentication};

/// Why an answer is not read any further, and what to do.
pub(super) const OUT_OF_MEMORY: &str =
    "a command may not use more memory: ask for fewer items at once, or for fewer users";

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("{problem}{attempts}")]
pub struct Error {
    /// What happened in the last attempt.
    pub problem: Box<Problem>,
    /// How many attempts were made, and for how long.
    pub attempts: Attempts,
}

/// What happened.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// PingOne answered a call with a status that is no success.
    #[error("{0}")]
    Refused(Refusal),
    /// PingOne issued no token.
    #[error("{0}")]
    NoToken(Box<TokenRefusal>),
    /// The request for a token could not be signed; nothing was sent.
    #[error("the request for an access token could not be signed: no random numbers are available")]
    Unsigned,
    /// The policy forbids the change; nothing was sent.
    #[error("{0}")]
    Forbidden(String),
    /// Whether the policy forbids the change could not be established; nothing was sent.
    #[error("{reason}{}", cause_of(.cause.as_deref()))]
    ProtectionUnknown {
        /// What could not be read.
        reason: String,
        /// The call that failed, if one did.
        cause: Option<Box<Error>>,
    },
    /// There was no complete answer.
    #[error("{0}")]
    NoAnswer(NoAnswer),
    /// An answer with a success status makes no sense.
    #[error("PingOne's answer to {call} cannot be used: {reason}.{}", unknown_change(*.change))]
    Answer {
        /// Method and path.
        call: String,
        /// What is wrong with it.
        reason: String,
        /// Whether the call was a change.
        change: bool,
    },
    /// The collector did not take events.
    #[error("The collector did not accept the events: {0}")]
    Undelivered(Box<Problem>),
    /// The command ran out of time before the call could be made.
    #[error("the command's time of {} s was over before {call} could be sent", .limit.as_secs())]
    OutOfTime {
        /// Method and path.
        call: String,
        /// The time limit of the command.
        limit: Duration,
    },
}

fn cause_of(cause: Option<&Error>) -> String {
    cause.map(|cause| format!("\n{cause}")).unwrap_or_default()
}

fn unknown_change(change: bool) -> &'static str {
    if change {
        " Whether the change was made is not known: look in PingOne before you run the command again."
    } else {
        ""
    }
}

/// The attempts made for a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attempts {
    /// The number of requests sent.
    pub count: u32,
    /// From the first request to the end.
    pub elapsed: Duration,
    /// Whether PingOne may have carried out a change without confirming it.
    pub outcome_unknown: bool,
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count > 1 {
            write!(
                f,
                "\nGave up after {} attempts in {:.1} s.",
                self.count,
                self.elapsed.as_secs_f64()
            )?;
        }
        Ok(())
    }
}

impl From<Problem> for Error {
    /// For an error without attempts to report.
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            attempts: Attempts::default(),
        }
    }
}

impl Error {
    /// The HTTP status with which PingOne refused the call, if it did. `None` if it refused the token request before it:
    /// a 404 there means that the environment does not exist, not what the call asked for.
    pub fn status(&self) -> Option<u16> {
        match &*self.problem {
            Problem::Refused(refusal) => Some(refusal.status),
            _ => None,
        }
    }

    /// Whether PingOne may have carried out a change although it did not confirm it legibly.
    pub fn may_have_changed(&self) -> bool {
        self.attempts.outcome_unknown
            || matches!(&*self.problem, Problem::Answer { change: true, .. })
    }

    /// Whether PingOne rejected the filter of a call that has one.
    pub(super) fn refuses_filter(&self) -> bool {
        let codes = ["INVALID_FILTER", "INVALID_PARAMETER", "INVALID_REQUEST"];
        self.status() == Some(400) && codes.iter().any(|code| self.has_code(code))
    }

    /// Whether PingOne's error body has this code, at the top or in a detail.
    pub fn has_code(&self, code: &str) -> bool {
        match &*self.problem {
            Problem::Refused(refusal) => {
                refusal.code.as_deref() == Some(code)
                    || refusal
                        .details
                        .iter()
                        .any(|detail| detail.code.as_deref() == Some(code))
            }
            _ => false,
        }
    }
}

/// A token request that PingOne refused.
#[derive(Clone, Debug)]
pub struct TokenRefusal {
    /// What PingOne said.
    pub refusal: Refusal,
    /// How the client authenticated.
    pub authentication: ClientAuthentication,
    /// How far this machine's clock is wrong, if that may be why.
    pub clock_error: Option<ClockError>,
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal.fmt(f)?;
        match self.clock_error {
            Some(clock_error) => write!(f, "\n{clock_error}"),
            None => Ok(()),
        }
    }
}

/// Turns PingOne's 404 into `None`.
pub(crate) fn none_on_404<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.status() == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a deleted resource existed: false after PingOne's 404, unless an earlier attempt got no answer and may have
/// deleted it.
pub(crate) fn exists_or_404<T>(deleted: Result<T, Error>) -> Result<bool, Error> {
    match deleted {
        Err(error) if error.status() == Some(404) => Ok(error.attempts.outcome_unknown),
        deleted => deleted.map(|_| true),
    }
}

/// A status that is not a success, with what PingOne's body says about it.
/// <https://developer.pingidentity.com/pingone-api/platform/reference/error-codes.html>
#[derive(Clone, Debug, Default)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// PingOne's code, such as `INVALID_DATA`, or OAuth's, such as `invalid_client`.
    pub code: Option<String>,
    /// PingOne's message; the body itself where it is not PingOne's.
    pub message: Option<String>,
    /// What exactly is wrong.
    pub details: Vec<Detail>,
    /// The id that Ping's support asks for.
    pub correlation_id: Option<String>,
    /// The media type of the request, by which PingOne selects the operation.
    pub operation: Option<&'static str>,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Detail {
    /// PingOne's code, such as `UNIQUENESS_VIOLATION`.
    pub code: Option<String>,
    /// The attribute.
    pub target: Option<String>,
    /// What is wrong with it.
    pub message: Option<String>,
    /// The rules of the password policy that are not met, without duplicates.
    pub unsatisfied: Vec<String>,
}

/// How much of a body that is not PingOne's is shown.
const MAX_FOREIGN_BODY_CHARS: usize = 500;
/// How much of a body is read. A secret cut in two at its end is not part of what is shown.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The limit for all texts of a body together; PingOne's have a few hundred characters.
const MAX_TEXT_BYTES: usize = 4_000;

impl Refusal {
    /// Reads an error reply. Never fails, because an unreadable body must not hide the status: every member may be
    /// absent or of another type, and PingOne may add codes at any time.
    pub fn read(reply: &Reply, mask: &Mask) -> Self {
        let body = memory::read_within(MAX_BODY_BYTES, &reply.body)
            .ok()
            .map(|body| mask.value(body));
        let mut budget = MAX_TEXT_BYTES;
        let header_id = reply.correlation_id.as_deref();
        let header_id = header_id.map(|id| cut(&mask.text(id), &mut budget));
        let Some(members) = body.as_ref().and_then(readable) else {
            return Self {
                status: reply.status,
                // Serialized again, since secrets were masked in the parsed value; as text, JSON within JSON would
                // escape them twice.
                message: body.map_or_else(
                    || {
                        let body = reply.body.get(..MAX_BODY_BYTES).unwrap_or(&reply.body);
                        foreign_body(&mask.text(&String::from_utf8_lossy(body)))
                    },
                    |body| foreign_body(&body.to_string()),
                ),
                correlation_id: header_id,
                ..Self::default()
            };
        };
        let mut text = |name: &str| text_of(members, name, &mut budget);
        let code = text("code").or_else(|| text("error"));
        let message = text("message").or_else(|| text("error_description"));
        let correlation_id = header_id.or_else(|| text("id"));
        let details = members.get("details").and_then(Value::as_array);
        let details = details.into_iter().flatten();
        Self {
            status: reply.status,
            code,
            message,
            details: details
                .filter_map(|detail| Detail::read(detail.as_object()?, &mut budget))
                .collect(),
            correlation_id,
            operation: None,
        }
    }
}

impl Refusal {
    /// Whether the same request would be refused again.
    pub(super) fn is_definite(&self) -> bool {
        (400..500).contains(&self.status) && !matches!(self.status, 408 | 429)
    }
}

/// The members of an error body; `None` if the body is not PingOne's.
fn readable(body: &Value) -> Option<&Map<String, Value>> {
    let members = body.as_object()?;
    let mut told = ["code", "message", "error", "error_description"]
        .into_iter()
        .filter_map(|name| members.get(name))
        .filter(|value| !value.is_null())
        .peekable();
    let tells_nothing = told.peek().is_some() && !told.any(Value::is_string);
    (!tells_nothing).then_some(members)
}

/// A member as text, cut to the budget. Numbers and booleans are shown as written.
fn text_of(members: &Map<String, Value>, name: &str, budget: &mut usize) -> Option<String> {
    match members.get(name)? {
        Value::String(text) => Some(cut(text, budget)),
        scalar @ (Value::Number(_) | Value::Bool(_)) => Some(cut(&scalar.to_string(), budget)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// As much of `text` as the budget allows.
fn cut(text: &str, budget: &mut usize) -> String {
    if text.len() <= *budget {
        *budget -= text.len();
        return text.to_owned();
    }
    let mut shown = text[..text.floor_char_boundary(*budget)].to_owned();
    *budget = 0;
    shown.push('…');
    shown
}

impl Detail {
    /// `None` if the budget is used up or there is nothing to show.
    fn read(detail: &Map<String, Value>, budget: &mut usize) -> Option<Self> {
        if *budget == 0 {
            return None;
        }
        let [code, target, message] =
            ["code", "target", "message"].map(|name| text_of(detail, name, budget));
        let mut unsatisfied: Vec<String> = Vec::new();
        let rules = detail
            .get("innerError")
            .and_then(|inner| inner.get("unsatisfiedRequirements"))
            .and_then(Value::as_array);
        for rule in rules.into_iter().flatten().filter_map(Value::as_str) {
            // PingOne may name a rule twice.
            if *budget > 0 && !unsatisfied.iter().any(|known| known == rule) {
                unsatisfied.push(cut(rule, budget));
            }
        }
        let says_something = code.is_some() || target.is_some() || message.is_some();
        (says_something || !unsatisfied.is_empty()).then_some(Self {
            code,
            target,
            message,
            unsatisfied,
        })
    }
}

/// A body that is not PingOne's, such as a gateway's: its text, or a note that it is a web page. Masked before it is
/// cut, so that no half of a secret remains at the end.
fn foreign_body(masked: &str) -> Option<String> {
    let text = masked.trim();
    if text.is_empty() {
        return None;
    }
    if text.starts_with('<') {
        return Some("the answer is a web page: a proxy or gateway may stand between".to_owned());
    }
    let mut shown: String = text.chars().take(MAX_FOREIGN_BODY_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Some(shown)
}

/// The status on the first line, then PingOne's own text.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = reqwest::StatusCode::from_u16(self.status)
            .ok()
            .and_then(|status| status.canonical_reason());
        write!(
            f,
            "Error in API call [{}] - {}",
            self.status,
            reason.unwrap_or("Unknown")
        )?;
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(f, "\n{code}: {message}")?,
            (Some(text), None) | (None, Some(text)) => write!(f, "\n{text}")?,
            (None, None) => {}
        }
        for detail in &self.details {
            write!(f, "\n{detail}")?;
        }
        if let Some(id) = &self.correlation_id {
            write!(f, "\nCorrelation id: {id}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("-")?;
        if let Some(target) = &self.target {
            write!(f, " {target}:")?;
        }
        if let Some(message) = &self.message {
            write!(f, " {message}")?;
        }
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        if !self.unsatisfied.is_empty() {
            write!(f, "; not satisfied: {}", self.unsatisfied.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> Refusal {
        let reply = Reply {
            status: 400,
            body: body.as_bytes().to_vec(),
            ..Reply::default()
        };
        Refusal::read(&reply, &Mask::default())
    }

    #[test]
    fn every_part_of_an_error_body_is_shown() {
        let text = refusal(
            r#"{"id":"i","code":"INVALID_DATA","message":"One or more validation errors.","details":[
                {"code":"INVALID_VALUE","target":"password","message":"not good","innerError":{"unsatisfiedRequirements":["length","history","length"]}},
                {"code":"UNIQUENESS_VIOLATION","message":"taken"}, null]}"#,
        )
        .to_string();
        assert_eq!(
            text,
            "Error in API call [400] - Bad Request\nINVALID_DATA: One or more validation errors.\n\
             - password: not good (INVALID_VALUE); not satisfied: length, history\n- taken (UNIQUENESS_VIOLATION)\nCorrelation id: i"
        );
    }

    #[test]
    fn malformed_members_do_not_hide_the_others() {
        let refusal = refusal(
            r#"{"id":7,"code":"UNIQUENESS_VIOLATION","message":["no text"],"details":[
                {"code":7,"target":"username","message":"taken"}, {"code":"INVALID_VALUE","innerError":"x"}]}"#,
        );
        assert_eq!(
            refusal.to_string(),
            "Error in API call [400] - Bad Request\nUNIQUENESS_VIOLATION\n- username: taken (7)\n- (INVALID_VALUE)\nCorrelation id: 7"
        );
        assert_eq!(refusal.code.as_deref(), Some("UNIQUENESS_VIOLATION"));
    }

    #[test]
    fn long_bodies_are_cut() {
        let long = "é".repeat(10_000);
        let details = format!(r#"{{"code":"C","target":"{long}"}}"#);
        let details = [details.as_str(); 3].join(",");
        let text = refusal(&format!(
            r#"{{"code":"INVALID_DATA","message":"{}","details":[{details}]}}"#,
            "x".repeat(3_000)
        ))
        .to_string();
        assert!(
            text.contains("INVALID_DATA: xxx") && text.contains("éé…"),
            "{text}"
        );
        assert!(text.len() < MAX_TEXT_BYTES + 200, "{}", text.len());
        let foreign = refusal(&format!("\"{}\"", "y".repeat(3 * MAX_BODY_BYTES))).to_string();
        assert!(foreign.len() < 700 && foreign.ends_with("yy…"), "{foreign}");
    }

    #[test]
    fn no_body_hides_the_status() {
        for (body, rest) in [
            ("", ""),
            ("null", "\nnull"),
            ("[1]", "\n[1]"),
            ("{\"code\":1}", "\n{\"code\":1}"),
            ("{\"message\":\"Forbidden\"}", "\nForbidden"),
            (
                "<html>no</html>",
                "\nthe answer is a web page: a proxy or gateway may stand between",
            ),
            ("{\"code\"", "\n{\"code\""),
        ] {
            assert_eq!(
                refusal(body).to_string(),
                format!("Error in API call [400] - Bad Request{rest}"),
                "{body}"
            );
        }
    }
}
