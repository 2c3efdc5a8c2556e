//! Delivers the events of a time range, whether or not they were delivered before.

use jiff::{SignedDuration, Timestamp};

use super::{Shipment, ship};
use pingone::{Client, Error, activities::Span};

/// A range is read in parts, since one query has only so many pages.
const PART: SignedDuration = SignedDuration::from_hours(24);

/// Delivers what was recorded from `from` (inclusive) to `to` (exclusive), the oldest day first, and of that at most
/// `limit` events. Returns whether the limit was reached.
pub async fn push(
    client: &Client<'_>,
    from: Timestamp,
    to: Timestamp,
    limit: Option<usize>,
    shipment: &mut Shipment<'_>,
) -> Result<bool, Error> {
    let mut left = limit.unwrap_or(usize::MAX);
    let mut from = from;
    while from < to {
        let end = from.saturating_add(PART).unwrap_or(to).min(to);
        left -= ship(client, Span { from, to: end }, shipment, left, |_| true).await?;
        if left == 0 {
            return Ok(true);
        }
        from = end;
    }
    Ok(false)
}
