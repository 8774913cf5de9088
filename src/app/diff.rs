//! `labctl diff`: what in the cluster is not as the stack says, object by object. Changes nothing.

use super::context::Context;
use super::exit::{Failure, code};
use super::{reach, show};
use crate::cli::PlanArgs;
use crate::cluster::Action;
use crate::engine::step::StepError;
use crate::steps::Standing;
use serde::Serialize;

/// One object that is not as wanted.
#[derive(Debug, Serialize)]
struct Drift {
    component: String,
    object: String,
    /// `create`, `change` or `remove`.
    action: &'static str,
    /// The fields to be changed.
    fields: Vec<String>,
    /// Who had it before labctl first applied it.
    taken_over_from: Vec<String>,
}

/// Runs it.
pub async fn run(context: &Context, args: &PlanArgs) -> Result<u8, Failure> {
    let setup = context.setup(Some(&args.which), false)?;
    match setup.standing().await? {
        Standing::Running(_) => {}
        Standing::Absent => return Err(reach::no_lab(context)),
        Standing::Asleep(nodes) => return Err(Failure::new("LAB-NOLAB-001", format!("the lab does not run: {}", nodes.join(", ")))),
    }
    let connected = setup.connect().await?;
    let found = connected.cluster.diff(&setup.desired()).await.map_err(StepError::from)?;
    let drifts: Vec<Drift> = found
        .entries
        .iter()
        .filter_map(|entry| {
            let (action, fields) = match &entry.action {
                Action::Unchanged => return None,
                Action::Create => ("create", Vec::new()),
                Action::Update { fields } => ("change", fields.clone()),
                Action::Prune => ("remove", Vec::new()),
            };
            let taken_over_from = entry.adopted_from.iter().map(|foreign| foreign.owner.clone()).collect();
            Some(Drift { component: entry.component.clone(), object: entry.object.to_string(), action, fields, taken_over_from })
        })
        .collect();
    let whole = found.counts()[2];
    show::answer(args.output, &drifts, |drifts| text(drifts, whole))?;
    Ok(if args.exit_code && !drifts.is_empty() { code::CHANGES } else { code::OK })
}

fn text(drifts: &[Drift], whole: usize) -> String {
    let mut text = String::new();
    let mut component = "";
    for drift in drifts {
        if drift.component != component {
            component = &drift.component;
            text.push_str(&format!("{component}\n"));
        }
        let mark = match drift.action {
            "create" => "+ create",
            "change" => "~ change",
            _ => "- remove",
        };
        let fields = if drift.fields.is_empty() { String::new() } else { format!(": {}", drift.fields.join(", ")) };
        let from = if drift.taken_over_from.is_empty() {
            String::new()
        } else {
            format!(" (taken over from {})", drift.taken_over_from.join(", "))
        };
        text.push_str(&format!("  {mark} {}{fields}{from}\n", drift.object));
    }
    text.push_str(&match drifts.len() {
        0 => format!("all {whole} objects are as the stack says\n"),
        count => format!("\n{count} not as the stack says, {whole} are; labctl up mends them\n"),
    });
    text
}
