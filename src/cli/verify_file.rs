//! Checks the executable inside a one-file YAML, as it was built or as it was downloaded from XSOAR again.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use ring::digest::{SHA256, digest};

/// How the relay begins the sum of its executable, and the executable itself: its two halves, with an empty line
/// between them (`packaging/one_file.py`).
const SUM: &str = "CARRIED_SHA256 = \"";
const EXECUTABLE: &str = "CARRIED = \"\"\"";
/// Ten times the size of the executable. Whatever takes more is not ours.
const LIMIT: usize = 50_000_000;

/// The SHA-256 of the executable in `file`, which must be the one that the file says it has, and `expected` if given.
pub(super) fn check(file: &Path, expected: Option<&str>) -> Result<String> {
    let shown = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    let Some(embedded) = Embedded::find(&text) else {
        bail!("{shown} is not a one-file integration: it contains no executable");
    };
    let found = embedded
        .sum()
        .with_context(|| format!("{shown} is damaged"))?;
    if let Some(expected) = expected {
        ensure!(
            expected.eq_ignore_ascii_case(&found),
            "{shown} has another executable than expected: its SHA-256 is {found}"
        );
    }
    Ok(format!(
        "{found}  {}\n",
        if expected.is_some() {
            "as expected"
        } else {
            "intact; compare this sum with that of pingone-xsoar-container in the release's SHA256SUMS"
        }
    ))
}

struct Embedded<'a> {
    /// The SHA-256 that the script will insist on.
    said: &'a str,
    packed: &'a str,
}

impl<'a> Embedded<'a> {
    fn find(text: &'a str) -> Option<Self> {
        let said = between(text, SUM, "\"").filter(|said| !said.is_empty())?;
        let packed = between(text, EXECUTABLE, "\"\"\"")?;
        Some(Self { said, packed })
    }

    /// The SHA-256 of the executable, if it is the one that the script will insist on.
    fn sum(&self) -> Result<String> {
        let mut executable = Vec::new();
        // A YAML file indents the script.
        let lines: Vec<&str> = self.packed.trim().lines().map(str::trim).collect();
        for half in lines.split(|line| line.is_empty()) {
            let packed = BASE64_STANDARD
                .decode(half.concat())
                .context("the executable is not in base64")?;
            let Ok(half) = decompress_to_vec_zlib_with_limit(&packed, LIMIT) else {
                bail!("the executable cannot be unpacked");
            };
            executable.extend(half);
        }
        let found = digest(&SHA256, &executable);
        let found: Vec<String> = found
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let found = found.concat();
        ensure!(
            found == self.said,
            "its executable has the SHA-256 {found}, but its script expects {}",
            self.said
        );
        Ok(found)
    }
}

fn between<'a>(text: &'a str, opening: &str, closing: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(opening)?;
    Some(rest.split_once(closing)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 of the text `executable`, and the zlib of `exec` and `utable` in base64, all by Python.
    const SAID: &str = "a29c2123a01df1d0febb9d308a20d8a2fe3d40a91ca8b1294f59f08f9773ebea";
    const HALVES: [&str; 2] = ["eNpLrUhNBgAELQGm", "eNorLUlMykkFAAjvAn4="];

    fn yaml(sum: &str, halves: [&str; 2]) -> String {
        let [first, second] = halves;
        format!(
            "script: |-\n    {SUM}{sum}\"\n    {EXECUTABLE}\n    {first}\n\n    {second}\n    \"\"\"\n"
        )
    }

    #[test]
    fn only_the_executable_that_the_script_expects_is_intact() {
        let sum = |text: &str| Embedded::find(text).expect("an executable").sum();
        assert_eq!(sum(&yaml(SAID, HALVES)).expect("intact"), SAID);
        let [first, second] = HALVES;
        for (text, reason) in [
            (
                yaml(&SAID.replace('a', "b"), HALVES),
                "but its script expects",
            ),
            (yaml(SAID, [second, first]), "but its script expects"),
            (yaml(SAID, [first, "!"]), "not in base64"),
            (yaml(SAID, ["AAAA", second]), "cannot be unpacked"),
        ] {
            let error = sum(&text).expect_err(&text);
            assert!(format!("{error:#}").contains(reason), "{error:#}");
        }
    }

    #[test]
    fn other_files_contain_no_executable() {
        assert!(Embedded::find("script: print()").is_none());
        assert!(Embedded::find(&yaml("", HALVES)).is_none());
    }
}
