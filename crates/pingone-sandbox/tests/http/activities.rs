//! The audit trail: the shapes of its events, their order and pages, and what a query may ask for.

use pingone_sandbox::seed::TimeSpec;
use pingone_sandbox::{Alternative, Seed};
use serde_json::{Value, json};

use crate::client::{Client, EMMA, JSON, Response, encode, field_of_each, vendor};

const MARKETING: &str = "a5ec8d61-6291-4ebf-8630-135c2ecf1d10";
const ALEX: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4013";

/// A sandbox at ten o'clock, so that the seed's times are known.
async fn at_ten(alternatives: &[Alternative]) -> Client {
    Client::with(|seed| {
        seed.clock = Some(TimeSpec::parse("2026-03-04T10:00:00Z").expect("valid"));
        seed.alternatives.extend_from_slice(alternatives);
    })
    .await
}

/// What was recorded from 1 March and meets the condition.
async fn find(client: &Client, condition: &str, rest: &str) -> Response {
    let joined = if condition.is_empty() { "" } else { " and " };
    let filter = format!(r#"recordedAt ge "2026-03-01T00:00:00.000Z"{joined}{condition}"#);
    let path = format!("activities?filter={}{rest}", encode(&filter));
    client.get(&path).await
}

async fn first(client: &Client, action: &str) -> Value {
    let found = find(client, &format!(r#"action.type eq "{action}""#), "").await;
    assert_eq!(found.status, 200, "{}", found.text);
    found.body["_embedded"]["activities"][0].clone()
}

#[tokio::test]
async fn a_password_check_names_its_user_as_a_resource_only() {
    let client = at_ten(&[]).await;
    let path = format!("users/{EMMA}/password");
    let check = vendor("password.check+json");
    let refused = client.post(&path, &check, r#"{"password": "wrong"}"#).await;
    assert_eq!(refused.status, 400);
    let activity = first(&client, "PASSWORD.CHECK_FAILED").await;
    assert_eq!(activity["recordedAt"], "2026-03-04T10:00:00.000Z");
    assert_eq!(activity["createdAt"], "2026-03-04T10:00:00.017Z");
    assert_eq!(activity.get("actors"), None);
    assert_eq!(activity.get("source"), None);
    assert_eq!(activity["resources"][0]["name"], "emma.sharp");
    assert_eq!(
        activity["result"],
        json!({ "status": "SUCCESS", "description": format!("Check Failed Password {EMMA}") })
    );
    // So a search by actor misses it, and one by resource finds it.
    for (attribute, count) in [("actors.user.id", 0), ("resources.id", 1)] {
        let found = find(&client, &format!(r#"{attribute} eq "{EMMA}""#), "").await;
        let types = field_of_each(&found, "activities", "createdAt");
        let new = types.iter().filter(|at| *at == "2026-03-04T10:00:00.017Z");
        assert_eq!(new.count(), count, "{attribute}");
    }
}

#[tokio::test]
async fn a_membership_names_its_user_in_the_address_only() {
    let client = at_ten(&[]).await;
    let path = format!("users/{EMMA}/memberOfGroups/{MARKETING}");
    assert_eq!(client.delete(&path).await.status, 204);
    let activity = first(&client, "MEMBER_OF_GROUP.DELETED").await;
    let resources = activity["resources"].as_array().expect("a list");
    assert_eq!(resources.len(), 1);
    assert_eq!(resources[0]["type"], "MEMBER_OF_GROUP");
    assert_eq!(resources[0]["id"], MARKETING);
    let href = resources[0]["href"].as_str().expect("an address");
    assert!(href.ends_with(&format!("/{path}")), "{href}");
    assert_eq!(
        activity["result"]["description"],
        "Deleted Member Of Group Marketing"
    );
    let found = find(&client, r#"resources.type eq "MEMBER_OF_GROUP""#, "").await;
    assert_eq!(found.body["count"], 2);
}

#[tokio::test]
async fn the_console_is_no_application_and_its_admins_have_no_population() {
    let client = at_ten(&[]).await;
    let activity = first(&client, "ROLE_ASSIGNMENT.CREATED").await;
    assert_eq!(
        activity["actors"]["client"],
        json!({ "id": "adminui", "name": "adminui", "type": "CLIENT" })
    );
    assert_eq!(activity["actors"]["user"]["id"], ALEX);
    assert_eq!(activity["actors"]["user"]["population"], json!({}));
    assert_eq!(activity["tags"], json!(["adminIdentityEvent"]));
    let tagged = find(&client, r#"tags eq "adminIdentityEvent""#, "").await;
    assert_eq!(tagged.body["count"], 3);
}

#[tokio::test]
async fn a_role_assignment_says_which_role_and_where() {
    let client = at_ten(&[]).await;
    let path = format!("users/{EMMA}/roleAssignments");
    let role = "0bd9c966-7664-4ac1-b059-0ff9293908e2";
    let scope = "b4f5e266-a946-4f77-9cc5-5dc91b046431";
    let body = json!({ "role": { "id": role }, "scope": { "id": scope, "type": "ENVIRONMENT" } });
    let created = client.post(&path, JSON, &body.to_string()).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.body["id"].as_str().expect("an id");
    let activity = first(&client, "ROLE_ASSIGNMENT.CREATED").await;
    assert_eq!(
        activity["result"]["description"],
        format!(
            "Created role assignment '{id}' for role '{role}' scoped for ENVIRONMENT '{scope}'"
        )
    );
    let resource = &activity["resources"][0];
    assert_eq!(
        (&resource["type"], &resource["id"]),
        (&json!("USER"), &json!(EMMA))
    );
    let href = resource["href"].as_str().expect("an address");
    assert!(href.ends_with(&format!("/roleAssignments/{id}")), "{href}");
}

#[tokio::test]
async fn a_device_stands_before_its_user() {
    let client = at_ten(&[]).await;
    let activity = first(&client, "DEVICE.CREATED").await;
    let types = activity["resources"].as_array().expect("a list").iter();
    let types: Vec<&Value> = types.map(|resource| &resource["type"]).collect();
    assert_eq!(types, ["DEVICE", "USER"]);
    assert!(activity.get("internalCorrelation").is_some());
}

#[tokio::test]
async fn members_may_be_missing() {
    let client = at_ten(&[]).await;
    let found = find(&client, "", "").await;
    let activities = found.body["_embedded"]["activities"].as_array();
    let activities = activities.expect("a list");
    for member in ["actors", "source", "tags", "correlationId", "createdAt"] {
        let without = activities.iter().filter(|one| one.get(member).is_none());
        let without = without.count();
        assert!(without > 0 && without < activities.len(), "{member}");
    }
}

#[tokio::test]
async fn the_newest_come_first_across_pages_that_grow() {
    let client = at_ten(&[]).await;
    let all = field_of_each(&find(&client, "", "").await, "activities", "recordedAt");
    assert!(all.is_sorted_by(|one, other| one >= other), "{all:?}");
    let page = find(&client, "", "&limit=5").await;
    let mut paged = field_of_each(&page, "activities", "recordedAt");
    // What is recorded meanwhile does not move the pages to come.
    client
        .put(
            &format!("users/{EMMA}/enabled"),
            JSON,
            r#"{"enabled": false}"#,
        )
        .await;
    let mut next = page.body["_links"]["next"]["href"].clone();
    while let Some(href) = next.as_str() {
        let (_, path) = href.split_once("/activities").expect("the same list");
        let page = client.get(&format!("activities{path}")).await;
        paged.extend(field_of_each(&page, "activities", "recordedAt"));
        next = page.body["_links"]["next"]["href"].clone();
    }
    assert_eq!(paged, all);
}

#[tokio::test]
async fn a_page_has_at_most_five_hundred() {
    let client = Client::with(|seed| {
        seed.clock = Some(TimeSpec::parse("2026-03-04T10:00:00Z").expect("valid"));
        let one = seed.activities[0].clone();
        seed.activities.extend(std::iter::repeat_n(one, 600));
    })
    .await;
    let page = find(&client, "", "&limit=1000").await;
    assert_eq!(page.body["size"], 500);
    assert!(page.body["_links"].get("next").is_some());
    assert_eq!(find(&client, "", "&limit=1001").await.status, 400);
}

#[tokio::test]
async fn a_query_has_one_condition_of_those_that_are_supported() {
    let client = at_ten(&[]).await;
    for (condition, status) in [
        (r#"action.type in ["USER.LOCKED", "USER.CREATED"]"#, 200),
        (r#"actors.user.name eq "alex.admin""#, 200),
        (r#"actors.client.id eq "adminui""#, 200),
        (r#"actors.client.id in ["adminui"]"#, 400),
        (r#"result.status eq "FAILURE""#, 400),
        (r#"createdAt gt "2026-03-01T00:00:00Z""#, 400),
        (r#"resources[id eq "x"]"#, 400),
        (r#"resources.id eq "x" and action.type eq "y""#, 400),
    ] {
        assert_eq!(
            find(&client, condition, "").await.status,
            status,
            "{condition}"
        );
    }
    let refused = find(&client, r#"result.status eq "FAILURE""#, "").await;
    assert_eq!(refused.details(), ["INVALID_FILTER"]);
    assert_eq!(
        refused.body["details"][0]["message"],
        "Invalid Filter: Attribute 'result.status' is not supported in filter."
    );
}

#[tokio::test]
async fn older_activities_are_not_there() {
    let old = |client: Client| async move {
        let filter =
            r#"recordedAt ge "2026-02-01T00:00:00Z" and recordedAt lt "2026-02-15T00:00:00Z""#;
        client
            .get(&format!("activities?filter={}", encode(filter)))
            .await
    };
    let with_old = |alternatives: &'static [Alternative]| {
        Client::with(move |seed| {
            seed.clock = Some(TimeSpec::parse("2026-03-04T10:00:00Z").expect("valid"));
            seed.alternatives.extend_from_slice(alternatives);
            seed.activities[0].at = TimeSpec::parse("2026-02-10T00:00:00Z").expect("valid");
        })
    };
    assert_eq!(old(with_old(&[]).await).await.body["count"], 0);
    let refusing = with_old(&[Alternative::OldActivitiesAreRefused]).await;
    assert_eq!(old(refusing).await.status, 400);
}

#[tokio::test]
async fn several_types_at_once_may_be_refused() {
    let client = at_ten(&[Alternative::ActionTypesAreSingle]).await;
    let two = r#"action.type in ["USER.LOCKED", "USER.CREATED"]"#;
    assert_eq!(find(&client, two, "").await.status, 400);
    assert_eq!(
        find(&client, r#"action.type eq "USER.CREATED""#, "")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_scenario_plays_within_an_ordinary_day() {
    for (name, address, count) in [
        // A check for each of twelve users, three times; one of them succeeds, and a device is paired.
        ("password-spray", "192.0.2.77", 38),
        // A check, nine denials, one confirmation, and what was done with the devices.
        ("mfa-fatigue", "192.0.2.90", 13),
        // Nine acts of the administrator's, beside five of the built-in company.
        ("rogue-admin", "192.0.2.146", 14),
    ] {
        let client = Client::with(|seed| {
            *seed = Seed::scenario(name).expect("a scenario");
            seed.clock = Some(TimeSpec::parse("2026-03-04T10:00:00Z").expect("valid"));
        })
        .await;
        let found = find(&client, "", "").await;
        let activities = found.body["_embedded"]["activities"].as_array();
        let activities = activities.expect("a list");
        let attacks = activities
            .iter()
            .filter(|activity| activity["source"]["ipAddress"] == address);
        let attacks = attacks.count();
        assert_eq!(attacks, count, "{name}");
        assert!(activities.len() > attacks + 60, "{name}");
    }
}
