//! `labctl status`: looks at everything, changes nothing (`--prove` makes the round trips that write).

use super::context::Context;
use super::exit::{Failure, code};
use super::{reach, runs, show};
use crate::checks::{CheckResult, Scope};
use crate::cli::StatusArgs;
use crate::engine::step::Cx;
use crate::model::check::Stage;
use crate::model::run::Health;
use crate::model::status::{CheckStatus, ClusterStatus, ComponentStatus, LabStatus};
use crate::steps::{Connected, Setup, Standing};
use crate::support::progress::Sink;
use tokio_util::sync::CancellationToken;

/// Runs it.
pub async fn run(context: &Context, args: &StatusArgs) -> Result<u8, Failure> {
    if args.prove {
        show::writable(context, "status --prove")?;
    }
    let setup = context.setup(None, false)?;
    let status = of(context, &setup, args.prove).await?;
    show::answer(args.output, &status, text)?;
    Ok(if status.ready { code::OK } else { code::NOT_CONVERGED })
}

/// How the lab is now.
pub async fn of(context: &Context, setup: &Setup, prove: bool) -> Result<LabStatus, Failure> {
    let (asleep, runs) = match setup.standing().await? {
        Standing::Absent => return Err(reach::no_lab(context)),
        Standing::Asleep(nodes) => (nodes, String::new()),
        Standing::Running(runs) => (Vec::new(), runs),
    };
    let mut status = LabStatus {
        lab: context.global.lab.clone(),
        at: runs::now(),
        ready: false,
        cluster: ClusterStatus { context: setup.context(), ready: asleep.is_empty(), seen: asleep.join(", ") },
        components: Vec::new(),
        urls: reach::urls(setup, context.state()?.gateway_port).into_iter().map(|url| (url.component, url.url)).collect(),
    };
    if !asleep.is_empty() {
        return Ok(status);
    }
    let connected = setup.connect().await?;
    let diff = connected.cluster.diff(&setup.desired()).await.map_err(crate::engine::step::StepError::from)?;
    let counts = diff.counts();
    status.cluster.seen = format!("{runs}, {} objects as wanted, {} not", counts[2], counts[0] + counts[1] + counts[3]);
    let cx = Cx { sink: Sink::silent(), cancel: CancellationToken::new() };
    let looks = setup.lab.parts.keys().map(|name| {
        let drifted = diff.of(name).filter(|entry| entry.changes()).count();
        component(setup, &connected, name, drifted, prove, &cx)
    });
    status.components = futures::future::try_join_all(looks).await?;
    status.ready = status.cluster.ready && status.components.iter().all(|component| component.ready);
    Ok(status)
}

async fn component(
    setup: &Setup,
    connected: &Connected,
    name: &str,
    drifted: usize,
    prove: bool,
    cx: &Cx,
) -> Result<ComponentStatus, Failure> {
    let Some(part) = setup.lab.parts.get(name) else { return Err(Failure::new("LAB-BUG", name)) };
    let lacks = connected.lacks(&setup.refs(name), cx).await?;
    let scope = |stage| Scope { component: name.to_owned(), namespace: part.component.namespace.clone(), stage };
    let mut results = connected.glance(&scope(Stage::Ready), &part.component.ready, &cx.sink, &cx.cancel).await;
    if prove {
        let proof = connected.prober.run(&scope(Stage::Proof), &part.component.proof, &cx.sink, &cx.cancel).await;
        if !proof.is_empty() && proof.iter().all(|result| result.health == Health::Pass) {
            setup.proven(name).await?;
        }
        results.extend(proof);
    }
    Ok(ComponentStatus {
        name: name.to_owned(),
        ready: drifted == 0 && lacks.is_none() && results.iter().all(|result| result.health == Health::Pass),
        drifted: u32::try_from(drifted).unwrap_or(u32::MAX),
        lacks,
        checks: results.into_iter().map(check).collect(),
        proven: setup.state()?.proofs.get(name).map(|proof| proof.at),
    })
}

fn check(result: CheckResult) -> CheckStatus {
    CheckStatus { name: result.name, health: result.health, value: result.value, query: result.query, seen: result.seen }
}

fn text(status: &LabStatus) -> String {
    let mark = |ready: bool| if ready { "✓ ready" } else { "✗ not ready" };
    let mut text = format!("{}  {}  {} ({})\n\n", status.lab, mark(status.ready), status.cluster.context, status.cluster.seen);
    let rows: Vec<Vec<String>> = status
        .components
        .iter()
        .map(|component| {
            let bad = component.checks.iter().find(|check| check.health != Health::Pass);
            let passed = component.checks.iter().filter(|check| check.health == Health::Pass).count();
            let why = match (&component.lacks, bad, component.drifted) {
                (Some(lacks), ..) => lacks.clone(),
                (None, Some(check), _) => format!("{}: {}", check.name, check.seen),
                (None, None, 0) => String::new(),
                (None, None, count) => format!("{count} objects are not as the manifests say; labctl up mends them"),
            };
            let proven = component.proven.map(|at| format!("{} ago", age(status.at.millis_since(at)))).unwrap_or_default();
            vec![component.name.clone(), mark(component.ready).to_owned(), format!("{passed}/{}", component.checks.len()), proven, why]
        })
        .collect();
    text.push_str(&show::table(&["COMPONENT", "STATE", "CHECKS", "PROVEN", "WHY"], &rows));
    if !status.urls.is_empty() {
        text.push('\n');
        let rows: Vec<Vec<String>> = status.urls.iter().map(|(name, url)| vec![name.clone(), url.clone()]).collect();
        text.push_str(&show::table(&["OPEN", "URL"], &rows));
    }
    text
}

fn age(millis: u64) -> String {
    crate::model::run::brief_time(millis)
}
