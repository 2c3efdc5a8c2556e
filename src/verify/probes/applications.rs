//! Worker applications: what becomes of an access token that one already has.

use reqwest::Method;
use serde_json::{Value, json};

use crate::verify::{
    applications::assign_reader,
    error::VerifyError,
    probe::{Finding, Fixture, ProbeResult},
    test_context::{JSON, TestContext, get, put},
};
use pingone::{Connection, probe::Question};

/// A temporary worker application that reads users with its own token.
struct Worker {
    id: String,
    /// The id of its role assignment.
    role: String,
    connection: Connection,
}

impl Worker {
    /// `None` if it can do nothing: it could not be given a role, or got no token.
    async fn create(cx: &TestContext, suffix: &str) -> Result<Option<Self>, VerifyError> {
        let (id, _) = cx.application(suffix).await?;
        // Read first: PingOne refuses it to whoever does not hold the application's roles.
        let answer = cx.read(&["applications", &id, "secret"]).await?;
        let role = assign_reader(cx, &id).await?;
        let (Some(secret), Some(role)) = (answer.text("/secret"), role) else {
            return Ok(None);
        };
        let connection = cx.connect_as(&id, secret)?;
        let worker = Self {
            id,
            role,
            connection,
        };
        let is_ready = worker.status(cx).await? == 200;
        Ok(is_ready.then_some(worker))
    }

    /// What PingOne answers to it, with the token that it has.
    async fn status(&self, cx: &TestContext) -> Result<u16, VerifyError> {
        let question = Question {
            query: &[("limit", "1")],
            ..get(&["users"])
        };
        cx.status_through(&self.connection, question).await
    }
}

const NOT_READY: &str = "the temporary application could not read users with a role of its own";

pub(super) async fn removed_roles(cx: &TestContext, _: &Fixture) -> ProbeResult {
    let Some(worker) = Worker::create(cx, "roles").await? else {
        return Ok(Finding::inconclusive(NOT_READY));
    };
    let path = ["applications", &worker.id, "roleAssignments", &worker.role];
    let remove = Question {
        method: Method::DELETE,
        ..get(&path)
    };
    cx.require("removing the role", remove).await?;
    let status = worker.status(cx).await?;
    Ok(match status {
        401 | 403 => Finding::as_expected(format!("yes: it returns {status}")),
        200 => Finding::unexpected("no: the token still works"),
        _ => Finding::inconclusive(format!("it returns {status}")),
    })
}

pub(super) async fn disabled(cx: &TestContext, _: &Fixture) -> ProbeResult {
    let Some(worker) = Worker::create(cx, "disabled").await? else {
        return Ok(Finding::inconclusive(NOT_READY));
    };
    let path = ["applications", &*worker.id];
    let application = cx.read(&path).await?;
    let mut body = application.body.unwrap_or_default();
    if let Value::Object(members) = &mut body {
        members.retain(|name, _| {
            !["_links", "environment", "createdAt", "updatedAt"].contains(&&**name)
        });
        members.insert("enabled".to_owned(), json!(false));
    }
    cx.require("disabling the application", put(&path, JSON, body))
        .await?;
    let status = worker.status(cx).await?;
    Ok(match status {
        200 => Finding::as_expected("yes: the token still works"),
        400 | 401 | 403 => Finding::unexpected(format!("no: it returns {status}")),
        _ => Finding::inconclusive(format!("it returns {status}")),
    })
}
