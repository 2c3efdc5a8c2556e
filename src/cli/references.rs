//! References to the context in arguments: `record=${PingOne.Containment}`, as in a playbook. Pure. They are resolved
//! just before their command runs, because earlier commands of the run fill the context.

use anyhow::{Result, anyhow};
use serde_json::Value;

use crate::context::IncidentContext;

const START: &str = "${";
const END: char = '}';

/// Whether a value contains a reference.
pub(super) fn has_reference(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.split_once(START)
            .is_some_and(|(_, rest)| rest.contains(END))
    })
}

/// Replaces the references in `text`. A single reference becomes the value itself; inside other text, it becomes text.
pub(super) fn resolve(text: &str, context: &IncidentContext) -> Result<Value> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(START) {
        let Some((path, after)) = after.split_once(END) else {
            break;
        };
        let value = lookup(path.trim(), context)?;
        if before.is_empty() && after.is_empty() && out.is_empty() {
            return Ok(value);
        }
        out.push_str(before);
        match value {
            Value::String(text) => out.push_str(&text),
            other => out.push_str(&other.to_string()),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(Value::from(out))
}

fn lookup(path: &str, context: &IncidentContext) -> Result<Value> {
    context.get(path)?.ok_or_else(|| {
        let paths = context.paths();
        let available = if paths.is_empty() {
            "No command of this run has returned anything yet".to_owned()
        } else {
            format!("This run has returned {}", paths.join(", "))
        };
        anyhow!("${{{path}}} is not in the context. {available}.")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entry::Output;

    fn context() -> IncidentContext {
        let mut context = IncidentContext::default();
        let mut output = Output::note("x".to_owned());
        output.context = json!({
            "PingOne.Account(val.ID && val.ID === obj.ID)": [
                {"ID": "1", "Username": "emma", "Group": [{"Name": "Sales"}, {"Name": "Support"}]},
                {"ID": "2", "Username": "richard", "Enabled": false},
            ],
            "PingOne(true)": {"Next": 7},
        })
        .as_object()
        .cloned();
        context.apply(&output.into()).expect("valid keys");
        context
    }

    #[test]
    fn a_single_reference_becomes_the_value() {
        for (text, expected) in [
            ("${PingOne.Next}", json!(7)),
            ("${ PingOne.Account.ID }", json!(["1", "2"])),
            ("${PingOne.Account.[1].Username}", json!("richard")),
            ("${PingOne.Account[1].Username}", json!("richard")),
            (
                "${PingOne.Account[0].Group.Name}",
                json!(["Sales", "Support"]),
            ),
            ("${PingOne.Account.Enabled}", json!([false])),
            (
                "${PingOne.Account.[1]}",
                json!({"ID": "2", "Username": "richard", "Enabled": false}),
            ),
        ] {
            assert_eq!(resolve(text, &context()).ok(), Some(expected), "{text}");
        }
    }

    #[test]
    fn references_inside_text_become_text() {
        for (text, expected) in [
            ("a ${PingOne.Next}", "a 7"),
            ("${PingOne.Next}${PingOne.Account[0].Username}!", "7emma!"),
            ("x${PingOne.Account.ID}", "x[\"1\",\"2\"]"),
            ("no reference", "no reference"),
            ("${open", "${open"),
        ] {
            assert_eq!(
                resolve(text, &context()).ok(),
                Some(json!(expected)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_there_is_an_error_that_says_what_is() {
        let error = |text: &str| format!("{:#}", resolve(text, &context()).expect_err(text));
        assert_eq!(
            error("${PingOne.Containment}"),
            "${PingOne.Containment} is not in the context. This run has returned PingOne.Account, PingOne.Next."
        );
        assert!(error("${PingOne.Account[2]}").contains("is not in the context"));
        assert_eq!(
            error("${PingOne.Account(val.ID == 1).Username}"),
            "Only paths such as PingOne.Account.ID or PingOne.Account[0].ID are supported, not 'PingOne.Account(val.ID == 1).Username'."
        );
        let empty = resolve("${a}", &IncidentContext::default()).expect_err("nothing there");
        assert_eq!(
            empty.to_string(),
            "${a} is not in the context. No command of this run has returned anything yet."
        );
    }
}
