//! What a dry run of a removal of roles would do.

use super::{
    sentences::roles_planned,
    steps::within_environment,
    summary::{FailedUser, add_failures},
};
use crate::{
    document::{Block, Document},
    entry::Output,
    invocation::Invocation,
    operations::{
        change::{Change, Details},
        for_each::Outcome,
        phrases::one_line,
    },
};

/// A sentence for each holder, and the calls that would be made. The context stays as it is: nothing was changed.
pub fn report(cx: &Invocation<'_>, title: &str, outcomes: &[Outcome<Change>]) -> Output {
    let mut readable = Document::heading(format!("{title}: dry run, nothing was changed"));
    let (mut failed, mut is_any_planned) = (Vec::new(), false);
    for Outcome { label, id, result } in outcomes {
        let sentence = match result {
            Ok(Change {
                details: Details::Roles(roles),
                ..
            }) => roles_planned(roles),
            Ok(_) => continue,
            Err(error) => {
                failed.push(FailedUser {
                    user: label.clone(),
                    explained: cx.explain(error),
                    advice: cx.advice(error).into_iter().collect(),
                });
                format!("{error:#}")
            }
        };
        let label = one_line(label);
        readable.push(format!("- {label}: {}.\n", one_line(&sentence)));
        for call in id.iter().flat_map(|id| cx.pingone.take_plan(*id)) {
            let call = within_environment(&call);
            readable.push(format!("- {label}: {call}\n"));
            is_any_planned = true;
        }
    }
    if is_any_planned {
        let text = "To remove them, run the command without dryRun.";
        readable.push(Block::Paragraph(text.to_owned()));
    }
    let mut output = Output::new(readable, None);
    add_failures(cx, &mut output, outcomes.len(), failed);
    output
}
