//! Every probe, with a PingOne that behaves as is assumed and with one that does not.

use std::time::Duration;

use pingone_sandbox::{Alternative, Fault, Sandbox, Seed};
use pingone_xsoar::env::Env;
use pingone_xsoar::verify::{
    probe::{Finding, Fixture, Verdict},
    probes::{self, PROBES},
    test_context::TestContext,
};
use serde_json::Value;

/// How a PingOne is made to behave.
#[derive(Clone)]
enum Way {
    /// As the sandbox does by default.
    Usual,
    /// By one of the sandbox's alternatives.
    Other(Alternative),
    /// By a seed that was changed.
    Seed(fn(&mut Seed)),
    /// With another of the seed's applications.
    Application(usize),
    /// By faults that begin when the probe does.
    Faults(Vec<Fault>),
}

use Way::{Application, Faults, Other, Usual};

/// Asks one question of a sandbox.
async fn ask(name: &str, way: Way) -> Finding {
    let mut seed = Seed::built_in();
    let mut application = 0;
    let mut faults = Vec::new();
    match way {
        Usual => {}
        Other(alternative) => seed.alternatives.push(alternative),
        Way::Seed(change) => change(&mut seed),
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
    let fixture = Fixture::make(&cx).await.expect("a throwaway user");
    if name == "member-filter" {
        // It looks for a membership that the probe before it made.
        probes::run("member-again", &cx, &fixture)
            .await
            .expect("a membership");
    }
    for fault in faults {
        sandbox.fault(fault);
    }
    let found = probes::run(name, &cx, &fixture).await;
    sandbox.clear_faults();
    let cleaned = cx.clean_up().await;
    assert!(cleaned.is_complete(), "{name}: {cleaned:?}");
    assert_eq!(
        names(&sandbox),
        before,
        "{name} left something behind or took something away"
    );
    found.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The users and groups that are there.
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

/// Probe, how PingOne behaves, what is to be found, and words that have to be in the finding.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn cases() -> Vec<(&'static str, Way, Verdict, &'static str)> {
    use Verdict::{AsAssumed, Open, Otherwise};
    let nobody = r#"{"_embedded": {"users": []}}"#;
    vec![
        ("client-authentication", Usual, AsAssumed, "Basic worked"),
        (
            "client-authentication",
            Application(1),
            Otherwise,
            "the form worked",
        ),
        ("error-id", Usual, AsAssumed, "the same"),
        (
            "error-id",
            Other(Alternative::ErrorIdDiffers),
            Otherwise,
            "differ",
        ),
        ("unknown-environment", Usual, AsAssumed, "403 ACCESS_FAILED"),
        (
            "unknown-environment",
            Other(Alternative::UnknownEnvironmentIsNotFound),
            Otherwise,
            "404 NOT_FOUND",
        ),
        ("filter-escaping", Usual, AsAssumed, "exactly the user"),
        (
            "filter-escaping",
            Other(Alternative::EscapesAreRefused),
            Otherwise,
            "refused: 400 INVALID_REQUEST, INVALID_FILTER",
        ),
        (
            "filter-escaping",
            Faults(vec![body("GET", "*/users", nobody)]),
            Otherwise,
            "not found",
        ),
        (
            "filter-escaping",
            Faults(vec![refusal("POST", "*/users", 400, "INVALID_VALUE")]),
            Open,
            "takes no such username: 400 INVALID_DATA, INVALID_VALUE",
        ),
        ("filter-widening", Usual, AsAssumed, "finds nobody"),
        (
            "filter-widening",
            Other(Alternative::EscapesAreRefused),
            AsAssumed,
            "refused: 400",
        ),
        (
            "filter-widening",
            Faults(vec![body(
                "GET",
                "*/users",
                r#"{"_embedded": {"users": [{"username": "jane.doe"}]}}"#,
            )]),
            Otherwise,
            "widened",
        ),
        ("username-filter-case", Usual, AsAssumed, "finds the user"),
        (
            "username-filter-case",
            Faults(vec![body("GET", "*/users", nobody)]),
            Otherwise,
            "finds nobody",
        ),
        ("username-unique-case", Usual, AsAssumed, "could be created"),
        (
            "username-unique-case",
            Faults(vec![refusal(
                "POST",
                "*/users",
                400,
                "UNIQUENESS_VIOLATION",
            )]),
            Otherwise,
            "no: 400 INVALID_DATA, UNIQUENESS_VIOLATION",
        ),
        ("user-id-filter", Usual, AsAssumed, "INVALID_FILTER"),
        (
            "user-id-filter",
            Way::Seed(|seed| seed.custom_attributes.push("id".to_owned())),
            Otherwise,
            "it is taken",
        ),
        ("create-with-password", Usual, AsAssumed, "no password"),
        (
            "create-with-password",
            Faults(vec![body("GET", "*/password", r#"{"status": "OK"}"#)]),
            Otherwise,
            "the state is OK",
        ),
        (
            "create-with-password",
            Faults(vec![refusal("POST", "*/users", 400, "INVALID_VALUE")]),
            Otherwise,
            "the creation is refused: 400",
        ),
        ("patch-merge", Usual, AsAssumed, "both are merged"),
        (
            "patch-merge",
            Other(Alternative::PatchReplacesObjects),
            Otherwise,
            "both are replaced",
        ),
        ("scim-patch-path", Usual, AsAssumed, "is set"),
        (
            "scim-patch-path",
            Faults(vec![refusal("PATCH", "*", 415, "X")]),
            Otherwise,
            "no: 415",
        ),
        ("enabled-answer", Usual, AsAssumed, "yes"),
        (
            "enabled-answer",
            Faults(vec![body("PUT", "*/enabled", "")]),
            Otherwise,
            "(200) has no `enabled`",
        ),
        ("disabled-status", Usual, AsAssumed, "`status` is OK"),
        (
            "disabled-status",
            Faults(vec![body(
                "GET",
                "*/users/*",
                r#"{"account": {"status": "DISABLED"}}"#,
            )]),
            Otherwise,
            "`status` is DISABLED, `canAuthenticate` is absent",
        ),
        ("disabled-lock", Usual, AsAssumed, "unlocking answers 415"),
        (
            "disabled-lock",
            Other(Alternative::DisabledUsersCanBeLocked),
            Otherwise,
            "unlocking answers 200, locking 200",
        ),
        ("enabled-unlock", Usual, AsAssumed, "200"),
        (
            "enabled-unlock",
            Faults(vec![refusal("POST", "*/users/*", 415, "X")]),
            Otherwise,
            "415",
        ),
        ("lock-without-end", Usual, AsAssumed, "yes: it answers 200"),
        (
            "lock-without-end",
            Other(Alternative::LockNeedsUnlockAt),
            Otherwise,
            "no: it answers 200",
        ),
        ("lock-past-end", Usual, AsAssumed, "yes: it answers 200"),
        (
            "lock-past-end",
            Faults(vec![
                refusal("POST", "*/users/*", 400, "INVALID_VALUE").skip(1),
            ]),
            Otherwise,
            "refused: 400 INVALID_DATA, INVALID_VALUE",
        ),
        ("unlock-media-type", Usual, AsAssumed, "yes: it answers 200"),
        (
            "unlock-media-type",
            Faults(vec![refusal("POST", "*/users/*", 415, "X").skip(1)]),
            Otherwise,
            "no: it answers 415",
        ),
        (
            "force-change-no-password",
            Usual,
            AsAssumed,
            "400 REQUEST_FAILED, NO_PASSWORD",
        ),
        (
            "force-change-no-password",
            Faults(vec![Fault::on("POST", "*/password").status(200).body("{}")]),
            Otherwise,
            "it answers 200",
        ),
        (
            "force-change-media-type",
            Usual,
            AsAssumed,
            "without, it answers 200; with, 415",
        ),
        (
            "force-change-media-type",
            Other(Alternative::ForceChangeAnswersNoContent),
            Otherwise,
            "without, it answers 204; with",
        ),
        (
            "force-change-media-type",
            Faults(vec![refusal("POST", "*/password", 415, "X")]),
            Otherwise,
            "and the state is not MUST_CHANGE_PASSWORD",
        ),
        (
            "password-unlock-media-type",
            Usual,
            AsAssumed,
            "with, it answers 200; without, 200",
        ),
        (
            "password-unlock-media-type",
            Other(Alternative::PasswordUnlockIsBare),
            Otherwise,
            "with, it answers 415 INVALID_REQUEST; without, 200",
        ),
        (
            "password-warnings",
            Usual,
            AsAssumed,
            "none that is not documented, until the lockout",
        ),
        (
            "password-warnings",
            Faults(vec![body(
                "GET",
                "*/password",
                r#"{"status": "OK", "_links": {}, "failedChecks": {"remaining": 3}, "jane doe": 1}"#,
            )]),
            Otherwise,
            "failedChecks.remaining, (another word), without a lockout",
        ),
        ("lockout-in-account", Usual, AsAssumed, "yes"),
        (
            "lockout-in-account",
            Other(Alternative::LockoutStaysOutOfAccount),
            Otherwise,
            "no",
        ),
        (
            "lockout-in-account",
            Way::Seed(|seed| seed.password_policy.lockout_failures = 100),
            Open,
            "15 failed checks",
        ),
        ("lockout-unlock", Usual, AsAssumed, "yes: it answers 200"),
        (
            "lockout-unlock",
            Other(Alternative::UnlockEndsLockout),
            Otherwise,
            "no: it answers 200",
        ),
        (
            "member-again",
            Usual,
            AsAssumed,
            "400 INVALID_DATA, UNIQUENESS_VIOLATION",
        ),
        (
            "member-again",
            Other(Alternative::MembershipAgainIsCreated),
            Otherwise,
            "201",
        ),
        ("member-filter", Usual, AsAssumed, "yes"),
        (
            "member-filter",
            Faults(vec![refusal(
                "GET",
                "*/memberOfGroups",
                400,
                "INVALID_FILTER",
            )]),
            Otherwise,
            "no: 400 INVALID_DATA, INVALID_FILTER",
        ),
        ("member-not", Usual, AsAssumed, "404 NOT_FOUND"),
        (
            "member-not",
            Faults(vec![
                Fault::on("DELETE", "*/memberOfGroups/*")
                    .times(2)
                    .status(204)
                    .body(""),
            ]),
            Otherwise,
            "204",
        ),
        ("users-page", Usual, Open, "too few users"),
        (
            "users-page",
            Way::Seed(|seed| seed.add_crowd(210)),
            AsAssumed,
            "a page holds 200 and more follow",
        ),
        (
            "users-page",
            Way::Seed(|seed| {
                seed.add_crowd(210);
                seed.limits.users_per_page = 1000;
            }),
            Otherwise,
            "holds 201 users",
        ),
        (
            "activities-limit",
            Usual,
            AsAssumed,
            "1000 answers 200, 1001 answers 400",
        ),
        (
            "activities-limit",
            Faults(vec![refusal("GET", "*/activities", 400, "OUT_OF_RANGE")]),
            Otherwise,
            "1000 answers 400 INVALID_DATA, OUT_OF_RANGE",
        ),
        (
            "activities-delay",
            Usual,
            AsAssumed,
            "0 s; members: id, recordedAt",
        ),
        (
            "activities-delay",
            Faults(vec![body(
                "GET",
                "*/activities",
                r#"{"_embedded": {"activities": []}}"#,
            )]),
            Otherwise,
            "more than 0 s",
        ),
        ("bypass-name", Usual, Open, "as documented"),
        (
            "bypass-name",
            Faults(vec![body(
                "GET",
                "*/bypassMFA",
                r#"{"bypassMFAEnabled": false}"#,
            )]),
            AsAssumed,
            "yes",
        ),
        (
            "bypass-name",
            Faults(vec![body("GET", "*/bypassMFA", r#"{"enabled": false}"#)]),
            Otherwise,
            "no: enabled",
        ),
    ]
}

#[tokio::test]
async fn each_probe_tells_either_way() {
    for (name, way, verdict, words) in cases() {
        let found = ask(name, way).await;
        assert!(
            found.verdict == verdict && found.text.contains(words),
            "{name}: expected {verdict:?} with '{words}', found {found:?}"
        );
        assert!(!found.text.contains("jane"), "{name}: {found:?}");
    }
}

#[test]
fn each_probe_is_tried_both_ways() {
    let cases = cases();
    for (name, _) in PROBES {
        for verdict in [Verdict::AsAssumed, Verdict::Otherwise] {
            assert!(
                cases
                    .iter()
                    .any(|(tried, _, expected, _)| tried == name && *expected == verdict),
                "{name} has no case that comes out as {verdict:?}"
            );
        }
    }
}

/// A deletion must never reach what the run did not make, whatever PingOne's filter finds.
#[tokio::test]
async fn the_clean_up_deletes_what_it_made_alone() {
    let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
    let before = names(&sandbox);
    let Value::Object(params) = sandbox.params() else {
        panic!("no parameters");
    };
    let cx =
        TestContext::new(params, None, Duration::ZERO, Env::default()).expect("fine parameters");
    cx.user("kept").await.expect("a throwaway user");
    // As if something were under way whose id never came: PingOne is searched, and answers with everybody.
    cx.about_to_make();
    let everybody = serde_json::json!({"_embedded": {"users": sandbox.state()["users"]}});
    sandbox.fault(Fault::on("GET", "*/users").body(&everybody.to_string()));
    let cleaned = cx.clean_up().await;
    assert_eq!((cleaned.gone, cleaned.left), (1, 0));
    assert_eq!(names(&sandbox), before);
}
