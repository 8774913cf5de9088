//! The binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(labctl::app::run(std::env::args_os().collect()))
}
