//! Errors of the self-test. Each has two texts: one for the terminal, which may quote PingOne, and one for the report,
//! which may be sent outside the company. The report only contains our own words, HTTP statuses and PingOne's codes.

use std::fmt;

use pingone::{
    error::{Cause, Problem, Refusal},
    probe::Answer,
};

/// Why a step or a probe did not finish.
#[derive(Debug)]
pub enum VerifyError {
    /// The state in PingOne is not as expected. Our own words, without any data.
    Mismatch(String),
    /// A command returned an error entry with this text.
    Command(String),
    /// A call by the self-test itself failed without an answer.
    Call(pingone::Error),
    /// PingOne rejected a call by the self-test itself.
    Refused {
        /// What the call was for.
        purpose: &'static str,
        /// The answer.
        answer: Box<Answer>,
    },
    /// A prerequisite is missing.
    Skipped(&'static str),
    /// The user interrupted the self-test.
    Interrupted,
}

impl From<pingone::Error> for VerifyError {
    fn from(error: pingone::Error) -> Self {
        Self::Call(error)
    }
}

/// The text for the terminal. Only secrets are masked.
impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(text) => f.write_str(text),
            Self::Call(error) => error.fmt(f),
            Self::Refused { purpose, answer } => {
                write!(f, "{purpose}: {}", status_and_codes(answer))?;
                match answer.text("/message") {
                    Some(message) => write!(f, ": {message}"),
                    None => Ok(()),
                }
            }
            Self::Mismatch(_) | Self::Skipped(_) | Self::Interrupted => {
                f.write_str(&self.for_report())
            }
        }
    }
}

impl std::error::Error for VerifyError {}

impl VerifyError {
    /// The text for the report.
    pub fn for_report(&self) -> String {
        match self {
            Self::Mismatch(text) => text.clone(),
            Self::Command(text) => format!("the command failed: {}", status_of_entry(text)),
            Self::Call(error) => describe_error(error),
            Self::Refused { purpose, answer } => {
                format!("{purpose}: {}", status_and_codes(answer))
            }
            Self::Skipped(why) => (*why).to_owned(),
            Self::Interrupted => "interrupted".to_owned(),
        }
    }
}

/// `400 INVALID_DATA, UNIQUENESS_VIOLATION`.
pub fn status_and_codes(answer: &Answer) -> String {
    join(answer.status, answer.codes().into_iter())
}

fn join<'a>(status: u16, codes: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = Vec::new();
    for code in codes.filter(|code| is_code(code)) {
        if !known.contains(&code) {
            known.push(code);
        }
    }
    if known.is_empty() {
        return status.to_string();
    }
    format!("{status} {}", known.join(", "))
}

/// The token endpoint's codes: RFC 6749, section 5.2.
const OAUTH_CODES: [&str; 6] = [
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
];

/// PingOne's codes consist of capital letters and underscores. Anything else could contain somebody's name.
fn is_code(text: &str) -> bool {
    if OAUTH_CODES.contains(&text) {
        return true;
    }
    (3..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn describe_refusal(refusal: &Refusal) -> String {
    let details = refusal.details.iter();
    let details = details.filter_map(|detail| detail.code.as_deref());
    let codes = refusal.code.as_deref().into_iter().chain(details);
    join(refusal.status, codes)
}

fn describe_error(error: &pingone::Error) -> String {
    let text = match &*error.problem {
        Problem::Refused(refusal) => return describe_refusal(refusal),
        Problem::NoToken(refused) => return describe_refusal(&refused.refusal),
        Problem::NoAnswer(no_answer) => match no_answer.cause {
            Cause::Dns => "the host was not found",
            Cause::Connect => "cannot connect to the host",
            Cause::Tls => "the TLS connection is not trusted",
            Cause::Proxy => "the proxy refused the connection",
            Cause::Timeout => "the request timed out",
            Cause::Broken => "the connection closed before the answer was complete",
            Cause::TooLarge => "the answer is too large",
            Cause::NotRecorded => "the call is not in the recording",
        },
        Problem::Answer { .. } => "PingOne's answer cannot be used",
        Problem::OutOfTime { .. } => "the command timed out",
        Problem::Undelivered(_) => "the collector did not accept the events",
        Problem::Unsigned => "the token request could not be signed",
        Problem::Forbidden(_) | Problem::ProtectionUnknown { .. } => {
            "the instance settings block the change"
        }
    };
    text.to_owned()
}

/// Extracts the status and codes from an error entry's text: `[400]` in the first line, `CODE: …` at the start of the
/// second, `(CODE)` in the detail lines.
fn status_of_entry(text: &str) -> String {
    let status = text
        .split_once("Error in API call [")
        .and_then(|(_, rest)| rest.split_once(']')?.0.parse::<u16>().ok());
    let Some(status) = status else {
        return "no HTTP status; see the message on the terminal".to_owned();
    };
    let mut lines = text.lines().skip(1);
    let first = lines.next().and_then(|line| Some(line.split_once(": ")?.0));
    let details = lines
        .filter(|line| line.starts_with('-'))
        .filter_map(|line| Some(line.rsplit_once('(')?.1.split_once(')')?.0));
    join(status, first.into_iter().chain(details))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_contains_status_and_codes_of_an_error_entry() {
        let text = "Failed to execute pingone-create-user command. Error: Error in API call [400] - Bad Request\n\
            INVALID_DATA: The user jane.doe@example.com is not valid.\n\
            - username: jane.doe is taken (UNIQUENESS_VIOLATION)\n\
            - (jane.doe)\nCorrelation id: 0b1f";
        assert_eq!(
            VerifyError::Command(text.to_owned()).for_report(),
            "the command failed: 400 INVALID_DATA, UNIQUENESS_VIOLATION"
        );
    }

    #[test]
    fn the_report_contains_no_other_text() {
        for text in [
            "Failed to execute x command. Error: no connection to login.example.com (refused)",
            "Failed to execute x command. Error: Error in API call [502] - Bad Gateway\nproxy of jane.doe: no",
        ] {
            let report = VerifyError::Command(text.to_owned()).for_report();
            assert!(
                !report.contains("example") && !report.contains("jane"),
                "{report}"
            );
        }
    }
}
