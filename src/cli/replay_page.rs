//! Recorded cases as one HTML page, to look through in a browser: command, War Room text, context, calls and verdict.
//! The page loads nothing from elsewhere and runs no script.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html::push_html};
use serde_json::Value;

use crate::replay::{self, Case, Played};
use pingone::{
    tape::Exchange,
    visible::{visible, visible_lines},
};

const STYLE: &str = include_str!("replay_page.css");

/// A page, and how many of its cases give the recorded answers.
pub(super) struct Page {
    /// The HTML.
    pub(super) html: String,
    /// How many cases give the recorded answer.
    pub(super) same: usize,
    /// How many do not.
    pub(super) different: usize,
}

/// A page with the cases in `folders`.
pub(super) fn page(folders: &[PathBuf]) -> Result<Page> {
    let (mut same, mut different) = (0, 0);
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    for folder in folders {
        let name = visible(&folder.to_string_lossy());
        let case = Case::read(folder)?;
        let requests = String::from_utf8_lossy(&case.requests).into_owned();
        let calls = calls(&case.exchanges);
        let played = replay::play_case(case).with_context(|| format!("{name} cannot be played"))?;
        let differences = replay::judge(folder, &played)?.differences;
        if differences.is_empty() {
            same += 1;
        } else {
            different += 1;
        }
        let section = sections.entry(part(folder.parent())).or_default();
        let title = part(Some(folder));
        section.push_str(&article(&title, &requests, &played, &calls, &differences));
    }
    let mut html = vec![format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\"><title>Recorded cases</title><style>{STYLE}</style></head><body>\n\
         <h1>Recorded cases</h1><p>{same} as recorded, {different} different.</p>\n<nav>"
    )];
    for name in sections.keys() {
        let name = escape(name);
        html.push(format!("<a href=\"#{name}\">{name}</a> "));
    }
    html.push("</nav>\n".to_owned());
    for (name, cases) in &sections {
        let name = escape(name);
        html.push(format!("<h2 id=\"{name}\">{name}</h2>\n{cases}"));
    }
    html.push("</body></html>\n".to_owned());
    Ok(Page {
        html: html.concat(),
        same,
        different,
    })
}

/// The last part of a path.
fn part(path: Option<&Path>) -> String {
    let name = path.and_then(Path::file_name).unwrap_or_default();
    visible(&name.to_string_lossy())
}

fn article(
    title: &str,
    requests: &str,
    played: &Played,
    calls: &[String],
    differences: &[String],
) -> String {
    let verdict = match differences {
        [] => "<span class=\"same\">as recorded</span>".to_owned(),
        _ => "<span class=\"different\">different</span>".to_owned(),
    };
    let mut html = vec![format!("<article><h3>{} {verdict}</h3>\n", escape(title))];
    for difference in differences {
        html.push(format!(
            "<pre>{}</pre>\n",
            escape(&visible_lines(difference))
        ));
    }
    for line in typed(requests) {
        html.push(format!("<pre class=\"typed\">{}</pre>\n", escape(&line)));
    }
    for (text, kind) in played.war_room.iter().zip(&played.types) {
        let class = if *kind == ERROR {
            "entry error"
        } else {
            "entry"
        };
        // XSOAR shows an error as it is, and everything else as Markdown.
        let shown = if *kind == ERROR {
            format!("<pre>{}</pre>", escape(&visible_lines(text)))
        } else {
            markdown(text)
        };
        html.push(format!("<div class=\"{class}\">{shown}</div>\n"));
    }
    let context = played.context.to_value();
    if context != Value::Object(serde_json::Map::new()) {
        let context = escape(&visible_lines(&format!("{context:#}")));
        html.push(format!(
            "<details><summary>Context</summary><pre>{context}</pre></details>\n"
        ));
    }
    let count = calls.len();
    let calls = escape(&calls.join("\n"));
    html.push(format!(
        "<details><summary>Calls to PingOne ({count})</summary><pre>{calls}</pre></details></article>\n"
    ));
    html.concat()
}

/// The type of an error entry.
const ERROR: u8 = 4;

/// The requests as lines of the War Room. What cannot be read as requests is shown as it is.
fn typed(requests: &str) -> Vec<String> {
    let lines = serde_json::Deserializer::from_str(requests)
        .into_iter::<Value>()
        .map(|request| {
            let request = request.ok()?;
            let command = request.get("command")?.as_str()?;
            let mut words = vec![format!("!{}", visible(command))];
            for (name, value) in request.get("args").and_then(Value::as_object)? {
                let value = match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                words.push(format!("{}=\"{}\"", visible(name), visible(&value)));
            }
            Some(words.join(" "))
        })
        .collect::<Option<Vec<String>>>();
    lines.unwrap_or_else(|| vec![visible_lines(requests)])
}

/// One line for each call.
fn calls(exchanges: &[Exchange]) -> Vec<String> {
    let line = |exchange: &Exchange| {
        let answer = match (&exchange.response, &exchange.failure) {
            (Some(response), _) => response.status.to_string(),
            (None, Some(failure)) => format!("no answer: {}", failure.detail),
            (None, None) => String::new(),
        };
        let request = &exchange.request;
        visible(&format!("{} {} → {answer}", request.method, request.url))
    };
    exchanges.iter().map(line).collect()
}

/// Markdown as XSOAR renders it, less what could load something: HTML is text, a link its words, an image nothing.
fn markdown(text: &str) -> String {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).filter_map(|event| match event {
        // The only HTML that we write, and that XSOAR renders: a line break in a cell.
        Event::InlineHtml(html) if &*html == "<br>" => Some(Event::HardBreak),
        Event::Html(html) | Event::InlineHtml(html) => Some(Event::Text(html)),
        Event::Start(Tag::Link { .. } | Tag::Image { .. })
        | Event::End(TagEnd::Link | TagEnd::Image) => None,
        // The War Room breaks lines where the text does.
        Event::SoftBreak => Some(Event::HardBreak),
        other => Some(other),
    });
    let mut html = String::new();
    push_html(&mut html, events);
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_becomes_html_or_loads_anything() {
        let html = markdown(
            "### <img src=x>\n| a |\n|---|\n| <script>alert(1)</script> ![i](https://e.example/i.png) [l](javascript:alert(1))<br>b |\n",
        );
        assert!(
            html.contains("<h3>&lt;img src=x&gt;</h3>")
                && html.contains("<table>")
                && html.contains("l<br />"),
            "{html}"
        );
        for tag in ["<img", "<script", "<a ", "href", "src=\""] {
            assert!(!html.contains(tag), "{tag}: {html}");
        }
    }

    #[test]
    fn a_request_is_shown_as_it_is_typed() {
        let request = r#"{"command": "pingone-get-user", "args": {"username": "a <b>"}}"#;
        assert_eq!(typed(request), ["!pingone-get-user username=\"a <b>\""]);
        assert_eq!(typed("{"), ["{"]);
    }
}
