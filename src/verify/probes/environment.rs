//! How the environment answers, whatever it is asked for.

use crate::verify::{
    error::status_and_codes,
    probe::{Finding, Fixture, Found},
    test_context::{TestContext, get, unused_id},
};
use pingone::token::ClientAuthentication;

pub(super) async fn client_authentication(cx: &TestContext, _: &Fixture) -> Found {
    Ok(match cx.authentication().await {
        Some(ClientAuthentication::Basic) => {
            Finding::as_assumed("Basic worked, as this application is set")
        }
        Some(ClientAuthentication::Form) => Finding::otherwise(
            "Basic was refused, the form worked: was the application's setting changed by hand?",
        ),
        None => Finding::open("no token came"),
    })
}

pub(super) async fn error_id(cx: &TestContext, _: &Fixture) -> Found {
    let answer = cx.ask(get(&["users", &unused_id()?])).await?;
    if answer.is_success() {
        return Ok(Finding::open("PingOne gave no error to look at"));
    }
    Ok(match (answer.text("/id"), &answer.correlation_id) {
        (Some(id), Some(header)) if id == header => Finding::as_assumed("they are the same"),
        (Some(_), Some(_)) => Finding::otherwise("they differ"),
        (None, Some(_)) => Finding::otherwise("the error has no `id`"),
        (Some(_), None) => Finding::otherwise("the answer has no `Correlation-Id`"),
        (None, None) => Finding::otherwise("there is neither"),
    })
}

pub(super) async fn unknown_environment(cx: &TestContext, _: &Fixture) -> Found {
    let answer = cx.ask_environment(&unused_id()?).await?;
    Ok(Finding::of(
        answer.status == 403,
        format!("it answers {}", status_and_codes(&answer)),
    ))
}
