//! However the story of a self-test ends, what it made is deleted.

use std::{cell::RefCell, future::pending, time::Duration};

use pingone_sandbox::{Sandbox, Seed};
use pingone_xsoar::{
    env::Env,
    run,
    verify::{carry_out, error::VerifyError, report::Results, test_context::TestContext},
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
async fn what_was_made_before_a_panic_is_deleted() {
    run::hide_panics();
    let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
    let (before, cx) = (count(&sandbox), cx(&sandbox));
    let made = std::cell::Cell::new(0);
    let broken = async |cx: &TestContext, _: &RefCell<Results>| {
        cx.user("one").await?;
        cx.group("two").await?;
        made.set(count(&sandbox));
        assert_eq!(made.get(), 0, "hunter22");
        Ok(())
    };
    let ended = carry_out(&cx, broken, pending, &|_| ()).await;
    let (text, good) = (ended.report, ended.is_good);
    assert_eq!(made.get(), before + 2, "nothing was made");
    assert_eq!(count(&sandbox), before, "{text}");
    assert!(
        !good && text.contains("has a fault") && text.contains("2 made and deleted"),
        "{text}"
    );
    assert!(!text.contains("hunter22"), "{text}");
}

#[tokio::test]
async fn what_was_made_before_an_error_is_deleted() {
    let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
    let (before, cx) = (count(&sandbox), cx(&sandbox));
    let failing = async |cx: &TestContext, _: &RefCell<Results>| {
        cx.user("one").await?;
        Err(VerifyError::Interrupted)
    };
    let ended = carry_out(&cx, failing, pending, &|_| ()).await;
    let (text, good) = (ended.report, ended.is_good);
    assert_eq!(count(&sandbox), before, "{text}");
    assert!(!good && text.contains("1 made and deleted"), "{text}");
}

#[tokio::test]
async fn a_stopped_bench_sends_nothing_more() {
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
