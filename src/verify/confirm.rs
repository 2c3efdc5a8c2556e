//! The question before anything is sent. Only a whole `yes` is one; the end of input is none.

use std::io::{self, BufRead, Write};

use super::{bench::Bench, report::Target};

/// Says what will happen and asks for a `yes`.
pub fn confirm(bench: &Bench, input: &mut impl BufRead, out: &mut impl Write) -> io::Result<bool> {
    let settings = bench.settings();
    write!(
        out,
        "The self-test works on the environment {environment} ({target}).\n\
         It creates throwaway users and groups, whose names begin with {prefix}, runs every command on them, \
         tries what PingOne's documentation leaves open, and deletes them again. It changes no other user and \
         no other group; to see how PingOne pages, it reads up to 201 users, of whom it shows and keeps nothing.\n\
         Use a trial environment, not one that people sign on to.\n\
         Go on? Type yes: ",
        environment = settings.environment,
        target = Target::of(settings),
        prefix = bench.prefix(),
    )?;
    out.flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(line.trim().eq_ignore_ascii_case("yes"))
}
