//! `labctl logs` and `events`: what the lab's pods and Kubernetes itself said.

use super::context::Context;
use super::exit::{Failure, code};
use super::show;
use crate::adapters::kube::pods::{self, LogAsk, Pod};
use crate::cli::{EventsArgs, LogsArgs};
use crate::engine::step::StepError;
use crate::steps::Setup;
use serde::Serialize;
use std::sync::Arc;

/// Runs `labctl logs`.
pub async fn logs(context: &Context, args: &LogsArgs) -> Result<u8, Failure> {
    let setup = context.setup(None, false)?;
    let found = pods_of(&setup, &args.component).await?;
    if found.is_empty() {
        return Err(Failure::new("LAB-NOLAB-001", format!("component {} has no pods", args.component)));
    }
    let connected = setup.connect().await?;
    let client = connected.cluster.kube().client().clone();
    let several = found.iter().map(|pod| pod.containers.len()).sum::<usize>() > 1;
    let mut readers = tokio::task::JoinSet::new();
    for pod in found {
        for container in pod.containers.clone() {
            let (client, pod) = (client.clone(), pod.clone());
            let ask = LogAsk { tail: Some(args.tail), follow: args.follow, ..LogAsk::default() };
            readers.spawn(async move {
                let lead = if several { format!("{}/{container} ", pod.name) } else { String::new() };
                pods::log(&client, &pod.namespace, &pod.name, &container, &ask, |line| show::out(&format!("{lead}{line}\n"))).await
            });
        }
    }
    while let Some(read) = readers.join_next().await {
        if let Ok(Err(error)) = read {
            show::err(&format!("{error}\n"));
        }
    }
    Ok(code::OK)
}

async fn pods_of(setup: &Arc<Setup>, component: &str) -> Result<Vec<Pod>, Failure> {
    known(setup, component)?;
    let connected = setup.connect().await?;
    let names = setup.workloads(component);
    let namespace = setup.lab.parts.get(component).map(|part| part.component.namespace.clone()).unwrap_or_default();
    let found = pods::list(connected.cluster.kube().client(), &namespace).await.map_err(StepError::from)?;
    Ok(found.into_iter().filter(|pod| names.iter().any(|name| pod.name.starts_with(&format!("{name}-")))).collect())
}

fn known(setup: &Setup, component: &str) -> Result<(), Failure> {
    if setup.lab.parts.contains_key(component) {
        return Ok(());
    }
    let names: Vec<&str> = setup.lab.parts.keys().map(String::as_str).collect();
    Err(Failure::new("LAB-USAGE-001", format!("this lab has no component {component}; it has {}", names.join(", "))))
}

#[derive(Debug, Serialize)]
struct Row {
    last: String,
    #[serde(rename = "type")]
    kind: String,
    reason: String,
    object: String,
    count: u64,
    message: String,
}

/// Runs `labctl events`.
pub async fn events(context: &Context, args: &EventsArgs) -> Result<u8, Failure> {
    let setup = context.setup(None, false)?;
    if let Some(component) = &args.component {
        known(&setup, component)?;
    }
    let connected = setup.connect().await?;
    let spaces: std::collections::BTreeSet<String> = setup
        .lab
        .parts
        .iter()
        .filter(|(name, _)| args.component.as_ref().is_none_or(|wanted| wanted == *name))
        .map(|(_, part)| part.component.namespace.clone())
        .collect();
    let names = args.component.as_deref().map(|component| setup.workloads(component));
    let mut rows = Vec::new();
    for space in spaces {
        for event in pods::events(connected.cluster.kube().client(), &space).await.map_err(StepError::from)? {
            let wanted = names.as_ref().is_none_or(|names| names.iter().any(|name| event.object_name.starts_with(name.as_str())));
            if wanted && (!args.warnings || event.kind == "Warning") {
                rows.push(Row {
                    last: event.last,
                    kind: event.kind,
                    reason: event.reason,
                    object: format!("{}/{}", event.object_kind, event.object_name),
                    count: event.count,
                    message: event.message,
                });
            }
        }
    }
    rows.sort_by(|a, b| a.last.cmp(&b.last));
    show::answer(args.output, &rows, |rows| {
        let cells: Vec<_> = rows
            .iter()
            .map(|row| {
                vec![row.last.clone(), row.kind.clone(), row.reason.clone(), row.object.clone(), row.count.to_string(), row.message.clone()]
            })
            .collect();
        show::table(&["LAST", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE"], &cells)
    })?;
    Ok(code::OK)
}
