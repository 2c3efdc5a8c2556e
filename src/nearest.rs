//! Suggestions for misspelt names.

use crate::manifest;

/// How many names to suggest at most.
const MAX_SUGGESTIONS: usize = 3;

/// The names most similar to `typed`, best first, each with its similarity from 0 to 1 (identical).
pub fn nearest(
    typed: &str,
    names: impl IntoIterator<Item = &'static str>,
) -> Vec<(f64, &'static str)> {
    let typed = typed.to_lowercase();
    let mut near: Vec<(f64, &'static str)> = Vec::new();
    for name in names {
        let similarity = strsim::normalized_damerau_levenshtein(&typed, &name.to_lowercase());
        let place = near.iter().position(|(other, _)| similarity > *other);
        near.insert(place.unwrap_or(near.len()), (similarity, name));
        near.truncate(MAX_SUGGESTIONS);
    }
    near
}

/// The same for commands, ignoring the prefix that all of them share.
pub fn nearest_commands(typed: &str) -> Vec<(f64, &'static str)> {
    const PREFIX: &str = "pingone-";
    let bare = |name: &'static str| name.strip_prefix(PREFIX).unwrap_or(name);
    let typed = typed.strip_prefix(PREFIX).unwrap_or(typed);
    let near = nearest(typed, manifest::COMMANDS.iter().map(|one| bare(one.name)));
    let commands = near.into_iter().filter_map(|(similarity, near)| {
        let mut commands = manifest::COMMANDS.iter();
        let command = commands.find(|command| bare(command.name) == near)?;
        Some((similarity, command.name))
    });
    commands.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_always_three_suggestions() {
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
