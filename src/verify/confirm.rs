//! Asks for confirmation before anything is sent. Only a full `yes` counts; the end of input does not.

use std::io;

use super::{report::Target, terminal::Terminal, test_context::TestContext};

/// Says what will happen and asks for confirmation.
pub fn confirm(cx: &TestContext, terminal: &mut Terminal<'_>) -> io::Result<bool> {
    let settings = cx.settings();
    let question = format!(
        "The self-test runs against the environment {environment} ({target}).\n\
         It creates temporary users, groups and applications whose names start with {prefix}, runs every command on them, \
         checks questions that PingOne's documentation leaves open, and then deletes them. It does not change \
         any other user, group or application. To test paging, it reads up to 201 users, but does not show or store them.\n\
         Use a trial environment, not one that people sign on to.\n\
         Continue? Type yes: ",
        environment = settings.environment,
        target = Target::of(settings),
        prefix = cx.prefix(),
    );
    let answer = (terminal.prompt)(&question)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}
