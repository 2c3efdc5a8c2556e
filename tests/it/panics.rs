//! A build that cannot unwind still says where it panicked, never with what message, and leaves no core dump.

use std::process::Command;

use pingone_xsoar::panics;

/// The process of the test below. It panics as a bug in the executable would.
#[test]
#[ignore = "ends the process"]
fn child() {
    panics::exit_on_panic();
    panic!("hunter22");
}

#[test]
fn a_panic_without_unwinding_is_reported_without_its_message() {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "panics::child", "--ignored", "--nocapture"])
        .output()
        .expect("a process");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(101), "{stderr}");
    assert!(
        stderr.contains("The integration has a bug (at tests/it/panics.rs:12)."),
        "{stderr}"
    );
    assert!(!stderr.contains("hunter22"), "{stderr}");
}
