//! The text of a failed command: what happened, then what to do about it in XSOAR's terms. Nothing is retried or
//! masked here: secrets are masked where text enters the program.

use anyhow::Error;

use crate::{access::Access, advice::Advised};
use pingone::{
    error::{Cause, Problem, Refusal},
    token::ClientAuthentication,
    users::needs_enabled_user,
};

/// The text of an error entry. It begins the way XSOAR's own library does.
pub fn text(command: &str, access: Access, error: &Error) -> String {
    let explained = explain(access, error);
    // An unknown command's name can be anything, so it is truncated.
    let command: String = command.chars().take(100).collect();
    format!("Failed to execute {command} command. Error: {explained}")
}

/// What happened and what to do about it.
pub fn explain(access: Access, error: &Error) -> String {
    let advice = advice(access, error);
    let advice = advice.map(|advice| format!("\n{advice}"));
    format!("{error:#}{}", advice.unwrap_or_default())
}

/// What to do about an error, if anything is known.
pub fn advice(access: Access, error: &Error) -> Option<String> {
    match error.downcast_ref::<Advised>() {
        Some(advised) => Some(advised.advice.to_owned()),
        None => error
            .downcast_ref::<pingone::Error>()
            .and_then(|error| hint(access, error)),
    }
}

const CHECK_PROXY: &str =
    "Check 'Use system proxy settings' and the variables HTTPS_PROXY and NO_PROXY.";

const MORE_TIME: &str = "Increase 'Command timeout in seconds'.";

const OUTCOME_UNKNOWN: &str =
    "PingOne may have made the change anyway: check before you run the command again.";

/// What to do about an error of the client, if anything is known.
pub fn hint(access: Access, error: &pingone::Error) -> Option<String> {
    let advice = match &*error.problem {
        Problem::Refused(refusal) => refusal_advice(access, refusal),
        Problem::NoToken(refused) => token_advice(&refused.refusal, refused.authentication),
        Problem::NoAnswer(no_answer) => no_answer_advice(no_answer.cause),
        Problem::OutOfTime { .. } => Some(MORE_TIME),
        Problem::Undelivered(problem) => collector_advice(problem),
        Problem::ProtectionUnknown {
            cause: Some(cause), ..
        } => return hint(access, cause),
        Problem::Answer { .. }
        | Problem::Forbidden(_)
        | Problem::ProtectionUnknown { .. }
        | Problem::Unsigned => None,
    };
    let unknown = (!access.is_read() && error.attempts.outcome_unknown).then_some(OUTCOME_UNKNOWN);
    let hints: Vec<&str> = advice.into_iter().chain(unknown).collect();
    (!hints.is_empty()).then(|| hints.join("\n"))
}

fn refusal_advice(access: Access, refusal: &Refusal) -> Option<&'static str> {
    match refusal.status {
        401 => Some(
            "PingOne accepted the credentials but rejected the access token: check that the Region and the Environment ID belong to the worker application.",
        ),
        403 => Some(missing_role(access)),
        407 => Some(CHECK_PROXY),
        // https://developer.pingidentity.com/pingone-api/platform/users/user-accounts/user-account-unlock.html
        415 if refusal.operation.is_some_and(needs_enabled_user) => {
            Some("PingOne cannot lock or unlock a disabled user: activate the user first.")
        }
        429 => Some("PingOne's rate limit was reached: try again later."),
        300..=399 => {
            Some("Redirects are not followed, to protect the access token: check the API URL.")
        }
        _ => None,
    }
}

fn missing_role(access: Access) -> &'static str {
    match access {
        Access::Read => {
            "The worker application needs the role Identity Data Read Only or Identity Data Admin for this command: assign it in PingOne, for this environment or for the user's population."
        }
        Access::ReadPrivileged | Access::Change => {
            "The worker application needs the role Identity Data Admin for this command: assign it in PingOne, for this environment or for the user's population."
        }
        Access::ReadConfiguration => {
            "The worker application needs the role Configuration Read Only or Environment Admin for this command: assign it in PingOne, for this environment."
        }
        Access::ChangeRoles => {
            "The worker application needs a role that may assign the role in question: assign it in PingOne, for this environment. Environment Admin may assign every role but Organization Admin."
        }
        Access::ReadAll => {
            "The worker application needs the roles Identity Data Read Only and Configuration Read Only for this command: assign them in PingOne, for this environment."
        }
        Access::ChangeConfiguration => {
            "The worker application needs the role Environment Admin for this command: assign it in PingOne, for this environment."
        }
    }
}

fn token_advice(refusal: &Refusal, authentication: ClientAuthentication) -> Option<&'static str> {
    match refusal.status {
        400 | 401 | 403 => Some(credentials_advice(authentication)),
        404 => Some(
            "The environment does not exist in this region: check the Environment ID and the Region.",
        ),
        407 => Some(CHECK_PROXY),
        429 => Some("PingOne's rate limit was reached: try again later."),
        300..=399 => Some(
            "Redirects are not followed, to protect the client secret: check the Authentication URL.",
        ),
        _ => None,
    }
}

/// What to check when PingOne refuses the credentials. What it answers to an invalid JWT is undocumented, so everything
/// that it checks is named.
fn credentials_advice(authentication: ClientAuthentication) -> &'static str {
    match authentication {
        ClientAuthentication::Basic | ClientAuthentication::Form => {
            "PingOne rejected the worker application's credentials: check the Client ID and Client Secret, and that they belong to this environment and region."
        }
        ClientAuthentication::SecretJwt => {
            "PingOne rejected the worker application's JWT. Check in PingOne that its Token Endpoint Authentication Method is Client Secret JWT. Also check the Client Secret, this machine's clock, and that the Client ID belongs to this environment and region."
        }
        ClientAuthentication::PrivateKeyJwt => {
            "PingOne rejected the worker application's JWT. Check in PingOne that its Token Endpoint Authentication Method is Private Key JWT and that its JWKS has the public key ('pingone-xsoar key jwks' prints it) under the same Key ID. Also check this machine's clock, and that the Client ID belongs to this environment and region."
        }
    }
}

/// What to do when the collector takes no events.
fn collector_advice(problem: &Problem) -> Option<&'static str> {
    match problem {
        Problem::Refused(refusal) => match refusal.status {
            401 | 403 => Some(
                "The key is not this collector's: copy 'HTTP collector URL' and 'HTTP collector key' from the same collector. Cortex shows a key only once, so you may have to create a new one.",
            ),
            400 => Some(
                "The collector must be set up with the compression gzip and the log format JSON. Check both in Cortex; to change them, add a new collector.",
            ),
            404 => Some(
                "There is no collector at this address: check 'HTTP collector URL', which ends in /logs/v1/event.",
            ),
            407 => Some(CHECK_PROXY),
            413 => Some("A proxy or gateway in between may limit the size of requests."),
            429 => Some("The collector's rate limit was reached: try again later."),
            300..=399 => {
                Some("Redirects are not followed, to protect the key: check 'HTTP collector URL'.")
            }
            _ => None,
        },
        Problem::NoAnswer(no_answer) => match no_answer.cause {
            Cause::Dns => Some(
                "Check 'HTTP collector URL', and DNS on the engine. Behind a proxy, turn on 'Use system proxy settings'.",
            ),
            Cause::Timeout => Some(
                "If the collector is slow, increase 'Request timeout in seconds' and 'Command timeout in seconds'.",
            ),
            cause => no_answer_advice(cause),
        },
        Problem::OutOfTime { .. } => Some(MORE_TIME),
        _ => None,
    }
}

fn no_answer_advice(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::Dns => Some(
            "Check the Region, the API URL, the Authentication URL, and DNS on the engine. Behind a proxy, turn on 'Use system proxy settings'.",
        ),
        Cause::Connect => Some(
            "Check that the engine can reach this host. Behind a proxy, turn on 'Use system proxy settings'.",
        ),
        Cause::Tls => Some(
            "If a proxy or gateway inspects TLS traffic, add its certificate to XSOAR (SSL_CERT_FILE). 'Trust any certificate (not secure)' would turn the check off.",
        ),
        Cause::Proxy => Some(CHECK_PROXY),
        Cause::Timeout => Some(
            "If PingOne is slow, increase 'Request timeout in seconds' and 'Command timeout in seconds'.",
        ),
        Cause::Broken | Cause::TooLarge | Cause::NotRecorded => None,
    }
}
