//! Which file of a crate knows which, read from the code: `use` declarations with groups and aliases, and paths
//! that stand in the code itself. Tests at the end of a file are left out: they may know everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A module by its names from the crate's root, which has none.
type Module = Vec<String>;

/// The files of a crate and what each knows of the others.
pub(crate) struct Imports {
    /// `model/state.rs` and the files that it knows.
    pub(crate) known: BTreeMap<String, BTreeSet<String>>,
}

impl Imports {
    /// Reads every file below `folder`.
    pub(crate) fn read(folder: &Path) -> Self {
        Self::of(&files(folder))
    }

    /// The same of files at hand: names below the crate's `src`, and texts.
    fn of(files: &[(String, String)]) -> Self {
        let modules: BTreeMap<Module, &str> = files
            .iter()
            .map(|(name, _)| (module_of(name), name.as_str()))
            .collect();
        let known = files
            .iter()
            .map(|(name, text)| {
                let tokens = tokens(text);
                let reader = Reader {
                    modules: &modules,
                    module: module_of(name),
                };
                let mut known = reader.known(&tokens);
                if tokens.windows(2).any(|pair| pair == ["include", "!"]) {
                    // What the build script writes lists the files of the folder.
                    let children = modules.iter().filter(|(module, _)| {
                        module
                            .split_last()
                            .is_some_and(|(_, parent)| *parent == reader.module)
                    });
                    known.extend(children.map(|(_, name)| (*name).to_owned()));
                }
                known.remove(name);
                (name.clone(), known)
            })
            .collect();
        Self { known }
    }

    /// The groups of files that know each other, directly or through others, each in order.
    pub(crate) fn circles(&self) -> Vec<Vec<&str>> {
        let reached: BTreeMap<&str, BTreeSet<&str>> = self
            .known
            .keys()
            .map(|file| (file.as_str(), self.reached_from(file)))
            .collect();
        let circles: BTreeSet<Vec<&str>> = reached
            .iter()
            .filter(|(file, others)| others.contains(*file))
            .map(|(file, others)| {
                let mutual = |other: &&str| reached[other].contains(file);
                others.iter().copied().filter(mutual).collect()
            })
            .collect();
        circles.into_iter().collect()
    }

    fn reached_from(&self, file: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&str> = self.known[file].iter().map(String::as_str).collect();
        while let Some(file) = next.pop() {
            if reached.insert(file) {
                next.extend(self.known[file].iter().map(String::as_str));
            }
        }
        reached
    }
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder of code") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(folder).expect("below the folder");
                let text = fs::read_to_string(&path).expect("a text");
                found.push((name.to_string_lossy().into_owned(), text));
            }
        }
    }
    found
}

/// `model/state.rs` is `model::state`, `model/mod.rs` is `model`, `lib.rs` is the root.
fn module_of(name: &str) -> Module {
    let name = name.strip_suffix(".rs").unwrap_or(name);
    let mut names: Module = name.split('/').map(str::to_owned).collect();
    if names.len() == 1 && names[0] == "lib" || names.last().is_some_and(|last| last == "mod") {
        names.pop();
    }
    names
}

/// What the paths of one file lead to.
struct Reader<'a> {
    modules: &'a BTreeMap<Module, &'a str>,
    module: Module,
}

/// A path as it stands in the code, and the name by which a `use` makes it known.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    path: Vec<String>,
    name: String,
}

impl Reader<'_> {
    /// The files that the code names.
    fn known(&self, tokens: &[&str]) -> BTreeSet<String> {
        let (uses, paths) = paths(tokens);
        let mut aliases: BTreeMap<&str, Module> = BTreeMap::new();
        for Named { path, name } in &uses {
            if let Some(whole) = self.whole(path, &BTreeMap::new()) {
                aliases.insert(name, whole);
            }
        }
        let used = aliases.values().cloned();
        let named = paths.iter().filter_map(|path| self.whole(path, &aliases));
        used.chain(named)
            .map(|path| self.file(&path).to_owned())
            .collect()
    }

    /// The path from the crate's root; none where it leads out of the crate.
    fn whole(&self, path: &[String], aliases: &BTreeMap<&str, Module>) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        let mut whole = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.module.clone(),
            "super" => self.module.split_last()?.1.to_vec(),
            name => {
                let child = [self.module.as_slice(), &[name.to_owned()]].concat();
                if self.modules.contains_key(&child) {
                    child
                } else {
                    aliases.get(name)?.clone()
                }
            }
        };
        for name in rest {
            if name == "super" {
                whole.pop();
            } else {
                whole.push(name.clone());
            }
        }
        Some(whole)
    }

    /// The file in which what the path names stands: that of its longest part which is a module.
    fn file(&self, path: &[String]) -> &str {
        let mut lengths = (0..=path.len()).rev();
        lengths
            .find_map(|length| self.modules.get(&path[..length]))
            .copied()
            .unwrap_or("lib.rs")
    }
}

/// The parts of `root` (`crate`, `std`) that the code names: `use crate::{entry::Output, secrets};` names `entry` and
/// `secrets`.
pub(crate) fn names_below(code: &str, root: &str) -> BTreeSet<String> {
    let tokens = tokens(code);
    let (uses, paths) = paths(&tokens);
    uses.into_iter()
        .map(|named| named.path)
        .chain(paths)
        .filter(|path| path.first().is_some_and(|first| first == root))
        .map(|path| path.get(1).cloned().unwrap_or_default())
        .collect()
}

/// The paths of all `use` declarations, and those that stand elsewhere in the code.
fn paths(tokens: &[&str]) -> (Vec<Named>, Vec<Vec<String>>) {
    let (mut uses, mut paths) = (Vec::new(), Vec::new());
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        place += 1;
        match *token {
            "use" => place += tree(&tokens[place..], &[], &mut uses),
            // `pub(in crate::verify)` says who may see something, not what is used.
            "pub" if tokens.get(place) == Some(&"(") => {
                let end = tokens[place..].iter().position(|token| *token == ")");
                place += end.map_or(0, |end| end + 1);
            }
            name if is_name(name) && tokens.get(place) == Some(&"::") => {
                let mut path = vec![name.to_owned()];
                while tokens.get(place) == Some(&"::")
                    && let Some(name) = tokens.get(place + 1).filter(|name| is_name(name))
                {
                    path.push((*name).to_owned());
                    place += 2;
                }
                paths.push(path);
            }
            _ => {}
        }
    }
    (uses, paths)
}

/// Reads one branch of a `use` tree that begins with `before`; gives the number of tokens it takes.
fn tree(tokens: &[&str], before: &[String], uses: &mut Vec<Named>) -> usize {
    let mut path = before.to_vec();
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        match *token {
            "::" => {}
            "{" => {
                place += 1;
                while tokens.get(place).is_some_and(|token| *token != "}") {
                    place += tree(&tokens[place..], &path, uses);
                    place += usize::from(tokens.get(place) == Some(&","));
                }
                return place + 1;
            }
            name if is_name(name) => path.push(name.to_owned()),
            // All of it: what it has stands in that module, whatever it is called.
            "*" => path.push(String::from("*")),
            _ => break,
        }
        if tokens.get(place + 1) == Some(&"as") {
            let name = tokens.get(place + 2).copied().unwrap_or_default();
            uses.push(Named {
                path,
                name: name.to_owned(),
            });
            return place + 3;
        }
        place += 1;
    }
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let name = path.last().cloned().unwrap_or_default();
    uses.push(Named { path, name });
    place
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The code's names and signs, without comments, texts, and what is compiled for tests alone.
fn tokens(code: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = text_length(rest) {
            length
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|sign: char| !sign.is_alphanumeric() && sign != '_');
            let length = end.unwrap_or(rest.len());
            all.push(&rest[..length]);
            length
        } else if rest.starts_with("::") {
            all.push("::");
            2
        } else {
            if !first.is_whitespace() {
                all.push(&rest[..first.len_utf8()]);
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    without_tests(&all)
}

/// The length of the text or character that the code begins with, if it begins with one.
fn text_length(code: &str) -> Option<usize> {
    let marked = code.strip_prefix('b').unwrap_or(code);
    let prefix = code.len() - marked.len();
    if let Some(raw) = marked.strip_prefix('r') {
        let marks = raw.len() - raw.trim_start_matches('#').len();
        if raw[marks..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(marks));
            let start = prefix + 1 + marks + 1;
            return Some(
                code[start..]
                    .find(&end)
                    .map_or(code.len(), |place| start + place + end.len()),
            );
        }
    }
    let quote = marked
        .chars()
        .next()
        .filter(|sign| ['"', '\''].contains(sign))?;
    let mut signs = marked.char_indices().skip(1);
    while let Some((place, sign)) = signs.next() {
        match sign {
            '\\' => drop(signs.next()),
            _ if sign == quote => return Some(prefix + place + 1),
            // `'a` is a lifetime: no quote follows its first sign.
            _ if quote == '\''
                && place == 1
                && !marked[1 + sign.len_utf8()..].starts_with('\'') =>
            {
                return Some(prefix + 1);
            }
            _ => {}
        }
    }
    Some(code.len())
}

fn without_tests<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut place = 0;
    while place < tokens.len() {
        if !tokens[place..].starts_with(&MARK) {
            kept.push(tokens[place]);
            place += 1;
            continue;
        }
        // The item ends with its braces, or with a semicolon before any.
        let mut depth = 0;
        for token in &tokens[place..] {
            place += 1;
            match *token {
                "{" => depth += 1,
                "}" => depth -= 1,
                ";" if depth == 0 => break,
                _ => continue,
            }
            if depth == 0 {
                break;
            }
        }
    }
    kept
}

fn imports_of(files: &[(&str, &str)]) -> Imports {
    let owned: Vec<(String, String)> = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    Imports::of(&owned)
}

/// What `text` knows as the file `deep/inner.rs`, beside files of every sort.
#[track_caller]
fn check(text: &str, wanted: &[&str]) {
    let imports = imports_of(&[
        ("lib.rs", ""),
        ("one.rs", ""),
        ("two.rs", ""),
        ("deep/mod.rs", ""),
        ("deep/inner.rs", text),
        ("deep/other.rs", ""),
    ]);
    let known: Vec<&str> = imports.known["deep/inner.rs"]
        .iter()
        .map(String::as_str)
        .collect();
    assert_eq!(known, wanted, "{text}");
}

#[test]
fn imports_are_found_in_every_form() {
    check("use crate::one::Thing;", &["one.rs"]);
    check("use crate::one;", &["one.rs"]);
    check(
        "use crate::{one::{self, A}, two::B as C};",
        &["one.rs", "two.rs"],
    );
    check("use super::other::{a, b};", &["deep/other.rs"]);
    check(
        "use super::{super::two, other};",
        &["deep/other.rs", "two.rs"],
    );
    check("use super::super::one;", &["one.rs"]);
    check("use crate::deep::Thing;", &["deep/mod.rs"]);
    check("use super::*;", &["deep/mod.rs"]);
    check("use crate::Thing;", &["lib.rs"]);
    check(
        "fn f() { crate::one::g(super::other::h()) }",
        &["deep/other.rs", "one.rs"],
    );
    check(
        "use crate::deep as d; fn f() { d::other::g() }",
        &["deep/mod.rs", "deep/other.rs"],
    );
    check(
        "macro!(\"x\" => crate::two::run, 'c', '\\'', b'x');",
        &["two.rs"],
    );
    check("fn f<'a>(x: &'a crate::one::A) {}", &["one.rs"]);
}

#[test]
fn other_code_is_not_mistaken_for_an_import() {
    check("// use crate::one;\n/* crate::two */ /// crate::one\n", &[]);
    check(
        "const A: &str = \"use crate::one;\"; const B: &str = r#\"\" crate::two\"#;",
        &[],
    );
    check(
        "use std::one; use one::two; use elsewhere::crate_one::two;",
        &[],
    );
    check("pub(in crate::one) fn f() {}", &[]);
    check(
        "#[cfg(test)]\nmod tests { use crate::one; fn f() { {} } }",
        &[],
    );
    check("#[cfg(test)]\nuse crate::one; use crate::two;", &["two.rs"]);
    check("use self::Thing; use super::inner::Other;", &[]);
}

#[test]
fn names_below_a_root_are_the_first_of_each_path() {
    let names = names_below(
        "use crate::{one::{Two, three}, four}; fn f() { mycrate::no(); crate::five::g(crate::six) }",
        "crate",
    );
    assert_eq!(Vec::from_iter(names), ["five", "four", "one", "six"]);
}

#[test]
fn import_cycles_are_found_and_module_lists_are_not_cycles() {
    let imports = imports_of(&[
        ("lib.rs", "mod a; mod b; mod c; mod folder; pub use a::A;"),
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "fn f() { crate::c::g() }"),
        ("c.rs", "use super::a::A;"),
        ("d.rs", "use crate::a::A;"),
        (
            "folder/mod.rs",
            "mod e; mod f; pub struct Table; fn t() { e::run() }",
        ),
        ("folder/e.rs", "use super::f;"),
        ("folder/f.rs", ""),
    ]);
    assert_eq!(imports.circles(), [vec!["a.rs", "b.rs", "c.rs"]]);
    let imports = imports_of(&[
        (
            "folder/mod.rs",
            "mod e; pub struct Table; fn t() { e::run() }",
        ),
        ("folder/e.rs", "use super::Table;"),
        (
            "generated/mod.rs",
            "pub struct Table; include!(concat!(env!(\"OUT_DIR\"), \"/x.rs\"));",
        ),
        ("generated/g.rs", "use super::Table;"),
    ]);
    assert_eq!(
        imports.circles(),
        [
            vec!["folder/e.rs", "folder/mod.rs"],
            vec!["generated/g.rs", "generated/mod.rs"]
        ]
    );
}
