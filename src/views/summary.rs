//! The last lines of an answer about several users: the totals, and the error entry about those that failed.

use crate::{document::Block, entry::Output, invocation::Invocation};

/// The outcome for one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was changed.
    Changed,
    /// It needed no change.
    Unchanged,
    /// Something was changed, then something failed.
    Partial,
    /// It failed.
    Failed,
}

/// A user for whom something failed.
pub(super) struct FailedUser {
    /// The user as the request gave it.
    pub(super) user: String,
    /// What went wrong, with the advice.
    pub(super) explained: String,
    /// What to do about it, each once.
    pub(super) advice: Vec<String>,
}

/// At most this many users are named in an error; the entry above lists all of them.
const MAX_NAMED: usize = 20;

/// `5 users: 3 changed, 1 needed no change, 1 failed`; `None` for a single user.
pub(super) fn totals(changed: &str, verdicts: &[Verdict]) -> Option<String> {
    if verdicts.len() < 2 {
        return None;
    }
    let parts = [
        (Verdict::Changed, changed),
        (Verdict::Unchanged, "needed no change"),
        (Verdict::Partial, "failed in part"),
        (Verdict::Failed, "failed"),
    ];
    let parts = parts.into_iter().filter_map(|(verdict, what)| {
        let count = verdicts.iter().filter(|other| **other == verdict).count();
        (count > 0).then(|| format!("{count} {what}"))
    });
    let parts: Vec<String> = parts.collect();
    Some(format!("{} users: {}", verdicts.len(), parts.join(", ")))
}

/// Adds the error about the users that failed, out of `users`, as `failOn` requires. For a single user it holds everything.
/// For several, the entry above says what went wrong, and the error names the users and says what to do.
pub(super) fn add_failures(
    cx: &Invocation<'_>,
    output: &mut Output,
    users: usize,
    failed: Vec<FailedUser>,
) {
    if failed.is_empty() {
        return;
    }
    let is_error = cx.reports_failures(failed.len() == users);
    if users == 1 {
        let failed = failed.into_iter();
        output.failures = failed
            .map(
                |FailedUser {
                     user, explained, ..
                 }| format!("{user}: {explained}"),
            )
            .collect();
        return;
    }
    let mut advice: Vec<&str> = Vec::new();
    for line in failed.iter().flat_map(|failed| &failed.advice) {
        if !advice.contains(&line.as_str()) {
            advice.push(line);
        }
    }
    if !is_error {
        let advice = advice.into_iter().map(str::to_owned);
        advice.for_each(|line| output.readable.push(Block::Paragraph(line)));
        return;
    }
    let mut names: Vec<&str> = failed.iter().map(|failed| &*failed.user).collect();
    names.truncate(MAX_NAMED);
    let more = match failed.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = names.join(", ");
    let summary = format!(
        "{} of {users} users failed: {names}{more}. See the entry above for the reasons.",
        failed.len()
    );
    output.failures = vec![summary];
    output
        .failures
        .extend(advice.into_iter().map(str::to_owned));
}
