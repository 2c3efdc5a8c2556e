//! The line reader: any bytes on stdin end in requests, pings or garbage, never in a panic or without an end.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    for incoming in pingone_xsoar::stdin::read_requests(input) {
        drop(incoming);
    }
});
