//! The process edge: which mode, stdin and stdout, the runtime, the exit code. Nothing is decided here about
//! a request.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use pingone_xsoar::{
    cli,
    run::{self, Runner},
    server::{Input, Server},
    session, stdin,
    surroundings::Surroundings,
};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let input = match (arguments.next(), arguments.next()) {
        (None, _) => Input::OneWay(stdin::requests(io::stdin())),
        (Some(mode), None) if mode == "serve" => Input::TwoWay(stdin::lines(io::stdin())),
        _ => return cli::main(),
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

fn serve(input: Input) -> io::Result<()> {
    run::hide_panics();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut server = Server::new(input, io::stdout().lock());
    let mut runner = Runner::live(Surroundings::of_the_process());
    let served = runtime.block_on(session::serve(&mut server, &mut runner));
    // A name look-up that is still under way would hold the process back.
    runtime.shutdown_background();
    served
}
