//! Alternatives to UNCONFIRMED behaviour, one for each fact a real tenant may settle the other way.
//!
//! By default the sandbox does what is most likely. A seed that lists an alternative gets the other
//! behaviour, so that tests can show commands telling the truth either way. Each is implemented
//! where its operation is.

use serde::Deserialize;

/// A behaviour PingOne may have instead of the sandbox's default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Alternative {
    /// A plain PATCH replaces `name` and `address` instead of merging them.
    PatchReplacesObjects,
    /// A lock without a future `unlockAt` does nothing.
    LockNeedsUnlockAt,
    /// Disabled users can be locked and unlocked.
    DisabledUsersCanBeLocked,
    /// Unlocking an account also ends a password lockout.
    UnlockEndsLockout,
    /// A password lockout does not affect `account.status`.
    LockoutStaysOutOfAccount,
    /// Only `password.unlock` without `+json` is accepted.
    PasswordUnlockIsBare,
    /// Forcing a password change returns 204 without a body.
    ForceChangeAnswersNoContent,
    /// Adding an existing group member returns 201.
    MembershipAgainIsCreated,
    /// Filters with a backslash are rejected.
    EscapesAreRefused,
    /// An ended session stays in the list as expired.
    EndedSessionsStayListed,
    /// An unknown environment returns 404 instead of 403.
    UnknownEnvironmentIsNotFound,
    /// A date in the past does not end an MFA bypass: it is rejected.
    PastBypassIsRejected,
    /// A denied push has a status of its own instead of `FAILED`.
    DeniedPushesAreRejected,
    /// A device authentication of a user with an MFA bypass is completed at once.
    BypassCompletesDeviceAuthentications,
    /// A worker's access tokens keep a role that is removed until they expire.
    TokensKeepRemovedRoles,
    /// Disabling an application invalidates its access tokens.
    DisablingEndsTokens,
    /// The roles of an environment do not include the built-in ones.
    EnvironmentRolesAreCustomOnly,
    /// Risk feedback returns 200 instead of 201.
    FeedbackReturnsOk,
    /// Activities cannot be filtered by several action types at once.
    ActionTypesAreSingle,
    /// A query for activities older than fourteen days is rejected instead of finding none.
    OldActivitiesAreRefused,
    /// The error's `id` differs from the response's Correlation-Id.
    ErrorIdDiffers,
}
