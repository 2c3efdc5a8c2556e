//! Risk evaluations and feedback.

use serde_json::json;

use crate::client::{Client, EMMA, JSON, vendor};

const EVALUATION: &str = "riskEvaluations/596ca45a-813a-4ee8-8d4c-4a2136688001";

#[tokio::test]
async fn an_evaluation_can_be_read_by_id_only() {
    let client = Client::new().await;
    let evaluation = client.get(EVALUATION).await;
    assert_eq!(evaluation.body["result"]["level"], "HIGH");
    assert_eq!(evaluation.body["event"]["ip"], "198.51.100.77");
    assert_eq!(evaluation.body["event"]["user"]["id"], EMMA);
    assert_eq!(evaluation.body["details"]["impossibleTravel"], true);
    assert_eq!(client.get("riskEvaluations/x").await.status, 404);
    assert_eq!(
        client.get("riskEvaluations").await.status,
        403,
        "no such route"
    );
}

#[tokio::test]
async fn feedback_is_accepted_if_it_is_valid() {
    let client = Client::new().await;
    let media_type = vendor("risk.feedback.v2+json");
    let feedback = json!({
        "subject": { "type": "PINGONE_USER_ID", "value": EMMA },
        "verdict": "FRAUD",
        "occurredFrom": "2026-03-04T09:00:00.000Z",
        "trigger": "MANUAL_REVIEW",
        "reason": "account takeover",
    });
    let path = "riskFeedback";
    let accepted = client.post(path, &media_type, &feedback.to_string()).await;
    assert_eq!(
        (accepted.status, &accepted.body["verdict"]),
        (201, &"FRAUD".into())
    );
    assert!(accepted.body["id"].is_string());
    let state = client.sandbox.state();
    assert_eq!(state["riskFeedback"][0]["id"], accepted.body["id"]);
    for (name, value) in [
        ("verdict", json!("GUILTY")),
        ("verdict", json!(null)),
        ("trigger", json!("HUNCH")),
        ("occurredFrom", json!("2026-03-04T09:00:00Z")),
        ("reason", json!("r".repeat(201))),
        ("subject", json!({ "type": "IP_ADDRESS" })),
        ("subject", json!({ "type": "PLANET", "value": "Mars" })),
        ("subject", json!({ "type": "TIME_RANGE" })),
    ] {
        let mut wrong = feedback.clone();
        wrong[name] = value;
        let refused = client.post(path, &media_type, &wrong.to_string()).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
    let plain = client.post(path, JSON, &feedback.to_string()).await;
    assert_eq!(plain.status, 415);
}

#[tokio::test]
async fn several_items_get_a_result_each() {
    let client = Client::new().await;
    let item = |verdict: &str| {
        json!({
            "subject": { "type": "IP_ADDRESS", "value": "198.51.100.77" },
            "verdict": verdict,
            "occurredFrom": "2026-03-04T09:00:00.000Z",
        })
    };
    let media_type = vendor("risk.feedback.bulk.v2+json");
    let body = json!({ "items": [item("FRAUD"), item("GUILTY")] }).to_string();
    let response = client.post("riskFeedback", &media_type, &body).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.body["responses"][0]["status"], "SUCCESS");
    assert_eq!(response.body["responses"][1]["status"], "INVALID_DATA");
    assert_eq!(
        response.body["errors"],
        json!([{ "$ref": "#/responses/1" }])
    );
    let none = client
        .post("riskFeedback", &media_type, r#"{"items": []}"#)
        .await;
    assert_eq!(none.details(), ["INVALID_VALUE"]);
}

#[tokio::test]
async fn risk_needs_protect() {
    let client = Client::with(|seed| seed.services.retain(|kind| kind != "PING_ONE_RISK")).await;
    assert_eq!(client.get(EVALUATION).await.status, 403);
    let bill = client.get("billOfMaterials").await;
    assert_eq!(
        bill.body["products"],
        json!([{ "type": "PING_ONE_BASE" }, { "type": "PING_ONE_MFA" }])
    );
}
