//! Builds the executable as it is shipped (static, without the sandbox), and once more for size, to compare.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
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

/// The shipped one first. Each has a folder of its own below `target`, so that a second run builds nothing.
pub(crate) fn build() -> Vec<Executable> {
    ["3", "s"].map(build_with).into()
}

fn build_with(level: &str) -> Executable {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    let folder = Path::new(env!("CARGO_BIN_EXE_pingone-xsoar"))
        .ancestors()
        .nth(2)
        .expect("the target folder")
        .join(format!("static-{level}"));
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--locked", "--release", "--no-default-features"])
        .args(["--bin", "pingone-xsoar", "--target", TARGET, "--target-dir"])
        .arg(&folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level)
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the executable cannot be built");
    Executable {
        name: format!("Static executable, opt-level {level}"),
        path: folder.join(TARGET).join("release/pingone-xsoar"),
    }
}
