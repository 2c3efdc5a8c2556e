//! The pages below `docs` against the program: the roles that commands need.

use std::fs;

use pingone_xsoar::commands::{self, Access};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/deployment.md");

#[test]
fn the_deployment_page_names_the_role_of_every_command() {
    let page = fs::read_to_string(PAGE).expect("docs/deployment.md is there");
    let (_, rest) = page
        .split_once("<!-- roles -->")
        .expect("docs/deployment.md has <!-- roles -->");
    let (table, _) = rest
        .split_once("<!-- /roles -->")
        .expect("docs/deployment.md has <!-- /roles -->");
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let expected: Vec<String> = commands::NAMES
        .iter()
        .map(|name| match commands::access(name) {
            Some(Access::Read) => format!("| `{name}` | looks | Identity Data Read Only |"),
            Some(Access::Change) => format!("| `{name}` | changes | Identity Data Admin |"),
            None => panic!("{name} has no access"),
        })
        .collect();
    assert_eq!(
        rows, expected,
        "the table in docs/deployment.md is to have these rows, in this order"
    );
}

/// The description in XSOAR tells the commands that look by how they begin.
#[test]
fn a_commands_name_tells_whether_it_only_looks() {
    for name in commands::NAMES
        .iter()
        .filter(|name| **name != commands::TEST)
    {
        let looks = ["pingone-get-", "pingone-list-", "pingone-read-"]
            .iter()
            .any(|beginning| name.starts_with(beginning));
        assert_eq!(
            commands::access(name) == Some(Access::Read),
            looks,
            "{name}: packaging/pack/PingOne_description.md says otherwise"
        );
    }
}
