//! The argument that names an application: its id, or its exact name.

use anyhow::Result;

use crate::{arguments::Arguments, manifest::Arg, operations::applications::ApplicationRef};

/// The application named by the required argument `application`.
pub fn one(args: &Arguments) -> Result<ApplicationRef> {
    Ok(read(args.required(Arg::Application)?))
}

/// The same, but optional.
pub(super) fn optional(args: &Arguments) -> Option<ApplicationRef> {
    args.text(Arg::Application).map(read)
}

/// What is written like an id is one: an application may have such a name, but hardly does.
fn read(text: &str) -> ApplicationRef {
    match text.trim().parse() {
        Ok(id) => ApplicationRef::Id(id),
        Err(_) => ApplicationRef::Name(text.to_owned()),
    }
}
