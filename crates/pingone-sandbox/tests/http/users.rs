//! Users: search, paging, create, update, delete.

use reqwest::Method;
use serde_json::json;

use crate::client::{Client, EMMA, JSON, RICHARD, encode, field_of_each, vendor};

#[tokio::test]
async fn usernames_match_case_insensitively() {
    let client = Client::new().await;
    let response = client.find(r#"username eq "EMMA.sharp""#).await;
    assert_eq!(response.body["count"], 1);
    let emma = &response.body["_embedded"]["users"][0];
    assert_eq!(emma["id"], EMMA);
    assert_eq!(emma["createdAt"], "2021-09-03T18:04:03.916Z");
    assert_eq!(emma["updatedAt"], "2021-09-23T17:18:11.747Z");
    assert_eq!(
        emma["account"],
        json!({ "canAuthenticate": true, "status": "OK" })
    );
    assert_eq!(
        emma["population"]["id"],
        "4cd45bdb-0eb2-42fe-8475-4bcd908269f1"
    );
    assert_eq!(
        response.body["_links"]["self"]["href"]
            .as_str()
            .map(|href| href.split('?').nth(1)),
        Some(Some("filter=username%20eq%20%22EMMA.sharp%22")),
    );
    let nobody = client.find(r#"username eq "nobody""#).await;
    assert_eq!(nobody.body["_embedded"]["users"], json!([]));
    assert_eq!(
        (&nobody.body["count"], &nobody.body["size"]),
        (&0.into(), &0.into())
    );
}

#[tokio::test]
async fn awkward_usernames_must_be_escaped() {
    let client = Client::new().await;
    let filter = r#"username eq "o\"brien|\\zoë+1&2#3%20""#;
    assert_eq!(client.usernames(filter).await, ["o\"brien|\\zoë+1&2#3%20"]);
    // An injected condition must be treated as text.
    let filter = r#"username eq "x\" or username sw \"emma""#;
    assert_eq!(client.usernames(filter).await, Vec::<String>::new());
}

#[tokio::test]
async fn only_documented_filters_are_supported() {
    let client = Client::new().await;
    assert_eq!(
        client.usernames("enabled eq false").await,
        ["dana.disabled"]
    );
    assert_eq!(
        client
            .usernames(r#"(name.given eq "leo" or email co "@example.org") and enabled eq true"#)
            .await,
        ["leo.locked", "carl.contract"],
    );
    let sales = "3d9a0c52-8f16-4e57-b6a4-27f0d1c3e803";
    let staff = "5b71f2e6-0c4d-4a89-93be-61a8e7d2f404";
    let members = ["nora.lind", "petra.lockout"];
    assert_eq!(
        client
            .usernames(&format!(r#"memberOfGroups[id eq "{sales}"]"#))
            .await,
        members
    );
    assert_eq!(
        client
            .usernames(&format!(r#"memberOfGroups[id eq "{staff}"]"#))
            .await,
        members
    );
    let direct = format!(r#"memberOfGroups[id eq "{staff}" and type eq "DIRECT"]"#);
    assert_eq!(client.usernames(&direct).await, Vec::<String>::new());

    for refused in [
        r#"userName eq "emma.sharp""#,
        r#"username ne "emma.sharp""#,
        r#"createdAt gt "2021-01-01T00:00:00Z""#,
        r#"id eq "x""#,
        r#"username eq "a"b""#,
        "",
    ] {
        let response = client.find(refused).await;
        assert_eq!(response.status, 400, "{refused}");
        assert_eq!(response.body["code"], "INVALID_REQUEST");
        assert_eq!(response.details(), ["INVALID_FILTER"]);
    }
    let response = client.find(r#"userName eq "emma.sharp""#).await;
    let inner = &response.body["details"][0]["innerError"];
    assert!(
        inner["supportedAttributes"]
            .to_string()
            .contains("\"username\""),
        "{inner}"
    );
    assert!(
        inner["supportedOperators"].to_string().contains("\"eq\""),
        "{inner}"
    );
}

#[tokio::test]
async fn custom_attributes_come_from_the_seed() {
    let client = Client::with(|seed| seed.custom_attributes.push("shoeSize".to_owned())).await;
    let path = format!("users/{EMMA}");
    assert_eq!(
        client
            .patch(&path, r#"{"shoeSize": "41", "hatSize": "7"}"#)
            .await
            .status,
        200
    );
    assert_eq!(
        client.usernames(r#"shoeSize eq "41""#).await,
        ["emma.sharp"]
    );
    assert!(client.get(&path).await.body.get("hatSize").is_none());
}

#[tokio::test]
async fn paging_returns_every_user_once() {
    let client = Client::with(|seed| seed.add_crowd(450)).await;
    let filter = encode(r#"username sw "crowd.""#);
    let mut response = client
        .get(&format!("users?limit=1000&filter={filter}"))
        .await;
    let mut names = Vec::new();
    let mut pages = 0;
    loop {
        names.extend(field_of_each(&response, "users", "username"));
        assert_eq!(response.body["count"], 450);
        pages += 1;
        let Some(next) = response.body["_links"]["next"]["href"].as_str() else {
            break;
        };
        response = client.follow(next).await;
    }
    assert_eq!(pages, 3, "pages are capped at 200");
    assert_eq!(names.len(), 450);
    names.dedup();
    assert_eq!(names.len(), 450);
    assert_eq!(client.get("users?limit=0").await.status, 400);
    assert_eq!(client.get("users?cursor=abc").await.status, 400);
}

#[tokio::test]
async fn users_can_be_created_updated_and_deleted() {
    let client = Client::new().await;
    let created = client
        .post("users", JSON, r#"{"username": "new", "surprise": 1}"#)
        .await;
    assert_eq!(created.status, 201);
    let id = created.body["id"].as_str().expect("an id");
    assert_eq!(created.body["enabled"], true);
    assert_eq!(
        created.body["population"]["id"],
        "4cd45bdb-0eb2-42fe-8475-4bcd908269f1"
    );
    assert!(created.body.get("surprise").is_none() && created.body.get("email").is_none());

    let twice = client.post("users", JSON, r#"{"username": "new"}"#).await;
    assert_eq!(
        (twice.status, twice.details()),
        (400, vec!["UNIQUENESS_VIOLATION"])
    );
    assert_eq!(twice.body["details"][0]["target"], "username");
    let nameless = client.post("users", JSON, "{}").await;
    assert_eq!(nameless.details(), ["REQUIRED_VALUE"]);
    let homeless = client
        .post(
            "users",
            JSON,
            r#"{"username": "u", "population": {"id": "None"}}"#,
        )
        .await;
    assert_eq!(homeless.status, 400);

    let path = format!("users/{id}");
    let body = r#"{"name": {"given": "N", "middle": "M"}, "title": "T", "enabled": false}"#;
    assert_eq!(client.patch(&path, body).await.status, 200);
    let changed = client
        .patch(&path, r#"{"name": {"middle": null}, "title": null}"#)
        .await;
    assert_eq!(changed.body["name"], json!({ "given": "N" }));
    assert!(changed.body.get("title").is_none());
    assert_eq!(changed.body["enabled"], true, "it has its own URL");

    let scim = r#"{"Operations": [{"op": "replace", "path": "nickname", "value": "Nick"}]}"#;
    let media_type = vendor("user.scim.patch+json");
    let changed = client.send(Method::PATCH, &path, &media_type, scim).await;
    assert_eq!(changed.body["nickname"], "Nick");

    let body = r#"{"username": "renamed", "population": {"id": "ignored"}}"#;
    let replaced = client.put(&path, JSON, body).await;
    assert!(replaced.body.get("nickname").is_none() && replaced.body.get("name").is_none());

    let deleted = client.delete(&path).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(client.delete(&path).await.status, 404);
    let gone = client.get(&path).await;
    assert_eq!(
        (gone.status, &gone.body["code"]),
        (404, &"NOT_FOUND".into())
    );
}

#[tokio::test]
async fn an_import_can_set_a_password() {
    let client = Client::new().await;
    let media_type = vendor("user.import+json");
    let body = r#"{"username": "imported", "password": {"value": "Granite-Paper-19", "forceChange": true}}"#;
    let created = client.post("users", &media_type, body).await;
    assert_eq!(created.status, 201);
    let state = client.sandbox.user("imported").expect("found");
    assert_eq!(state["sandbox"]["passwordStatus"], "MUST_CHANGE_PASSWORD");
    let weak = r#"{"username": "weak", "password": {"value": "weak"}}"#;
    assert_eq!(client.post("users", &media_type, weak).await.status, 400);
    assert!(client.sandbox.user("weak").is_none());
    let plain = client.post("users", "text/plain", "{}").await;
    assert_eq!(plain.status, 415);
}

#[tokio::test]
async fn memberships_and_population_are_included_on_request() {
    let client = Client::new().await;
    let response = client
        .get(&format!(
            "users/{EMMA}?include=memberOfGroupNames,memberOfGroupIDs"
        ))
        .await;
    assert_eq!(
        response.body["memberOfGroupNames"],
        json!(["Marketing", "Standard"])
    );
    assert_eq!(
        response.body["memberOfGroupIDs"][0],
        "a5ec8d61-6291-4ebf-8630-135c2ecf1d10"
    );
    let response = client.get("users?expand=population&limit=1").await;
    let embedded = &response.body["_embedded"]["users"][0]["_embedded"];
    assert_eq!(embedded["population"]["name"], "Employees");
    let response = client.get(&format!("users/{RICHARD}")).await;
    assert!(response.body.get("memberOfGroupNames").is_none());
}
