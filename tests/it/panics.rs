//! A build that cannot unwind still says where it panicked, never with what message, and leaves no core dump.

use std::{env, process::Command};

use pingone_xsoar::panics;

/// Set in the process that panics.
const CHILD: &str = "PANICS_FOR_A_TEST";

#[test]
fn a_panic_without_unwinding_is_reported_without_its_message() {
    if env::var_os(CHILD).is_some() {
        panics::exit_on_panic();
        panic!("hunter22");
    }
    let name = "panics::a_panic_without_unwinding_is_reported_without_its_message";
    let output = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .expect("a process");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(101), "{stderr}");
    assert!(
        stderr.contains("The integration has a bug (at tests/it/panics.rs:14)."),
        "{stderr}"
    );
    assert!(!stderr.contains("hunter22"), "{stderr}");
}
