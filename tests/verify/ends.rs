//! However the story of a self-test ends, what it made is deleted.

use std::{cell::RefCell, future::pending, time::Duration};

use pingone_sandbox::{Sandbox, Seed};
use pingone_xsoar::{
    run,
    surroundings::Surroundings,
    verify::{bench::Bench, carry_out, report::Results, trouble::Trouble},
};
use serde_json::Value;

fn bench(sandbox: &Sandbox) -> Bench {
    let Value::Object(params) = sandbox.params() else {
        panic!("no parameters");
    };
    Bench::new(params, None, Duration::ZERO, Surroundings::default()).expect("fine parameters")
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
    let (before, bench) = (count(&sandbox), bench(&sandbox));
    let made = std::cell::Cell::new(0);
    let broken = async |bench: &Bench, _: &RefCell<Results>| {
        bench.user("one").await?;
        bench.group("two").await?;
        made.set(count(&sandbox));
        assert_eq!(made.get(), 0, "hunter22");
        Ok(())
    };
    let ended = carry_out(&bench, broken, pending, &|_| ()).await;
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
    let (before, bench) = (count(&sandbox), bench(&sandbox));
    let failing = async |bench: &Bench, _: &RefCell<Results>| {
        bench.user("one").await?;
        Err(Trouble::Interrupted)
    };
    let ended = carry_out(&bench, failing, pending, &|_| ()).await;
    let (text, good) = (ended.report, ended.is_good);
    assert_eq!(count(&sandbox), before, "{text}");
    assert!(!good && text.contains("1 made and deleted"), "{text}");
}

#[tokio::test]
async fn a_stopped_bench_sends_nothing_more() {
    let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
    let bench = bench(&sandbox);
    bench.stop();
    assert!(matches!(bench.user("one").await, Err(Trouble::Interrupted)));
    assert!(matches!(
        bench.pause(Duration::from_hours(1)).await,
        Err(Trouble::Interrupted)
    ));
    assert_eq!(sandbox.calls(), []);
}
