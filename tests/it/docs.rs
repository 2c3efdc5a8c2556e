//! Compares the pages in `docs` with the program: the roles that commands need.

use std::{env, fs};

use pingone_xsoar::{
    access,
    commands::{self, Access},
};

use crate::manifest::between_markers;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/roles.md");

const UPDATE: &str = "UPDATE_DOCS";

#[test]
fn the_roles_page_names_the_role_of_every_command() {
    let page = fs::read_to_string(PAGE).expect("docs/roles.md is there");
    let mut table = "| Command | Does | Role |\n| --- | --- | --- |\n".to_owned();
    for name in commands::NAMES {
        let access = commands::access(name).unwrap_or_else(|| panic!("{name} has no access"));
        let does = if access.is_read() { "reads" } else { "changes" };
        let role = access.role();
        table.extend(["| `", name, "` | ", does, " | ", role, " |\n"]);
    }
    let wanted = between_markers(&page, "roles", &table);
    if wanted == page {
        return;
    }
    assert!(
        env::var_os(UPDATE).is_some_and(|value| value == "1"),
        "docs/roles.md differs from the commands. {UPDATE}=1 cargo test --test it docs writes what it should \
         say:\n\n{table}"
    );
    fs::write(PAGE, wanted).expect("docs/roles.md can be written");
}

/// The description in XSOAR tells the commands that look by how they begin.
#[test]
fn command_names_tell_reads_from_changes() {
    for name in commands::NAMES
        .iter()
        .filter(|name| !access::is_built_in(name))
    {
        let looks = [
            "pingone-check-posture",
            "pingone-find-",
            "pingone-get-",
            "pingone-list-",
            "pingone-read-",
        ]
        .iter()
        .any(|beginning| name.starts_with(beginning));
        assert_eq!(
            commands::access(name).is_some_and(Access::is_read),
            looks,
            "{name}: packaging/pack/PingOne_description.md says otherwise"
        );
    }
}
