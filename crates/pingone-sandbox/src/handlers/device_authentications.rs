//! Device authentications: have a user confirm with an MFA device, by push or one-time code.
//!
//! Pages: `developer.pingidentity.com/pingone-api/mfa/mfa-authentication/mfa-device-authentications/`.
//! They live on the authentication host, without `/v1` or `/as`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::handlers::body::{referenced_id, required_string};
use crate::handlers::context::Context;
use crate::model::alternative::Alternative;
use crate::model::clock::format_timestamp;
use crate::model::device_authentication::{DeviceAuthentication, MAX_CODE_ATTEMPTS, Step};
use crate::model::pushes::usable_devices;
use crate::model::store::{Device, DevicePolicy, Store, User};
use crate::protocol::error::{ApiError, Detail};
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::{self, link};

/// `POST /deviceAuthentications` with `{"user": {"id"}, "policy": {"id"}, "selectedDevice": {"id"}}`.
/// Contacts the default device at once if it takes pushes or codes. That `selectedDevice` works is
/// UNCONFIRMED.
pub(crate) fn start(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let now = cx.now;
    cx.store.end_pushes(now);
    let user = referenced_id(&body, "user")?
        .and_then(|id| cx.store.find_user(id).ok())
        .ok_or_else(|| ApiError::invalid("INVALID_VALUE", "user.id", "must be an existing user"))?;
    let policy = policy(cx.store, &body)?;
    let prompts = policy.prompts_for_device;
    let policy = policy.id.clone();
    let user_id = user.id.clone();
    let is_bypassed = user.bypass_until.is_some_and(|until| until > now);
    let device = match referenced_id(&body, "selectedDevice")? {
        Some(id) => Some(usable(user, id, now)?.id.clone()),
        None => default_device(user, prompts, now)?,
    };
    let step = if is_bypassed
        && cx
            .store
            .uses(Alternative::BypassCompletesDeviceAuthentications)
    {
        Step::Completed
    } else {
        device
            .as_deref()
            .and_then(|device| cx.store.contact(&user_id, device, now))
            .unwrap_or(Step::SelectDevice)
    };
    let authentication = DeviceAuthentication {
        id: cx.store.ids.uuid(),
        user: user_id,
        policy,
        device,
        step,
        created_at: now,
        updated_at: now,
    };
    let created = to_json(cx.store, &authentication, now)?;
    cx.store.device_authentications.push(authentication);
    // 201 is what PingOne's other creations return (UNCONFIRMED here).
    Ok(Reply::created(created))
}

/// `GET /deviceAuthentications/{id}`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    cx.store.end_pushes(cx.now);
    let authentication = find(cx.store, cx.id(0))?;
    Ok(Reply::ok(to_json(cx.store, authentication, cx.now)?))
}

/// `POST /deviceAuthentications/{id}`: the media type selects the operation.
pub(crate) fn run_operation(cx: &mut Context<'_>) -> ApiResult {
    cx.store.end_pushes(cx.now);
    find(cx.store, cx.id(0))?;
    let media_type = cx.request.media_type();
    let operation = media_type.strip_prefix("application/vnd.pingidentity.");
    match operation.unwrap_or_default() {
        "device.select+json" => select_device(cx),
        "otp.check+json" => check_code(cx),
        "cancel.push.authentication+json" => cancel(cx),
        _ => Err(ApiError::unsupported_media_type()),
    }
}

/// `{"device": {"id"}, "compatibility": "FULL"}`. Contacts the device, even a second time.
fn select_device(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.object()?;
    let wanted = referenced_id(&body, "device")?
        .ok_or_else(|| ApiError::invalid("REQUIRED_VALUE", "device.id", "must not be empty"))?;
    let authentication = find(cx.store, cx.id(0))?;
    refuse_ended(authentication)?;
    let user = cx.store.find_user(&authentication.user)?;
    let (user_id, device) = (user.id.clone(), usable(user, wanted, cx.now)?.id.clone());
    let step = cx.store.contact(&user_id, &device, cx.now);
    let step = step.ok_or_else(ApiError::not_found)?;
    find_mut(cx)?.device = Some(device);
    advance(cx, step)
}

/// `{"otp"}`. The error for a wrong code is UNCONFIRMED.
fn check_code(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.object()?;
    let given = required_string(&body, "otp")?;
    let authentication = find(cx.store, cx.id(0))?;
    let Step::EnterCode { code, failures } = authentication.step.clone() else {
        return Err(wrong_step());
    };
    let user = cx.store.find_user(&authentication.user)?;
    let subject = cx.store.subject(user);
    if given == code {
        cx.record("OTP.CHECK_SUCCESS", vec![subject]);
        return advance(cx, Step::Completed);
    }
    cx.record_failure("OTP.CHECK_FAILED", vec![subject]);
    let failures = failures + 1;
    let left = MAX_CODE_ATTEMPTS.saturating_sub(failures);
    let step = if left == 0 {
        Step::Failed {
            code: "OTP_ATTEMPTS_EXCEEDED",
        }
    } else {
        Step::EnterCode { code, failures }
    };
    advance(cx, step)?;
    Err(ApiError::invalid_data(vec![
        Detail::new("INVALID_OTP", "otp", "The passcode is not valid")
            .with("attemptsRemaining", left),
    ]))
}

/// `{"reason": "CHANGE_DEVICE"}`. The status after cancelling is UNCONFIRMED.
fn cancel(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.object()?;
    required_string(&body, "reason")?;
    if !matches!(find(cx.store, cx.id(0))?.step, Step::ConfirmPush(_)) {
        return Err(wrong_step());
    }
    find_mut(cx)?.device = None;
    advance(cx, Step::SelectDevice)
}

fn advance(cx: &mut Context<'_>, step: Step) -> ApiResult {
    let now = cx.now;
    let authentication = find_mut(cx)?;
    authentication.step = step;
    authentication.updated_at = now;
    read(cx)
}

/// `GET /deviceAuthenticationPolicies`
#[expect(clippy::unnecessary_wraps, reason = "every handler has this form")]
pub(crate) fn policies(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let url = format!("{}/deviceAuthenticationPolicies", store.environment_url());
    let items: Vec<Value> = store
        .device_policies
        .iter()
        .enumerate()
        .map(|(position, policy)| {
            let selection = if policy.prompts_for_device {
                "PROMPT_TO_SELECT"
            } else {
                "DEFAULT_TO_FIRST"
            };
            let push = json!({
                "enabled": true,
                "numberMatching": { "enabled": policy.number_matching },
            });
            json!({
                "_links": { "self": link(&format!("{url}/{}", policy.id)) },
                "id": policy.id,
                "environment": { "id": store.environment.id },
                "name": policy.name,
                "default": position == 0,
                "authentication": { "deviceSelection": selection },
                "mobile": { "enabled": true, "applications": [{ "push": push }] },
            })
        })
        .collect();
    Ok(hal::unpaged(&url, "deviceAuthenticationPolicies", &items))
}

fn find<'a>(store: &'a Store, id: &str) -> Result<&'a DeviceAuthentication, ApiError> {
    store
        .device_authentications
        .iter()
        .find(|authentication| authentication.id == id)
        .ok_or_else(ApiError::not_found)
}

fn find_mut<'a>(cx: &'a mut Context<'_>) -> Result<&'a mut DeviceAuthentication, ApiError> {
    let id = cx.id(0).to_owned();
    cx.store
        .device_authentications
        .iter_mut()
        .find(|authentication| authentication.id == id)
        .ok_or_else(ApiError::not_found)
}

fn policy<'a>(store: &'a Store, body: &Map<String, Value>) -> Result<&'a DevicePolicy, ApiError> {
    let wanted = referenced_id(body, "policy")?;
    store
        .device_policies
        .iter()
        .find(|policy| wanted.is_none_or(|id| policy.id == id))
        .ok_or_else(|| {
            ApiError::invalid("INVALID_VALUE", "policy.id", "must be an existing policy")
        })
}

/// The device to contact at once; `None` if the user must choose.
fn default_device(user: &User, prompts: bool, now: Timestamp) -> Result<Option<String>, ApiError> {
    let devices = usable_devices(user, now);
    match devices.as_slice() {
        [] => Err(no_usable_devices(user, now)),
        [_, _, ..] if prompts => Ok(None),
        [first, ..] => Ok(Some(first.id.clone())),
    }
}

fn usable<'a>(user: &'a User, id: &str, now: Timestamp) -> Result<&'a Device, ApiError> {
    if !user.devices.iter().any(|device| device.id == id) {
        return Err(ApiError::invalid(
            "INVALID_VALUE",
            "device.id",
            "must be a device of the user",
        ));
    }
    let devices = usable_devices(user, now);
    devices
        .into_iter()
        .find(|device| device.id == id)
        .ok_or_else(|| no_usable_devices(user, now))
}

/// Third parties have seen the code, with a list of unusable devices and their states; its place
/// and form are UNCONFIRMED.
fn no_usable_devices(user: &User, now: Timestamp) -> ApiError {
    let devices: Vec<Value> = user
        .devices
        .iter()
        .map(|device| {
            let reason = if device.blocked_at.is_some() {
                "BLOCKED"
            } else if device.is_locked(now) {
                "LOCKED"
            } else if device.active {
                "PUSH_LIMIT_REACHED"
            } else {
                "ACTIVATION_REQUIRED"
            };
            json!({ "id": device.id, "type": device.kind, "status": reason })
        })
        .collect();
    ApiError::request_failed_with(
        Detail::new("NO_USABLE_DEVICES", "", "The user has no usable devices")
            .with("unusableDevices", devices),
    )
}

fn refuse_ended(authentication: &DeviceAuthentication) -> Result<(), ApiError> {
    match authentication.step {
        Step::Completed | Step::Failed { .. } => Err(wrong_step()),
        _ => Ok(()),
    }
}

/// The error for an operation that does not fit the status is UNCONFIRMED.
fn wrong_step() -> ApiError {
    ApiError::request_failed(
        "CONSTRAINT_VIOLATION",
        "The operation is not possible in the current status",
    )
}

fn to_json(
    store: &Store,
    authentication: &DeviceAuthentication,
    now: Timestamp,
) -> Result<Value, ApiError> {
    let url = format!(
        "{}/{}/deviceAuthentications/{}",
        store.base_url, store.environment.id, authentication.id
    );
    let user = store.find_user(&authentication.user)?;
    let devices: Vec<Value> = usable_devices(user, now)
        .into_iter()
        .map(device_json)
        .collect();
    let mut value = json!({
        "_links": { "self": link(&url), "device.select": link(&url) },
        "_embedded": { "devices": devices },
        "id": authentication.id,
        "environment": { "id": store.environment.id },
        "user": { "id": authentication.user },
        "policy": { "id": authentication.policy },
        "status": authentication.step.status(),
        "createdAt": format_timestamp(authentication.created_at),
        "updatedAt": format_timestamp(authentication.updated_at),
    });
    if let Some(device) = &authentication.device {
        value["selectedDevice"] = json!({ "id": device });
    }
    if let Step::Failed { code } = authentication.step {
        value["error"] = json!({ "code": code, "message": "The authentication failed." });
    }
    Ok(value)
}

/// A device to choose from, its address masked.
fn device_json(device: &Device) -> Value {
    let mut value = json!({ "id": device.id, "type": device.kind, "status": "ACTIVE" });
    for name in ["email", "phone"] {
        if let Some(address) = device.details.get(name).and_then(Value::as_str) {
            value[name] = masked(address).into();
        }
    }
    value
}

/// `emma.sharp@example.com` becomes `e****@e****.com`, `+1.6045550102` becomes `****0102`.
fn masked(address: &str) -> String {
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    if let Some((name, host)) = address.split_once('@') {
        let end = host.rsplit('.').next().unwrap_or_default();
        return format!("{}****@{}****.{end}", first(name), first(host));
    }
    let digits: Vec<char> = address.chars().collect();
    let shown: String = digits[digits.len().saturating_sub(4)..].iter().collect();
    format!("****{shown}")
}
