//! What was probably meant by a name that is not known.

use crate::manifest;

/// So many names are offered at most.
const MAX_OFFERED: usize = 3;

/// The names that are most like `typed`, the most like first, each with how like it is: 1 is the same.
pub fn nearest(
    typed: &str,
    names: impl IntoIterator<Item = &'static str>,
) -> Vec<(f64, &'static str)> {
    let typed = typed.to_lowercase();
    let mut near: Vec<(f64, &'static str)> = Vec::new();
    for name in names {
        let likeness = strsim::normalized_damerau_levenshtein(&typed, &name.to_lowercase());
        let place = near.iter().position(|(other, _)| likeness > *other);
        near.insert(place.unwrap_or(near.len()), (likeness, name));
        near.truncate(MAX_OFFERED);
    }
    near
}

/// The commands that are most like `typed`, the same way; what all have in common does not count.
pub fn nearest_commands(typed: &str) -> Vec<(f64, &'static str)> {
    const COMMON: &str = "pingone-";
    let bare = |name: &'static str| name.strip_prefix(COMMON).unwrap_or(name);
    let typed = typed.strip_prefix(COMMON).unwrap_or(typed);
    let near = nearest(typed, manifest::COMMANDS.iter().map(|one| bare(one.name)));
    let commands = near.into_iter().filter_map(|(likeness, near)| {
        let mut commands = manifest::COMMANDS.iter();
        let command = commands.find(|command| bare(command.name) == near)?;
        Some((likeness, command.name))
    });
    commands.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_commands_are_offered_whatever_was_typed() {
        let names = |typed: &str| -> Vec<&str> {
            let near = nearest_commands(typed);
            near.into_iter().map(|(_, name)| name).collect()
        };
        assert_eq!(names("pingone-get-usr")[0], "pingone-get-user");
        assert_eq!(names("GET-USERS")[0], "pingone-get-user");
        for typed in ["", "pingone-", "something else"] {
            assert_eq!(names(typed).len(), 3, "{typed}");
        }
    }
}
