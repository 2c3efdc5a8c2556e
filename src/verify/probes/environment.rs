//! Responses that do not depend on the kind of request.

use crate::verify::{
    error::status_and_codes,
    probe::{Finding, Fixture, ProbeResult},
    test_context::{TestContext, get, unused_id},
};
use pingone::token::ClientAuthentication;

pub(super) async fn client_authentication(cx: &TestContext, _: &Fixture) -> ProbeResult {
    Ok(match cx.authentication().await {
        Some(ClientAuthentication::Basic) => {
            Finding::as_expected("Basic works for this application")
        }
        Some(ClientAuthentication::Form) => Finding::unexpected(
            "Basic is rejected, but credentials in the form work; perhaps the application's authentication method was changed",
        ),
        Some(ClientAuthentication::SecretJwt | ClientAuthentication::PrivateKeyJwt) => {
            Finding::as_expected("the signed JWT works for this application")
        }
        None => Finding::inconclusive("there was no token request"),
    })
}

pub(super) async fn error_id(cx: &TestContext, _: &Fixture) -> ProbeResult {
    let answer = cx.ask(get(&["users", &unused_id()?])).await?;
    if answer.is_success() {
        return Ok(Finding::inconclusive("PingOne returned no error"));
    }
    Ok(match (answer.text("/id"), &answer.correlation_id) {
        (Some(id), Some(header)) if id == header => Finding::as_expected("they are the same"),
        (Some(_), Some(_)) => Finding::unexpected("they differ"),
        (None, Some(_)) => Finding::unexpected("the error has no `id`"),
        (Some(_), None) => Finding::unexpected("the response has no `Correlation-Id`"),
        (None, None) => Finding::unexpected("both are missing"),
    })
}

pub(super) async fn unknown_environment(cx: &TestContext, _: &Fixture) -> ProbeResult {
    let answer = cx.ask_environment(&unused_id()?).await?;
    Ok(Finding::expect(
        answer.status == 403,
        format!("it returns {}", status_and_codes(&answer)),
    ))
}
