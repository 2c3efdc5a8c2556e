//! The process edge of `pingone-xsoar`.

fn main() {}
