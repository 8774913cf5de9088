//! From the command line to the verb, and from its end to an exit code.

use super::context::Context;
use super::exit::{Failure, code};
use super::{attach, diff, doctor, down, gameday, logs, parts, plan, postmortem, reach, runbook, runs, scenario, screen, show, status, up};
use crate::cli::{Cli, OutputMode, Verb};
use crate::report::Mode;
use clap::{CommandFactory, Parser};

/// Runs the command line; the exit code is documented in docs/exit-codes.md. Not generic, so that all of labctl is compiled once, in the library, and not
/// once more in the binary.
pub fn run(args: Vec<std::ffi::OsString>) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            if error.exit_code() == 0 || error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
                let _gone = error.print();
            } else {
                // the id stands where it stands in all errors: at the end of what went wrong
                show::err(&error.render().to_string().replacen('\n', " [LAB-USAGE-001]\n", 1));
            }
            return u8::try_from(error.exit_code()).unwrap_or(code::USAGE);
        }
    };
    if let Some(Verb::InternalExec { parent, program, args }) = &cli.verb {
        return super::signals::become_program(*parent, program, args);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            show::err(&format!("error: the runtime could not be started: {error}\n"));
            return code::BUG;
        }
    };
    crate::support::tls::install_provider();
    let context = std::sync::Arc::new(Context::new(cli.global));
    let ended = runtime.block_on(async {
        match cli.verb {
            Some(verb) => dispatch(&context, verb).await,
            None => front_door(&context).await,
        }
    });
    // a child or a watch that does not end must not hold up the exit
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    match ended {
        Ok(code) => code,
        Err(failure) => {
            tell(&failure);
            failure.exit()
        }
    }
}

/// `labctl` alone: the terminal app where there is a terminal, else the help.
async fn front_door(context: &std::sync::Arc<Context>) -> Result<u8, Failure> {
    let choice = context.front_end(OutputMode::Auto, false);
    if choice.mode == Mode::Screen {
        return screen::open(context, choice, screen::First::Front).await;
    }
    show::err(&Cli::command().render_help().to_string());
    Ok(code::USAGE)
}

async fn dispatch(context: &std::sync::Arc<Context>, verb: Verb) -> Result<u8, Failure> {
    match verb {
        Verb::Up(args) => up::run(context, &args).await,
        Verb::Plan(args) => plan::run(context, &args).await,
        Verb::Diff(args) => diff::run(context, &args).await,
        Verb::Status(args) => status::run(context, &args).await,
        Verb::Down(args) => down::run(context, &args).await,
        Verb::Doctor { output } => doctor::run(context, output).await,
        Verb::Creds { output } => reach::creds(context, output),
        Verb::Urls { output } => reach::list(context, output),
        Verb::Open(args) => reach::open(context, &args),
        Verb::Logs(args) => logs::logs(context, &args).await,
        Verb::Events(args) => logs::events(context, &args).await,
        Verb::Attach(args) => attach::run(context, &args).await,
        Verb::Run(verb) => runs::run(context, &verb).await,
        Verb::Replay(args) => runs::replay(context, &args).await,
        Verb::Demo(args) => runs::demo(context, &args).await,
        Verb::Component(verb) => parts::component(context, &verb),
        Verb::Scenario(verb) => scenario::run(context, &verb).await,
        Verb::Chaos(verb) => scenario::chaos(context, &verb).await,
        Verb::Load(verb) => scenario::load(context, &verb).await,
        Verb::Halt(verb) => scenario::halt(context, &verb),
        Verb::Runbook(verb) => runbook::run(context, &verb).await,
        Verb::Gameday(verb) => gameday::run(context, &verb).await,
        Verb::Postmortem(verb) => postmortem::run(context, &verb),
        Verb::Schema(args) => parts::schema(args.kind),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "labctl", &mut script);
            show::out(&String::from_utf8_lossy(&script));
            Ok(code::OK)
        }
        Verb::Version => {
            show::out(&format!("labctl {}\n", env!("CARGO_PKG_VERSION")));
            Ok(code::OK)
        }
        Verb::InternalExec { .. } => Ok(code::OK),
    }
}

fn tell(failure: &Failure) {
    let mut text = format!("error: {} [{}]\n", failure.message, failure.id);
    if let Some(fix) = failure.fix() {
        text.push_str(&format!("\nhint: {fix}\n"));
    }
    show::err(&text);
}
