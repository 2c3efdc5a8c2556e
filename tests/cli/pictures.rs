//! The pictures in docs: what commands show at a terminal, as SVG. `UPDATE_DOCS=1` draws them again; otherwise they
//! must be what is shown now, apart from digits, since the sandbox's sessions are as old as its run.
#![cfg(target_os = "linux")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{process::Running, temporary::TemporaryFolder};

/// A picture's name, and the line that is typed for it.
const PICTURES: [(&str, &str); 4] = [
    ("help", "pingone-xsoar help"),
    (
        "user",
        "pingone-xsoar run --sandbox '!pingone-get-user emma.sharp detailed=true'",
    ),
    (
        "dry-run",
        "pingone-xsoar run --sandbox '!pingone-contain-user emma.sharp,nora.lind dryRun=true'",
    ),
    (
        "containment",
        "pingone-xsoar run --sandbox '!pingone-contain-user emma.sharp,nora.lind'",
    ),
];

const COLUMNS: usize = 100;

/// What the line shows in a terminal of its own, with its escape sequences.
fn shown(typed: &str, folder: &Path) -> String {
    let built = Path::new(env!("CARGO_BIN_EXE_pingone-xsoar"));
    let programs = built.parent().expect("a folder").display();
    let mut command = Command::new("script");
    command
        .args(["--quiet", "--return", "--command"])
        .arg(format!("stty cols {COLUMNS} -onlcr; {typed}"))
        .arg("/dev/null")
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{programs}:/usr/bin:/bin"))
        .env("HOME", folder)
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm");
    let ended = Running::start(command).end();
    assert_eq!(ended.code, Some(0), "{typed}: {}", ended.stdout);
    let shown = ended.stdout.replace(&*folder.to_string_lossy(), "~");
    // What shows that a slow command is still running is erased again.
    let lines = shown.lines().map(|line| match line.rsplit_once(ERASED) {
        Some((_, rest)) => rest,
        None => line,
    });
    lines.flat_map(in_rows).collect()
}

/// Erases a line of the terminal.
const ERASED: &str = "\u{1b}[2K";

/// A line as the rows that it takes. Only commands to copy are too long for one, and these have no colours.
fn in_rows(line: &str) -> Vec<String> {
    if line.contains('\u{1b}') {
        return vec![format!("{line}\n")];
    }
    let characters: Vec<char> = line.chars().collect();
    let rows = characters.chunks(COLUMNS);
    let rows: Vec<String> = rows
        .map(|row| row.iter().chain(['\n'].iter()).collect())
        .collect();
    if rows.is_empty() {
        vec!["\n".to_owned()]
    } else {
        rows
    }
}

/// The size of a cell, and the room around the text.
const CELL: (f64, f64) = (8.4, 18.0);
const MARGIN: f64 = 16.0;

/// Draws a typed line and what it shows.
fn picture(typed: &str, shown: &str) -> String {
    let mut body = String::new();
    let prompt = format!("\u{1b}[2m$\u{1b}[0m {typed}\n{shown}");
    let lines: Vec<&str> = prompt.trim_end().lines().collect();
    for (row, line) in (1_u32..).zip(&lines) {
        draw_line(&mut body, f64::from(row), line);
    }
    let columns = u32::try_from(COLUMNS).expect("a few columns");
    let rows = u32::try_from(lines.len()).expect("a few rows");
    let width = f64::from(columns) * CELL.0 + 2.0 * MARGIN;
    let height = f64::from(rows) * CELL.1 + 2.0 * MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\">\n\
         <style>text{{font:14px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#d8dee9;white-space:pre}}\
         .b{{font-weight:bold;fill:#fff}}.d{{fill:#8b95a7}}.r{{fill:#ff7b72}}.g{{fill:#7ee787}}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#161b22\"/>\n{body}</svg>\n"
    )
}

/// A line's texts, each at its column, so that columns stay aligned in whatever font there is.
fn draw_line(out: &mut String, row: f64, line: &str) {
    let mut class = "";
    let mut column = 0_u32;
    for (number, part) in line.split('\u{1b}').enumerate() {
        let text = if number == 0 {
            part
        } else {
            let (sequence, text) = part.split_once('m').expect("the end of a sequence");
            class = match sequence {
                "[0" => "",
                "[1" => "b",
                "[2" => "d",
                "[31" => "r",
                "[32" => "g",
                other => panic!("an escape sequence that the pictures do not know: {other}"),
            };
            text
        };
        for word in text.split_inclusive("  ") {
            let wide = u32::try_from(word.chars().count()).expect("a short word");
            if !word.trim().is_empty() {
                let start = word.len() - word.trim_start().len();
                let at = f64::from(column + u32::try_from(start).expect("few spaces"));
                let (x, y) = (MARGIN + at * CELL.0, MARGIN + row * CELL.1 - 4.0);
                let attribute = if class.is_empty() {
                    String::new()
                } else {
                    format!(" class=\"{class}\"")
                };
                let text = escaped(word.trim());
                writeln!(
                    out,
                    "<text x=\"{x:.1}\" y=\"{y:.1}\"{attribute}>{text}</text>"
                )
                .expect("writing into a String");
            }
            column += wide;
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn without_digits(text: &str) -> String {
    text.replace(|character: char| character.is_ascii_digit(), "0")
}

fn file(name: &str) -> PathBuf {
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    pictures.join(name).with_extension("svg")
}

#[test]
fn the_pictures_show_what_commands_show() {
    let folder = TemporaryFolder::new();
    for (name, typed) in PICTURES {
        let now = picture(typed, &shown(typed, folder.path()));
        let drawn = fs::read_to_string(file(name)).unwrap_or_default();
        if without_digits(&now) == without_digits(&drawn) {
            continue;
        }
        assert!(
            std::env::var_os("UPDATE_DOCS").is_some(),
            "docs/pictures/{name}.svg is out of date: UPDATE_DOCS=1 cargo test --test cli draws it"
        );
        fs::create_dir_all(file(name).parent().expect("a folder")).expect("docs/pictures");
        fs::write(file(name), now).expect("writing a picture");
    }
}
