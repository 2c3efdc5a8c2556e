//! What `--version` says: enough to find the source of an executable, and to see what was left out of it.

/// The commit, which builds for release pass in. Asking git would compile everything anew after each commit.
const COMMIT: Option<&str> = option_env!("PINGONE_XSOAR_COMMIT");

/// The version, the commit and the features, in three lines.
pub fn text() -> String {
    let features = [
        ("cli", cfg!(feature = "cli")),
        ("sandbox", cfg!(feature = "sandbox")),
    ];
    let features: Vec<&str> = features
        .into_iter()
        .filter_map(|(name, is_on)| is_on.then_some(name))
        .collect();
    let features = match features.as_slice() {
        [] => "none (it only serves XSOAR)".to_owned(),
        some => some.join(", "),
    };
    format!(
        "pingone-xsoar {}\ncommit: {}\nfeatures: {features}\n",
        env!("CARGO_PKG_VERSION"),
        COMMIT.unwrap_or("unknown, not a release"),
    )
}
