//! The process edge: which mode, stdin and stdout, the runtime, the exit code. Nothing is decided here about
//! a request.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use pingone_xsoar::{
    env::Env,
    run::{self, Runner},
    server::{Input, Server},
    session, stdin,
};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let input = match (arguments.next(), arguments.next()) {
        (None, _) => Input::OneWay(stdin::requests(io::stdin())),
        (Some(mode), None) if mode == "serve" => Input::TwoWay(stdin::lines(io::stdin())),
        _ => return for_people(),
    };
    match serve(input) {
        Ok(()) => ExitCode::SUCCESS,
        // The server went away without waiting for the answer; there is nobody to tell.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(error) => {
            drop(writeln!(
                io::stderr(),
                "pingone-xsoar: the answer could not be written: {error}"
            ));
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "cli")]
fn for_people() -> ExitCode {
    pingone_xsoar::cli::main()
}

/// Without the command line for people, there is only the version to tell, which shows that the file can run.
#[cfg(not(feature = "cli"))]
fn for_people() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if arguments == ["--version"] {
        drop(writeln!(
            io::stdout(),
            "pingone-xsoar {}",
            env!("CARGO_PKG_VERSION")
        ));
        return ExitCode::SUCCESS;
    }
    drop(writeln!(
        io::stderr(),
        "pingone-xsoar: this build serves XSOAR alone (serve, or requests on stdin); a build with the feature `cli` has the commands for people"
    ));
    ExitCode::FAILURE
}

fn serve(input: Input) -> io::Result<()> {
    run::hide_panics();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut server = Server::new(input, io::stdout().lock());
    let mut runner = Runner::live(Env::of_the_process());
    let served = runtime.block_on(session::serve(&mut server, &mut runner));
    // A name look-up that is still under way would hold the process back.
    runtime.shutdown_background();
    served
}
