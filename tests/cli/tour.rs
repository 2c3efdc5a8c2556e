//! The tour in docs/command-line.md: runs every line that starts with `$ pingone-xsoar`, in order, in an empty folder, and compares the
//! output with the lines below it. `UPDATE_DOCS=1` writes the output into the page.

use std::{fs, path::Path, process::Command};

use crate::temporary::TemporaryFolder;

const BEGIN: &str = "<!-- tour -->\n";
const END: &str = "<!-- /tour -->";

/// The tour with the current output of its commands.
fn run_tour(tour: &str) -> String {
    let folder = TemporaryFolder::new();
    let mut out = String::new();
    let mut output_follows = false;
    for line in tour.lines() {
        let typed = line.strip_prefix("$ ");
        if let Some(typed) = typed {
            out.push_str(line);
            out.push('\n');
            output_follows = typed.starts_with("pingone-xsoar ");
            if output_follows {
                out.push_str(&output_of(typed, folder.path()));
            }
        } else {
            // Text, the end of a block, and the output of other programs.
            output_follows &= line != "```";
            if !output_follows {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

/// The output of a line in a shell where `pingone-xsoar` is the executable under test.
fn output_of(typed: &str, folder: &Path) -> String {
    let built = Path::new(env!("CARGO_BIN_EXE_pingone-xsoar"));
    let path = format!(
        "{}:{}",
        built.parent().expect("a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let output = Command::new("sh")
        .args(["-c", &format!("{typed} 2>&1")])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .expect("a shell");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_tour_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/command-line.md");
    let page = fs::read_to_string(&file).expect("docs/command-line.md");
    let (before, rest) = page.split_once(BEGIN).expect("the tour begins");
    let (tour, after) = rest.split_once(END).expect("the tour ends");
    assert!(tour.matches("\n$ pingone-xsoar ").count() >= 4, "no tour");
    let now = run_tour(tour);
    if now != tour && std::env::var_os("UPDATE_DOCS").is_some() {
        let written = format!("{before}{BEGIN}{now}{END}{after}");
        fs::write(&file, written).expect("writing docs/command-line.md");
        return;
    }
    assert!(
        now == tour,
        "docs/command-line.md is out of date; UPDATE_DOCS=1 writes this into it:\n{now}"
    );
}
