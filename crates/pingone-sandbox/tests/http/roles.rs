//! Roles and role assignments: built-in and custom, direct and through a group.

use pingone_sandbox::seed::{CustomRole, TokenAuthMethod};
use serde_json::{Value, json};

use crate::client::{Client, EMMA, JSON, RICHARD, encode, field_of_each};

const ADMINS: &str = "f02c7b15-8e4d-4a63-a90b-7d61c3e5f707";
const GWEN: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4014";
const OLGA: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4015";
const SERVICE_DESK: &str = "6194e00e-9df5-4f0a-b6b1-51960dc04601";
const ENVIRONMENT_ADMIN: &str = "29ddce68-cd7f-4b2a-b6fc-f7a19553b496";
const ORGANIZATION_ADMIN: &str = "1813bc13-8d13-4e88-a825-d40bfe82777b";
const IDENTITY_READ_ONLY: &str = "ce00e15f-f845-4df1-abf3-fdc4ff4e176c";

fn assignment(role: &str) -> String {
    let scope = json!({ "id": crate::client::ENVIRONMENT, "type": "ENVIRONMENT" });
    json!({ "role": { "id": role }, "scope": scope }).to_string()
}

fn assignments(user: &str) -> String {
    format!("users/{user}/roleAssignments")
}

#[tokio::test]
async fn custom_roles_are_listed_in_the_environment_only() {
    let client = Client::new().await;
    let url = format!("{}/v1/roles", client.sandbox.url());
    let built_in = field_of_each(&client.follow(&url).await, "roles", "name");
    assert!(built_in.contains(&"Identity Data Read Only".to_owned()));
    let all = field_of_each(&client.get("roles").await, "roles", "name");
    assert_eq!(all[..built_in.len()], built_in);
    assert_eq!(all[built_in.len()..], ["Service Desk"]);
    let filter = encode(r#"type eq "CUSTOM""#);
    let custom = client.get(&format!("roles?filter={filter}")).await;
    assert_eq!(field_of_each(&custom, "roles", "id"), [SERVICE_DESK]);
    let role = client.get(&format!("roles/{SERVICE_DESK}")).await;
    assert_eq!(
        role.body["permissions"][0],
        json!({ "id": "dir:read:user" })
    );
    assert_eq!(
        role.body["canBeAssignedBy"],
        json!([{ "id": ENVIRONMENT_ADMIN }])
    );
}

#[tokio::test]
async fn roles_can_be_assigned_and_removed() {
    let client = Client::new().await;
    for role in [IDENTITY_READ_ONLY, ENVIRONMENT_ADMIN, SERVICE_DESK] {
        let created = client
            .post(&assignments(EMMA), JSON, &assignment(role))
            .await;
        assert_eq!(
            (created.status, &created.body["role"]["id"]),
            (201, &role.into())
        );
        assert_eq!(created.body["readOnly"], false);
        let id = created.body["id"].as_str().expect("an id");
        let path = format!("{}/{id}", assignments(EMMA));
        assert_eq!(client.get(&path).await.body["scope"]["type"], "ENVIRONMENT");
        assert_eq!(client.delete(&path).await.status, 204);
        assert_eq!(client.get(&path).await.status, 404);
    }
    let unknown = client
        .post(&assignments(EMMA), JSON, &assignment("x"))
        .await;
    assert_eq!(unknown.details(), ["INVALID_VALUE"]);
    let incomplete = client.post(&assignments(EMMA), JSON, "{}").await;
    assert_eq!(incomplete.details(), ["REQUIRED_VALUE"]);
}

#[tokio::test]
async fn a_worker_can_only_assign_and_remove_what_its_roles_allow() {
    let client = Client::with(|seed| {
        seed.applications[0].roles = vec!["Identity Data Admin".to_owned()];
    })
    .await;
    for (role, status) in [
        (IDENTITY_READ_ONLY, 201),
        (ENVIRONMENT_ADMIN, 403),
        (ORGANIZATION_ADMIN, 403),
        (SERVICE_DESK, 403),
    ] {
        let response = client
            .post(&assignments(EMMA), JSON, &assignment(role))
            .await;
        assert_eq!(response.status, status, "{role}");
    }
    let olgas = client.get(&assignments(OLGA)).await;
    let olgas = &olgas.body["_embedded"]["roleAssignments"][0];
    assert_eq!(olgas["readOnly"], true);
    assert!(olgas.get("group").is_none());
    let id = olgas["id"].as_str().expect("an id");
    let path = format!("{}/{id}", assignments(OLGA));
    assert_eq!(client.delete(&path).await.status, 403);
}

#[tokio::test]
async fn roles_through_a_group_are_read_only() {
    let client = Client::new().await;
    let inherited = client.get(&assignments(GWEN)).await;
    let inherited: &Value = &inherited.body["_embedded"]["roleAssignments"][0];
    assert_eq!(inherited["readOnly"], true);
    assert_eq!(inherited["group"]["id"], ADMINS);
    let id = inherited["id"].as_str().expect("an id");
    let path = format!("{}/{id}", assignments(GWEN));
    assert_eq!(client.delete(&path).await.status, 403);

    let group = format!("groups/{ADMINS}/roleAssignments");
    let own = client.get(&group).await;
    assert_eq!(field_of_each(&own, "roleAssignments", "id"), [id]);
    assert_eq!(client.delete(&format!("{group}/{id}")).await.status, 204);
    let none = client.get(&assignments(GWEN)).await;
    assert_eq!(none.body["_embedded"]["roleAssignments"], json!([]));
    let given = client
        .post(&group, JSON, &assignment(IDENTITY_READ_ONLY))
        .await;
    assert_eq!(given.status, 201);
    let again = client.get(&assignments(GWEN)).await;
    assert_eq!(again.body["size"], 1);
}

#[tokio::test]
async fn memberships_in_a_group_with_roles_need_these_roles() {
    let mut client = Client::with(|seed| {
        seed.applications[1].token_auth_method = TokenAuthMethod::Basic;
    })
    .await;
    let path = format!("users/{RICHARD}/memberOfGroups");
    let body = json!({ "id": ADMINS }).to_string();
    client.sign_in(1).await;
    assert_eq!(client.post(&path, JSON, &body).await.status, 403);
    let gwens = format!("users/{GWEN}/memberOfGroups/{ADMINS}");
    assert_eq!(client.delete(&gwens).await.status, 403);
    client.sign_in(0).await;
    assert_eq!(client.post(&path, JSON, &body).await.status, 201);
    assert_eq!(client.delete(&gwens).await.status, 204);
}

#[tokio::test]
async fn custom_roles_can_be_created_replaced_and_deleted() {
    let client = Client::new().await;
    let body = json!({
        "name": "SOC reader",
        "description": "Reads users and the audit trail",
        "applicableTo": ["ENVIRONMENT"],
        "permissions": [{ "id": "dir:read:user" }, { "id": "audit_reporting:read:activity" }],
        "canBeAssignedBy": [{ "id": ENVIRONMENT_ADMIN }],
    });
    let created = client.post("roles", JSON, &body.to_string()).await;
    assert_eq!(
        (created.status, &created.body["type"]),
        (201, &"CUSTOM".into())
    );
    let id = created.body["id"].as_str().expect("an id");
    let path = format!("roles/{id}");
    let twice = client.post("roles", JSON, &body.to_string()).await;
    assert_eq!(twice.details(), ["UNIQUENESS_VIOLATION"]);
    let mut changed = body.clone();
    changed["name"] = "SOC analyst".into();
    let replaced = client.put(&path, JSON, &changed.to_string()).await;
    assert_eq!(replaced.body["name"], "SOC analyst");

    let assigned = client.post(&assignments(EMMA), JSON, &assignment(id)).await;
    assert_eq!(
        client.delete(&path).await.details(),
        ["CONSTRAINT_VIOLATION"]
    );
    let assigned = assigned.body["id"].as_str().expect("an id");
    client
        .delete(&format!("{}/{assigned}", assignments(EMMA)))
        .await;
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(&path).await.status, 404);
    let built_in = format!("roles/{ENVIRONMENT_ADMIN}");
    assert_eq!(client.delete(&built_in).await.status, 403);
    changed["permissions"] = json!([]);
    let empty = client.post("roles", JSON, &changed.to_string()).await;
    assert_eq!(empty.details(), ["REQUIRED_VALUE"]);
}

#[tokio::test]
async fn a_worker_with_a_custom_role_has_its_permissions_only() {
    let client = Client::with(|seed| {
        seed.custom_roles.push(CustomRole {
            id: "e1bc848f-5cf4-5a48-a5b3-471f4431a705".to_owned(),
            name: "SOC responder".to_owned(),
            permissions: ["dir:read:user", "authn:delete:sessions"]
                .map(str::to_owned)
                .to_vec(),
            ..CustomRole::default()
        });
        seed.applications[0].roles = vec!["SOC responder".to_owned()];
    })
    .await;
    let user = format!("users/{EMMA}");
    assert_eq!(client.get(&user).await.status, 200);
    assert_eq!(client.patch(&user, r#"{"title": "T"}"#).await.status, 403);
    let sessions = client.get(&format!("{user}/sessions")).await;
    let session = &field_of_each(&sessions, "sessions", "id")[0];
    let ended = client.delete(&format!("{user}/sessions/{session}")).await;
    assert_eq!(ended.status, 204);
    assert_eq!(client.get(&format!("{user}/devices")).await.status, 403);
    assert_eq!(client.get("").await.status, 200, "the environment itself");
}
