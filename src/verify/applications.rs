//! The steps of the commands about applications.

use serde_json::json;

use super::{
    error::VerifyError,
    step::{Step, check, contains_id, context},
    test_context::{JSON, TestContext, post},
};
const KEY: &str = "PingOne.Application";

/// The worker application that runs the self-test, if it belongs to this environment.
pub(super) async fn list(step: Step<'_>) -> Result<(), VerifyError> {
    let own = step.own_application().await?;
    let note = step.command(json!({"all_results": true})).await?;
    check(
        contains_id(&note, KEY, &own),
        "the worker application is not in the list",
    )
}

pub(super) async fn get(step: Step<'_>) -> Result<(), VerifyError> {
    let own = step.own_application().await?;
    let note = step.command(json!({"application": own})).await?;
    check(
        contains_id(&note, KEY, &own),
        "the command returns another application",
    )
}

pub(super) async fn set_enabled(mut step: Step<'_>) -> Result<(), VerifyError> {
    let (id, name) = step.application().await?;
    for (application, enabled) in [(name, false), (id.clone(), true)] {
        step.command(json!({"application": application, "enabled": enabled}))
            .await?;
        let now = step.cx.read(&["applications", &id]).await?;
        check(
            now.at("/enabled") == Some(&json!(enabled)),
            "`enabled` is not as expected",
        )?;
        check(
            now.text("/tokenEndpointAuthMethod") == Some("CLIENT_SECRET_BASIC"),
            "another setting was changed",
        )?;
    }
    Ok(())
}

/// Compares what a rotation does with the secrets, which are not shown anywhere.
pub(super) async fn rotate_secret(mut step: Step<'_>) -> Result<(), VerifyError> {
    let (id, _) = step.application().await?;
    let path = ["applications", &id, "secret"];
    let before = step.cx.read(&path).await?;
    step.command(json!({"application": id, "grace": "1 hour"}))
        .await?;
    let after = step.cx.read(&path).await?;
    check(
        after.text("/secret").is_some() && after.text("/secret") != before.text("/secret"),
        "the secret is the same",
    )?;
    check(
        after.text("/previous/secret") == before.text("/secret"),
        "the old secret is not the previous one",
    )
}

/// The steps of a containment, after the temporary application was given a role.
pub(super) async fn contain(mut step: Step<'_>) -> Result<(), VerifyError> {
    let (id, _) = step.application().await?;
    let role = assign_reader(step.cx, &id).await?;
    let note = step.command(json!({"application": id})).await?;
    let contained = context(&note, "PingOne.Containment");
    let removed = contained[0]["Record"]["RemovedRoles"].as_array();
    check(
        role.is_none() || removed.is_some_and(|removed| removed.len() == 1),
        "the record does not have the role",
    )?;
    step.subject.application_record = Some(contained.clone());
    let now = step.cx.read(&["applications", &id]).await?;
    check(
        now.at("/enabled") == Some(&json!(false)),
        "the application is not disabled",
    )?;
    check(
        step.role_count(&id).await? == 0,
        "the application still has a role",
    )
}

pub(super) async fn restore(mut step: Step<'_>) -> Result<(), VerifyError> {
    let record = step.subject.application_record.clone();
    let record = record.ok_or(VerifyError::Skipped("there is no containment to undo"))?;
    let (id, _) = step.application().await?;
    let roles = record[0]["Record"]["RemovedRoles"].as_array();
    let roles = roles.map_or(0, Vec::len);
    step.command(json!({"application": id, "record": record}))
        .await?;
    let now = step.cx.read(&["applications", &id]).await?;
    check(
        now.at("/enabled") == Some(&json!(true)),
        "the application is not enabled",
    )?;
    check(
        step.role_count(&id).await? == roles,
        "the application does not have its role again",
    )
}

/// Assigns Identity Data Read Only for the environment. Returns the id of the assignment; `None` if PingOne refuses it: the
/// worker application may not assign the role.
pub(super) async fn assign_reader(
    cx: &TestContext,
    application: &str,
) -> Result<Option<String>, VerifyError> {
    let roles = cx.read(&["roles"]).await?;
    let mut known = roles.items("roles").iter();
    let reader = known.find(|role| role["name"] == "Identity Data Read Only");
    let Some(role) = reader.and_then(|role| role["id"].as_str()) else {
        return Ok(None);
    };
    let scope = cx.settings().environment.to_string();
    let path = ["applications", application, "roleAssignments"];
    let body = json!({"role": {"id": role}, "scope": {"id": scope, "type": "ENVIRONMENT"}});
    let answer = cx.ask(post(&path, JSON, body)).await?;
    let id = answer.text("/id").filter(|_| answer.is_success());
    Ok(id.map(str::to_owned))
}

impl Step<'_> {
    async fn role_count(&self, application: &str) -> Result<usize, VerifyError> {
        let path = ["applications", application, "roleAssignments"];
        let answer = self.cx.read(&path).await?;
        Ok(answer.items("roleAssignments").len())
    }

    /// The temporary application, created when it is first needed.
    async fn application(&mut self) -> Result<(String, String), VerifyError> {
        if let Some(application) = &self.subject.application {
            return Ok(application.clone());
        }
        let application = self.cx.application("worker").await?;
        self.subject.application = Some(application.clone());
        Ok(application)
    }

    async fn own_application(&self) -> Result<String, VerifyError> {
        let id = self.cx.settings().client_id.clone();
        let answer = self
            .cx
            .ask(super::test_context::get(&["applications", &id]))
            .await?;
        if answer.is_success() {
            return Ok(id);
        }
        Err(VerifyError::Skipped(
            "the worker application cannot read itself: it needs Configuration Read Only, in its own environment",
        ))
    }
}
