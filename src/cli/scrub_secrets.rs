//! The secrets of applications in a recording: they are in PingOne's answers alone. `scrub` replaces them.

use reqwest::Url;

use pingone::{
    applications::secrets_in,
    tape::{Exchange, RecordedResponse},
};

/// What the addresses of applications, and of their secrets, contain.
const PATH: &str = "/applications";
const SECRET: &str = "/secret";

/// The secrets that the answer has.
pub(super) fn json(exchange: &Exchange) -> Vec<&str> {
    let answer = answer(exchange, |path| path.contains(PATH));
    let answer = answer.and_then(|answer| answer.json.as_ref());
    answer.map(secrets_in).unwrap_or_default()
}

/// An answer that is not JSON: it was not understood, and may hold a secret all the same.
pub(super) fn text(exchange: &Exchange) -> Option<&str> {
    answer(exchange, |path| path.ends_with(SECRET))?
        .text
        .as_deref()
}

/// The answer, if the address is the one wanted.
fn answer(exchange: &Exchange, is_wanted: fn(&str) -> bool) -> Option<&RecordedResponse> {
    let url = Url::parse(&exchange.request.url).ok()?;
    exchange.response.as_ref().filter(|_| is_wanted(url.path()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn exchange(path: &str, response: &Value) -> Exchange {
        let url = format!("https://api.pingone.eu/v1/environments/e/applications/{path}");
        let exchange = json!({"request": {"method": "POST", "url": url}, "response": response});
        serde_json::from_value(exchange).expect("an exchange")
    }

    #[test]
    fn only_answers_about_secrets_have_them() {
        let answer =
            json!({"status": 200, "json": {"secret": "new", "previous": {"secret": "old"}}});
        let about = exchange("a/secret", &answer);
        assert_eq!(json(&about), ["new", "old"]);
        assert_eq!(json(&exchange("../users", &answer)), Vec::<&str>::new());
        let page = json!({"status": 502, "text": "<html>"});
        assert_eq!(text(&exchange("a/secret", &page)), Some("<html>"));
        assert_eq!(text(&exchange("a", &page)), None);
    }
}
