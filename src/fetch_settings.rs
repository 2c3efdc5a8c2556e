//! The instance parameters of fetching incidents. Each is optional, and a new instance has the manifest's defaults.
//! `inputs/feed.rs` makes of them what the feed needs.

use anyhow::{Result, anyhow};
use serde_json::Value;

use crate::{
    manifest,
    parameters::{Parameters, text},
    safety,
};

/// What an instance fetches.
pub struct FetchSettings {
    /// Where the first fetch begins, as typed.
    pub first_fetch: String,
    /// The most incidents of one fetch.
    pub max_fetch: usize,
    /// How many minutes after it happened an activity may turn up.
    pub look_back: usize,
    /// The chosen groups of action types.
    pub groups: Vec<String>,
    /// More action types.
    pub actions: Vec<String>,
    /// The instance's own application, if what it does is left out.
    pub ignored_client: Option<String>,
    /// How many failed sign-ons of one user become an incident; 0 for none.
    pub failures_per_user: usize,
    /// The same for those from one address.
    pub failures_per_address: usize,
    /// Within how many minutes.
    pub failure_minutes: usize,
}

/// The parameter that starts a fetch.
pub(crate) const FIRST_FETCH: &str = "first_fetch";
/// The parameter for groups of action types.
pub(crate) const GROUPS: &str = "fetch_activities";
/// XSOAR's switch for fetching incidents.
const IS_FETCH: &str = "isFetch";

impl FetchSettings {
    /// Whether the instance fetches incidents.
    pub(crate) fn is_on(params: Parameters<'_>) -> bool {
        safety::parse_switch(params.value(IS_FETCH)).unwrap_or(true)
    }

    /// Validates the parameters. `client_id` is that of the instance's application.
    pub(crate) fn read(params: Parameters<'_>, client_id: &str) -> Result<Self> {
        let ignore_own = "ignore_own_activities";
        let ignores_own = match text(params.value(ignore_own)) {
            None => true,
            Some(_) => safety::parse_switch(params.value(ignore_own)).ok_or_else(|| {
                anyhow!("{} must be true or false.", Parameters::label(ignore_own))
            })?,
        };
        Ok(Self {
            first_fetch: params.choice(FIRST_FETCH)?,
            max_fetch: number(params, "max_fetch", 1, 200)?,
            look_back: number(params, "look_back", 1, 60)?,
            groups: chosen(params),
            actions: words(params.value("fetch_action_types")),
            ignored_client: ignores_own.then(|| client_id.to_owned()),
            failures_per_user: number(params, "failed_sign_ons_per_user", 0, 1000)?,
            failures_per_address: number(params, "failed_sign_ons_per_address", 0, 1000)?,
            failure_minutes: number(params, "failed_sign_on_minutes", 1, 60)?,
        })
    }
}

/// A whole number, or its default.
fn number(params: Parameters<'_>, name: &str, min: usize, max: usize) -> Result<usize> {
    let text = params.choice(name)?;
    let number = text.parse().ok();
    number
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| {
            let label = Parameters::label(name);
            anyhow!("{label} is '{text}': enter a whole number from {min} to {max}.")
        })
}

/// The chosen groups, or the default ones if the instance is older than the parameter.
fn chosen(params: Parameters<'_>) -> Vec<String> {
    let chosen = match params.value(GROUPS) {
        Value::Null => {
            let default = manifest::parameter(GROUPS).and_then(|parameter| parameter.default);
            &Value::from(default)
        }
        chosen => chosen,
    };
    let names = match chosen {
        Value::Array(names) => names.iter().filter_map(text).collect(),
        other => {
            let names = text(other).unwrap_or_default();
            names.split(',').map(str::to_owned).collect::<Vec<_>>()
        }
    };
    let names = names.iter().map(|name| name.trim().to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// Words separated by commas or white space.
fn words(value: &Value) -> Vec<String> {
    let text = text(value).unwrap_or_default();
    let words = text.split(|c: char| c == ',' || c.is_whitespace());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(params: &Value) -> Result<FetchSettings> {
        FetchSettings::read(
            Parameters(params.as_object().expect("an object")),
            "the-worker",
        )
    }

    #[test]
    fn an_instance_older_than_the_parameters_has_their_defaults() {
        let settings = read(&json!({})).expect("defaults");
        assert_eq!(settings.first_fetch, "3 days");
        assert_eq!((settings.max_fetch, settings.look_back), (50, 15));
        assert_eq!(settings.groups.len(), 6);
        assert_eq!(settings.groups[0], "Privilege");
        assert_eq!(settings.actions, Vec::<String>::new());
        assert_eq!(settings.ignored_client.as_deref(), Some("the-worker"));
        assert_eq!(
            [
                settings.failures_per_user,
                settings.failures_per_address,
                settings.failure_minutes
            ],
            [10, 30, 10]
        );
    }

    #[test]
    fn a_choice_of_nothing_is_nothing() {
        for none in [json!([]), json!("")] {
            let settings = read(&json!({GROUPS: none})).expect("settings");
            assert_eq!(settings.groups, Vec::<String>::new());
        }
        for two in [json!(["Fraud", " Policies"]), json!("Fraud, Policies")] {
            let settings = read(&json!({GROUPS: two})).expect("settings");
            assert_eq!(settings.groups, ["Fraud", "Policies"]);
        }
    }

    #[test]
    fn numbers_out_of_range_say_what_to_enter() {
        for (name, wrong, says) in [
            ("max_fetch", json!("0"), "from 1 to 200"),
            ("max_fetch", json!(201), "from 1 to 200"),
            ("look_back", json!("soon"), "from 1 to 60"),
            ("failed_sign_ons_per_user", json!("-1"), "from 0 to 1000"),
            (
                "ignore_own_activities",
                json!("maybe"),
                "must be true or false",
            ),
        ] {
            let error = read(&json!({name: wrong}))
                .err()
                .expect("an error")
                .to_string();
            assert!(error.contains(says) && error.contains(name), "{error}");
        }
    }

    #[test]
    fn action_types_are_separated_by_anything() {
        let typed = json!({"fetch_action_types": "USER.LOCKED, DEVICE.*\nOAUTH_CONSENT.*"});
        let settings = read(&typed).expect("settings");
        assert_eq!(
            settings.actions,
            ["USER.LOCKED", "DEVICE.*", "OAUTH_CONSENT.*"]
        );
    }
}
