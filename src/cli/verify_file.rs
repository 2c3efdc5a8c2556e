//! Checks the executable inside a one-file YAML, as it was built or as it was downloaded from XSOAR again.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use ring::digest::{SHA256, digest};

/// How the relay begins the sum of its executable, and the executable itself (`packaging/one_file.py`).
const SUM: &str = "CARRIED_SHA256 = \"";
const EXECUTABLE: &str = "CARRIED = \"\"\"";
/// Ten times the size of the executable. Whatever takes more is not ours.
const LIMIT: usize = 50_000_000;

/// The SHA-256 of the executable in `file`, which must be the one that the file says it has, and `expected` if given.
pub(super) fn check(file: &Path, expected: Option<&str>) -> Result<String> {
    let shown = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    let found = sum(&text).with_context(|| format!("{shown} is not intact"))?;
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
            "intact; compare this sum with that of pingone-xsoar in the release's SHA256SUMS"
        }
    ))
}

/// The SHA-256 of the executable, if it is the one that the script will insist on.
fn sum(text: &str) -> Result<String> {
    let said = between(text, SUM, "\"").filter(|said| !said.is_empty());
    let packed = between(text, EXECUTABLE, "\"\"\"");
    let (Some(said), Some(packed)) = (said, packed) else {
        bail!("it has no executable inside: it is not a one-file integration");
    };
    // A YAML file indents the script.
    let packed: String = packed.split_whitespace().collect();
    let packed = BASE64_STANDARD
        .decode(packed)
        .context("the executable is not in base64")?;
    let Ok(executable) = decompress_to_vec_zlib_with_limit(&packed, LIMIT) else {
        bail!("the executable cannot be unpacked");
    };
    let found = digest(&SHA256, &executable);
    let found: Vec<String> = found
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let found = found.concat();
    ensure!(
        found == said,
        "its executable has the SHA-256 {found}, but its script expects {said}"
    );
    Ok(found)
}

fn between<'a>(text: &'a str, opening: &str, closing: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(opening)?;
    Some(rest.split_once(closing)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 of the text `executable`, and its zlib in base64, both by Python.
    const SAID: &str = "a29c2123a01df1d0febb9d308a20d8a2fe3d40a91ca8b1294f59f08f9773ebea";
    const PACKED: &str = "eNpLrUhNLi1JTMpJBQAW+gQj";

    fn yaml(sum: &str, packed: &str) -> String {
        format!("script: |-\n    {SUM}{sum}\"\n    {EXECUTABLE}\n    {packed}\n    \"\"\"\n")
    }

    #[test]
    fn only_the_executable_that_the_script_expects_is_intact() {
        assert_eq!(sum(&yaml(SAID, PACKED)).expect("intact"), SAID);
        for (text, reason) in [
            (
                yaml(&SAID.replace('a', "b"), PACKED),
                "but its script expects",
            ),
            (yaml(SAID, "!"), "not in base64"),
            (yaml(SAID, "AAAA"), "cannot be unpacked"),
            ("script: print()".to_owned(), "no executable inside"),
            (yaml("", PACKED), "no executable inside"),
        ] {
            let error = sum(&text).expect_err(&text);
            assert!(format!("{error:#}").contains(reason), "{error:#}");
        }
    }
}
