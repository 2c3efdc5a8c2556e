//! PingOne Protect: risk evaluations and feedback on them; and the environment's services.
//!
//! Pages: `developer.pingidentity.com/pingone-api/protect/risk-evaluations/` and
//! `…/protect/risk-evaluation-feedback/`. There is no list of evaluations.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::handlers::body::required_string;
use crate::handlers::context::Context;
use crate::model::alternative::Alternative;
use crate::model::clock::{after, format_timestamp};
use crate::model::store::User;
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::link;

const SINGLE: &str = "application/vnd.pingidentity.risk.feedback.v2+json";
const BULK: &str = "application/vnd.pingidentity.risk.feedback.bulk.v2+json";
const MAX_ITEMS: usize = 20;
const MAX_TIME_RANGE: Duration = Duration::from_hours(72);

/// Members with a fixed set of values; the first two are required.
const CHOICES: &[(&str, &[&str])] = &[
    (
        "subject.type",
        &[
            "RISK_EVALUATION_ID",
            "EXTERNAL_TRANSACTION_ID",
            "PINGONE_USER_ID",
            "EXTERNAL_USER_ID",
            "IP_ADDRESS",
            "TIME_RANGE",
        ],
    ),
    ("verdict", &["FRAUD", "SUSPECTED_FRAUD", "LEGITIMATE"]),
    (
        "trigger",
        &[
            "CHARGEBACK",
            "MANUAL_REVIEW",
            "CUSTOMER_COMPLAINT",
            "THIRD_PARTY_SIGNAL",
        ],
    ),
    (
        "flowType",
        &[
            "REGISTRATION",
            "AUTHENTICATION",
            "ACCESS",
            "AUTHORIZATION",
            "TRANSACTION",
        ],
    ),
    ("confidence", &["HIGH", "MEDIUM", "LOW"]),
];

/// Members with a maximum length in characters.
const TEXTS: &[(&str, usize)] = &[("reason", 200), ("analyst", 50), ("fraudType", 50)];

/// `GET /riskEvaluations/{evaluation}`
pub(crate) fn read_evaluation(cx: &mut Context<'_>) -> ApiResult {
    require_protect(cx)?;
    let store = &*cx.store;
    let evaluation = store
        .risk_evaluations
        .iter()
        .find(|evaluation| evaluation.id == cx.id(0))
        .ok_or_else(ApiError::not_found)?;
    let url = format!(
        "{}/riskEvaluations/{}",
        store.environment_url(),
        evaluation.id
    );
    let name = store.find_user(&evaluation.user).map(User::username);
    let at = format_timestamp(evaluation.created_at);
    Ok(Reply::ok(json!({
        "_links": {
            "self": link(&url),
            "environment": link(&store.environment_url()),
            "event": link(&format!("{url}/event")),
        },
        "id": evaluation.id,
        "environment": { "id": store.environment.id },
        "createdAt": at,
        "updatedAt": at,
        "event": {
            "completionStatus": "SUCCESS",
            "ip": evaluation.remote_ip,
            "user": {
                "id": evaluation.user,
                "type": "PING_ONE",
                "name": name.unwrap_or_default(),
            },
            "flow": { "type": "AUTHENTICATION" },
        },
        "riskPolicySet": {
            "id": "561a56e0-5e9f-402f-9c15-3216bcdd2401",
            "name": "Default Risk Policy",
        },
        "result": { "type": "VALUE", "level": evaluation.level, "value": evaluation.level },
        "details": evaluation.details,
    })))
}

/// `POST /riskFeedback`: the media type distinguishes one item from several.
pub(crate) fn submit_feedback(cx: &mut Context<'_>) -> ApiResult {
    require_protect(cx)?;
    let body = match cx.request.media_type().as_str() {
        SINGLE | BULK => cx.request.object()?,
        _ => return Err(ApiError::unsupported_media_type()),
    };
    if cx.request.media_type() == SINGLE {
        check(&body)?;
        // 201 is what version 1 of this operation returns (UNCONFIRMED for version 2).
        let item = accept(cx, body);
        return Ok(if cx.store.uses(Alternative::FeedbackReturnsOk) {
            Reply::ok(item)
        } else {
            Reply::created(item)
        });
    }
    let items = match body.get("items").and_then(Value::as_array) {
        Some(items) if (1..=MAX_ITEMS).contains(&items.len()) => items.clone(),
        _ => {
            return Err(ApiError::invalid(
                "INVALID_VALUE",
                "items",
                "must have 1 to 20 items",
            ));
        }
    };
    let (mut responses, mut errors) = (Vec::new(), Vec::new());
    for (position, item) in items.into_iter().enumerate() {
        match item {
            Value::Object(item) if check(&item).is_ok() => {
                let body = accept(cx, item);
                responses.push(json!({ "status": "SUCCESS", "body": body }));
            }
            item => {
                responses.push(json!({ "status": "INVALID_DATA", "body": item }));
                errors.push(json!({ "$ref": format!("#/responses/{position}") }));
            }
        }
    }
    let summary = json!({ "total": responses.len(), "failed": errors.len() });
    Ok(Reply::ok(
        json!({ "summary": summary, "responses": responses, "errors": errors }),
    ))
}

/// `GET /billOfMaterials`
#[expect(clippy::unnecessary_wraps, reason = "every handler has this form")]
pub(crate) fn bill_of_materials(cx: &mut Context<'_>) -> ApiResult {
    let url = format!("{}/billOfMaterials", cx.store.environment_url());
    let services = cx.store.services.iter();
    let products: Vec<Value> = services.map(|kind| json!({ "type": kind })).collect();
    Ok(Reply::ok(json!({
        "_links": { "self": link(&url) },
        "products": products,
    })))
}

/// What PingOne returns without Protect is UNCONFIRMED.
fn require_protect(cx: &Context<'_>) -> Result<(), ApiError> {
    if cx.store.services.iter().any(|kind| kind == "PING_ONE_RISK") {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

fn accept(cx: &mut Context<'_>, mut item: Map<String, Value>) -> Value {
    let at = format_timestamp(cx.now);
    item.insert("id".to_owned(), cx.store.ids.uuid().into());
    let environment = json!({ "id": cx.store.environment.id });
    item.insert("environment".to_owned(), environment);
    item.insert("createdAt".to_owned(), at.clone().into());
    item.insert("updatedAt".to_owned(), at.into());
    let item = Value::from(item);
    cx.store.risk_feedback.push(item.clone());
    item
}

fn check(item: &Map<String, Value>) -> Result<(), ApiError> {
    let no_subject = Map::new();
    let subject = item.get("subject").and_then(Value::as_object);
    let subject = subject.unwrap_or(&no_subject);
    for (position, (path, choices)) in CHOICES.iter().enumerate() {
        let value = match path.strip_prefix("subject.") {
            Some(name) => subject.get(name),
            None => item.get(*path),
        };
        match value.map(Value::as_str) {
            None if position < 2 => {
                return Err(ApiError::invalid(
                    "REQUIRED_VALUE",
                    path,
                    "must not be empty",
                ));
            }
            None => {}
            Some(Some(value)) if choices.contains(&value) => {}
            Some(_) => {
                let message = format!("must be one of {}", choices.join(", "));
                return Err(ApiError::invalid("INVALID_VALUE", path, &message));
            }
        }
    }
    for (name, longest) in TEXTS {
        let value = item.get(*name).and_then(Value::as_str);
        if value.is_some_and(|text| text.chars().count() > *longest) {
            return Err(ApiError::invalid(
                "SIZE_LIMIT_EXCEEDED",
                name,
                "is too long",
            ));
        }
    }
    let from = timestamp(item, "occurredFrom")?;
    if subject.get("type").and_then(Value::as_str) == Some("TIME_RANGE") {
        let to = timestamp(item, "occurredTo")?;
        if to < from || to > after(from, MAX_TIME_RANGE) {
            return Err(ApiError::invalid(
                "INVALID_VALUE",
                "occurredTo",
                "must be within three days of occurredFrom",
            ));
        }
    } else {
        required_string(subject, "value")?;
    }
    Ok(())
}

fn timestamp(item: &Map<String, Value>, name: &str) -> Result<Timestamp, ApiError> {
    let text = required_string(item, name)?;
    let at = text.parse().ok();
    at.filter(|at| format_timestamp(*at) == text)
        .ok_or_else(|| {
            ApiError::invalid(
                "INVALID_VALUE",
                name,
                "must be a date and time with milliseconds in UTC",
            )
        })
}
