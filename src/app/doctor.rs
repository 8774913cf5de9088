//! `labctl doctor`: looks at this host and says what stands in a lab's way.

use super::context::Context;
use super::exit::{Failure, code};
use super::show;
use crate::cli::Format;
use crate::insight::doctor::{self, Probe, Wanted};
use crate::model::finding::{Finding, Level};
use crate::model::host::{EngineFacts, HostFacts};
use crate::steps::Setup;

/// This host and its engine.
#[derive(Debug)]
pub struct Seen {
    pub facts: HostFacts,
    pub engine: EngineFacts,
    offline: bool,
}

/// Reads the host; an engine that does not answer is a fact, not an error.
pub async fn host(context: &Context, setup: &Setup) -> Seen {
    let offline = context.global.offline || setup.images.bundle().is_some();
    let environment = std::env::vars_os().map(|(key, value)| (key.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
    let mut probe = Probe::this_machine(environment.collect());
    if let Some(crate::model::stack::Ports::Fixed(port)) = setup.lab.stack.cluster.ports {
        probe.ports.push(port);
    }
    if offline {
        probe = probe.offline();
    }
    let (facts, engine) = tokio::join!(HostFacts::read(&probe), setup.engine.facts());
    let engine = match engine {
        Ok(info) => EngineFacts::Reached(info),
        Err(error) => EngineFacts::Unreachable { endpoint: setup.engine.at().to_owned(), why: error.to_string() },
    };
    Seen { facts, engine, offline }
}

/// What follows from it for this lab.
pub fn findings(seen: &Seen, setup: &Setup) -> Vec<Finding> {
    let minor = setup
        .lab
        .stack
        .cluster
        .kubernetes
        .as_deref()
        .and_then(|text| text.split_once('.'))
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    let wanted = Wanted { kubernetes: minor, registries: !seen.offline, ..Wanted::default() };
    doctor::judge(&seen.facts, Some(&seen.engine), &wanted)
}

/// Runs it.
pub async fn run(context: &Context, output: Format) -> Result<u8, Failure> {
    let setup = context.setup(None, false)?;
    let found = findings(&host(context, &setup).await, &setup);
    show::answer(output, &found, |found| text(found))?;
    Ok(if doctor::exit_level(&found) == Level::Fail { code::UNFIT } else { code::OK })
}

fn text(found: &[Finding]) -> String {
    let mut text = String::new();
    for finding in found {
        let mark = match finding.level {
            Level::Ok => "✓ ok  ",
            Level::Fail => "✗ fail",
            _ => "! warn",
        };
        text.push_str(&format!("{mark}  {}  {}\n", finding.id, finding.what));
        if finding.level != Level::Ok {
            for (title, line) in [("why", &finding.why), ("fix", &finding.fix)] {
                if !line.is_empty() {
                    text.push_str(&format!("         {title}: {line}\n"));
                }
            }
        }
    }
    text
}
