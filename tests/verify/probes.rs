//! Every probe, against a PingOne that behaves as assumed and against one that does not.

use std::time::Duration;

use pingone_sandbox::{Alternative, Fault, Sandbox, Seed};
use pingone_xsoar::env::Env;
use pingone_xsoar::verify::{
    probe::{Finding, Fixture, Verdict},
    probes::{self, PROBES},
    test_context::TestContext,
};
use serde_json::Value;

/// How PingOne behaves in a case.
#[derive(Clone)]
enum Behaviour {
    /// The sandbox's default.
    Usual,
    /// One of the sandbox's alternatives.
    Other(Alternative),
    /// A modified seed.
    Seed(fn(&mut Seed)),
    /// Another application of the seed.
    Application(usize),
    /// Faults that start with the probe.
    Faults(Vec<Fault>),
}

use Behaviour::{Application, Faults, Other, Usual};

/// Runs one probe against a sandbox.
async fn ask(name: &str, behaviour: Behaviour) -> Finding {
    let mut seed = Seed::built_in();
    let mut application = 0;
    let mut faults = Vec::new();
    match behaviour {
        Usual => {}
        Other(alternative) => seed.alternatives.push(alternative),
        Behaviour::Seed(change) => change(&mut seed),
        Application(position) => application = position,
        Faults(given) => faults = given,
    }
    let sandbox = Sandbox::start(seed).expect("a sandbox");
    let before = names(&sandbox);
    let Value::Object(params) = sandbox.params_for(application) else {
        panic!("no parameters");
    };
    let cx =
        TestContext::new(params, None, Duration::ZERO, Env::default()).expect("fine parameters");
    let fixture = Fixture::create(&cx).await.expect("a temporary user");
    if name == "member-filter" {
        // It needs the membership that the previous probe creates.
        probes::run("member-again", &cx, &fixture)
            .await
            .expect("a membership");
    }
    for fault in faults {
        sandbox.fault(fault);
    }
    let found = probes::run(name, &cx, &fixture).await;
    sandbox.clear_faults();
    let cleanup = cx.clean_up().await;
    assert!(cleanup.is_complete(), "{name}: {cleanup:?}");
    assert_eq!(
        names(&sandbox),
        before,
        "{name} left something behind or deleted something else"
    );
    found.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The names of all users and groups.
fn names(sandbox: &Sandbox) -> Vec<String> {
    let state = sandbox.state();
    let list = |collection: &str, name: &str| -> Vec<String> {
        let items = state[collection].as_array().expect("a list");
        items.iter().map(|item| item[name].to_string()).collect()
    };
    [list("users", "username"), list("groups", "name")].concat()
}

fn refusal(method: &str, path: &str, status: u16, code: &str) -> Fault {
    let body =
        format!(r#"{{"id": "x", "code": "INVALID_DATA", "details": [{{"code": "{code}"}}]}}"#);
    Fault::on(method, path).status(status).body(&body)
}

fn body(method: &str, path: &str, body: &str) -> Fault {
    Fault::on(method, path).times(0).body(body)
}

/// Probe, PingOne's behaviour, the expected verdict, and a text that the finding must contain.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn cases() -> Vec<(&'static str, Behaviour, Verdict, &'static str)> {
    use Verdict::{AsExpected, Inconclusive, Unexpected};
    let nobody = r#"{"_embedded": {"users": []}}"#;
    vec![
        ("client-authentication", Usual, AsExpected, "Basic works"),
        (
            "client-authentication",
            Application(1),
            Unexpected,
            "credentials in the form work",
        ),
        ("worker-roles", Usual, AsExpected, "it returns 403"),
        (
            "worker-roles",
            Other(Alternative::TokensKeepRemovedRoles),
            Unexpected,
            "still works",
        ),
        (
            "worker-roles",
            Faults(vec![refusal("POST", "*/roleAssignments", 403, "NO")]),
            Inconclusive,
            "could not read users",
        ),
        ("disabled-worker", Usual, AsExpected, "still works"),
        (
            "disabled-worker",
            Other(Alternative::DisablingEndsTokens),
            Unexpected,
            "no: it returns",
        ),
        (
            "disabled-worker",
            Faults(vec![refusal("POST", "*/roleAssignments", 403, "NO")]),
            Inconclusive,
            "could not read users",
        ),
        ("error-id", Usual, AsExpected, "the same"),
        (
            "error-id",
            Other(Alternative::ErrorIdDiffers),
            Unexpected,
            "differ",
        ),
        (
            "unknown-environment",
            Usual,
            AsExpected,
            "403 ACCESS_FAILED",
        ),
        (
            "unknown-environment",
            Other(Alternative::UnknownEnvironmentIsNotFound),
            Unexpected,
            "404 NOT_FOUND",
        ),
        (
            "filter-escaping",
            Usual,
            AsExpected,
            "exactly the right user",
        ),
        (
            "filter-escaping",
            Other(Alternative::EscapesAreRefused),
            Unexpected,
            "rejected with 400 INVALID_REQUEST, INVALID_FILTER",
        ),
        (
            "filter-escaping",
            Faults(vec![body("GET", "*/users", nobody)]),
            Unexpected,
            "does not find",
        ),
        (
            "filter-escaping",
            Faults(vec![refusal("POST", "*/users", 400, "INVALID_VALUE")]),
            Inconclusive,
            "rejects the username with 400 INVALID_DATA, INVALID_VALUE",
        ),
        ("filter-widening", Usual, AsExpected, "finds no one"),
        (
            "filter-widening",
            Other(Alternative::EscapesAreRefused),
            AsExpected,
            "rejected with 400",
        ),
        (
            "filter-widening",
            Faults(vec![body(
                "GET",
                "*/users",
                r#"{"_embedded": {"users": [{"username": "jane.doe"}]}}"#,
            )]),
            Unexpected,
            "widened",
        ),
        ("username-filter-case", Usual, AsExpected, "finds the user"),
        (
            "username-filter-case",
            Faults(vec![body("GET", "*/users", nobody)]),
            Unexpected,
            "finds no one",
        ),
        (
            "username-unique-case",
            Usual,
            AsExpected,
            "could be created",
        ),
        (
            "username-unique-case",
            Faults(vec![refusal(
                "POST",
                "*/users",
                400,
                "UNIQUENESS_VIOLATION",
            )]),
            Unexpected,
            "no: 400 INVALID_DATA, UNIQUENESS_VIOLATION",
        ),
        ("user-id-filter", Usual, AsExpected, "INVALID_FILTER"),
        (
            "user-id-filter",
            Behaviour::Seed(|seed| seed.custom_attributes.push("id".to_owned())),
            Unexpected,
            "it is accepted",
        ),
        ("create-with-password", Usual, AsExpected, "no password"),
        (
            "create-with-password",
            Faults(vec![body("GET", "*/password", r#"{"status": "OK"}"#)]),
            Unexpected,
            "the state is OK",
        ),
        (
            "create-with-password",
            Faults(vec![refusal("POST", "*/users", 400, "INVALID_VALUE")]),
            Unexpected,
            "the creation is rejected with 400",
        ),
        ("patch-merge", Usual, AsExpected, "both are merged"),
        (
            "patch-merge",
            Other(Alternative::PatchReplacesObjects),
            Unexpected,
            "both are replaced",
        ),
        ("scim-patch-path", Usual, AsExpected, "is set"),
        (
            "scim-patch-path",
            Faults(vec![refusal("PATCH", "*", 415, "X")]),
            Unexpected,
            "no: 415",
        ),
        ("enabled-answer", Usual, AsExpected, "yes"),
        (
            "enabled-answer",
            Faults(vec![body("PUT", "*/enabled", "")]),
            Unexpected,
            "(200) has no `enabled`",
        ),
        ("disabled-status", Usual, AsExpected, "`status` is OK"),
        (
            "disabled-status",
            Faults(vec![body(
                "GET",
                "*/users/*",
                r#"{"account": {"status": "DISABLED"}}"#,
            )]),
            Unexpected,
            "`status` is DISABLED, `canAuthenticate` is absent",
        ),
        ("disabled-lock", Usual, AsExpected, "unlocking returns 415"),
        (
            "disabled-lock",
            Other(Alternative::DisabledUsersCanBeLocked),
            Unexpected,
            "unlocking returns 200, locking returns 200",
        ),
        ("enabled-unlock", Usual, AsExpected, "200"),
        (
            "enabled-unlock",
            Faults(vec![refusal("POST", "*/users/*", 415, "X")]),
            Unexpected,
            "415",
        ),
        ("lock-without-end", Usual, AsExpected, "yes: it returns 200"),
        (
            "lock-without-end",
            Other(Alternative::LockNeedsUnlockAt),
            Unexpected,
            "no: it returns 200",
        ),
        ("lock-past-end", Usual, AsExpected, "yes: it returns 200"),
        (
            "lock-past-end",
            Faults(vec![
                refusal("POST", "*/users/*", 400, "INVALID_VALUE").skip(1),
            ]),
            Unexpected,
            "rejected with 400 INVALID_DATA, INVALID_VALUE",
        ),
        (
            "unlock-media-type",
            Usual,
            AsExpected,
            "yes: it returns 200",
        ),
        (
            "unlock-media-type",
            Faults(vec![refusal("POST", "*/users/*", 415, "X").skip(1)]),
            Unexpected,
            "no: it returns 415",
        ),
        (
            "force-change-no-password",
            Usual,
            AsExpected,
            "400 REQUEST_FAILED, NO_PASSWORD",
        ),
        (
            "force-change-no-password",
            Faults(vec![Fault::on("POST", "*/password").status(200).body("{}")]),
            Unexpected,
            "it returns 200",
        ),
        (
            "force-change-media-type",
            Usual,
            AsExpected,
            "without `+json`, it returns 200; with it, 415",
        ),
        (
            "force-change-media-type",
            Other(Alternative::ForceChangeAnswersNoContent),
            Unexpected,
            "without `+json`, it returns 204; with it, ",
        ),
        (
            "force-change-media-type",
            Faults(vec![refusal("POST", "*/password", 415, "X")]),
            Unexpected,
            "but the state is not MUST_CHANGE_PASSWORD",
        ),
        (
            "password-unlock-media-type",
            Usual,
            AsExpected,
            "with `+json`, it returns 200; without it, 200",
        ),
        (
            "password-unlock-media-type",
            Other(Alternative::PasswordUnlockIsBare),
            Unexpected,
            "with `+json`, it returns 415 INVALID_REQUEST; without it, 200",
        ),
        (
            "password-warnings",
            Usual,
            AsExpected,
            "only documented ones, up to the lockout",
        ),
        (
            "password-warnings",
            Faults(vec![body(
                "GET",
                "*/password",
                r#"{"status": "OK", "_links": {}, "failedChecks": {"remaining": 3}, "jane doe": 1}"#,
            )]),
            Unexpected,
            "failedChecks.remaining, (other), without a lockout",
        ),
        ("lockout-in-account", Usual, AsExpected, "yes"),
        (
            "lockout-in-account",
            Other(Alternative::LockoutStaysOutOfAccount),
            Unexpected,
            "no",
        ),
        (
            "lockout-in-account",
            Behaviour::Seed(|seed| seed.password_policy.lockout_failures = 100),
            Inconclusive,
            "15 failed checks",
        ),
        ("lockout-unlock", Usual, AsExpected, "yes: it returns 200"),
        (
            "lockout-unlock",
            Other(Alternative::UnlockEndsLockout),
            Unexpected,
            "no: it returns 200",
        ),
        (
            "member-again",
            Usual,
            AsExpected,
            "400 INVALID_DATA, UNIQUENESS_VIOLATION",
        ),
        (
            "member-again",
            Other(Alternative::MembershipAgainIsCreated),
            Unexpected,
            "201",
        ),
        ("member-filter", Usual, AsExpected, "yes"),
        (
            "member-filter",
            Faults(vec![refusal(
                "GET",
                "*/memberOfGroups",
                400,
                "INVALID_FILTER",
            )]),
            Unexpected,
            "no: 400 INVALID_DATA, INVALID_FILTER",
        ),
        ("member-not", Usual, AsExpected, "404 NOT_FOUND"),
        (
            "member-not",
            Faults(vec![
                Fault::on("DELETE", "*/memberOfGroups/*")
                    .times(2)
                    .status(204)
                    .body(""),
            ]),
            Unexpected,
            "204",
        ),
        ("users-page", Usual, Inconclusive, "too few users"),
        (
            "users-page",
            Behaviour::Seed(|seed| seed.add_crowd(210)),
            AsExpected,
            "a page contains 200 users, with more to follow",
        ),
        (
            "users-page",
            Behaviour::Seed(|seed| {
                seed.add_crowd(210);
                seed.limits.users_per_page = 1000;
            }),
            Unexpected,
            "contains 201 users",
        ),
        (
            "activities-limit",
            Usual,
            AsExpected,
            "1000 returns 200, 1001 returns 400",
        ),
        (
            "activities-limit",
            Faults(vec![refusal("GET", "*/activities", 400, "OUT_OF_RANGE")]),
            Unexpected,
            "1000 returns 400 INVALID_DATA, OUT_OF_RANGE",
        ),
        (
            "activities-delay",
            Usual,
            AsExpected,
            "0 s; members: id, recordedAt",
        ),
        (
            "activities-delay",
            Faults(vec![body(
                "GET",
                "*/activities",
                r#"{"_embedded": {"activities": []}}"#,
            )]),
            Unexpected,
            "more than 0 s",
        ),
        ("bypass-name", Usual, Inconclusive, "as documented"),
        (
            "bypass-name",
            Faults(vec![body(
                "GET",
                "*/bypassMFA",
                r#"{"bypassMFAEnabled": false}"#,
            )]),
            AsExpected,
            "yes",
        ),
        (
            "bypass-name",
            Faults(vec![body("GET", "*/bypassMFA", r#"{"enabled": false}"#)]),
            Unexpected,
            "no: enabled",
        ),
        (
            "bypass-end",
            Usual,
            AsExpected,
            "yes: PingOne shows no bypass",
        ),
        (
            "bypass-end",
            Other(Alternative::PastBypassIsRejected),
            Unexpected,
            "no: it is rejected with 400 INVALID_DATA, INVALID_VALUE",
        ),
        (
            "bypass-end",
            Faults(vec![body(
                "GET",
                "*/bypassMFA",
                r#"{"bypassMFAEnabledUntil": "2026-01-01T00:00:00.000Z"}"#,
            )]),
            AsExpected,
            "yes: PingOne shows the end",
        ),
        (
            "bypass-end",
            Faults(vec![body(
                "GET",
                "*/bypassMFA",
                r#"{"bypassMFAEnabledUntil": "2100-01-01T00:00:00.000Z"}"#,
            )]),
            Unexpected,
            "no: it is accepted, but the bypass goes on",
        ),
    ]
}

#[tokio::test]
async fn each_probe_recognises_every_behaviour() {
    for (name, behaviour, verdict, words) in cases() {
        let found = ask(name, behaviour).await;
        assert!(
            found.verdict == verdict && found.text.contains(words),
            "{name}: expected {verdict:?} with '{words}', found {found:?}"
        );
        assert!(!found.text.contains("jane"), "{name}: {found:?}");
    }
}

#[test]
fn each_probe_has_a_case_for_both_verdicts() {
    let cases = cases();
    for (name, _) in PROBES {
        for verdict in [Verdict::AsExpected, Verdict::Unexpected] {
            assert!(
                cases
                    .iter()
                    .any(|(tried, _, expected, _)| tried == name && *expected == verdict),
                "{name} has no case with the verdict {verdict:?}"
            );
        }
    }
}

/// The clean-up must never delete anything that the run did not create, whatever PingOne's filter returns.
#[tokio::test]
async fn the_clean_up_deletes_only_what_the_run_created() {
    let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
    let before = names(&sandbox);
    let Value::Object(params) = sandbox.params() else {
        panic!("no parameters");
    };
    let cx =
        TestContext::new(params, None, Duration::ZERO, Env::default()).expect("fine parameters");
    cx.user("kept").await.expect("a temporary user");
    // behaviour whose id never came: PingOne is searched, and answers with everybody.
    cx.expect_creation();
    let everybody = serde_json::json!({"_embedded": {"users": sandbox.state()["users"]}});
    sandbox.fault(Fault::on("GET", "*/users").body(&everybody.to_string()));
    let cleanup = cx.clean_up().await;
    assert_eq!((cleanup.deleted, cleanup.remaining), (1, 0));
    assert_eq!(names(&sandbox), before);
}
