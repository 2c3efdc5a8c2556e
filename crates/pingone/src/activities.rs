//! The audit trail. A query must name a time span of at most 14 days; besides, it may filter by one attribute, such as a
//! user, an application or an action type. The order of PingOne's answers is undocumented: a reader that must miss
//! nothing reads a span to its end.
//! <https://developer.pingidentity.com/pingone-api/platform/audit-activities/get-user-activities.html>
//!
//! Here a span is read page by page; `newest` returns the newest first.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    activity::Activity,
    call::{List, Path},
    client::Client,
    error::Error,
    exchange::reader::Reader,
    filter,
    id::UserId,
    memory::Reservation,
    pages::Pages,
    times::to_rfc3339_millis,
};

pub mod newest;

const ACTIVITIES: &str = "activities";
/// The longest span of one query, and how far back activities can be read without restoring them first.
/// <https://docs.pingidentity.com/pingone/monitoring/p1_auditparameters.html>
pub const MAX_SPAN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The largest page that others are known to ask for; PingOne's own maximum is UNCONFIRMED.
pub const MAX_PAGE_SIZE: usize = 500;
/// The action types in one query. More would make its address too long.
const MAX_ACTIONS: usize = 50;

/// The one condition that a query may have beside the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// This user acted. Not every activity has an actor: a failed password check has none.
    Actor(UserId),
    /// This was acted on: a user, a group, an application or the like, by id.
    Resource(String),
    /// Something of this type was acted on, such as `MEMBER_OF_GROUP`.
    ResourceType(String),
    /// This application acted, or the user did through it.
    Client(String),
    /// The activity is of one of these types.
    Actions(Vec<String>),
    /// It has this tag, such as `adminIdentityEvent`.
    Tag(String),
}

impl Condition {
    /// The filters for this condition, all of which must be read. That `in` works for action types is UNCONFIRMED: an
    /// older page of Ping's allows it, and a newer tool takes several types.
    fn filters(&self) -> Vec<String> {
        match self {
            Self::Actor(user) => vec![filter::equals("actors.user.id", &user.to_string())],
            Self::Resource(id) => vec![filter::equals("resources.id", id)],
            Self::ResourceType(kind) => vec![filter::equals("resources.type", kind)],
            Self::Client(id) => vec![filter::equals("actors.client.id", id)],
            Self::Tag(tag) => vec![filter::equals("tags", tag)],
            Self::Actions(actions) if actions.len() == 1 => one_by_one(actions).collect(),
            Self::Actions(actions) => {
                let lists = actions.chunks(MAX_ACTIONS);
                let lists = lists.map(|list| format!("action.type in {}", Value::from(list)));
                lists.collect()
            }
        }
    }

    /// The filters that PingOne takes in any case, if they are others.
    fn simple_filters(&self) -> Vec<String> {
        match self {
            Self::Actions(actions) if actions.len() > 1 => one_by_one(actions).collect(),
            _ => Vec::new(),
        }
    }
}

fn one_by_one(actions: &[String]) -> impl Iterator<Item = String> {
    actions
        .iter()
        .map(|action| filter::equals("action.type", action))
}

/// What was recorded from `from` (inclusive) to `to` (exclusive), at most [`MAX_SPAN`] later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Inclusive start.
    pub from: Timestamp,
    /// Exclusive end.
    pub to: Timestamp,
}

impl Span {
    fn filter(&self) -> String {
        let [from, to] = [self.from, self.to].map(|at| Value::from(to_rfc3339_millis(at)));
        format!("recordedAt ge {from} and recordedAt lt {to}")
    }
}

/// A page of activities, with every secret masked, in no particular order.
pub struct ActivityPage {
    /// The activities.
    pub activities: Vec<Activity>,
    memory: Reservation,
}

impl ActivityPage {
    /// Takes the activities for which `keep` is true. Their memory counts until the command ends; that of the others is
    /// released.
    pub fn keep(mut self, keep: impl FnMut(&Activity) -> bool) -> Vec<Activity> {
        self.retain(keep);
        self.memory.keep_until_end();
        self.activities
    }

    /// Drops the other activities, and their share of the memory: activities are about equally large.
    fn retain(&mut self, keep: impl FnMut(&Activity) -> bool) {
        let whole = self.activities.len();
        self.activities.retain(keep);
        self.memory.shrink_to_share(self.activities.len(), whole);
    }
}

/// Reads a span page by page.
pub struct ActivityPages<'a> {
    reader: Reader<'a>,
    /// What all filters have in common.
    times: String,
    page_size: usize,
    /// The conditions still to be read; `None` for everything.
    conditions: VecDeque<Option<String>>,
    /// The conditions to read instead if PingOne refuses the first one.
    instead: Vec<String>,
    refused_list: bool,
    pages: Option<Pages>,
}

impl ActivityPages<'_> {
    /// Reads the next page; `None` after the last one. A page may be empty.
    pub async fn next(&mut self) -> Result<Option<ActivityPage>, Error> {
        loop {
            let Some(pages) = &mut self.pages else {
                let Some(condition) = self.conditions.pop_front() else {
                    return Ok(None);
                };
                self.pages = Some(self.first_page(condition));
                continue;
            };
            match pages.read(self.reader).await {
                Ok(Some(page)) => {
                    self.instead.clear();
                    let mask = self.reader.mask();
                    let (items, memory) = page.into_parts();
                    let activities = items.into_iter().map(|item| mask.value(item).into());
                    let activities = activities.collect();
                    return Ok(Some(ActivityPage { activities, memory }));
                }
                Ok(None) => self.pages = None,
                Err(error) if error.refuses_filter() && !self.instead.is_empty() => {
                    self.conditions = self.instead.drain(..).map(Some).collect();
                    self.refused_list = true;
                    self.pages = None;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether PingOne refused several action types in one query, which took one query for each instead.
    fn refused_list(&self) -> bool {
        self.refused_list
    }

    /// Whether there is a further page.
    fn has_more(&self) -> bool {
        !self.conditions.is_empty() || self.pages.as_ref().is_some_and(Pages::has_next)
    }

    fn first_page(&self, condition: Option<String>) -> Pages {
        let parts = [Some(self.times.clone()), condition];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let page_size = self.page_size.to_string();
        let query = [("limit", &*page_size), ("filter", &*parts.join(" and "))];
        let list = List::at(Path::of(&[ACTIVITIES]), ACTIVITIES).query(&query);
        Pages::of(list, self.reader)
    }
}

impl Client<'_> {
    /// Reads everything that was recorded in a span and meets the condition, page by page. An activity becomes visible
    /// some time after the action; how long is undocumented.
    pub fn activity_pages(
        &self,
        span: Span,
        condition: Option<&Condition>,
        page_size: usize,
    ) -> ActivityPages<'_> {
        let filters = condition.map(Condition::filters);
        let filters = filters.map(|filters| filters.into_iter().map(Some).collect());
        ActivityPages {
            reader: self.reader(),
            times: span.filter(),
            page_size: page_size.min(MAX_PAGE_SIZE),
            conditions: filters.unwrap_or_else(|| VecDeque::from([None])),
            instead: condition.map(Condition::simple_filters).unwrap_or_default(),
            refused_list: false,
            pages: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_types_are_one_query_and_can_be_asked_for_one_by_one() {
        let types =
            |names: &[&str]| Condition::Actions(names.iter().map(|&name| name.into()).collect());
        let one = types(&["USER.LOCKED"]);
        assert_eq!(one.filters(), [r#"action.type eq "USER.LOCKED""#]);
        assert_eq!(one.simple_filters(), Vec::<String>::new());
        let two = types(&["A", "B\""]);
        assert_eq!(two.filters(), [r#"action.type in ["A","B\""]"#]);
        assert_eq!(two.simple_filters().len(), 2);
        let names: Vec<String> = (0..120).map(|number| number.to_string()).collect();
        assert_eq!(Condition::Actions(names).filters().len(), 3);
    }
}
