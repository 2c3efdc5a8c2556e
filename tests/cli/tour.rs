//! The README's tour: every line that begins with `$ pingone-xsoar` is carried out in order, in an empty folder, and
//! has to print what stands below it. `UPDATE_README=1` writes what it prints into the README.

use std::{fs, path::Path, process::Command};

use crate::temporary::TemporaryFolder;

const BEGIN: &str = "<!-- tour -->\n";
const END: &str = "<!-- /tour -->";

/// The tour with what its commands print now.
fn carried_out(tour: &str) -> String {
    let folder = TemporaryFolder::new();
    let mut out = String::new();
    let mut printed_is_below = false;
    for line in tour.lines() {
        let typed = line.strip_prefix("$ ");
        if let Some(typed) = typed {
            out.push_str(line);
            out.push('\n');
            printed_is_below = typed.starts_with("pingone-xsoar ");
            if printed_is_below {
                out.push_str(&output_of(typed, folder.path()));
            }
        } else {
            // Text, the end of a block, and what other programs print.
            printed_is_below &= line != "```";
            if !printed_is_below {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

/// What a line prints, run by a shell in which `pingone-xsoar` is the one that was built.
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
fn the_readmes_tour_is_true() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&file).expect("README.md");
    let (before, rest) = readme.split_once(BEGIN).expect("the tour begins");
    let (tour, after) = rest.split_once(END).expect("the tour ends");
    assert!(tour.matches("\n$ pingone-xsoar ").count() >= 4, "no tour");
    let now = carried_out(tour);
    if now != tour && std::env::var_os("UPDATE_README").is_some() {
        let written = format!("{before}{BEGIN}{now}{END}{after}");
        fs::write(&file, written).expect("writing README.md");
        return;
    }
    assert!(
        now == tour,
        "README.md tells something else than happens; UPDATE_README=1 writes this into it:\n{now}"
    );
}
