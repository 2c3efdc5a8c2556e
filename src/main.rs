//! The process edge: the mode, stdin and stdout, the runtime, the exit code. Knows nothing about requests.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use pingone_xsoar::{
    env::Env,
    panics,
    run::Runner,
    server::{Input, Server},
    session, stdin, version,
};

fn main() -> ExitCode {
    panics::refuse_backtraces(std::env::args_os().skip(1));
    let mut arguments = std::env::args_os().skip(1);
    let input = match (arguments.next(), arguments.next()) {
        (Some(option), None) if option == "--version" => return print_version(),
        (None, _) if !io::stdin().is_terminal() => Input::OneWay(stdin::requests(io::stdin())),
        (Some(mode), None) if mode == "serve" => Input::TwoWay(stdin::lines(io::stdin())),
        _ => return run_cli(),
    };
    match serve(input) {
        Ok(()) => ExitCode::SUCCESS,
        // The server went away without waiting for the answer, so there is no one to report to.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(error) => {
            drop(writeln!(
                io::stderr(),
                "pingone-xsoar: cannot write the answer: {error}"
            ));
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "cli")]
fn run_cli() -> ExitCode {
    pingone_xsoar::cli::main()
}

fn print_version() -> ExitCode {
    match io::stdout().write_all(version::text().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[cfg(not(feature = "cli"))]
fn run_cli() -> ExitCode {
    drop(writeln!(
        io::stderr(),
        "pingone-xsoar: this build only serves XSOAR (serve, or requests on stdin). For the command line, build with the feature `cli`."
    ));
    ExitCode::FAILURE
}

fn serve(input: Input) -> io::Result<()> {
    if cfg!(panic = "abort") {
        panics::exit_on_panic();
    } else {
        panics::hide_panics();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut server = Server::new(input, io::stdout().lock());
    let mut runner = Runner::live(Env::from_process());
    let served = runtime.block_on(session::serve(&mut server, &mut runner));
    // A DNS lookup that is still running would keep the process alive.
    runtime.shutdown_background();
    served
}
