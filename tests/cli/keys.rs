//! Worker applications that authenticate by a private key JWT: new keys, commands with them, and their recordings.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use pingone_sandbox::{Seed, seed::TokenAuthMethod};
use serde_json::{Value, json};

use crate::process::{CommandLine, Output, client_secret, end, program};

const METHOD: &str = "Private key JWT (ES256)";

fn key(arguments: &[&str], file: &Path) -> Output {
    let mut command = program();
    command.arg("key").args(arguments).arg(file);
    end(command, "")
}

/// Makes the sandbox's first application authenticate by the keys of a JWKS.
fn with_jwks(jwks: &str) -> impl FnOnce(&mut Seed) {
    let jwks = Value::from(jwks);
    move |seed| {
        let application = &mut seed.applications[0];
        application.token_auth_method = TokenAuthMethod::PrivateKeyJwt;
        application.details.insert("jwks".to_owned(), jwks);
    }
}

/// A new key: its PEM and its JWKS.
fn new_key(number: u32) -> (String, String) {
    let name = format!("pingone-key-{}-{number}.pem", std::process::id());
    let file = std::env::temp_dir().join(name);
    let made = key(&["new", "--key-id", "soc"], &file);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let pem = fs::read_to_string(&file).expect("the key");
    fs::remove_file(&file).expect("our file");
    (pem, made.stdout)
}

/// Instance parameters with a key and without a secret.
fn with_key(cli: &CommandLine, pem: &str) {
    let mut credentials = cli.sandbox.params()["credentials"].clone();
    credentials["password"] = json!("");
    cli.params(&json!({
        "credentials": credentials,
        "client_authentication": METHOD,
        "private_key": {"identifier": "", "password": pem},
        "key_id": "soc",
    }));
}

#[test]
fn a_new_key_is_private_and_its_public_half_is_printed() {
    let cli = CommandLine::new();
    let file = cli.path("key.pem");
    let made = key(&["new"], &file);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let mode = fs::metadata(&file).expect("the key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let pem = fs::read_to_string(&file).expect("the key");
    assert!(
        pem.starts_with("-----BEGIN PRIVATE KEY-----\n"),
        "not shown"
    );

    let jwks: Value = serde_json::from_str(&made.stdout).expect("a JWKS");
    let jwk = &jwks["keys"][0];
    assert_eq!(
        (&jwk["kty"], &jwk["alg"], &jwk["use"]),
        (&json!("EC"), &json!("ES256"), &json!("sig"))
    );
    assert_eq!(jwk.get("d"), None, "the private half");
    assert_eq!(key(&["jwks"], &file).stdout, made.stdout);
    let renamed: Value =
        serde_json::from_str(&key(&["jwks", "--key-id", "soc"], &file).stdout).expect("a JWKS");
    assert_eq!(renamed["keys"][0]["kid"], "soc");
    assert_eq!(renamed["keys"][0]["x"], jwk["x"]);

    let again = key(&["new"], &file);
    assert_eq!(again.code, Some(1));
    assert!(
        again.stderr.contains("cannot write the private key to "),
        "{}",
        again.stderr
    );
    assert_eq!(
        fs::read_to_string(&file).expect("the key"),
        pem,
        "not overwritten"
    );
}

#[test]
fn files_without_a_usable_key_are_errors() {
    let cli = CommandLine::new();
    let file = cli.path("key.pem");
    let missing = key(&["jwks"], &file);
    assert!(
        missing.stderr.contains("cannot read the private key in "),
        "{}",
        missing.stderr
    );
    fs::write(&file, "hunter22").expect("a file of our own");
    let invalid = key(&["jwks"], &file);
    assert_eq!(invalid.code, Some(1));
    assert!(
        invalid
            .stderr
            .contains("is not a private key in PEM format"),
        "{}",
        invalid.stderr
    );
    assert!(!invalid.stderr.contains("hunter22"));
}

#[test]
fn commands_need_no_secret_with_a_key() {
    let (pem, jwks) = new_key(1);
    let cli = CommandLine::with(with_jwks(&jwks));
    for breaks in ["\n", " ", "\\n", ""] {
        cli.sandbox.clear_calls();
        with_key(&cli, &pem.replace('\n', breaks));
        let ended = cli.run(&["test-module", "!pingone-get-user emma.sharp"]);
        assert_eq!(ended.code, Some(0), "{breaks:?}: {}", ended.stderr);
        assert!(ended.stdout.contains("emma.sharp"), "{}", ended.stdout);
        let tokens = cli
            .calls()
            .into_iter()
            .filter(|call| call.contains("token"));
        assert_eq!(
            tokens.collect::<Vec<_>>(),
            ["POST token 200"],
            "one token for both"
        );
    }
}

#[test]
fn a_refused_assertion_names_what_to_check() {
    let (_, jwks) = new_key(2);
    let (another, _) = new_key(3);
    let cli = CommandLine::with(with_jwks(&jwks));
    with_key(&cli, &another);
    let ended = cli.run(&["test-module"]);
    assert_eq!(ended.code, Some(1));
    let shown = ended.stdout + &ended.stderr;
    for part in [
        "Invalid client credentials",
        "Token Endpoint Authentication Method is Private Key JWT",
        "JWKS",
        "'pingone-xsoar key jwks'",
        "this machine's clock",
        "environment and region",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(cli.calls(), ["POST token 401"], "no other method is tried");
}

#[test]
fn a_recording_has_neither_key_nor_assertion() {
    let (pem, jwks) = new_key(4);
    let cli = CommandLine::with(with_jwks(&jwks));
    with_key(&cli, &pem);
    let folder = cli.path("recording");
    let folder = folder.to_str().expect("a plain path");
    for options in [&[][..], &["--anonymize"]] {
        let mut arguments = vec!["--record", folder];
        arguments.extend(options);
        arguments.extend([
            "!pingone-get-user emma.sharp",
            "!pingone-get-user richard.roe",
        ]);
        let ended = cli.run(&arguments);
        assert!(
            ended.stderr.contains("the replay gives the same answer"),
            "{}",
            ended.stderr
        );
        let text = cli.recording("recording");
        for line in pem.lines().filter(|line| !line.starts_with('-')) {
            assert!(!text.contains(line), "{text}");
        }
        // How every JWT's header begins in base64.
        assert!(
            !text.contains("eyJ") && !text.contains(&client_secret(&cli.sandbox)),
            "{text}"
        );
        assert!(text.contains("&client_assertion=<XX_REPLACED>"), "{text}");
        let played = cli.replay("recording");
        assert!(
            played.stdout.ends_with("1 as recorded, 0 different\n"),
            "{}",
            played.stdout
        );
        fs::remove_dir_all(folder).expect("our folder");
    }
}
