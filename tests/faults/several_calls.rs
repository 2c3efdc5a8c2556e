//! The fault matrix of the commands that make several calls: every command × every fault × every call. Which
//! calls there are, and what a fault at each of them costs, stands in one table, [`INVOCATIONS`]. Where users or steps
//! are served one by one, a fault costs the one that it strikes and no other.
//!
//! A body without end, one of more than 8 MiB and a list without end take long, and each call meets them in the
//! same function whatever the command: so they are played once for each distinct call.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    conversation::kind_and_text,
    faults::{self, Doubt, ExpectedText, FAULTS, Fault, Kind, Needs, Transcript, closing},
    healthy::{
        ACCOUNT, APPLICATION, DEVICE, DEVICE_2, GROUP, GROUP_2, Healthy, OTHER, State, USER, short,
    },
    server::Request,
};

/// A command, asked so that it makes the calls which are told here.
pub(crate) struct Invocation {
    pub(crate) name: &'static str,
    pub(crate) args: &'static [(&'static str, &'static str)],
    /// How PingOne stands before.
    given: fn(&mut State),
    answer: FailureReport,
    order: Order,
    /// The calls of a run without a fault, but for the token's.
    calls: &'static [Call],
}

/// How a failure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailureReport {
    /// By an error entry alone.
    Alone,
    /// By a table of what came of each user, and an error entry after it.
    Table,
    /// By a table of the steps and an error entry after it, or by an error entry alone if no step was taken.
    TableOfSteps,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// One call after the other.
    Fixed,
    /// So many at once from the start; in which order calls come is not fixed.
    AtOnce(usize),
}

/// A call that a command makes.
struct Call {
    /// Method and path, with letters for ids as `healthy::short` puts them.
    short: &'static str,
    needs: Needs,
    costs: Costs,
    /// What was done before, which an error from here on has to tell.
    before: Option<&'static str>,
    /// What a 404 leads to, where it is more than a failure of this call: the calls of the same step that are made
    /// then, and what the error says; `None` if all is well in the end.
    gone: Option<(&'static [&'static str], Option<&'static str>)>,
    /// The calls that are made all the same if this one fails, where it is one of several that do the same.
    then: &'static [&'static str],
    /// What to do about a 403, where that is not what the table of faults says.
    forbidden: Option<&'static str>,
    /// Whether it is sent again if its answer is lost.
    is_repeatable: bool,
}

/// What is lost if a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Costs {
    /// The whole command, or all that is done for the user; nothing more is called for it.
    All,
    /// A step of several: the rest of its calls are not made, those of the others are.
    Step(&'static str),
    /// A part of a step: the rest of its calls are made all the same.
    OneOfStep(&'static str),
    /// A section of the answer.
    Section(&'static str),
    /// Names that are nice to have; that they are missing is told.
    Names,
    /// Names without which ids stand in their places.
    NamesOfIds,
    /// Something else that is nice to have; this tells that it is missing.
    Note(&'static str),
    /// Marks in other sections; that they are missing is told.
    Marks,
    /// It is a call for the other user, who must be served whatever happens here. No fault is played at it.
    NotFaulted,
}

/// A call on which everything hangs.
const fn call(short: &'static str, needs: Needs) -> Call {
    Call {
        short,
        needs,
        costs: Costs::All,
        before: None,
        gone: None,
        then: &[],
        forbidden: None,
        is_repeatable: true,
    }
}

/// A call for names without which ids do.
const fn names_of_ids(path: &'static str) -> Call {
    call(path, Needs::List).costs(Costs::NamesOfIds)
}

/// A call of a command that changes applications.
const fn of_application(path: &'static str, needs: Needs) -> Call {
    call(path, needs).forbidden("The worker application needs the role Environment Admin")
}

/// A call that belongs to a step.
const fn step(step: &'static str, path: &'static str, needs: Needs) -> Call {
    call(path, needs).costs(Costs::Step(step))
}

/// A call that is a part of a step by itself.
const fn one_of(step: &'static str, path: &'static str) -> Call {
    call(path, Needs::Nothing).costs(Costs::OneOfStep(step))
}

/// A call for a section of an answer.
const fn section(title: &'static str, path: &'static str, needs: Needs) -> Call {
    call(path, needs).costs(Costs::Section(title))
}

/// A call for the other user.
const fn others(path: &'static str) -> Call {
    call(path, Needs::Nothing).costs(Costs::NotFaulted)
}

impl Call {
    const fn costs(mut self, costs: Costs) -> Self {
        self.costs = costs;
        self
    }

    const fn after(mut self, done: &'static str) -> Self {
        self.before = Some(done);
        self
    }

    const fn gone(mut self, then: &'static [&'static str], says: Option<&'static str>) -> Self {
        self.gone = Some((then, says));
        self
    }

    const fn then(mut self, calls: &'static [&'static str]) -> Self {
        self.then = calls;
        self
    }

    const fn forbidden(mut self, advice: &'static str) -> Self {
        self.forbidden = Some(advice);
        self
    }

    /// It is sent again only if it was surely not carried out.
    const fn once(mut self) -> Self {
        self.is_repeatable = false;
        self
    }

    fn kind(&self) -> Kind {
        if self.short.starts_with("GET ") {
            Kind::Read
        } else if self.is_repeatable {
            Kind::Write
        } else {
            Kind::Once
        }
    }

    /// What is called where the answer does not tell the new state.
    fn reads_back(&self) -> Option<&'static str> {
        match self.needs {
            Needs::StateOrNothing if self.short.ends_with("/mfaEnabled") => Some(MFA),
            Needs::StateOrNothing if self.short.ends_with("/password") => Some(PASSWORD),
            Needs::StateOrNothing | Needs::UserOrNothing => Some("GET /users/U"),
            _ => None,
        }
    }

    /// Whether it takes something away from the user, one of several things that may be taken.
    fn is_one_of_several(&self) -> bool {
        self.short.starts_with("DELETE /users/U/")
            || self.short.starts_with("DELETE /applications/")
    }

    fn step(&self) -> Option<&'static str> {
        match self.costs {
            Costs::Step(step) | Costs::OneOfStep(step) => Some(step),
            _ => None,
        }
    }
}

const EMMA: (&str, &str) = ("username", "emma.sharp");
/// `USER` and `OTHER`.
const BOTH: &str = "a8890eb9-38ea-469a-bc00-b64be7903633,a8890eb9-38ea-469a-bc00-b64be7903634";
const CLIENT: (&str, &str) = ("clientId", crate::healthy::CLIENT);
const LOOK_UP: Call = call("GET /users", Needs::List);
const AS_IT_IS: fn(&mut State) = |_| {};
const TERSE: fn(&mut State) = |state| state.is_terse = true;
const CONTAINED: fn(&mut State) = |state| (state.enabled, state.status) = (false, "LOCKED");
/// With the ids of `healthy.rs`.
const RECORD: &str = r#"{"ID": "a8890eb9-38ea-469a-bc00-b64be7903633", "Record": {"Disabled": true, "Locked": true,
    "LeftGroups": ["a5ec8d61-6291-4ebf-8630-135c2ecf1d10", "a5ec8d61-6291-4ebf-8630-135c2ecf1d11"]}}"#;
const RECORD_OF_ROLES: &str = r#"{"ID": "a8890eb9-38ea-469a-bc00-b64be7903633", "Record": {
    "RemovedRoles": ["29ddce68-cd7f-4b2a-b6fc-f7a19553b496 ENVIRONMENT b4f5e266-a946-4f77-9cc5-5dc91b046431",
        "e1bc848f-5cf4-5a48-a5b3-471f4431a705 ENVIRONMENT b4f5e266-a946-4f77-9cc5-5dc91b046431"],
    "RemovedRoleNames": ["Identity Data Admin", "SOC responder"]}}"#;
const ALL_STEPS: &str =
    "lock,disable,endSessions,setPassword,forceChange,removeDevices,leaveGroups";

const OF_APPLICATION: (&str, &str) = ("application", APPLICATION);
/// With the ids of `healthy.rs`.
const RECORD_OF_APPLICATION: &str = r#"{"ID": "5c2e5c21-e505-5275-9c60-cf68cc38d552", "Record": {"Disabled": true,
    "RemovedRoles": [
        {"Role": "Identity Data Admin", "RoleID": "29ddce68-cd7f-4b2a-b6fc-f7a19553b496",
            "Scope": "ENVIRONMENT", "ScopeID": "b4f5e266-a946-4f77-9cc5-5dc91b046431"},
        {"Role": "SOC responder", "RoleID": "e1bc848f-5cf4-5a48-a5b3-471f4431a705",
            "Scope": "ENVIRONMENT", "ScopeID": "b4f5e266-a946-4f77-9cc5-5dc91b046431"}]}}"#;
/// `ASSIGNMENT` and `ASSIGNMENT_2` of `healthy.rs`.
const BOTH_ROLES: &str =
    "34d57be7-5a5b-4a4e-9b3a-2c8e2f1e7a10,34d57be7-5a5b-4a4e-9b3a-2c8e2f1e7a11";
const WITHOUT_ROLES: fn(&mut State) = |state| {
    state.enabled = false;
    state.take_roles();
};

/// What an answer lacks if the audit trail is not available.
const AUDIT_TRAIL: &str = "Audit trail";

const SESSIONS: &str = "GET /users/U/sessions";
const END_S: &str = "DELETE /users/U/sessions/S";
const END_T: &str = "DELETE /users/U/sessions/T";
const DEVICES: &str = "GET /users/U/devices";
const LINKED: &str = "GET /users/U/linkedAccounts";
const A_REMAINS: &str = "Unlinked 0 accounts, but PingOne still lists ext-5512.";
const DELETE_D: &str = "DELETE /users/U/devices/D";
const OPERATE_D: &str = "POST /users/U/devices/D";
const DELETE_E: &str = "DELETE /users/U/devices/E";
const LEAVE_G: &str = "DELETE /users/U/memberOfGroups/G";
const LEAVE_H: &str = "DELETE /users/U/memberOfGroups/H";
const JOIN: &str = "POST /users/U/memberOfGroups";
const PASSWORD: &str = "GET /users/U/password";
const BYPASS: &str = "GET /users/U/bypassMFA";
const D_BLOCKED: &str = "Blocked 1 device (TOTP), but it could not be verified: ";
const MFA: &str = "GET /users/U/mfaEnabled";
const ONE_ENDED: &str = "Ended 1 session; could not end ";
const BOTH_ENDED: &str = "Ended 2 sessions, then failed: ";
const E_DELETED: &str = "Deleted 1 device (FIDO2); could not delete TOTP: ";
const D_DELETED: &str = "Deleted 1 device (TOTP); could not delete FIDO2: ";
const THE_ONE_DELETED: &str = "Deleted 1 device (TOTP), then failed: ";
const BOTH_DELETED: &str = "Deleted 2 devices (TOTP, FIDO2), then failed: ";
const D_REMAINS: &str = "Deleted 0 devices, but PingOne still lists TOTP.";
const ONLY_D_REMAINS: &str = "Deleted 1 device (FIDO2), but PingOne still lists TOTP.";
const ONLY_E_REMAINS: &str = "Deleted 1 device (TOTP), but PingOne still lists FIDO2.";
/// A session that PingOne calls gone but lists is ended once more.
const S_AGAIN: (&[&str], Option<&str>) = (&[END_T, SESSIONS, END_S, SESSIONS], None);
const T_AGAIN: (&[&str], Option<&str>) = (&[SESSIONS, END_T, SESSIONS], None);
const LOCK_ACCEPTED: &str = "PingOne accepted the lock, but it could not be verified: ";
const UNLOCK_ACCEPTED: &str = "PingOne accepted the unlock, but it could not be verified: ";
const CHANGE_ACCEPTED: &str = "PingOne accepted the change, but it could not be verified: ";
const BUILT_IN_ROLES: &str = "GET /v1/roles";
const OWN_ROLES: &str = "GET /roles";
const ROLES: &str = "GET /users/U/roleAssignments";
const ASSIGN: &str = "POST /users/U/roleAssignments";
const REMOVE_R: &str = "DELETE /users/U/roleAssignments/R";
const REMOVE_Q: &str = "DELETE /users/U/roleAssignments/Q";
const Q_REMOVED: &str = "Removed 1 role (SOC responder); could not remove Identity Data Admin: ";
const R_REMOVED: &str = "Removed 1 role (Identity Data Admin); could not remove SOC responder: ";
const BOTH_REMOVED: &str = "Removed 2 roles (Identity Data Admin, SOC responder), then failed: ";
const ONLY_R_REMAINS: &str =
    "Removed 1 role (SOC responder), but PingOne still lists Identity Data Admin.";
const ONLY_Q_REMAINS: &str =
    "Removed 1 role (Identity Data Admin), but PingOne still lists SOC responder.";
const MAY_ASSIGN: &str = "The worker application needs a role that may assign the role in question";
const MAY_NOT_ASSIGN: &str =
    "A worker application can only assign and remove roles that its own roles may assign.";
const A: &str = "GET /applications/A";
const PUT_A: &str = "PUT /applications/A";
const ROTATE: &str = "POST /applications/A/secret";
const ROLES_OF_A: &str = "GET /applications/A/roleAssignments";
const REMOVE_R_OF_A: &str = "DELETE /applications/A/roleAssignments/R";
const REMOVE_Q_OF_A: &str = "DELETE /applications/A/roleAssignments/Q";
const ASSIGN_TO_A: &str = "POST /applications/A/roleAssignments";
const NO_APPLICATION: (&[&str], Option<&str>) = (
    &[],
    Some("There is no application 5c2e5c21-e505-5275-9c60-cf68cc38d552."),
);
const APPLICATION_IS_GONE: (&[&str], Option<&str>) =
    (&[], Some("The application was changed, but is gone now."));
const MAY_NOT_ROTATE: &str =
    "PingOne rotates a secret only for a worker application that has at least the roles";
const STILL_IN_GROUP: &str =
    "PingOne answered that there is nothing to remove, but the user is still in the group";

/// The commands of several calls, some in several ways. Some of those of `matrix.rs` are here again, where PingOne
/// does not tell the new state and it is read.
#[rustfmt::skip]
pub(crate) static INVOCATIONS: &[Invocation] = &[
    alone("pingone-list-users", &[("groupName", "Sales")], &[
        call("GET /groups", Needs::List),
        call("GET /users", Needs::List),
    ]),
    alone("pingone-list-groups", &[], &[call("GET /groups", Needs::List)]),
    alone("pingone-get-group-members", &[("groupName", "Sales")], &[
        call("GET /groups", Needs::List),
        call("GET /users", Needs::List),
    ]),
    alone("pingone-list-webhooks", &[], &[call("GET /subscriptions", Needs::List)]),
    alone("pingone-list-populations", &[], &[call("GET /populations", Needs::List)]),
    // PingOne answers for 14 days at a time, and for what the client did: what a user did and what was done to it
    // would be asked for at once.
    alone("pingone-list-audit-activities", &[CLIENT, ("from", "20 days ago")], &[
        call("GET /activities", Needs::List),
        call("GET /activities", Needs::List),
    ]),
    alone("pingone-get-failed-logins", &[CLIENT, ("from", "20 days ago")], &[
        call("GET /activities", Needs::List),
        call("GET /activities", Needs::List),
    ]),
    table("pingone-list-sessions", &[EMMA], &[LOOK_UP, call(SESSIONS, Needs::List)]),
    table("pingone-list-mfa-devices", &[EMMA], &[LOOK_UP, call(DEVICES, Needs::List)]),
    Invocation {
        order: Order::AtOnce(3),
        ..table("pingone-list-role-assignments", &[EMMA], &[
            call("GET /v1/roles", Needs::List).costs(Costs::Names),
            call("GET /roles", Needs::List).costs(Costs::Names),
            LOOK_UP,
            call("GET /users/U/roleAssignments", Needs::List),
        ])
    },
    Invocation {
        order: Order::AtOnce(4),
        ..alone("pingone-list-administrators", &[], &[
            call("GET /v1/roles", Needs::List).costs(Costs::Names),
            call("GET /roles", Needs::List).costs(Costs::Names),
            call("GET /activities", Needs::List)
                .costs(Costs::Note("When roles were granted could not be read: ")),
            call("GET /users", Needs::List),
            call("GET /users/U/roleAssignments", Needs::List),
        ])
    },
    Invocation {
        order: Order::AtOnce(1),
        ..alone("pingone-get-user", &[EMMA, ("detailed", "true")], &[
            LOOK_UP,
            section("Population", "GET /populations/P", Needs::Object),
            section("Password", PASSWORD, Needs::Status),
            section("Linked accounts", "GET /users/U/linkedAccounts", Needs::List),
            section("Groups", "GET /users/U/memberOfGroups", Needs::List),
            section("MFA devices", DEVICES, Needs::List),
            call("GET /activities", Needs::List).costs(Costs::Marks),
            section("MFA bypass", BYPASS, Needs::Status),
            section("Roles", "GET /users/U/roleAssignments", Needs::List),
            section("Sessions", SESSIONS, Needs::List),
            call("GET /v1/roles", Needs::List).costs(Costs::Names),
            call("GET /roles", Needs::List).costs(Costs::Names),
        ])
    },
    table("pingone-lock-user", &[EMMA], &[
        LOOK_UP,
        call("POST /users/U", Needs::UserOrNothing),
    ]),
    Invocation {
        given: TERSE,
        ..table("pingone-lock-user", &[("userId", USER)], &[
            call("GET /users/U", Needs::User),
            call("POST /users/U", Needs::UserOrNothing),
            call("GET /users/U", Needs::User).after(LOCK_ACCEPTED),
        ])
    },
    Invocation {
        given: |state| state.password = "PASSWORD_LOCKED_OUT",
        ..table("pingone-unlock-password", &[EMMA], &[
            LOOK_UP,
            call(PASSWORD, Needs::Status),
            call("POST /users/U/password", Needs::Nothing),
            call(PASSWORD, Needs::Status).after(UNLOCK_ACCEPTED),
        ])
    },
    table("pingone-clear-user-sessions", &[EMMA], &[
        LOOK_UP,
        call(SESSIONS, Needs::List),
        call(END_S, Needs::Nothing).gone(S_AGAIN.0, S_AGAIN.1).then(&[END_T]).after(ONE_ENDED),
        call(END_T, Needs::Nothing).gone(T_AGAIN.0, T_AGAIN.1).after(ONE_ENDED),
        call(SESSIONS, Needs::List).after(BOTH_ENDED),
    ]),
    // Two users, of whom one is faulted.
    Invocation {
        order: Order::AtOnce(2),
        ..table("pingone-clear-user-sessions", &[("userId", BOTH)], &[
            others("GET /users/V/sessions"),
            others("DELETE /users/V/sessions/S"),
            others("DELETE /users/V/sessions/T"),
            others("GET /users/V/sessions"),
            call(SESSIONS, Needs::List),
            call(END_S, Needs::Nothing).gone(S_AGAIN.0, S_AGAIN.1).then(&[END_T]).after(ONE_ENDED),
            call(END_T, Needs::Nothing).gone(T_AGAIN.0, T_AGAIN.1).after(ONE_ENDED),
            call(SESSIONS, Needs::List).after(BOTH_ENDED),
        ])
    },
    table("pingone-delete-mfa-device", &[EMMA, ("deviceId", DEVICE)], &[
        LOOK_UP,
        call(DEVICES, Needs::List),
        call(DELETE_D, Needs::Nothing).gone(&[DEVICES], Some(D_REMAINS)),
        call(DEVICES, Needs::List).after(THE_ONE_DELETED),
    ]),
    table("pingone-unlink-account", &[EMMA, ("linkedAccountId", ACCOUNT)], &[
        LOOK_UP,
        call(LINKED, Needs::List),
        call("DELETE /users/U/linkedAccounts/L", Needs::Nothing).gone(&[LINKED], Some(A_REMAINS)),
        call(LINKED, Needs::List).after("Unlinked 1 account (ext-5512), then failed: "),
    ]),
    table("pingone-block-mfa-device", &[EMMA, ("deviceId", DEVICE)], &[
        LOOK_UP,
        call(DEVICES, Needs::List),
        call(OPERATE_D, Needs::Nothing),
        call(DEVICES, Needs::List).after(D_BLOCKED),
    ]),
    table("pingone-unblock-mfa-device", &[EMMA, ("deviceId", DEVICE)], &[
        LOOK_UP,
        call(DEVICES, Needs::List),
        call(OPERATE_D, Needs::Nothing),
        call(DEVICES, Needs::List).after("Unblocked 1 device (TOTP), but it could not be verified: "),
    ]),
    table("pingone-unlock-mfa-device", &[EMMA, ("deviceId", DEVICE)], &[
        LOOK_UP,
        call(DEVICES, Needs::List),
        call(OPERATE_D, Needs::Nothing),
        call(DEVICES, Needs::List).after("Unlocked 1 device (TOTP), but it could not be verified: "),
    ]),
    table("pingone-get-mfa-bypass", &[EMMA], &[LOOK_UP, call(BYPASS, Needs::Status)]),
    Invocation {
        given: |state| state.bypass = Some("2100-01-01T00:00:00.000Z".to_owned()),
        ..table("pingone-end-mfa-bypass", &[EMMA], &[
            LOOK_UP,
            call(BYPASS, Needs::Status),
            call("PUT /users/U/bypassMFA", Needs::Nothing),
            call(BYPASS, Needs::Status).after(CHANGE_ACCEPTED),
        ])
    },
    table("pingone-reset-mfa", &[EMMA], &[
        LOOK_UP,
        call(DEVICES, Needs::List),
        call(DELETE_D, Needs::Nothing).gone(&[DELETE_E, DEVICES], Some(ONLY_D_REMAINS)).then(&[DELETE_E]).after(E_DELETED),
        call(DELETE_E, Needs::Nothing).gone(&[DEVICES], Some(ONLY_E_REMAINS)).after(D_DELETED),
        call(DEVICES, Needs::List).after(BOTH_DELETED),
    ]),
    table("pingone-set-mfa-enabled", &[EMMA, ("enabled", "true")], &[
        LOOK_UP,
        call(MFA, Needs::Status),
        call("PUT /users/U/mfaEnabled", Needs::StateOrNothing),
    ]),
    Invocation {
        given: TERSE,
        ..table("pingone-set-mfa-enabled", &[("userId", USER), ("enabled", "true")], &[
            call(MFA, Needs::Status),
            call("PUT /users/U/mfaEnabled", Needs::StateOrNothing),
            call(MFA, Needs::Status).after(CHANGE_ACCEPTED),
        ])
    },
    table("pingone-contain-user", &[EMMA, ("steps", ALL_STEPS)], &[
        LOOK_UP,
        step("lock", "POST /users/U", Needs::UserOrNothing),
        step("disable", "PUT /users/U/enabled", Needs::StateOrNothing),
        step("endSessions", SESSIONS, Needs::List),
        step("endSessions", END_S, Needs::Nothing).gone(S_AGAIN.0, S_AGAIN.1).then(&[END_T]).after(ONE_ENDED),
        step("endSessions", END_T, Needs::Nothing).gone(T_AGAIN.0, T_AGAIN.1).after(ONE_ENDED),
        step("endSessions", SESSIONS, Needs::List).after(BOTH_ENDED),
        step("setPassword", PASSWORD, Needs::Status),
        step("setPassword", "PUT /users/U/password", Needs::Nothing),
        step("forceChange", PASSWORD, Needs::Status),
        step("forceChange", "POST /users/U/password", Needs::StateOrNothing),
        step("removeDevices", DEVICES, Needs::List),
        step("removeDevices", DELETE_D, Needs::Nothing).gone(&[DELETE_E, DEVICES], Some(ONLY_D_REMAINS)).then(&[DELETE_E]).after(E_DELETED),
        step("removeDevices", DELETE_E, Needs::Nothing).gone(&[DEVICES], Some(ONLY_E_REMAINS)).after(D_DELETED),
        step("removeDevices", DEVICES, Needs::List).after(BOTH_DELETED),
        step("leaveGroups", "GET /users/U/memberOfGroups", Needs::List),
        one_of("leaveGroups", LEAVE_G).gone(&["GET /users/U/memberOfGroups/G", LEAVE_H], Some(STILL_IN_GROUP)),
        one_of("leaveGroups", LEAVE_H).gone(&["GET /users/U/memberOfGroups/H"], Some(STILL_IN_GROUP)),
    ]),
    table("pingone-contain-user", &[("userId", USER), ("steps", "blockDevices"), ("keepDeviceIds", DEVICE_2)], &[
        call("GET /users/U", Needs::User),
        step("blockDevices", DEVICES, Needs::List),
        step("blockDevices", OPERATE_D, Needs::Nothing),
        step("blockDevices", DEVICES, Needs::List).after(D_BLOCKED),
    ]),
    Invocation {
        order: Order::AtOnce(1),
        ..table("pingone-contain-user", &[("userId", USER), ("steps", "removeRoles")], &[
            call("GET /users/U", Needs::User),
            names_of_ids(BUILT_IN_ROLES),
            names_of_ids(OWN_ROLES),
            step("removeRoles", ROLES, Needs::List),
            step("removeRoles", REMOVE_R, Needs::Nothing).forbidden(MAY_NOT_ASSIGN).gone(&[REMOVE_Q, ROLES], Some(ONLY_R_REMAINS)).then(&[REMOVE_Q]).after(Q_REMOVED),
            step("removeRoles", REMOVE_Q, Needs::Nothing).forbidden(MAY_NOT_ASSIGN).gone(&[ROLES], Some(ONLY_Q_REMAINS)).after(R_REMOVED),
            step("removeRoles", ROLES, Needs::List).after(BOTH_REMOVED),
        ])
    },
    Invocation {
        order: Order::AtOnce(1),
        ..table("pingone-remove-role-assignment", &[EMMA, ("assignmentId", BOTH_ROLES)], &[
            LOOK_UP.forbidden(MAY_ASSIGN),
            names_of_ids(BUILT_IN_ROLES),
            names_of_ids(OWN_ROLES),
            call(ROLES, Needs::List).forbidden(MAY_ASSIGN),
            call(REMOVE_R, Needs::Nothing).forbidden(MAY_NOT_ASSIGN).gone(&[REMOVE_Q, ROLES], Some(ONLY_R_REMAINS)).then(&[REMOVE_Q]).after(Q_REMOVED),
            call(REMOVE_Q, Needs::Nothing).forbidden(MAY_NOT_ASSIGN).gone(&[ROLES], Some(ONLY_Q_REMAINS)).after(R_REMOVED),
            call(ROLES, Needs::List).forbidden(MAY_ASSIGN).after(BOTH_REMOVED),
        ])
    },
    // By the role's name, without which nothing is removed.
    Invocation {
        order: Order::AtOnce(1),
        ..table("pingone-remove-role-assignment", &[EMMA, ("role", "Identity Data Admin")], &[
            LOOK_UP.forbidden(MAY_ASSIGN),
            call(BUILT_IN_ROLES, Needs::List).forbidden(MAY_ASSIGN).then(&[OWN_ROLES, ROLES]),
            names_of_ids(OWN_ROLES),
            call(ROLES, Needs::List).forbidden(MAY_ASSIGN),
            call(REMOVE_R, Needs::Nothing).forbidden(MAY_NOT_ASSIGN).gone(&[ROLES], Some("Removed 0 roles, but PingOne still lists Identity Data Admin.")),
            call(ROLES, Needs::List).forbidden(MAY_ASSIGN).after("Removed 1 role (Identity Data Admin), then failed: "),
        ])
    },
    alone("pingone-set-application-enabled", &[OF_APPLICATION, ("enabled", "false")], &[
        of_application(A, Needs::User).gone(NO_APPLICATION.0, NO_APPLICATION.1),
        of_application(PUT_A, Needs::Nothing),
        of_application(A, Needs::User).gone(APPLICATION_IS_GONE.0, APPLICATION_IS_GONE.1).after(CHANGE_ACCEPTED),
    ]),
    alone("pingone-set-application-enabled", &[("application", "Payroll sync"), ("enabled", "false")], &[
        of_application("GET /applications", Needs::List),
        of_application(A, Needs::User).gone(NO_APPLICATION.0, NO_APPLICATION.1),
        of_application(PUT_A, Needs::Nothing),
        of_application(A, Needs::User).gone(APPLICATION_IS_GONE.0, APPLICATION_IS_GONE.1).after(CHANGE_ACCEPTED),
    ]),
    alone("pingone-rotate-application-secret", &[OF_APPLICATION], &[
        of_application(A, Needs::User).gone(NO_APPLICATION.0, NO_APPLICATION.1),
        of_application(ROTATE, Needs::Secret).forbidden(MAY_NOT_ROTATE),
    ]),
    // A second rotation would end the old secret at once.
    alone("pingone-rotate-application-secret", &[OF_APPLICATION, ("grace", "1 hour")], &[
        of_application(A, Needs::User).gone(NO_APPLICATION.0, NO_APPLICATION.1),
        of_application(ROTATE, Needs::Secret).forbidden(MAY_NOT_ROTATE).once(),
    ]),
    Invocation {
        order: Order::AtOnce(1),
        answer: FailureReport::TableOfSteps,
        ..table("pingone-contain-application", &[OF_APPLICATION], &[
            of_application(A, Needs::User).gone(NO_APPLICATION.0, NO_APPLICATION.1),
            names_of_ids(BUILT_IN_ROLES),
            names_of_ids(OWN_ROLES),
            of_application(ROLES_OF_A, Needs::List).costs(Costs::Step("removeRoles")),
            of_application(REMOVE_R_OF_A, Needs::Nothing).costs(Costs::Step("removeRoles")).gone(&[REMOVE_Q_OF_A, ROLES_OF_A], Some("Removed 1 role (SOC responder); PingOne still shows Identity Data Admin")).then(&[REMOVE_Q_OF_A]).after(Q_REMOVED),
            of_application(REMOVE_Q_OF_A, Needs::Nothing).costs(Costs::Step("removeRoles")).gone(&[ROLES_OF_A], Some("Removed 1 role (Identity Data Admin); PingOne still shows SOC responder")).after(R_REMOVED),
            of_application(ROLES_OF_A, Needs::List).costs(Costs::Step("removeRoles")).after("Removed 2 roles (Identity Data Admin, SOC responder); it could not be verified: "),
            of_application(A, Needs::User).costs(Costs::Step("disable")).gone(NO_APPLICATION.0, NO_APPLICATION.1),
            of_application(PUT_A, Needs::Nothing).costs(Costs::Step("disable")),
            of_application(A, Needs::User).costs(Costs::Step("disable")).gone(APPLICATION_IS_GONE.0, APPLICATION_IS_GONE.1).after(CHANGE_ACCEPTED),
            of_application(ROTATE, Needs::Secret).costs(Costs::Step("rotateSecret")).forbidden(MAY_NOT_ROTATE),
        ])
    },
    Invocation {
        given: WITHOUT_ROLES,
        answer: FailureReport::TableOfSteps,
        ..table("pingone-restore-application", &[OF_APPLICATION, ("record", RECORD_OF_APPLICATION)], &[
            of_application(A, Needs::User).gone(NO_APPLICATION.0, NO_APPLICATION.1),
            of_application(ROLES_OF_A, Needs::List).costs(Costs::Step("assignRoles")),
            step("assignRoles", ASSIGN_TO_A, Needs::Nothing).forbidden(MAY_NOT_ASSIGN).then(&[ASSIGN_TO_A]).after("Assigned 1 role (SOC responder); could not assign Identity Data Admin: "),
            step("assignRoles", ASSIGN_TO_A, Needs::Nothing).forbidden(MAY_NOT_ASSIGN).after("Assigned 1 role (Identity Data Admin); could not assign SOC responder: "),
            of_application(A, Needs::User).costs(Costs::Step("enable")).gone(NO_APPLICATION.0, NO_APPLICATION.1),
            of_application(PUT_A, Needs::Nothing).costs(Costs::Step("enable")),
            of_application(A, Needs::User).costs(Costs::Step("enable")).gone(APPLICATION_IS_GONE.0, APPLICATION_IS_GONE.1).after(CHANGE_ACCEPTED),
        ])
    },
    Invocation {
        given: TERSE,
        ..table("pingone-contain-user", &[("userId", USER), ("steps", "lock,disable")], &[
            call("GET /users/U", Needs::User),
            step("lock", "POST /users/U", Needs::UserOrNothing),
            step("lock", "GET /users/U", Needs::User).after(LOCK_ACCEPTED),
            step("disable", "PUT /users/U/enabled", Needs::StateOrNothing),
            step("disable", "GET /users/U", Needs::User).after(CHANGE_ACCEPTED),
        ])
    },
    Invocation {
        given: CONTAINED,
        ..table("pingone-restore-user", &[EMMA, ("record", RECORD)], &[
            LOOK_UP,
            step("enable", "PUT /users/U/enabled", Needs::StateOrNothing),
            step("unlock", "POST /users/U", Needs::UserOrNothing),
            one_of("joinGroups", JOIN),
            one_of("joinGroups", JOIN),
            step("signOn", "GET /users/U", Needs::User),
        ])
    },
    Invocation {
        given: |state| state.take_roles(),
        ..table("pingone-restore-user", &[EMMA, ("record", RECORD_OF_ROLES)], &[
            LOOK_UP,
            step("assignRoles", ROLES, Needs::List),
            step("assignRoles", ASSIGN, Needs::Nothing).forbidden(MAY_NOT_ASSIGN).then(&[ASSIGN]).after("Assigned 1 role (SOC responder); could not assign Identity Data Admin: "),
            step("assignRoles", ASSIGN, Needs::Nothing).forbidden(MAY_NOT_ASSIGN).after("Assigned 1 role (Identity Data Admin); could not assign SOC responder: "),
        ])
    },
    Invocation {
        given: |state| { CONTAINED(state); TERSE(state); },
        ..table("pingone-restore-user", &[EMMA, ("record", RECORD)], &[
            LOOK_UP,
            step("enable", "PUT /users/U/enabled", Needs::StateOrNothing),
            step("enable", "GET /users/U", Needs::User).after(CHANGE_ACCEPTED),
            step("unlock", "POST /users/U", Needs::UserOrNothing),
            step("unlock", "GET /users/U", Needs::User).after(UNLOCK_ACCEPTED),
            one_of("joinGroups", JOIN),
            one_of("joinGroups", JOIN),
            step("signOn", "GET /users/U", Needs::User),
        ])
    },
    Invocation {
        given: |state| { CONTAINED(state); TERSE(state); },
        ..alone("pingone-unlock-user", &[EMMA], &[
            LOOK_UP,
            call("POST /users/U", Needs::UserOrNothing),
            call("GET /users/U", Needs::User).after(UNLOCK_ACCEPTED),
        ])
    },
    Invocation {
        given: TERSE,
        ..alone("pingone-deactivate-user", &[EMMA], &[
            LOOK_UP,
            call("PUT /users/U/enabled", Needs::StateOrNothing),
            call("GET /users/U", Needs::User).after(CHANGE_ACCEPTED),
        ])
    },
];

const fn alone(
    name: &'static str,
    args: &'static [(&'static str, &'static str)],
    calls: &'static [Call],
) -> Invocation {
    Invocation {
        name,
        args,
        given: AS_IT_IS,
        answer: FailureReport::Alone,
        order: Order::Fixed,
        calls,
    }
}

const fn table(
    name: &'static str,
    args: &'static [(&'static str, &'static str)],
    calls: &'static [Call],
) -> Invocation {
    Invocation {
        answer: FailureReport::Table,
        ..alone(name, args, calls)
    }
}

impl Invocation {
    /// Its calls, each once.
    pub(crate) fn shorts(&self) -> BTreeSet<&'static str> {
        self.calls.iter().map(|call| call.short).collect()
    }

    /// Whether a success leaves something in the context: two of the documented commands leave nothing.
    fn has_context(&self) -> bool {
        !["pingone-unlock-user", "pingone-deactivate-user"].contains(&self.name)
    }
}

/// One scenario of the matrix: a fault at the token request, or at one of the calls.
struct Scenario {
    invocation: &'static Invocation,
    place: Option<usize>,
    fault: &'static Fault,
}

/// What a scenario has to come to.
struct Expected {
    /// Attempts of the faulted call.
    tries: usize,
    /// What the error says; `None` if all is well.
    says: Option<Vec<&'static str>>,
    /// The calls that fail.
    lost: Vec<&'static Call>,
    /// All calls but the token's.
    calls: Vec<&'static str>,
}

impl Expected {
    /// How many sessions, devices or accounts were surely ended, deleted or unlinked, by what the error has to say. What is still listed
    /// goes before what was accepted.
    fn done(&self, before: Option<&str>) -> Option<u32> {
        let number = |text: &str| {
            let starts = ["Ended ", "Deleted ", "Removed ", "Assigned ", "Unlinked "];
            let mut numbers = starts.iter().filter_map(|start| text.split_once(start));
            let (_, number) = numbers.next()?;
            number.chars().next()?.to_digit(10)
        };
        let mut says = self.says.iter().flatten().copied().chain(before);
        says.find_map(number)
    }
}

impl faults::Scenario for Scenario {
    fn name(&self) -> String {
        let args: Vec<&str> = self.invocation.args.iter().map(|(name, _)| *name).collect();
        let place = self.place.map_or("token".to_owned(), |place| {
            format!(
                "call {} ({})",
                place + 1,
                self.invocation.calls[place].short
            )
        });
        format!(
            "{} ({}), {place}, {}",
            self.invocation.name,
            args.join(", "),
            self.fault.name
        )
    }

    fn fault(&self) -> &'static Fault {
        self.fault
    }

    fn play(&'static self) -> Result<(), String> {
        let pingone = Healthy::with(self.invocation.given);
        let expected = self.expected();
        let refused = self.fault.is_refused_connection();
        // How often each call came, how many came at all, and how many tries were faulted.
        let counts: Mutex<BTreeMap<String, usize>> = Mutex::default();
        let (came, faulted) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (tries, taken) = (expected.tries, expected.says.is_none());
        let transcript = faults::run(
            self.invocation.name,
            &faults::arguments(self.invocation.args),
            Some(self.fault),
            refused && self.place.is_none(),
            move |seen| {
                let (is_faulted, is_last_before) = if is_token(seen) {
                    (self.place.is_none(), self.place == Some(0))
                } else {
                    let came = came.fetch_add(1, Ordering::SeqCst) + 1;
                    let mut counts = counts.lock().expect("no panic");
                    let count = counts.entry(short(seen)).or_default();
                    *count += 1;
                    let from = self.place.and_then(|place| self.occurrence(place, seen));
                    (
                        from.is_some_and(|from| *count >= from),
                        self.place == Some(came),
                    )
                };
                if refused && is_last_before {
                    return closing(pingone.answer(seen));
                }
                if !is_faulted || refused {
                    return pingone.answer(seen);
                }
                let number = faulted.fetch_add(1, Ordering::SeqCst);
                if number >= tries && self.place.is_some() {
                    // The same call again, later on.
                    return pingone.answer(seen);
                }
                if taken && self.fault.status() == 200 {
                    // It takes place, although the answer does not say so.
                    pingone.answer(seen);
                }
                self.fault.answer(seen, number, &pingone)
            },
        )?;
        self.check_calls(&transcript, &expected)?;
        self.check_entries(&transcript, &expected)
    }
}

fn is_token(seen: &Request) -> bool {
    seen.path().ends_with("/as/token")
}

impl Scenario {
    /// The how-manieth call of its kind the one at `place` is, if `seen` is of that kind.
    fn occurrence(&self, place: usize, seen: &Request) -> Option<usize> {
        let wanted = self.invocation.calls[place].short;
        let until = &self.invocation.calls[..=place];
        (short(seen) == wanted).then(|| until.iter().filter(|call| call.short == wanted).count())
    }

    fn kind(&self) -> Kind {
        self.place
            .map_or(Kind::Token, |place| self.invocation.calls[place].kind())
    }

    /// Whether all further calls fail too.
    fn cuts_off(&self) -> bool {
        self.fault.is_refused_connection() || self.fault.refuses_every_token()
    }

    /// Whether there is such a scenario.
    fn exists(&self) -> bool {
        let Some(place) = self.place else {
            return self.fault.applies_to(Kind::Token, Needs::Nothing);
        };
        let call = &self.invocation.calls[place];
        // Without connections or a token, all further calls fail; of calls at once, which ones is not fixed.
        let can_be_cut_off = match self.invocation.order {
            Order::Fixed => true,
            Order::AtOnce(number) if self.fault.refuses_every_token() => place == 0 && number == 1,
            Order::AtOnce(number) => place == 0 || (place == 1 && number == 1),
        };
        let first_of_its_kind = || {
            let mut all = INVOCATIONS.iter().flat_map(|invocation| invocation.calls);
            all.find(|other| other.short == call.short)
                .is_some_and(|first| std::ptr::eq(first, call))
        };
        call.costs != Costs::NotFaulted
            && self.fault.applies_to(call.kind(), call.needs)
            && (!self.cuts_off() || can_be_cut_off)
            && (!self.fault.is_heavy() || first_of_its_kind())
    }

    fn expected(&self) -> Expected {
        let all = self.invocation.calls;
        let Some(place) = self.place else {
            let (tries, says) = self.fault.expected(Kind::Token, Needs::Nothing);
            return Expected {
                tries,
                says: says.map(<[_]>::to_vec),
                lost: all.iter().collect(),
                calls: Vec::new(),
            };
        };
        let call = &all[place];
        let (tries, says) = self.fault.expected(call.kind(), call.needs);
        let mut says = says.map(<[_]>::to_vec);
        if let (403, Some(advice)) = (self.fault.status(), call.forbidden) {
            let table = "The worker application needs the role";
            let says = says.iter_mut().flatten();
            says.filter(|part| part.starts_with(table))
                .for_each(|part| *part = advice);
        }
        let mut calls: Vec<&str> = all[..place].iter().map(|call| call.short).collect();
        let rest = &all[place + 1..];
        if !self.fault.is_refused_connection() {
            calls.extend(vec![call.short; tries]);
        }
        if self.cuts_off() {
            let is_lost = |step| {
                let mut lost = all[place..].iter();
                lost.any(|call| call.step() == Some(step))
            };
            // Where nothing was restored, nothing is read back.
            let is_made = |call: &&Call| call.step() != Some("signOn") || !is_lost("enable");
            return Expected {
                tries,
                says,
                lost: all[place..].iter().filter(is_made).collect(),
                calls,
            };
        }
        let same_step = |other: &&Call| match call.costs {
            Costs::All => true,
            Costs::Step(_) | Costs::OneOfStep(_) => call.step() == other.step(),
            Costs::Section(_)
            | Costs::Names
            | Costs::NamesOfIds
            | Costs::Note(_)
            | Costs::Marks
            | Costs::NotFaulted => false,
        };
        match (self.fault.status(), call.gone) {
            (404, Some((then, instead))) => {
                says = instead.map(|instead| vec![instead]);
                calls.extend(then);
                let others = rest.iter().filter(|other| !same_step(other));
                calls.extend(others.map(|call| call.short));
            }
            _ if says.is_none() => {
                let next = rest.first().map(|call| call.short);
                let unsaid = self.fault.status() == 200;
                calls.extend(
                    call.reads_back()
                        .filter(|read| unsaid && next != Some(*read)),
                );
                calls.extend(rest.iter().map(|call| call.short));
            }
            _ => {
                calls.extend(call.then);
                let goes_on = matches!(call.costs, Costs::OneOfStep(_));
                let made = rest.iter().filter(|other| goes_on || !same_step(other));
                calls.extend(made.map(|call| call.short));
            }
        }
        let lost = says.iter().map(|_| call).collect();
        Expected {
            tries,
            says,
            lost,
            calls,
        }
    }

    fn check_calls(&self, transcript: &Transcript, expected: &Expected) -> Result<(), String> {
        let (tokens, others): (Vec<&Request>, Vec<&Request>) =
            transcript.calls.iter().partition(|seen| is_token(seen));
        let mut found: Vec<String> = others.into_iter().map(short).collect();
        let mut wanted = expected.calls.clone();
        if self.invocation.order != Order::Fixed {
            found.sort_unstable();
            wanted.sort_unstable();
        }
        if found != wanted {
            return Err(format!(
                "the calls should be\n{}\nbut are\n{}",
                wanted.join("\n"),
                transcript.shown()
            ));
        }
        let wanted = match (self.place, self.invocation.order) {
            (None, _) if self.fault.is_refused_connection() => 0,
            // Each of those that begin at once asks, unless it is known that it is in vain.
            (None, Order::AtOnce(number)) if !self.fault.is_definite() => number * expected.tries,
            (None, _) => expected.tries,
            // A refused token is asked for anew.
            (Some(_), _) => 1 + usize::from(self.fault.status() == 401),
        };
        if tokens.len() != wanted {
            return Err(format!(
                "{wanted} token requests should be made, but {} are:\n{}",
                tokens.len(),
                transcript.shown()
            ));
        }
        Ok(())
    }

    fn check_entries(&self, transcript: &Transcript, expected: &Expected) -> Result<(), String> {
        let is_all_lost = expected.lost.iter().any(|call| call.costs == Costs::All);
        let steps: BTreeSet<&str> = expected
            .lost
            .iter()
            .filter_map(|call| call.step())
            .collect();
        let sections: BTreeSet<&str> = expected
            .lost
            .iter()
            .filter_map(|call| match call.costs {
                Costs::Section(title) => Some(title),
                // Where the roles themselves are missing too, they are told alone.
                Costs::Names if expected.lost.len() == 1 => Some("Role names"),
                Costs::Marks => Some(AUDIT_TRAIL),
                _ => None,
            })
            .collect();
        let is_error = is_all_lost || !steps.is_empty();
        let kinds: Vec<u64> = transcript
            .entries
            .iter()
            .map(|entry| kind_and_text(entry).0)
            .collect();
        let wanted: &[u64] = match (is_error, self.invocation.answer) {
            (false, _) => &[1],
            (true, FailureReport::Alone) => &[4],
            (true, FailureReport::TableOfSteps) if is_all_lost => &[4],
            (true, FailureReport::Table | FailureReport::TableOfSteps) => &[1, 4],
        };
        if kinds != wanted {
            return Err(format!(
                "the types of the entries should be {wanted:?}, but are {kinds:?}: {:#?}",
                transcript.entries
            ));
        }
        let others_served = self.place.is_some();
        if kinds[0] == 1 {
            let note = &transcript.entries[0];
            let changed = self.changed(expected);
            check_note(
                note,
                is_all_lost,
                (others_served, &changed),
                &steps,
                &sections,
            )
            .map_err(|differs| format!("{differs}: {note:#}"))?;
            self.check_record(note, expected)?;
            let mut calls = self.invocation.calls.iter();
            let has_other = calls.any(|call| call.costs == Costs::NotFaulted);
            if has_other && !objects(note).any(|object| object["ID"] == OTHER) {
                return Err(format!("the other user is not in it: {note:#}"));
            }
            if !is_all_lost && objects(note).next().is_some() != self.invocation.has_context() {
                return Err(format!("the context is lost: {note:#}"));
            }
        }
        let Some(says) = &expected.says else {
            return Ok(());
        };
        if let Some(told) = check_what_is_missing(transcript, expected) {
            return told;
        }
        let mut told = ExpectedText::of(self.fault, self.kind(), expected.tries, says);
        let (_, text) = kind_and_text(transcript.entries.last().expect("an entry"));
        self.expect_what_was_done(&mut told);
        if !is_error {
            // It is within an answer that has titles and tables, and does not say what was done.
            told.unwanted.retain(|part| *part != "### ");
            for title in sections {
                if title == AUDIT_TRAIL {
                    told.wanted
                        .push("newly linked accounts are not marked, because ".to_owned());
                    continue;
                }
                told.wanted.push(format!("### {title}\nNot available: "));
            }
            return told.check(text);
        }
        let failed = (!is_all_lost).then_some(&steps);
        self.check_error(transcript, told, failed)
    }

    /// The error names the users, and of a single one the steps that `failed`; all is lost if that is `None`.
    fn check_error(
        &self,
        transcript: &Transcript,
        mut told: ExpectedText,
        failed: Option<&BTreeSet<&str>>,
    ) -> Result<(), String> {
        let (_, text) = kind_and_text(transcript.entries.last().expect("an entry"));
        let users = self.invocation.args.first().map_or("", |(_, users)| users);
        let (user, other) = users.split_once(',').unwrap_or((users, ""));
        let error = format!(
            "Failed to execute {} command. Error: ",
            self.invocation.name
        );
        if !other.is_empty() {
            // The table says why, and the error names who failed.
            let who = if self.place.is_some() {
                format!("1 of 2 users failed: {user}.")
            } else {
                format!("2 of 2 users failed: {user}, {other}.")
            };
            told.wanted.push(error + &who);
            told.unwanted.retain(|part| *part != "### ");
            let (_, table) = kind_and_text(&transcript.entries[0]);
            return told.check(&[&table.replace("<br>", "\n"), text].join("\n"));
        }
        let first = match (self.invocation.answer, failed) {
            (FailureReport::Table, None) => format!("{user}: "),
            _ => String::new(),
        };
        told.wanted.push(error + &first);
        let named = failed_steps(text, user);
        let mut all_steps = self.invocation.calls.iter().filter_map(Call::step);
        let differs = |step: &&str| {
            let has_failed = failed.is_some_and(|failed| failed.contains(step));
            named.contains(self.step_title(step)) != has_failed
        };
        // Steps that all failed for the same reason are not named.
        let is_whole = failed.is_some_and(|failed| *failed == all_steps.clone().collect())
            && all_steps
                .clone()
                .all(|step| !named.contains(self.step_title(step)));
        if let Some(step) = all_steps.find(differs).filter(|_| !is_whole) {
            return Err(format!("only {failed:?} failed; see {step}: {text}"));
        }
        told.check(text)
    }

    /// What an error has to say of what was done, and of what may have been.
    fn expect_what_was_done(&self, told: &mut ExpectedText) {
        let done = self
            .place
            .and_then(|place| self.before(&self.invocation.calls[place]));
        // Listing what is still there says it in its own way.
        let has_gone = self.fault.status() == 404
            && self
                .place
                .is_some_and(|place| self.invocation.calls[place].gone.is_some());
        match done.filter(|_| !has_gone) {
            Some(done) => told.wanted.push(done),
            None => told
                .unwanted
                .extend([", then failed: ", "could not be verified"]),
        }
        let faulted = self.place.map(|place| &self.invocation.calls[place]);
        if faulted.is_some_and(|call| call.is_one_of_several() && self.may_be_done(call)) {
            told.wanted.push("; may have ".to_owned());
            told.unwanted.push("; could not ");
        }
    }

    /// What was done before a call that fails, or beside it: without connections or a token, the
    /// others of several fail too.
    fn before(&self, call: &Call) -> Option<String> {
        let fail_too = self.cuts_off() && !call.then.is_empty();
        let before = call.before.filter(|_| !fail_too)?;
        Some(if self.may_be_done(call) {
            before
                .replace("could not end", "may have ended")
                .replace("could not delete", "may have deleted")
                .replace("could not remove", "may have removed")
                .replace("could not assign", "may have assigned")
        } else {
            before.to_owned()
        })
    }

    /// Whether it is the faulted call, and PingOne may have carried it out.
    fn may_be_done(&self, call: &Call) -> bool {
        let is_faulted = self
            .place
            .is_some_and(|place| std::ptr::eq(call, &raw const self.invocation.calls[place]));
        is_faulted && call.kind() != Kind::Read && self.fault.doubt == Doubt::Unknown
    }

    /// What `Changed` has to be of a user for whom something failed.
    fn changed(&self, expected: &Expected) -> Value {
        let before = self
            .place
            .and_then(|place| self.before(&self.invocation.calls[place]));
        let is_change = matches!(self.kind(), Kind::Write | Kind::Once);
        let may_be_done = is_change && self.fault.doubt == Doubt::Unknown;
        match expected.done(before.as_deref()) {
            Some(number) => json!(number > 0),
            None if before.is_some() => json!(true),
            None if may_be_done => Value::Null,
            None => json!(false),
        }
    }

    /// The record of a containment has all that was changed, or may have been, and nothing else.
    fn check_record(&self, note: &Value, expected: &Expected) -> Result<(), String> {
        let Some(record) = objects(note).find_map(|object| object.get("Record")) else {
            return Ok(());
        };
        if self.invocation.args[0] == OF_APPLICATION {
            return self.check_record_of_application(record, expected);
        }
        // The call that failed in a step, if one did.
        let lost = |step| {
            let mut lost = expected.lost.iter();
            lost.find(|call| call.step() == Some(step)).copied()
        };
        let is_of_form = |step| {
            let mut calls = self.invocation.calls.iter();
            calls.any(|call| call.step() == Some(step))
        };
        for (member, step) in [
            ("Locked", "lock"),
            ("Disabled", "disable"),
            ("PasswordReplaced", "setPassword"),
            ("ChangeForced", "forceChange"),
        ] {
            let wanted = is_of_form(step)
                && lost(step)
                    .is_none_or(|call| self.before(call).is_some() || self.may_be_done(call));
            if record[member] != wanted {
                return Err(format!(
                    "the record's {member} should be {wanted}: {record}"
                ));
            }
            let is_unconfirmed = lost(step)
                .is_some_and(|call| self.before(call).is_none() && self.may_be_done(call));
            if names(record, "UnconfirmedSteps", step) != is_unconfirmed {
                return Err(format!(
                    "that {step} is unconfirmed should be {is_unconfirmed}: {record}"
                ));
            }
        }
        // How many were surely ended or deleted stands at the beginning of what the error says.
        let number = |step| match lost(step) {
            None if is_of_form(step) => 2,
            None => 0,
            Some(call) => expected
                .done(self.before(call).as_deref())
                .unwrap_or_default(),
        };
        let deleted = record["DeletedDevices"].as_array().map_or(0, Vec::len);
        let removed = record["RemovedRoles"].as_array().map_or(0, Vec::len);
        if removed != number("removeRoles") as usize {
            return Err(format!(
                "the record should have {} roles: {record}",
                number("removeRoles")
            ));
        }
        if record["EndedSessions"] != number("endSessions")
            || deleted != number("removeDevices") as usize
        {
            return Err(format!(
                "the record should have {} sessions and {} devices: {record}",
                number("endSessions"),
                number("removeDevices")
            ));
        }
        for (group, leave) in [(GROUP, LEAVE_G), (GROUP_2, LEAVE_H)] {
            let mut lost = expected.lost.iter();
            let wanted = expected.calls.contains(&leave) && !lost.any(|call| call.short == leave);
            if names(record, "LeftGroups", group) != wanted {
                return Err(format!("of {leave} there should be {wanted}: {record}"));
            }
        }
        for (member, thing) in [
            ("UnconfirmedSessions", "/sessions/"),
            ("UnconfirmedDevices", "/devices/"),
            ("UnconfirmedGroups", "/memberOfGroups/"),
            ("UnconfirmedRoles", "/roleAssignments/"),
        ] {
            let wanted = expected.lost.iter().any(|call| {
                call.is_one_of_several() && call.short.contains(thing) && self.may_be_done(call)
            });
            let found = record[member].as_array().map_or(0, Vec::len);
            if found != usize::from(wanted) {
                return Err(format!(
                    "that {member} has the faulted one should be {wanted}: {record}"
                ));
            }
        }
        Ok(())
    }

    /// The same for an application.
    fn check_record_of_application(
        &self,
        record: &Value,
        expected: &Expected,
    ) -> Result<(), String> {
        let lost = |step| {
            let mut lost = expected.lost.iter();
            lost.find(|call| call.step() == Some(step)).copied()
        };
        for (member, step) in [("Disabled", "disable"), ("SecretRotated", "rotateSecret")] {
            let may_be_done = lost(step).is_some_and(|call| self.may_be_done(call));
            let is_done = lost(step).is_none_or(|call| self.before(call).is_some());
            if record[member] != (is_done || may_be_done) {
                return Err(format!("the record's {member} is wrong: {record}"));
            }
            if names(record, "UnconfirmedSteps", step) != may_be_done {
                return Err(format!(
                    "that {step} is unconfirmed should be {may_be_done}: {record}"
                ));
            }
        }
        let call = lost("removeRoles");
        let removed = call.map_or(Some(2), |call| expected.done(self.before(call).as_deref()));
        let unconfirmed = call.is_some_and(|call| self.may_be_done(call));
        for (member, wanted) in [
            ("RemovedRoles", removed.unwrap_or_default() as usize),
            ("UnconfirmedRoles", usize::from(unconfirmed)),
        ] {
            let found = record[member].as_array().map_or(0, Vec::len);
            if found != wanted {
                return Err(format!("{member} should be {wanted}: {record}"));
            }
        }
        Ok(())
    }

    /// What people call a step.
    fn step_title(&self, step: &str) -> &'static str {
        match step {
            "disable" if self.invocation.args[0] == OF_APPLICATION => "Disable application",
            "enable" if self.invocation.args[0] == OF_APPLICATION => "Enable application",
            other => step_title(other),
        }
    }
}

/// Where nothing failed but something is missing that is nice to have, that this is told.
fn check_what_is_missing(
    transcript: &Transcript,
    expected: &Expected,
) -> Option<Result<(), String>> {
    let all = |costs| expected.lost.iter().all(|call| call.costs == costs);
    let (_, text) = kind_and_text(&transcript.entries[0]);
    let is_told = match expected.lost.as_slice() {
        [
            Call {
                costs: Costs::Note(note),
                ..
            },
        ] => text.contains(note),
        _ if all(Costs::NamesOfIds) => true,
        _ if all(Costs::Names) => {
            let is_told =
                |whose| text.contains(&["The names of ", whose, " roles are not"].concat());
            is_told("PingOne's built-in") || is_told("the environment's own")
        }
        _ => return None,
    };
    Some(if is_told {
        Ok(())
    } else {
        Err(format!("what is missing is not told: {text}"))
    })
}

/// What people call a step that is taken with a user.
fn step_title(step: &str) -> &'static str {
    match step {
        "removeRoles" => "Remove roles",
        "rotateSecret" => "Replace secret",
        "assignRoles" => "Assign roles again",
        "lock" => "Lock account",
        "disable" => "Disable user",
        "endSessions" => "End sessions",
        "setPassword" => "Replace password",
        "forceChange" => "Force password change",
        "blockDevices" => "Block MFA devices",
        "removeDevices" => "Delete MFA devices",
        "leaveGroups" => "Leave groups",
        "enable" => "Enable user",
        "unlock" => "Unlock account",
        "joinGroups" => "Rejoin groups",
        "signOn" => "Sign-on",
        other => panic!("{other} is no step"),
    }
}

/// The steps that an error names. Those that failed for the same reason stand together.
fn failed_steps<'a>(error: &'a str, user: &str) -> BTreeSet<&'a str> {
    let mark = format!("{user}: ");
    let parts = error.split(&mark[..]).skip(1);
    let named = parts.filter_map(|part| part.split_once(": "));
    named.flat_map(|(steps, _)| steps.split(", ")).collect()
}

/// Whether a list of the record has this in it.
fn names(record: &Value, member: &str, wanted: &str) -> bool {
    let list = record[member].as_array();
    list.is_some_and(|list| list.iter().any(|named| named == wanted))
}

/// The objects of a note's context.
fn objects(note: &Value) -> impl Iterator<Item = &Value> {
    let context = note["EntryContext"].as_object();
    let values = context.into_iter().flat_map(serde_json::Map::values);
    values.flat_map(|value| match value {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    })
}

/// Nothing is called done that failed, and nothing failed that was done.
fn check_note(
    note: &Value,
    is_all_lost: bool,
    (others_served, changed): (bool, &Value),
    steps: &BTreeSet<&str>,
    sections: &BTreeSet<&str>,
) -> Result<(), String> {
    for object in objects(note) {
        // The others are those of the second user.
        let is_own = object["ID"] == USER || object["ID"] == APPLICATION;
        if object.get("Verified").is_some() {
            let wanted = if is_own { !is_all_lost } else { others_served };
            if object["Verified"] != wanted {
                return Err(format!("`Verified` should be {wanted} in {object}"));
            }
            if !wanted && object["Changed"] != *changed {
                return Err(format!("`Changed` should be {changed} in {object}"));
            }
            let failed = object["Result"]
                .as_str()
                .unwrap_or_default()
                .starts_with("Failed: ");
            if failed == wanted {
                return Err(format!("`Result` does not fit in {object}"));
            }
        } else if is_all_lost && (is_own || object["UserID"] == USER) {
            return Err(format!(
                "nothing was found out or done, but there is {object}"
            ));
        }
        for taken in object["Steps"].as_array().into_iter().flatten() {
            let is_lost = steps.contains(taken["Step"].as_str().unwrap_or_default());
            let wanted = if is_lost { "failed" } else { "done" };
            if taken["Outcome"] != wanted {
                return Err(format!("the step should be {wanted}: {taken}"));
            }
        }
        if let Some(missing) = object["Missing"].as_array() {
            let missing: BTreeSet<&str> = missing.iter().filter_map(Value::as_str).collect();
            if missing != *sections {
                return Err(format!(
                    "missing should be {sections:?}, but {missing:?} is"
                ));
            }
        }
    }
    Ok(())
}

/// Plays the scenarios of these places of each invocation.
fn play(places: impl Fn(&'static Invocation) -> Vec<Option<usize>>) {
    let mut scenarios = Vec::new();
    for invocation in INVOCATIONS {
        for place in places(invocation) {
            for fault in FAULTS {
                let scenario = Scenario {
                    invocation,
                    place,
                    fault,
                };
                if scenario.exists() {
                    scenarios.push(scenario);
                }
            }
        }
    }
    faults::play_all(scenarios);
}

#[test]
fn without_a_fault_the_calls_are_those_of_the_table() {
    for invocation in INVOCATIONS {
        let pingone = Healthy::with(invocation.given);
        let args = faults::arguments(invocation.args);
        let transcript = faults::run(invocation.name, &args, None, false, move |seen| {
            pingone.answer(seen)
        })
        .expect("it is served");
        let calls = transcript.calls.iter().filter(|seen| !is_token(seen));
        let mut calls: Vec<String> = calls.map(short).collect();
        let mut wanted: Vec<&str> = invocation.calls.iter().map(|call| call.short).collect();
        if invocation.order != Order::Fixed {
            calls.sort_unstable();
            wanted.sort_unstable();
        }
        assert_eq!(calls, wanted, "{} {:?}", invocation.name, invocation.args);
        let [note] = transcript.entries.as_slice() else {
            panic!(
                "{} {:?}: {:#?}",
                invocation.name, invocation.args, transcript.entries
            )
        };
        assert_eq!(note["Type"], 1, "{}: {note:#}", invocation.name);
        let nothing = BTreeSet::new();
        check_note(note, false, (true, &Value::Null), &nothing, &nothing)
            .unwrap_or_else(|differs| panic!("{}: {differs}: {note:#}", invocation.name));
        let has_context = objects(note).next().is_some();
        assert_eq!(
            has_context,
            invocation.has_context(),
            "{}: {note:#}",
            invocation.name
        );
    }
}

#[test]
fn every_fault_at_the_token_request_of_several_calls() {
    play(|_| vec![None]);
}

#[test]
fn every_fault_at_each_of_several_calls() {
    play(|invocation| (0..invocation.calls.len()).map(Some).collect());
}
