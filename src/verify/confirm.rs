//! The question before anything is sent. Only a whole `yes` is one; the end of input is none.

use std::io;

use super::{report::Target, terminal::Terminal, test_context::TestContext};

/// Says what will happen and asks for a `yes`.
pub fn confirm(cx: &TestContext, terminal: &mut Terminal<'_>) -> io::Result<bool> {
    let settings = cx.settings();
    let question = format!(
        "The self-test works on the environment {environment} ({target}).\n\
         It creates throwaway users and groups, whose names begin with {prefix}, runs every command on them, \
         tries what PingOne's documentation leaves open, and deletes them again. It changes no other user and \
         no other group; to see how PingOne pages, it reads up to 201 users, of whom it shows and keeps nothing.\n\
         Use a trial environment, not one that people sign on to.\n\
         Go on? Type yes: ",
        environment = settings.environment,
        target = Target::of(settings),
        prefix = cx.prefix(),
    );
    let answer = (terminal.ask)(&question)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}
