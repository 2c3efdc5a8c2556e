//! `pingone-list-applications`: applications that match all given conditions.

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    access::Access,
    document::{Block, Document, compact_table},
    entry::Output,
    handler::Handler,
    inputs::paging::limit,
    invocation::Invocation,
    manifest::Arg,
    operations::phrases::counted,
    views::application::{COLUMNS, KEY, cells, describe},
};
use pingone::applications::Application;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::ReadConfiguration,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let name = cx.args.text(Arg::Name).map(str::to_lowercase);
    let kinds = cx.args.list(Arg::Type);
    let enabled = cx.args.choice(Arg::Enabled)?;
    let limit = limit(cx.args)?.unwrap_or(usize::MAX);
    // PingOne documents no filter for applications.
    let mut found = cx.pingone.applications().await?;
    found.retain(|application| {
        let kind = application.kind.as_deref().unwrap_or_default();
        let mut wanted = kinds.iter();
        (kinds.is_empty() || wanted.any(|wanted| wanted.eq_ignore_ascii_case(kind)))
            && enabled.is_none_or(|enabled| application.enabled == Some(enabled))
            && name
                .as_ref()
                .is_none_or(|name| application.name.to_lowercase().contains(name))
    });
    found.sort_by_cached_key(|application| application.name.to_lowercase());
    let all = found.len();
    found.truncate(limit);
    Ok(report(found, all))
}

fn report(shown: Vec<Application>, all: usize) -> Output {
    let rows: Vec<_> = shown.iter().map(cells).collect();
    let mut readable = Document::from(compact_table("PingOne applications", COLUMNS, &rows));
    let total = counted(all, "application");
    if shown.len() < all {
        let count = shown.len();
        readable.push(Block::Paragraph(format!(
            "{count} of {total} shown. For the others, run again with all_results=true."
        )));
    } else if all > 1 {
        readable.push(Block::Paragraph(total));
    }
    let entries: Vec<Value> = shown.iter().map(describe).map(Value::Object).collect();
    let raw = shown.into_iter().map(Value::from).collect();
    let output = Output::new(readable, Some(Value::Array(raw)));
    if entries.is_empty() {
        return output;
    }
    output.with_context(KEY, json!(entries))
}
