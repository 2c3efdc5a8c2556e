//! The other side of what is UNCONFIRMED: behaviours that a real tenant may have instead.
//!
//! By default the sandbox does what seems likeliest; a seed that names an alternative gets the
//! other, so that commands can be shown to report the truth either way. Only names them; each is
//! carried out where its operation is.

use serde::Deserialize;

/// A behaviour that PingOne may have instead of the sandbox's usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Alternative {
    /// A plain PATCH replaces `name` and `address` whole instead of member by member.
    PatchReplacesObjects,
    /// A lock without a future `unlockAt` does nothing.
    LockNeedsUnlockAt,
    /// Disabled users can be locked and unlocked.
    DisabledUsersCanBeLocked,
    /// Unlocking an account ends a password lockout, too.
    UnlockEndsLockout,
    /// A password lockout does not show in `account.status`.
    LockoutStaysOutOfAccount,
    /// Only `password.unlock` without `+json` is understood.
    PasswordUnlockIsBare,
    /// A forced password change answers 204 without a body.
    ForceChangeAnswersNoContent,
    /// Adding a member once more answers 201.
    MembershipAgainIsCreated,
    /// A backslash in a filter is refused.
    EscapesAreRefused,
    /// A session that was ended stays in the list, as one that has expired.
    EndedSessionsStayListed,
    /// An unknown environment answers 404 instead of 403.
    UnknownEnvironmentIsNotFound,
    /// The error's `id` is another than the response's Correlation-Id.
    ErrorIdDiffers,
}
