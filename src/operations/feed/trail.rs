//! The audit trail as the feed reads it: PingOne's, or that of a test.

use pingone::{
    Client, Error,
    activities::{ActivityPages, MAX_PAGE_SIZE, Span},
    activity::Activity,
};

/// An audit trail.
pub trait Trail {
    /// Why it cannot be read.
    type Error;

    /// The pages of a span, in any order.
    fn pages(&self, span: Span) -> impl Pages<Error = Self::Error>;
}

/// Pages of activities.
pub trait Pages {
    /// Why they cannot be read.
    type Error;

    /// The activities of the next page for which `wanted` is true; `None` after the last page.
    fn next(
        &mut self,
        wanted: impl FnMut(&Activity) -> bool,
    ) -> impl Future<Output = Result<Option<Vec<Activity>>, Self::Error>>;
}

impl Trail for Client<'_> {
    type Error = Error;

    /// Everything is read and sieved here: whether PingOne takes a list of action types is UNCONFIRMED, and one query for
    /// each would be many requests.
    fn pages(&self, span: Span) -> impl Pages<Error = Error> {
        self.activity_pages(span, None, MAX_PAGE_SIZE)
    }
}

impl Pages for ActivityPages<'_> {
    type Error = Error;

    async fn next(
        &mut self,
        wanted: impl FnMut(&Activity) -> bool,
    ) -> Result<Option<Vec<Activity>>, Error> {
        let page = ActivityPages::next(self).await?;
        Ok(page.map(|page| page.keep(wanted)))
    }
}
