//! One entry of the audit trail, as PingOne sends it. Only `id`, `recordedAt`, `action` and `result` are in every
//! recorded example; anything else may be missing, and types and members that are not known here pass through.
//! <https://docs.pingidentity.com/pingone/solution-guides/customer_use_cases/htg_obtain_logging_data_p1.html>

use jiff::Timestamp;
use serde_json::Value;

use crate::id::UserId;

/// The type of a resource that is a user.
const USER: &str = "USER";
/// In the address of what belongs to a user: `/users/{user}/memberOfGroups/{group}`.
const USERS_SEGMENT: &str = "users";

/// An activity. Its accessors return `None` for what is missing, and for what is not text.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity(Value);

/// A user or application that acted, or something that was acted on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Party<'a> {
    /// Its type, such as `USER`, `CLIENT` or `MEMBER_OF_GROUP`.
    pub kind: Option<&'a str>,
    /// Its id. That of a client need not be a UUID: the console's is `adminui`.
    pub id: Option<&'a str>,
    /// Its name.
    pub name: Option<&'a str>,
    /// Its address.
    pub href: Option<&'a str>,
}

impl<'a> Party<'a> {
    fn of(raw: &'a Value) -> Self {
        let text = |member| raw.get(member).and_then(Value::as_str);
        Self {
            kind: text("type"),
            id: text("id"),
            name: text("name").filter(|name| !name.is_empty()),
            href: text("href"),
        }
    }

    /// Whether it is a user.
    pub fn is_user(&self) -> bool {
        self.kind
            .is_some_and(|kind| kind.eq_ignore_ascii_case(USER))
    }

    /// The user it belongs to by its address. A group membership names its user nowhere else.
    fn owner(&self) -> Option<&'a str> {
        let mut segments = self.href?.split('/');
        segments.find(|segment| *segment == USERS_SEGMENT)?;
        let id = segments.next()?.split(['?', '#']).next()?;
        id.parse::<UserId>().ok().map(|_| id)
    }
}

impl From<Value> for Activity {
    fn from(raw: Value) -> Self {
        Self(raw)
    }
}

impl Activity {
    /// The activity as PingOne sent it.
    pub fn raw(&self) -> &Value {
        &self.0
    }

    /// The activity as PingOne sent it.
    pub fn into_raw(self) -> Value {
        self.0
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.0.pointer(pointer).and_then(Value::as_str)
    }

    /// Its id, which stays the same between reads.
    pub fn id(&self) -> Option<&str> {
        self.text("/id")
    }

    /// When it happened. PingOne stored it a little later.
    pub fn recorded_at(&self) -> Option<Timestamp> {
        self.text("/recordedAt")?.parse().ok()
    }

    /// The action type, such as `PASSWORD.CHECK_FAILED`. New types appear with PingOne's products.
    pub fn action(&self) -> Option<&str> {
        self.text("/action/type")
    }

    /// Whether it is of this action type.
    pub fn is_action(&self, action: &str) -> bool {
        let own = self.action();
        own.is_some_and(|own| own.eq_ignore_ascii_case(action))
    }

    /// The user who acted.
    pub fn actor(&self) -> Option<Party<'_>> {
        self.party("/actors/user")
    }

    /// The application that acted, or through which the user did.
    pub fn client(&self) -> Option<Party<'_>> {
        self.party("/actors/client")
    }

    fn party(&self, pointer: &str) -> Option<Party<'_>> {
        let raw = self.0.pointer(pointer).filter(|raw| raw.is_object());
        raw.map(Party::of)
    }

    /// What was acted on.
    pub fn resources(&self) -> impl Iterator<Item = Party<'_>> {
        let resources = self.0.get("resources").and_then(Value::as_array);
        resources.into_iter().flatten().map(Party::of)
    }

    /// The users who were acted on, each once: resources of their own, and the users to whom others belong.
    pub fn subjects(&self) -> Vec<Party<'_>> {
        let mut found: Vec<Party<'_>> = self.resources().filter(Party::is_user).collect();
        for owner in self.resources().filter_map(|resource| resource.owner()) {
            if !found.iter().any(|user| user.id == Some(owner)) {
                found.push(Party {
                    kind: Some(USER),
                    id: Some(owner),
                    ..Party::default()
                });
            }
        }
        found
    }

    /// Whether this user acted or was acted on.
    pub fn concerns(&self, user: UserId) -> bool {
        let is_user = |party: Party<'_>| party.id.and_then(|id| id.parse().ok()) == Some(user);
        self.actor().is_some_and(is_user) || self.subjects().into_iter().any(is_user)
    }

    /// The IP address. Most types have none.
    pub fn ip(&self) -> Option<&str> {
        // A risk evaluation's event has its own in webhooks; that lists have it too is UNCONFIRMED.
        self.text("/source/ipAddress")
            .or_else(|| self.text("/_embedded/riskEvent/ip"))
            .filter(|ip| !ip.is_empty())
    }

    /// The browser or other user agent. Most types have none.
    pub fn user_agent(&self) -> Option<&str> {
        self.text("/source/userAgent")
            .filter(|agent| !agent.is_empty())
    }

    /// The country, which only risk evaluations may have.
    pub fn country(&self) -> Option<&str> {
        self.text("/_embedded/riskEvaluation/details/country")
            .filter(|country| !country.is_empty())
    }

    /// The result, `SUCCESS` or `FAILURE`: that of recording something, not of what was recorded. A failed password
    /// check may be a `SUCCESS`.
    pub fn status(&self) -> Option<&str> {
        self.text("/result/status")
    }

    /// What happened in PingOne's words. It may name what no other member does, such as a role and its scope, but its
    /// form is not documented.
    pub fn description(&self) -> Option<&str> {
        self.text("/result/description")
    }

    /// Groups the activities of one request.
    pub fn correlation_id(&self) -> Option<&str> {
        self.text("/correlationId")
    }

    /// Whether it has this tag, such as `adminIdentityEvent`.
    pub fn has_tag(&self, tag: &str) -> bool {
        let tags = self.0.get("tags").and_then(Value::as_array);
        tags.is_some_and(|tags| tags.iter().any(|one| one.as_str() == Some(tag)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EMMA: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";
    const RICHARD: &str = "9bc53389-f806-47b6-9480-ab1e3c6269b5";

    fn user(id: &str) -> UserId {
        id.parse().expect("a UUID")
    }

    #[test]
    fn a_failed_password_check_names_its_user_as_a_resource_only() {
        let activity = Activity::from(json!({
            "id": "one", "recordedAt": "2026-03-04T09:58:02.114Z",
            "action": {"type": "PASSWORD.CHECK_FAILED", "description": "Password Check Failed"},
            "resources": [{"type": "USER", "id": EMMA, "name": "emma.sharp", "population": {}}],
            "result": {"status": "SUCCESS", "description": "Check Failed Password"}
        }));
        assert!(activity.is_action("password.check_failed"));
        assert_eq!(activity.actor(), None);
        assert_eq!(activity.subjects()[0].name, Some("emma.sharp"));
        assert!(activity.concerns(user(EMMA)) && !activity.concerns(user(RICHARD)));
        assert_eq!((activity.ip(), activity.user_agent()), (None, None));
        assert_eq!(
            activity.recorded_at().map(|at| at.to_string()),
            Some("2026-03-04T09:58:02.114Z".to_owned())
        );
    }

    #[test]
    fn a_group_membership_names_its_user_in_the_address_only() {
        let href =
            format!("https://api.pingone.eu/v1/environments/e/users/{EMMA}/memberOfGroups/g");
        let activity = Activity::from(json!({
            "action": {"type": "MEMBER_OF_GROUP.CREATED"},
            "actors": {"client": {"id": "adminui", "name": "adminui"}, "user": {"id": RICHARD, "name": "richard.smith"}},
            "resources": [{"type": "MEMBER_OF_GROUP", "id": "g", "name": "Finance", "href": href}],
        }));
        let subjects = activity.subjects();
        assert_eq!((subjects.len(), subjects[0].id), (1, Some(EMMA)));
        assert!(activity.concerns(user(EMMA)) && activity.concerns(user(RICHARD)));
        assert_eq!(
            activity.client().and_then(|client| client.id),
            Some("adminui")
        );
    }

    #[test]
    fn a_user_named_twice_is_one_subject() {
        let device = format!("https://api.pingone.eu/v1/environments/e/users/{EMMA}/devices/d");
        let activity = Activity::from(json!({"resources": [
            {"type": "DEVICE", "id": "d", "href": device},
            {"type": "USER", "id": EMMA, "name": "emma.sharp", "href": "/users/"},
        ]}));
        assert_eq!(activity.subjects().len(), 1);
        assert_eq!(activity.subjects()[0].name, Some("emma.sharp"));
    }

    #[test]
    fn an_address_counts_only_with_a_users_id() {
        for href in ["", "/users", "/users/", "/users/emma.sharp/x", "/groups/g"] {
            let activity = Activity::from(json!({"resources": [{"type": "X", "href": href}]}));
            assert_eq!(activity.subjects(), [], "{href}");
        }
        let href = format!("/users/{EMMA}?expand=x");
        let activity = Activity::from(json!({"resources": [{"href": href}]}));
        assert_eq!(activity.subjects()[0].id, Some(EMMA));
    }

    #[test]
    fn members_of_other_kinds_are_missing_ones() {
        for raw in [
            json!(null),
            json!({"id": 7, "recordedAt": "soon", "actors": [], "resources": {}, "tags": "x", "source": "x"}),
            json!({"actors": {"user": "emma", "client": null}, "resources": ["x"], "source": {"ipAddress": {"v4": "x"}}}),
        ] {
            let activity = Activity::from(raw.clone());
            assert_eq!(activity.id(), None);
            assert_eq!(activity.recorded_at(), None);
            assert_eq!((activity.actor(), activity.client()), (None, None));
            assert_eq!(activity.subjects(), []);
            assert_eq!((activity.ip(), activity.country()), (None, None));
            assert!(!activity.has_tag("x"));
            assert_eq!(activity.into_raw(), raw);
        }
    }

    #[test]
    fn a_risk_evaluation_has_an_address_and_a_country_of_its_own() {
        let activity = Activity::from(json!({"_embedded": {
            "riskEvent": {"ip": "198.51.100.77"},
            "riskEvaluation": {"details": {"country": "Iceland"}},
        }, "tags": ["adminIdentityEvent"]}));
        assert_eq!(activity.ip(), Some("198.51.100.77"));
        assert_eq!(activity.country(), Some("Iceland"));
        assert!(activity.has_tag("adminIdentityEvent"));
    }
}
