//! The house's rules that no compiler checks, read from the code: who may know whom, what only one place may do,
//! and what must not be there at all. A rule that gets in the way is changed here, with its reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::imports::{self, Imports};

/// The PingOne client.
const CLIENT: &str = "crates/pingone/src";
/// PingOne in memory.
const SANDBOX: &str = "crates/pingone-sandbox/src";

/// A file of code.
struct Source {
    /// `crates/pingone/src/http.rs`
    name: String,
    /// All of it.
    text: String,
}

impl Source {
    /// What is compiled into the executable: neither comments nor the tests at the end.
    fn code(&self) -> String {
        let code = self
            .text
            .split_once("\n#[cfg(test)]\nmod ")
            .map_or(&*self.text, |(code, _)| code);
        code.lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| [line, "\n"])
            .collect()
    }

    /// The parts of `root` (`crate`, `std`) that the code names, in paths and in `use` declarations:
    /// `use crate::{entry::Output, secrets};` names `entry` and `secrets`.
    fn names_below(&self, root: &str) -> BTreeSet<String> {
        imports::names_below(&self.text, root)
    }
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["src", CLIENT, SANDBOX]
        .map(|folder| root().join(folder))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of src") {
            let path = entry.expect("an entry of src").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("below the root");
                found.push(Source {
                    name: name.to_string_lossy().into_owned(),
                    text: fs::read_to_string(&path).expect("a text"),
                });
            }
        }
    }
    assert!(found.len() > 20, "src was not found");
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The files below `folder`.
fn sources_in(folder: &str) -> Vec<Source> {
    let mut sources = sources();
    sources.retain(|source| source.name.starts_with(folder));
    assert!(!sources.is_empty(), "{folder} was not found");
    sources
}

/// The files that are compiled into the executable as it is shipped: all but the sandbox, which has rules of its
/// own and is for tests and trying things out.
fn shipped() -> Vec<Source> {
    let mut sources = sources();
    sources.retain(|source| !source.name.starts_with(SANDBOX));
    sources
}

/// The shipped files whose code holds `text`.
fn holders(text: &str) -> Vec<String> {
    shipped()
        .into_iter()
        .filter(|source| source.code().contains(text))
        .map(|source| source.name)
        .collect()
}

#[test]
fn every_file_says_what_it_is_for() {
    for source in sources() {
        assert!(
            source.text.starts_with("//! "),
            "{} does not begin with its one job",
            source.name
        );
    }
}

#[test]
fn no_file_is_larger_than_the_limit() {
    const MAX_FILE_BYTES: usize = 24 * 1024;
    for source in sources() {
        let size = source.text.len();
        assert!(
            size <= MAX_FILE_BYTES,
            "{} has {size} bytes: split it, {MAX_FILE_BYTES} are the most",
            source.name
        );
    }
}

/// The crates' layers, from the lowest to the highest: a folder, or a file that stands by itself, knows others of its
/// own layer and those below it. What a layer's parts may know of each other is held by the test of circles.
#[rustfmt::skip]
const LAYERS: &[(&str, &[&[&str]])] = &[
    (SANDBOX, &[&["protocol"], &["model"], &["render"], &["handlers"], &["server"], &["lib", "main"]]),
    (CLIENT, &[
        &["clock", "escapes", "external_ids", "gzip", "id", "memory", "names", "network_env", "policy", "region", "retry", "times", "visible"],
        &["activity", "assertion", "changes", "preconnect", "private_key", "proxy", "secrets", "settings", "tls", "wire"],
        &["error", "filter", "journal", "server_clock", "token"],
        &["call", "http", "tape"],
        &["answer", "endpoints", "recorder"],
        &["transport"],
        &["connection"],
        &["exchange"],
        &["pages"],
        &["client"],
        &["activities", "probe", "protected"],
        &["lib"],
    ]),
    ("src", &[
        &["access", "advice", "inert", "document", "last_run", "manifest", "panics", "parameters", "pending", "safety", "env", "times", "version"],
        &["arguments", "collector", "credentials", "failure", "fetch_settings", "instance", "markdown", "nearest"],
        &["context", "entry", "invocation", "operations", "protocol"],
        &["handler", "inputs", "stdin", "views"],
        &["commands", "server"],
        &["run"],
        &["session", "verify"],
        &["replay"],
                &["cli"],
        &["lib", "main"],
    ]),
];

const CRATES: [&str; 3] = ["src", CLIENT, SANDBOX];

#[test]
fn files_do_not_import_each_other() {
    for folder in CRATES {
        let imports = Imports::read(&root().join(folder));
        if let Some(circle) = imports.circles().first() {
            let arrows: Vec<String> = circle
                .iter()
                .map(|file| {
                    let others = imports.known[*file].iter();
                    let others: Vec<&str> = others
                        .map(String::as_str)
                        .filter(|other| circle.contains(other))
                        .collect();
                    format!("{file} knows {}", others.join(", "))
                })
                .collect();
            panic!("a circle in {folder}:\n{}", arrows.join("\n"));
        }
    }
}

#[test]
fn imports_point_downward() {
    let mut found = BTreeSet::new();
    for (folder, layers) in LAYERS {
        let height: BTreeMap<&str, usize> = layers
            .iter()
            .enumerate()
            .flat_map(|(height, parts)| parts.iter().map(move |part| (*part, height)))
            .collect();
        for (file, known) in Imports::read(&root().join(folder)).known {
            let part = part_of(&file);
            let Some(own) = height.get(part).copied() else {
                found.insert(format!("{folder}/{file} has no place in LAYERS"));
                continue;
            };
            for other in known {
                if height
                    .get(part_of(&other))
                    .is_none_or(|other| *other <= own)
                {
                    continue;
                }
                found.insert(format!("{folder}/{file} knows {other}, which is above it"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// `model` for `model/state.rs`, `run` for `run.rs`.
fn part_of(file: &str) -> &str {
    let part = file.split('/').next().unwrap_or_default();
    part.strip_suffix(".rs").unwrap_or(part)
}

#[test]
fn crates_depend_only_on_what_they_may() {
    for (folder, others) in [
        (CLIENT, ["pingone_xsoar", "pingone_sandbox"]),
        (SANDBOX, ["pingone_xsoar", "pingone"]),
    ] {
        for source in sources_in(folder) {
            for other in others {
                assert!(
                    source.names_below(other).is_empty(),
                    "{} names {other}",
                    source.name
                );
            }
        }
    }
}

#[test]
fn the_client_does_not_mention_xsoar() {
    for source in sources_in(CLIENT) {
        let text = source.text.to_lowercase();
        for word in [
            "xsoar",
            "war room",
            "playbook",
            "integration",
            "manifest",
            "instance's",
            "test button",
        ] {
            assert!(!text.contains(word), "{} speaks of {word}", source.name);
        }
    }
}

#[test]
fn a_request_never_meets_the_sandbox() {
    // `run --sandbox` may start one.
    assert_eq!(holders("pingone_sandbox"), ["src/cli/sandbox.rs"]);
}

#[test]
fn commands_do_no_io_of_their_own() {
    for source in sources_in("src/commands/") {
        for name in source.names_below("crate") {
            assert!(
                [
                    "access",
                    "advice",
                    "arguments",
                    "commands",
                    "document",
                    "entry",
                    "handler",
                    "inputs",
                    "invocation",
                    "manifest",
                    "operations",
                    "times",
                    "views",
                ]
                .contains(&&*name),
                "{} uses crate::{name}",
                source.name
            );
        }
        for name in source.names_below("std") {
            assert!(
                !["env", "fs", "io", "net", "process", "thread"].contains(&&*name),
                "{} uses std::{name}",
                source.name
            );
        }
        for word in ["reqwest", "println!", "eprintln!", "Client::builder"] {
            assert!(
                !source.code().contains(word),
                "{} names {word}",
                source.name
            );
        }
    }
}

#[test]
fn each_outside_interface_is_used_in_one_place() {
    for (text, places) in [
        ("Client::builder", &["crates/pingone/src/http.rs"][..]),
        // `verify` asks PingOne past the commands.
        (
            "Client::new(",
            &["src/run.rs", "src/verify/test_context.rs"],
        ),
        ("process::exit", &["src/panics.rs"]),
        ("ExitCode", &["src/cli/subcommands.rs", "src/main.rs"]),
        ("io::stdout()", &["src/cli/console.rs", "src/main.rs"]),
        ("io::stdin()", &["src/cli/console.rs", "src/main.rs"]),
        (
            "io::stderr()",
            &[
                "crates/pingone/src/journal.rs",
                "src/cli/console.rs",
                "src/main.rs",
                "src/panics.rs",
            ],
        ),
        // The machine's time is asked for in one place, so that a replay can do without; beside it, to wait for
        // XSOAR's server no longer than the command may take.
        (
            "Instant::now",
            &[
                "crates/pingone/src/clock.rs",
                "src/server.rs",
                "src/session.rs",
            ],
        ),
        ("Timestamp::now", &["crates/pingone/src/clock.rs"]),
        ("time::sleep", &["crates/pingone/src/clock.rs"]),
        // The collector's key goes along with events and with nothing else.
        (
            "Authorization::Key",
            &[
                "crates/pingone/src/exchange/delivery.rs",
                "crates/pingone/src/http.rs",
            ],
        ),
        // The guard lets a self-test change what it likes; no command may say that it is one.
        (
            "Effect::Probe",
            &[
                "crates/pingone/src/exchange/guard.rs",
                "crates/pingone/src/probe.rs",
            ],
        ),
        // The token requests, the API calls, and events for a collector; everyone else has a `Read` or a `Write`.
        (
            "HttpRequest {",
            &[
                "crates/pingone/src/call.rs",
                "crates/pingone/src/exchange/delivery.rs",
                "crates/pingone/src/exchange/reader.rs",
                "crates/pingone/src/token.rs",
                "crates/pingone/src/wire.rs",
            ],
        ),
    ] {
        assert_eq!(holders(text), places, "who names {text}");
    }
}

#[test]
fn the_environment_is_read_in_one_place() {
    for source in shipped() {
        let reads =
            source.names_below("std").contains("env") || source.code().contains("std::env::");
        let code = source.code().replace("env::Env", "");
        let arguments_alone = source.name == "src/main.rs"
            && code.matches("env::").count() == code.matches("env::args").count();
        assert!(
            !reads || arguments_alone || source.name == "src/env.rs",
            "{} reads the environment: that is the business of env.rs",
            source.name
        );
    }
}

#[test]
fn secrets_are_exposed_only_where_they_have_to_be() {
    assert_eq!(
        holders("expose_secret"),
        [
            // The client secret signs.
            "crates/pingone/src/assertion.rs",
            // The new password.
            "crates/pingone/src/endpoints/device_authentications.rs",
            "crates/pingone/src/endpoints/passwords.rs",
            // Secrets are added to the mask.
            "crates/pingone/src/exchange/dispatcher.rs",
            // The Authorization header.
            "crates/pingone/src/http.rs",
            "crates/pingone/src/secrets.rs",
            // Comparison and digest.
            "crates/pingone/src/settings.rs",
            // The token request, and what is stored.
            "crates/pingone/src/token.rs",
            // Arguments become texts: a handler asks for what it needs.
            "src/arguments.rs",
            // Basic credentials are looked for in a recording, to take them out.
            "src/cli/scrub.rs",
            // Secrets are added to the mask.
            "src/credentials.rs",
            "src/instance.rs",
        ]
    );
}

#[test]
fn types_with_secrets_do_not_implement_debug() {
    for (file, name) in [
        ("src/arguments.rs", "struct Arguments"),
        ("src/instance.rs", "struct Instance"),
        ("crates/pingone/src/assertion.rs", "enum AssertionKey"),
        ("crates/pingone/src/private_key.rs", "struct PrivateKey"),
        ("crates/pingone/src/settings.rs", "enum Credentials"),
        ("crates/pingone/src/settings.rs", "struct Collector"),
        ("crates/pingone/src/settings.rs", "struct Settings"),
        ("crates/pingone/src/token.rs", "struct Token"),
        ("crates/pingone/src/token.rs", "struct TokenState"),
        ("crates/pingone/src/token.rs", "struct StoredToken"),
        ("crates/pingone/src/wire.rs", "struct HttpRequest"),
        ("crates/pingone/src/wire.rs", "enum Authorization"),
        ("src/protocol.rs", "struct Request"),
        ("src/run.rs", "struct Prepared"),
        ("crates/pingone/src/secrets.rs", "struct Mask"),
    ] {
        let sources = sources_in(file);
        let code = sources[0].code();
        let Some((before, _)) = code.split_once(&format!("{name} {{")) else {
            panic!("{file} has no {name}");
        };
        let attributes: Vec<&str> = before
            .lines()
            .rev()
            .skip(1)
            .take_while(|line| line.starts_with("#["))
            .collect();
        assert!(
            !attributes.iter().any(|line| line.contains("Debug")),
            "{name} in {file} derives Debug"
        );
    }
}

#[test]
fn nothing_panics_on_purpose_outside_tests() {
    for text in [
        ".unwrap()",
        ".expect(",
        "panic!(",
        "todo!(",
        "unimplemented!(",
        "unreachable!(",
    ] {
        assert_eq!(holders(text), Vec::<String>::new(), "who uses {text}");
    }
}

#[test]
fn warnings_are_expected_with_a_reason_and_never_allowed() {
    for source in sources() {
        for text in ["#[allow(", "#![allow("] {
            assert!(!source.code().contains(text), "{}", source.name);
        }
    }
}

#[test]
fn one_tls_library_and_no_http2() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock is committed");
    assert!(
        lock.contains("name = \"ring\"\n"),
        "the list has another form"
    );
    for package in [
        "aws-lc-rs",
        "aws-lc-sys",
        "h2",
        "native-tls",
        "openssl",
        "openssl-sys",
    ] {
        assert!(
            !lock.contains(&format!("name = \"{package}\"\n")),
            "Cargo.lock has {package}: see the reasons beside reqwest and rustls in Cargo.toml, and \
             `cargo tree -i {package}` for who wants it"
        );
    }
}
