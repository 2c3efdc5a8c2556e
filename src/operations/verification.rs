//! Asks a person, by way of their MFA device, whether it is really them: chooses the device, starts a device
//! authentication, and says what its state means. Only one state means yes.

use std::fmt;

use anyhow::Result;
use secrecy::SecretString;
use serde_json::Value;

use crate::{
    advice::Advised,
    pending::{Pending, PendingVerifications},
};
use pingone::{
    Client,
    device_authentications::{DeviceAuthentication, Start, Status},
    id::{DeviceAuthenticationId, DeviceId, DevicePolicyId, UserId},
};

/// What a verification has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The person confirmed.
    Approved,
    /// The person denied it, or it failed.
    Denied,
    /// Nobody answered in time.
    TimedOut,
    /// PingOne still waits for the person.
    Pending,
    /// Neither yes nor no: nobody was asked, or PingOne's state is not known here.
    Unknown,
}

impl Outcome {
    /// Its name in the context, by which playbooks decide.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approved => "Approved",
            Self::Denied => "Denied",
            Self::TimedOut => "TimedOut",
            Self::Pending => "Pending",
            Self::Unknown => "Unknown",
        }
    }
}

/// A verification.
#[derive(Debug)]
pub struct Verification {
    /// As PingOne describes it.
    pub authentication: DeviceAuthentication,
    /// What it has come to.
    pub outcome: Outcome,
}

impl From<DeviceAuthentication> for Verification {
    fn from(authentication: DeviceAuthentication) -> Self {
        let outcome = match authentication.status {
            Status::Completed if authentication.was_completed_at_once() => Outcome::Unknown,
            Status::Completed => Outcome::Approved,
            Status::Failed => Outcome::Denied,
            Status::PushTimedOut => Outcome::TimedOut,
            Status::AwaitsPush | Status::AwaitsCode => Outcome::Pending,
            Status::AwaitsSelection | Status::AwaitsSecurityKey | Status::Other => Outcome::Unknown,
        };
        Self {
            authentication,
            outcome,
        }
    }
}

impl Verification {
    /// The status as PingOne calls it.
    pub fn status(&self) -> &str {
        let status = self.authentication.raw.get("status");
        status.and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether a push is on its way, so that asking again later makes sense.
    pub fn awaits_push(&self) -> bool {
        self.authentication.status == Status::AwaitsPush
    }
}

/// How a person is to be asked.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Who is asked.
    pub user: UserId,
    /// The device authentication policy, if not the default one.
    pub policy: Option<DevicePolicyId>,
    /// The device; without it, the first one that takes a push.
    pub device: Option<DeviceId>,
}

/// Why nobody was asked. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// There is no device at all.
    #[error("The user has no MFA device, so nothing was sent. Verify the person in another way.")]
    NoDevice,
    /// There is none that can be used now.
    #[error(
        "None of the user's MFA devices can be used, so nothing was sent: {0}. Verify the person in another way."
    )]
    NoUsableDevice(String),
    /// There is none that takes a push.
    #[error(
        "None of the user's MFA devices can receive a push, so nothing was sent. To use a one-time code instead, give the deviceId of one of these, ask the user for the code on the phone, and run pingone-check-otp: {0}."
    )]
    NoPush(String),
    /// There is none that takes a push or a code.
    #[error(
        "The user's MFA devices work only in the user's own browser, so nothing was sent: {0}. Verify the person in another way."
    )]
    BrowserOnly(String),
    /// The device is not one of the user's.
    #[error(
        "The user has no MFA device {0}, so nothing was sent. pingone-list-mfa-devices shows the user's devices."
    )]
    NotTheUsers(DeviceId),
    /// The device cannot be used now.
    #[error("Nothing was sent: {0}. Choose another deviceId.")]
    Unusable(String),
    /// Another verification is under way.
    #[error(
        "The verification {0} of this user is still pending, so nothing was sent. Run pingone-get-verification or pingone-cancel-verification with verificationId={0}."
    )]
    Pending(DeviceAuthenticationId),
    /// Another verification may be under way.
    #[error(
        "PingOne's answer to the last verification of this user was lost, so a push may still be pending and nothing was sent. Ask the user, or run the command again after {0}."
    )]
    PerhapsPending(String),
}

const MAY_HAVE_BEEN_SENT: &str = "PingOne may have made the change anyway, so the user may have received a message. PingOne has no list of pending verifications: ask the user, or wait two minutes, before you run the command again.";
const NO_USABLE_DEVICE: &str = "The user's devices may be blocked or locked: pingone-list-mfa-devices shows that. After five pushes ignored or denied within ten minutes, PingOne stops pushes to the user for 30 minutes (its defaults).";

/// Starts a verification, unless one is known to be pending for this user.
pub async fn start(
    pingone: &Client<'_>,
    pending: &PendingVerifications,
    request: Request,
) -> Result<Verification> {
    let Request {
        user,
        policy,
        device,
    } = request;
    let devices = pingone.devices_with_ids(user).await?;
    let devices: Vec<Device> = devices.iter().filter_map(Device::read).collect();
    let chosen = choose(&devices, device)?;
    refuse_second(pingone, pending, user).await?;
    let is_only_one = devices.iter().filter(|device| device.is_usable()).count() == 1;
    let start = Start {
        user,
        policy,
        // Without a choice to make, the documented body does.
        device: (!is_only_one).then_some(chosen),
    };
    pending.begin(user, pingone.now());
    let started = match pingone.start_device_authentication(start).await {
        Ok(started) => started,
        Err(error) => {
            if !error.may_have_changed() {
                pending.end(user);
            }
            return Err(explained(error));
        }
    };
    pending.started(user, started.id, pingone.now());
    if started.status == Status::AwaitsSelection {
        let selected = pingone.select_device(started.id, user, chosen).await;
        return Ok(selected.map_err(explained)?.into());
    }
    let mut verification = Verification::from(started);
    if verification.outcome == Outcome::Approved {
        // Nobody can have answered yet.
        verification.outcome = Outcome::Unknown;
    }
    Ok(verification)
}

fn explained(error: pingone::Error) -> anyhow::Error {
    let advice = if error.attempts.outcome_unknown {
        MAY_HAVE_BEEN_SENT
    } else if error.has_code("NO_USABLE_DEVICES") {
        NO_USABLE_DEVICE
    } else {
        return error.into();
    };
    Advised { error, advice }.into()
}

/// Refuses where a verification of this user is known to be pending.
async fn refuse_second(
    pingone: &Client<'_>,
    pending: &PendingVerifications,
    user: UserId,
) -> Result<()> {
    let Some(Pending { id, until }) = pending.of(user, pingone.now()) else {
        return Ok(());
    };
    let Some(id) = id else {
        let until = until.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        return Err(NotAsked::PerhapsPending(until).into());
    };
    let earlier = pingone.device_authentication(id).await?;
    let is_pending =
        |earlier: DeviceAuthentication| Verification::from(earlier).outcome == Outcome::Pending;
    if earlier.is_some_and(is_pending) {
        return Err(NotAsked::Pending(id).into());
    }
    Ok(())
}

/// A verification by its id.
pub async fn read(pingone: &Client<'_>, id: DeviceAuthenticationId) -> Result<Verification> {
    let found = pingone.device_authentication(id).await?;
    Ok(found.ok_or(NoSuchVerification(id))?.into())
}

/// There is no verification with this id.
#[derive(Debug, thiserror::Error)]
#[error(
    "PingOne has no verification {0}. It may have been deleted, or belong to another environment."
)]
pub struct NoSuchVerification(DeviceAuthenticationId);

/// It waits for something else than what was to be done.
#[derive(Debug, thiserror::Error)]
#[error("The verification {id} {problem}: its status is {status}. Nothing was sent.")]
pub struct WrongState {
    id: DeviceAuthenticationId,
    problem: &'static str,
    status: String,
}

const WRONG_CODE: &str = "PingOne did not accept the code. Ask the user to read it out again; after some wrong codes the verification fails and a new one has to be started.";

/// Submits the code that the person told.
pub async fn check_code(
    pingone: &Client<'_>,
    id: DeviceAuthenticationId,
    code: &SecretString,
) -> Result<Verification> {
    let user = ready_for(pingone, id, Status::AwaitsCode, "does not wait for a code").await?;
    let checked = pingone.check_code(id, user, code).await;
    let checked = checked.map_err(|error| match error.status() {
        Some(400) => anyhow::Error::from(Advised {
            error,
            advice: WRONG_CODE,
        }),
        _ => error.into(),
    });
    Ok(checked?.into())
}

/// Cancels the push, so that it can no longer be answered.
pub async fn cancel(pingone: &Client<'_>, id: DeviceAuthenticationId) -> Result<Verification> {
    let user = ready_for(pingone, id, Status::AwaitsPush, "has no pending push").await?;
    Ok(pingone.cancel_push(id, user).await?.into())
}

/// The user of a verification that is in this state.
async fn ready_for(
    pingone: &Client<'_>,
    id: DeviceAuthenticationId,
    status: Status,
    otherwise: &'static str,
) -> Result<UserId> {
    let verification = read(pingone, id).await?;
    match verification.authentication.user {
        Some(user) if verification.authentication.status == status => Ok(user),
        Some(_) => Err(WrongState {
            id,
            problem: otherwise,
            status: verification.status().to_owned(),
        }
        .into()),
        // Whom it affects decides whether it is allowed.
        None => Err(WrongState {
            id,
            problem: "does not say whom it asks",
            status: verification.status().to_owned(),
        }
        .into()),
    }
}

/// How a device confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Factor {
    Push,
    Code,
    Browser,
    Other,
}

/// An MFA device, as far as the choice goes.
struct Device {
    id: DeviceId,
    kind: String,
    factor: Factor,
    obstacle: Option<&'static str>,
}

impl Device {
    /// `None` for a device without a usable id, which cannot be chosen.
    fn read((id, raw): &(Option<DeviceId>, Value)) -> Option<Self> {
        let text = |pointer: &str| raw.pointer(pointer).and_then(Value::as_str);
        let kind = text("/type").unwrap_or("unknown type").to_owned();
        let factor = match kind.as_str() {
            "MOBILE" => Factor::Push,
            "SMS" | "EMAIL" | "VOICE" | "WHATSAPP" | "TOTP" | "OATH_TOKEN" => Factor::Code,
            "FIDO2" | "SECURITY_KEY" | "PLATFORM" => Factor::Browser,
            _ => Factor::Other,
        };
        let obstacle = if text("/status") == Some("ACTIVATION_REQUIRED") {
            Some("is not activated")
        } else if text("/block/status") == Some("BLOCKED") {
            Some("is blocked")
        } else if text("/lock/status") == Some("LOCKED") {
            Some("is locked")
        } else {
            None
        };
        Some(Self {
            id: (*id)?,
            kind,
            factor,
            obstacle,
        })
    }

    fn is_usable(&self) -> bool {
        self.obstacle.is_none()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)?;
        self.obstacle
            .map_or(Ok(()), |obstacle| write!(f, " {obstacle}"))
    }
}

/// The device to ask by. PingOne may list a device as usable and yet refuse it.
fn choose(devices: &[Device], wanted: Option<DeviceId>) -> Result<DeviceId, NotAsked> {
    let listed = |factor: Option<Factor>| {
        let devices = devices.iter().filter(|device| {
            factor.is_none_or(|factor| device.is_usable() && device.factor == factor)
        });
        let devices: Vec<String> = devices.map(ToString::to_string).collect();
        devices.join(", ")
    };
    if let Some(wanted) = wanted {
        let device = devices.iter().find(|device| device.id == wanted);
        return match device {
            None => Err(NotAsked::NotTheUsers(wanted)),
            Some(device) if !device.is_usable() => Err(NotAsked::Unusable(device.to_string())),
            Some(device) if device.factor == Factor::Browser => Err(NotAsked::Unusable(format!(
                "{device} works only in the user's own browser"
            ))),
            Some(device) => Ok(device.id),
        };
    }
    let mut usable = devices.iter().filter(|device| device.is_usable());
    if let Some(device) = usable.clone().find(|device| device.factor == Factor::Push) {
        return Ok(device.id);
    }
    let codes = listed(Some(Factor::Code));
    Err(if devices.is_empty() {
        NotAsked::NoDevice
    } else if usable.next().is_none() {
        NotAsked::NoUsableDevice(listed(None))
    } else if codes.is_empty() {
        NotAsked::BrowserOnly(listed(None))
    } else {
        NotAsked::NoPush(codes)
    })
}
