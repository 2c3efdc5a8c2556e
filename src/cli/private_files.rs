//! Files that only the user can read.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

/// Creates a file that does not exist yet, readable by its owner alone whatever the umask.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
