//! However a self-test ends, it deletes what it created.

use std::{cell::RefCell, future::pending, time::Duration};

use pingone_sandbox::{Sandbox, Seed};
use pingone_xsoar::{
    env::Env,
    panics,
    verify::{error::VerifyError, report::Results, run_and_clean_up, test_context::TestContext},
};
use serde_json::Value;

fn cx(sandbox: &Sandbox) -> TestContext {
    let Value::Object(params) = sandbox.params() else {
        panic!("no parameters");
    };
    TestContext::new(params, None, Duration::ZERO, Env::default()).expect("fine parameters")
}

fn count(sandbox: &Sandbox) -> usize {
    let state = sandbox.state();
    let size = |list: &str| state[list].as_array().map_or(0, Vec::len);
    size("users") + size("groups")
}

#[tokio::test]
async fn the_clean_up_runs_after_a_panic() {
    panics::hide_panics();
    let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
    let (before, cx) = (count(&sandbox), cx(&sandbox));
    let created = std::cell::Cell::new(0);
    let broken = async |cx: &TestContext, _: &RefCell<Results>| {
        cx.user("one").await?;
        cx.group("two").await?;
        created.set(count(&sandbox));
        assert_eq!(created.get(), 0, "hunter22");
        Ok(())
    };
    let summary = run_and_clean_up(&cx, broken, pending, &|_| ()).await;
    let (text, passed) = (summary.report, summary.passed);
    assert_eq!(created.get(), before + 2, "nothing was created");
    assert_eq!(count(&sandbox), before, "{text}");
    assert!(
        !passed && text.contains("because of a bug") && text.contains("2 created and deleted"),
        "{text}"
    );
    assert!(!text.contains("hunter22"), "{text}");
}

#[tokio::test]
async fn the_clean_up_runs_after_an_error() {
    let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
    let (before, cx) = (count(&sandbox), cx(&sandbox));
    let failing = async |cx: &TestContext, _: &RefCell<Results>| {
        cx.user("one").await?;
        Err(VerifyError::Interrupted)
    };
    let summary = run_and_clean_up(&cx, failing, pending, &|_| ()).await;
    let (text, passed) = (summary.report, summary.passed);
    assert_eq!(count(&sandbox), before, "{text}");
    assert!(!passed && text.contains("1 created and deleted"), "{text}");
}

#[tokio::test]
async fn a_stopped_self_test_makes_no_more_calls() {
    let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
    let cx = cx(&sandbox);
    cx.stop();
    assert!(matches!(
        cx.user("one").await,
        Err(VerifyError::Interrupted)
    ));
    assert!(matches!(
        cx.pause(Duration::from_hours(1)).await,
        Err(VerifyError::Interrupted)
    ));
    assert_eq!(sandbox.calls(), []);
}
