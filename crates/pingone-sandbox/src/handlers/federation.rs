//! External identity providers, and the accounts and users that depend on them.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/identity-providers/` and
//! `…/platform/users/linked-accounts/`.

use serde_json::{Value, json};

use crate::handlers::body::referenced_id;
use crate::handlers::context::Context;
use crate::model::clock::format_timestamp;
use crate::model::store::{IdentityProvider, LinkedAccount, ProviderReference, Store, User};
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::{self, link};
use crate::render::user;

/// `GET /identityProviders`
#[expect(clippy::unnecessary_wraps, reason = "every handler has this form")]
pub(crate) fn list_providers(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let url = format!("{}/identityProviders", store.environment_url());
    let items: Vec<Value> = store
        .identity_providers
        .iter()
        .map(|provider| provider_json(store, provider))
        .collect();
    Ok(hal::unpaged(&url, "identityProviders", &items))
}

/// `GET /identityProviders/{provider}`
pub(crate) fn read_provider(cx: &mut Context<'_>) -> ApiResult {
    let provider = cx.store.find_identity_provider(cx.id(0))?;
    Ok(Reply::ok(provider_json(cx.store, provider)))
}

/// `GET /users/{user}/identityProvider`
pub(crate) fn read_users_provider(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    let url = format!("{}/identityProvider", cx.store.user_url(&user.id));
    Ok(Reply::ok(json!({
        "_links": { "self": link(&url) },
        "identityProvider": user::identity_provider(user),
    })))
}

/// `PUT /users/{user}/identityProvider` with `{"identityProvider": {"id"}}`; without the reference,
/// PingOne itself.
pub(crate) fn set_users_provider(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    cx.user()?;
    let provider = match referenced_id(&body, "identityProvider")? {
        None => None,
        Some(id) => {
            let provider = cx.store.find_identity_provider(id).map_err(|_| {
                ApiError::invalid(
                    "INVALID_VALUE",
                    "identityProvider.id",
                    "must be an existing identity provider",
                )
            })?;
            Some(ProviderReference {
                id: Some(provider.id.clone()),
                kind: provider.kind.clone(),
            })
        }
    };
    let now = cx.now;
    let user = cx.user_mut()?;
    user.identity_provider = provider;
    user.updated_at = now;
    cx.record_user("USER.UPDATED")?;
    read_users_provider(cx)
}

/// `GET /users/{user}/linkedAccounts`
pub(crate) fn list_accounts(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    let items: Vec<Value> = user
        .linked_accounts
        .iter()
        .map(|account| account_json(cx.store, user, account))
        .collect();
    let url = format!("{}/linkedAccounts", cx.store.user_url(&user.id));
    Ok(hal::unpaged(&url, "linkedAccounts", &items))
}

/// `GET /users/{user}/linkedAccounts/{account}`
pub(crate) fn read_account(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    user.linked_accounts
        .iter()
        .find(|account| account.id == cx.id(1))
        .map(|account| Reply::ok(account_json(cx.store, user, account)))
        .ok_or_else(ApiError::not_found)
}

/// `DELETE /users/{user}/linkedAccounts/{account}`: the user can no longer sign on with it.
pub(crate) fn unlink(cx: &mut Context<'_>) -> ApiResult {
    let id = cx.id(1).to_owned();
    let accounts = &mut cx.user_mut()?.linked_accounts;
    let before = accounts.len();
    accounts.retain(|account| account.id != id);
    if accounts.len() == before {
        return Err(ApiError::not_found());
    }
    cx.record_user("ACCOUNT.UNLINKED")?;
    Ok(Reply::no_content())
}

fn provider_json(store: &Store, provider: &IdentityProvider) -> Value {
    let url = format!(
        "{}/identityProviders/{}",
        store.environment_url(),
        provider.id
    );
    json!({
        "_links": { "self": link(&url) },
        "id": provider.id,
        "environment": { "id": store.environment.id },
        "name": provider.name,
        "type": provider.kind,
        "enabled": provider.enabled,
        "createdAt": format_timestamp(provider.created_at),
        "updatedAt": format_timestamp(provider.updated_at),
    })
}

fn account_json(store: &Store, user: &User, account: &LinkedAccount) -> Value {
    let url = format!("{}/linkedAccounts/{}", store.user_url(&user.id), account.id);
    json!({
        "_links": { "self": link(&url) },
        "id": account.id,
        "environment": { "id": store.environment.id },
        "user": { "id": user.id },
        "identityProvider": { "id": account.identity_provider },
        "externalId": account.external_id,
    })
}
