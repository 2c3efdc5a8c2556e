//! The collector, which takes gzipped lines with its key.

use crate::client::Client;

#[tokio::test]
async fn events_need_the_collectors_key_and_its_compression() {
    let client = Client::new().await;
    let params = client.sandbox.params();
    let key = params["xsiam_key"]["password"].as_str().expect("a key");
    let url = params["xsiam_url"].as_str().expect("an address");
    let gzipped = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    for (key, body, status) in [
        (key, &gzipped[..], 200),
        (key, b"{}", 400),
        ("another", &gzipped, 401),
        (&format!("Bearer {key}"), &gzipped, 401),
    ] {
        let sent = client.http.post(url).header("Authorization", key);
        let reply = sent.body(body.to_vec()).send().await.expect("an answer");
        assert_eq!(reply.status(), status);
    }
    let calls = serde_json::to_string(&client.sandbox.calls()).expect("JSON");
    assert!(!calls.contains(key), "{calls}");
}
