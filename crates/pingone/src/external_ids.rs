//! Ids of the caller's own, sent with each API call: PingOne writes them into its audit trail beside what the call did.
//! <https://developer.pingidentity.com/pingone-api/platform/reference/external-transaction-and-session-ids.html>

/// The longest id that PingOne takes.
const MAX_LENGTH: usize = 100;

/// An external transaction and session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExternalIds {
    transaction: Option<String>,
    session: Option<String>,
}

impl ExternalIds {
    /// The ids may hold anything: what cannot stand in a header, or could mean something in a log, becomes `_`, and what
    /// is too long is cut off. An empty one is not sent.
    pub fn new(transaction: Option<&str>, session: Option<&str>) -> Self {
        Self {
            transaction: transaction.and_then(safe),
            session: session.and_then(safe),
        }
    }

    /// The headers, by name and value.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("x-ping-external-transaction-id", &self.transaction),
            ("x-ping-external-session-id", &self.session),
        ]
        .into_iter()
        .filter_map(|(name, id)| Some((name, id.as_deref()?)))
    }
}

fn safe(id: &str) -> Option<String> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    let id = id.trim().chars().take(MAX_LENGTH);
    let id: String = id.map(|c| if is_safe(c) { c } else { '_' }).collect();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(transaction: Option<&str>, session: Option<&str>) -> Vec<(&'static str, String)> {
        let ids = ExternalIds::new(transaction, session);
        let headers = ids.headers();
        headers.map(|(name, id)| (name, id.to_owned())).collect()
    }

    #[test]
    fn ids_become_headers() {
        assert_eq!(
            headers(Some("4711"), Some("PingOne prod")),
            [
                ("x-ping-external-transaction-id", "4711".to_owned()),
                ("x-ping-external-session-id", "PingOne_prod".to_owned()),
            ]
        );
        assert_eq!(headers(None, Some(" \n")), []);
        assert_eq!(headers(Some(""), None), []);
    }

    #[test]
    fn a_hostile_id_is_made_harmless() {
        let sent = |id: &str| headers(Some(id), None)[0].1.clone();
        assert_eq!(sent("1\r\nX-Evil: 1"), "1__X-Evil:_1");
        assert_eq!(sent("\u{202e}<b>é</b>\0"), "__b____b__");
        assert_eq!(sent(&"ü".repeat(5000)), "_".repeat(100));
    }
}
