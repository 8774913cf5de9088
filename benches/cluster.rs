//! The rigs of the cluster room: `make bench NAME=P1` (P2, P3, P7, P8, P9) and `make torture NAME=R4` (R5). Each starts a real API server with its
//! etcd. The last line is the figure; the exit status is 0 where what must hold holds.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a rig's results")]

mod figures;
mod rig;

use rig::Outcome;
use std::process::ExitCode;

async fn measure(arguments: &[String]) -> Outcome<bool> {
    let points = arguments.get(1).and_then(|text| text.parse().ok());
    match arguments.first().map(|name| name.to_uppercase()).as_deref() {
        Some("P1") => figures::p1::measure().await,
        Some("P2") => figures::p2::measure().await,
        Some("P3") => figures::p3::measure().await,
        Some("P7") => figures::p7::measure().await,
        Some("P8") => figures::p8::measure().await,
        Some("P9") => figures::p9::measure().await,
        Some("R4") => figures::r4::measure(points.unwrap_or(20)).await,
        Some("R5") => figures::r5::measure(points.unwrap_or(5)).await,
        _ => Err("which one? P1 P2 P3 P7 P8 P9 R4 R5".into()),
    }
}

fn main() -> ExitCode {
    labctl::support::tls::install_provider();
    // `cargo bench` adds `--bench`
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    if arguments.first().is_some_and(|first| first == "child") {
        return match runtime.block_on(rig::child::run(&arguments[1..])) {
            Ok(report) => {
                println!("{report}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    match runtime.block_on(measure(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{} cannot be measured: {error}", arguments.join(" "));
            ExitCode::FAILURE
        }
    }
}
