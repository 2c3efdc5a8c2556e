//! What `integration.yml` tells the Cortex platform and no request reads: the exclusion policies of each command, and
//! the size of the file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pingone_xsoar::commands::{self, Access};
use yaml_serde::Value;

/// The exclusion policies that concern users, with the arguments that the platform compares with their lists
/// (`Config/compliant_policies.json` in Palo Alto's content repository).
const USER_POLICIES: [(&str, &[&str]); 2] = [
    ("User Soft Remediation", &["username", "userId", "email"]),
    ("User Hard Remediation", &["username", "userId"]),
];

/// The manifest is uploaded with the executable in it. XSOAR refuses requests above 10 MB.
const MAX_SIZE: u64 = 200 * 1024;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("integration.yml")
}

fn texts<'a>(command: &'a Value, key: &str, member: Option<&str>) -> Vec<&'a str> {
    let items = command[key].as_sequence().into_iter().flatten();
    let items = items.map(|item| member.map_or(item, |member| &item[member]));
    items.map(|item| item.as_str().expect("a text")).collect()
}

/// Without the policy, the platform runs the command even for users that its administrators have excluded.
#[test]
fn commands_that_change_a_user_are_under_an_exclusion_policy() {
    let text = fs::read_to_string(path()).expect("the manifest");
    let manifest: Value = yaml_serde::from_str(&text).expect("YAML");
    let commands = manifest["script"]["commands"].as_sequence();
    let mut covered = 0;
    for command in commands.expect("the commands") {
        let name = command["name"].as_str().expect("a name");
        let policies = texts(command, "compliantpolicies", None);
        let arguments = texts(command, "arguments", Some("name"));
        // Palo Alto's own check exempts commands by their names, and asks for a policy of all others.
        let reads_by_name = name.contains("get") || name.contains("list");
        if reads_by_name {
            assert_ne!(commands::access(name), Some(Access::Change), "{name}");
            assert!(policies.is_empty(), "{name} reads, yet would be refused");
            continue;
        }
        for argument in ["username", "userId", "email"] {
            if arguments.contains(&argument) {
                let compares = |(policy, compared): &(&str, &[&str])| {
                    policies.contains(policy) && compared.contains(&argument)
                };
                assert!(
                    USER_POLICIES.iter().any(compares),
                    "{name}: none of its compliantpolicies {policies:?} is compared with {argument}"
                );
                covered += 1;
            }
        }
    }
    assert!(covered > 30, "only {covered} arguments found");
}

#[test]
fn the_manifest_stays_small() {
    let size = fs::metadata(path()).expect("the manifest").len();
    assert!(size <= MAX_SIZE, "integration.yml has {size} bytes");
}
