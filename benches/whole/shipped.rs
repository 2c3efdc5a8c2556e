//! Builds the executable as it is shipped (static, without the sandbox), and once more for speed, to compare.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What is measured.
pub(crate) struct Executable {
    /// How the tables call it.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
}

impl Executable {
    /// One that is there already.
    pub(crate) fn given(path: PathBuf) -> Self {
        Self {
            name: path.display().to_string(),
            path,
        }
    }

    /// `1.23 MB`
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub(crate) fn size(&self) -> String {
        let bytes = fs::metadata(&self.path).expect("the executable").len();
        format!("{:.2} MB", bytes as f64 / 1e6)
    }
}

/// The shipped one first, then one that is built for speed alone. The latter has a folder of its own below `target`,
/// so that a second run builds nothing.
pub(crate) fn build() -> Vec<Executable> {
    vec![shipped(), for_speed()]
}

fn shipped() -> Executable {
    let output = Command::new(root().join("packaging/static.sh"))
        .stderr(Stdio::inherit())
        .output()
        .expect("packaging/static.sh");
    assert!(output.status.success(), "the executable cannot be built");
    let path = String::from_utf8(output.stdout).expect("a path");
    Executable {
        name: "The executable as it is shipped".to_owned(),
        path: path.trim_end().into(),
    }
}

fn for_speed() -> Executable {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    const LEVEL: &str = "3";
    let folder = root().join("target/for-speed");
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--locked", "--release"])
        .args(["--package", "pingone-xsoar", "--no-default-features"])
        .args(["--bin", "pingone-xsoar", "--target", TARGET, "--target-dir"])
        .arg(&folder)
        .current_dir(root())
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", LEVEL)
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the executable cannot be built");
    Executable {
        name: format!("The same with opt-level {LEVEL}"),
        path: folder.join(TARGET).join("release/pingone-xsoar"),
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
