//! `pingone-get-application`: an application, its administrator roles, and the scopes that it may ask for.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::applications,
    invocation::Invocation,
    operations::applications::{ApplicationRef, find_application, permissions},
    views::application::report,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::ReadConfiguration,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let wanted = applications::one(cx.args)?;
    let (application, permissions) = match wanted {
        ApplicationRef::Id(id) => {
            let (application, permissions) = tokio::join!(
                find_application(cx.pingone, &wanted),
                permissions(cx.pingone, id)
            );
            (application?, permissions)
        }
        ApplicationRef::Name(_) => {
            let application = find_application(cx.pingone, &wanted).await?;
            let permissions = permissions(cx.pingone, application.id).await;
            (application, permissions)
        }
    };
    Ok(report(cx, application, permissions))
}
