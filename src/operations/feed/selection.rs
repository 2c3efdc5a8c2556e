//! Which activities become incidents: those of groups of action types, each with a severity, and of single types
//! beside them. The types are those of <https://docs.pingidentity.com/pingone/monitoring/p1_event_types.html>; which of
//! them an environment has depends on its products.

use pingone::activity::Activity;

/// How severe an incident is, in XSOAR's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Low,
    /// May be part of an attack.
    Medium,
    /// Few people may do this, and attackers like to.
    High,
}

/// A group of action types.
#[derive(Debug)]
pub struct Group {
    /// Its name in the instance settings.
    pub name: &'static str,
    /// How severe its incidents are.
    pub severity: Severity,
    /// Its action types; a star at the end stands for anything.
    actions: &'static [&'static str],
    /// Whether an activity counts only if one user acted on another.
    by_another_user: bool,
}

const fn group(name: &'static str, severity: Severity, actions: &'static [&'static str]) -> Group {
    Group {
        name,
        severity,
        actions,
        by_another_user: false,
    }
}

/// All groups. An activity belongs to the first that has its type. The first six are what a new instance fetches:
/// they are rare, and each is worth a look.
pub const GROUPS: [Group; 10] = [
    group(
        "Privilege",
        Severity::High,
        &[
            "ROLE_ASSIGNMENT.*",
            "ROLE.*",
            "RESCUE_IDENTITY.*",
            "ADMIN_CONFIGURATION.*",
        ],
    ),
    group(
        "Applications and secrets",
        Severity::High,
        &[
            "SECRET.*",
            "APPLICATION.*",
            "GRANT.*",
            "KEY.*",
            "CERTIFICATE.*",
            "KRP.*",
            "GATEWAY.*",
            "GATEWAY_INSTANCE.*",
        ],
    ),
    group(
        "Federation and domains",
        Severity::High,
        &[
            "IDENTITY_PROVIDER.*",
            "IDP_ATTRIBUTE.*",
            "CUSTOM_DOMAIN.*",
            "EMAIL_DOMAIN.*",
            "TRUSTED_EMAIL.*",
        ],
    ),
    group(
        "Logging and environment",
        Severity::High,
        &[
            "SUBSCRIPTION.*",
            "ENVIRONMENT.*",
            "ORGANIZATION.*",
            "LICENSE.*",
        ],
    ),
    group(
        "Fraud",
        Severity::High,
        &[
            "DEVICE.FRAUD_REPORTED",
            "DEVICE.PAIRING_FAILED_COMPROMISED",
            "DEVICE.KEY_ROTATION_FAILED",
        ],
    ),
    Group {
        name: "MFA devices paired by someone else",
        severity: Severity::High,
        actions: &["DEVICE.CREATED", "DEVICE.ACTIVATED"],
        by_another_user: true,
    },
    group(
        "MFA devices",
        Severity::Medium,
        &[
            "DEVICE.*",
            "DEVICES.*",
            "USER_SEEN_DEVICE.*",
            "SESSION.BROWSER_TRUST_ESTABLISHED",
        ],
    ),
    group(
        "Users and passwords",
        Severity::Medium,
        &[
            "USER.LOCKED",
            "USER.UNLOCKED",
            "USER.CREATED",
            "USER.DELETED",
            "USER.MOVED",
            "USER.UPDATED",
            "PASSWORD.RESET",
            "PASSWORD.SET",
            "PASSWORD.UNSET",
            "PASSWORD.RECOVERY",
            "PASSWORD.FORCE_CHANGE",
            "PASSWORD.UNLOCKED",
            "ACCOUNT.LINKED",
            "ACCOUNT.UNLINKED",
        ],
    ),
    group(
        "Groups and consents",
        Severity::Medium,
        &[
            "MEMBER_OF_GROUP.*",
            "GROUP.*",
            "APPLICATION_ROLE_ENTRY.*",
            "OAUTH_CONSENT.*",
        ],
    ),
    group(
        "Policies",
        Severity::Medium,
        &[
            "POLICY.*",
            "ACTION.*",
            "SIGN_ON_POLICY_ASSIGNMENT.*",
            "FLOW_POLICY_ASSIGNMENT.*",
            "DEVICE_AUTHENTICATION_POLICY.*",
            "FIDO_POLICY.*",
            "MFA_SETTINGS.*",
            "PUSH_CREDENTIALS.*",
            "NOTIFICATION_POLICY.*",
            "NOTIFICATIONS_SETTINGS.*",
            "RISK_POLICY_SET.*",
            "RISK_PREDICTOR.*",
        ],
    ),
];

/// Which activities become incidents.
pub struct Selection {
    /// The chosen groups.
    pub groups: Vec<&'static Group>,
    /// More action types; a star at the end stands for anything.
    pub actions: Vec<String>,
    /// The application whose activities are left out.
    pub ignored_client: Option<String>,
}

impl Selection {
    /// Whether the activity was an act of the application that is left out.
    pub fn ignores(&self, activity: &Activity) -> bool {
        let client = activity.client().and_then(|client| client.id);
        self.ignored_client
            .as_deref()
            .zip(client)
            .is_some_and(|(ignored, client)| client.eq_ignore_ascii_case(ignored))
    }

    /// The severity of the activity's incident; `None` if it becomes none.
    pub fn severity(&self, activity: &Activity) -> Option<Severity> {
        if self.ignores(activity) {
            return None;
        }
        let action = activity.action()?;
        let chosen = self.groups.iter().find(|group| group.has(activity, action));
        if let Some(group) = chosen {
            return Some(group.severity);
        }
        let is_named = self.actions.iter().any(|pattern| is_of(action, pattern));
        let known = || GROUPS.iter().find(|group| group.has(activity, action));
        is_named.then(|| known().map_or(Severity::Low, |group| group.severity))
    }
}

impl Group {
    /// The group with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        let mut all = GROUPS.iter();
        all.find(|group| group.name.eq_ignore_ascii_case(name))
    }

    fn has(&self, activity: &Activity, action: &str) -> bool {
        self.actions.iter().any(|pattern| is_of(action, pattern))
            && (!self.by_another_user || is_by_another_user(activity))
    }
}

/// Whether an action type is that of the pattern.
fn is_of(action: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => action
            .get(..start.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(start)),
        None => action.eq_ignore_ascii_case(pattern),
    }
}

/// Whether one user acted on another. Where no user is named as the actor it was a flow or an application, which is how
/// users pair devices themselves.
fn is_by_another_user(activity: &Activity) -> bool {
    let Some(actor) = activity.actor().and_then(|actor| actor.id) else {
        return false;
    };
    let subjects = activity.subjects();
    !subjects.is_empty() && subjects.iter().all(|user| user.id != Some(actor))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selection(groups: &[&str], actions: &[&str]) -> Selection {
        Selection {
            groups: groups
                .iter()
                .map(|name| Group::named(name).expect("a group"))
                .collect(),
            actions: actions.iter().map(|&action| action.to_owned()).collect(),
            ignored_client: Some("the-worker".to_owned()),
        }
    }

    fn activity(action: &str, client: &str, actor: &str) -> Activity {
        json!({
            "action": {"type": action},
            "actors": {"client": {"id": client}, "user": {"id": actor}},
            "resources": [{"type": "USER", "id": "emma"}],
        })
        .into()
    }

    #[test]
    fn the_settings_offer_all_groups_and_a_new_instance_has_the_first_six() {
        let parameter = crate::manifest::parameter("fetch_activities").expect("a parameter");
        let names = GROUPS.map(|group| group.name);
        assert_eq!(parameter.options, names);
        assert_eq!(parameter.default, Some(&*names[..6].join(",")));
    }

    #[test]
    fn the_page_lists_every_type() {
        let page = include_str!("../../../docs/fetching.md");
        for group in GROUPS {
            let types: Vec<String> = group.actions.iter().map(|one| format!("`{one}`")).collect();
            let severity = format!("{:?}", group.severity).to_lowercase();
            let row = format!("| {} | {severity} | {} |", group.name, types.join(" "));
            assert!(page.contains(&row), "docs/fetching.md has no row\n{row}");
        }
    }

    #[test]
    fn a_star_stands_for_any_end_but_not_for_another_subject() {
        let of =
            |action| selection(&["Privilege"], &[]).severity(&activity(action, "adminui", "nora"));
        assert_eq!(of("ROLE_ASSIGNMENT.CREATED"), Some(Severity::High));
        assert_eq!(of("role.deleted"), Some(Severity::High));
        assert_eq!(of("ROLE"), None);
        assert_eq!(of("USER.LOCKED"), None);
    }

    #[test]
    fn a_device_counts_as_paired_by_someone_else_only_if_a_user_did_it() {
        let paired = selection(&["MFA devices paired by someone else"], &[]);
        let by = |actor| paired.severity(&activity("DEVICE.CREATED", "adminui", actor));
        assert_eq!((by("nora"), by("emma")), (Some(Severity::High), None));
        let flow = json!({"action": {"type": "DEVICE.CREATED"}, "actors": {"client": {"id": "x"}},
            "resources": [{"type": "USER", "id": "emma"}]});
        assert_eq!(paired.severity(&flow.into()), None);
        // Nor is it known to be someone else where it is not known whose device it is.
        let nobody =
            json!({"action": {"type": "DEVICE.CREATED"}, "actors": {"user": {"id": "nora"}}});
        assert_eq!(paired.severity(&nobody.into()), None);
    }

    #[test]
    fn a_single_type_has_the_severity_of_its_group() {
        let of = |actions: &[&str], action| {
            selection(&[], actions).severity(&activity(action, "adminui", "nora"))
        };
        assert_eq!(of(&["user.locked"], "USER.LOCKED"), Some(Severity::Medium));
        assert_eq!(of(&["SECRET.*"], "SECRET.READ"), Some(Severity::High));
        assert_eq!(of(&["NOVELTY.*"], "NOVELTY.SEEN"), Some(Severity::Low));
        assert_eq!(of(&[], "USER.LOCKED"), None);
    }

    #[test]
    fn acts_of_the_ignored_application_become_none() {
        let all = selection(&["Privilege"], &["*"]);
        let by = |client| all.severity(&activity("ROLE_ASSIGNMENT.CREATED", client, "nora"));
        assert_eq!(
            (by("THE-WORKER"), by("other")),
            (None, Some(Severity::High))
        );
    }
}
