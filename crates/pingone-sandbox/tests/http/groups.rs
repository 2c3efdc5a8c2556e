//! Groups and memberships: direct, inherited, dynamic.

use serde_json::json;

use crate::client::{Client, EMMA, JSON, RICHARD, encode, field_of_each};

const CONTRACT: &str = "8e02b7d4-91f3-4c6a-a5d8-3c4f9b60e505";
const MANAGERS: &str = "d64e1a93-27c8-4b05-8f7a-b9025ce7f606";
const NORA: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4003";
const SALES: &str = "3d9a0c52-8f16-4e57-b6a4-27f0d1c3e803";
const STAFF: &str = "5b71f2e6-0c4d-4a89-93be-61a8e7d2f404";

#[tokio::test]
async fn memberships_are_direct_or_inherited() {
    let client = Client::new().await;
    let path = format!("users/{NORA}/memberOfGroups");
    let response = client.get(&path).await;
    assert_eq!(
        field_of_each(&response, "groupMemberships", "name"),
        ["Sales", "All Staff", "Managers"]
    );
    assert_eq!(
        field_of_each(&response, "groupMemberships", "type"),
        ["DIRECT", "INDIRECT", "DIRECT"]
    );
    assert!(
        response.body["_embedded"]["groupMemberships"][0]
            .get("_embedded")
            .is_none()
    );

    let direct = encode(r#"type eq "DIRECT""#);
    let response = client
        .get(&format!("{path}?expand=group&filter={direct}"))
        .await;
    assert_eq!(
        field_of_each(&response, "groupMemberships", "name"),
        ["Sales", "Managers"]
    );
    let group = &response.body["_embedded"]["groupMemberships"][0]["_embedded"]["group"];
    assert_eq!(
        (&group["id"], &group["directMemberCounts"]["users"]),
        (&SALES.into(), &2.into())
    );

    assert_eq!(
        client.get(&format!("{path}/{STAFF}")).await.body["type"],
        "INDIRECT"
    );
    assert_eq!(client.get(&format!("{path}/{CONTRACT}")).await.status, 404);
    let first = client.get(&format!("{path}?limit=2")).await;
    let next = first.body["_links"]["next"]["href"]
        .as_str()
        .expect("a next link");
    assert_eq!(
        field_of_each(&client.follow(next).await, "groupMemberships", "name"),
        ["Managers"]
    );
}

#[tokio::test]
async fn memberships_can_be_added_and_removed() {
    let client = Client::new().await;
    let path = format!("users/{RICHARD}/memberOfGroups");
    let body = format!(r#"{{"id": "{SALES}"}}"#);
    let added = client.post(&path, JSON, &body).await;
    assert_eq!((added.status, &added.body["type"]), (201, &"DIRECT".into()));
    assert_eq!(
        (&added.body["id"], &added.body["name"]),
        (&SALES.into(), &"Sales".into())
    );
    let again = client.post(&path, JSON, &body).await;
    assert_eq!(
        (again.status, again.details()),
        (400, vec!["UNIQUENESS_VIOLATION"])
    );
    assert_eq!(
        client.get(&format!("{path}/{STAFF}")).await.status,
        200,
        "inherited"
    );

    assert_eq!(client.delete(&format!("{path}/{SALES}")).await.status, 204);
    assert_eq!(client.delete(&format!("{path}/{SALES}")).await.status, 404);
    assert_eq!(client.get(&format!("{path}/{STAFF}")).await.status, 404);
    assert_eq!(client.post(&path, JSON, r#"{"id": "x"}"#).await.status, 400);
    let nobody = client.post("users/x/memberOfGroups", JSON, &body).await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn dynamic_and_foreign_memberships_cannot_be_changed() {
    let client = Client::new().await;
    let path = format!("users/{NORA}/memberOfGroups");
    for group in [MANAGERS, CONTRACT] {
        let response = client
            .post(&path, JSON, &format!(r#"{{"id": "{group}"}}"#))
            .await;
        assert_eq!(response.details(), ["CONSTRAINT_VIOLATION"]);
    }
    assert_eq!(
        client.delete(&format!("{path}/{MANAGERS}")).await.details(),
        ["CONSTRAINT_VIOLATION"]
    );
    assert_eq!(client.delete(&format!("{path}/{STAFF}")).await.status, 404);
    client
        .patch(&format!("users/{NORA}"), r#"{"title": "Advisor"}"#)
        .await;
    assert_eq!(
        client.get(&format!("{path}/{MANAGERS}")).await.status,
        404,
        "the filter no longer fits"
    );
}

#[tokio::test]
async fn groups_can_be_found_and_read() {
    let client = Client::new().await;
    let response = client
        .get(&format!("groups?filter={}", encode(r#"name eq "sales""#)))
        .await;
    assert_eq!(field_of_each(&response, "groups", "id"), [SALES]);
    let response = client
        .get(&format!(
            "groups?filter={}",
            encode(r#"description eq "x""#)
        ))
        .await;
    assert_eq!(response.details(), ["INVALID_FILTER"]);
    let staff = client
        .get(&format!("groups/{STAFF}?include=totalMemberCounts"))
        .await;
    assert_eq!(staff.body["totalMemberCounts"], json!({ "users": 2 }));
    assert_eq!(
        staff.body["directMemberCounts"],
        json!({ "users": 0, "groups": 1 })
    );
    assert_eq!(
        client.get(&format!("groups/{CONTRACT}")).await.body["displayName"],
        "Contract Staff (Contractors)"
    );
}

#[tokio::test]
async fn groups_can_be_created_nested_replaced_and_deleted() {
    let client = Client::new().await;
    let created = client.post("groups", JSON, r#"{"name": "New"}"#).await;
    assert_eq!(created.status, 201);
    let new = created.body["id"].as_str().expect("an id");
    assert_eq!(
        client
            .post("groups", JSON, r#"{"name": "New"}"#)
            .await
            .details(),
        ["UNIQUENESS_VIOLATION"]
    );
    let nested = client
        .post(
            &format!("groups/{STAFF}/memberOfGroups"),
            JSON,
            &format!(r#"{{"id": "{new}"}}"#),
        )
        .await;
    assert_eq!(nested.status, 201);
    let circle = client
        .post(
            &format!("groups/{new}/memberOfGroups"),
            JSON,
            &format!(r#"{{"id": "{SALES}"}}"#),
        )
        .await;
    assert_eq!(circle.details(), ["CONSTRAINT_VIOLATION"]);
    assert_eq!(
        client
            .get(&format!("users/{NORA}/memberOfGroups/{new}"))
            .await
            .status,
        200
    );
    assert_eq!(
        client
            .put(&format!("groups/{new}"), JSON, r#"{"name": "Newer"}"#)
            .await
            .body["name"],
        "Newer"
    );
    assert_eq!(client.delete(&format!("groups/{new}")).await.status, 204);
    assert_eq!(
        client
            .get(&format!("users/{NORA}/memberOfGroups/{new}"))
            .await
            .status,
        404
    );
    assert_eq!(
        client
            .get(&format!("users/{EMMA}/memberOfGroups?limit=x"))
            .await
            .status,
        400
    );
}
