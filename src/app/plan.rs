//! `labctl plan`: what would change, what would be pulled, what it asks of this host. Changes nothing.

use super::context::Context;
use super::doctor;
use super::exit::{Failure, code};
use super::show;
use crate::cli::{Format, PlanArgs, StackArgs};
use crate::cluster::{Diff, Entry};
use crate::engine::step::StepError;
use crate::insight::budget::{self, ImageSize, Request, Room};
use crate::model::budget::{Budget, Fit};
use crate::model::finding::{Finding, Level};
use crate::model::image::Origin;
use crate::model::units::{Bytes, MilliCpu};
use crate::steps::{self, Setup, Standing};
use serde::Serialize;
use std::sync::Arc;

/// What `up` would do.
#[derive(Debug, Serialize)]
struct Plan {
    lab: String,
    stack: String,
    /// `bundle lite-packages`, or `registries`.
    from: String,
    kubernetes: String,
    cluster: String,
    components: Vec<Part>,
    images: Vec<Used>,
    budget: Budget,
    /// What stands in the way on this host.
    findings: Vec<Finding>,
    changes: bool,
}

#[derive(Debug, Serialize)]
struct Part {
    name: String,
    version: String,
    create: usize,
    change: usize,
    remove: usize,
    unchanged: usize,
}

#[derive(Debug, Serialize)]
struct Used {
    image: String,
    /// Compressed bytes; `null` where the lock does not know.
    size: Option<u64>,
    origin: Origin,
    note: String,
}

/// Runs it.
pub async fn run(context: &Context, args: &PlanArgs) -> Result<u8, Failure> {
    let setup = context.setup(Some(&args.which), false)?;
    let plan = make(context, &setup).await?;
    show::answer(args.output, &plan, text)?;
    if args.output == Format::Table && plan.budget.fit == Fit::DoesNotFit {
        show::err(&format!("\nthis host has less than the lab asks for: {}\n", plan.budget.suggestions.join("; ")));
    }
    Ok(if args.exit_code && plan.changes { code::CHANGES } else { code::OK })
}

/// The same for the terminal app, in lines.
pub async fn lines(context: &Context, which: &StackArgs) -> Result<Vec<String>, Failure> {
    let setup = context.setup(Some(which), false)?;
    let plan = make(context, &setup).await?;
    Ok(text(&plan).lines().map(str::to_owned).collect())
}

async fn make(context: &Context, setup: &Arc<Setup>) -> Result<Plan, Failure> {
    let kubernetes = if setup.is_existing() { "as it is".to_owned() } else { steps::node_image(setup)?.1 };
    let host = doctor::host(context, setup).await;
    let mut components = Vec::new();
    let (cluster, diff) = match setup.standing().await {
        Ok(Standing::Absent) => ("would be created".to_owned(), None),
        Ok(Standing::Asleep(nodes)) => (format!("is there and would be woken ({})", nodes.join(", ")), None),
        Ok(Standing::Running(_)) => match look(setup).await {
            Ok(diff) => ("is there".to_owned(), Some(diff)),
            Err(error) => (format!("is there and does not answer ({error})"), None),
        },
        // without an engine the rest of the plan can still be read; what is wrong with it stands among the findings
        Err(error) if matches!(error.code, "LAB-DOCKER-001" | "LAB-DOCKER-002" | "LAB-DOCKER-003") => {
            (format!("is not known ({error})"), None)
        }
        Err(error) => return Err(error.into()),
    };
    for rendered in &setup.rendered {
        let version = setup.lab.parts.get(&rendered.name).map(|part| part.component.version.clone()).unwrap_or_default();
        let version = rendered.images.first().map_or(version, |image| image.tag.clone());
        let mut part = Part { name: rendered.name.clone(), version, create: 0, change: 0, remove: 0, unchanged: 0 };
        match &diff {
            Some(diff) => diff.of(&rendered.name).for_each(|entry| match entry.action {
                crate::cluster::Action::Create => part.create += 1,
                crate::cluster::Action::Update { .. } => part.change += 1,
                crate::cluster::Action::Prune => part.remove += 1,
                crate::cluster::Action::Unchanged => part.unchanged += 1,
            }),
            None => part.create = rendered.objects.len(),
        }
        components.push(part);
    }
    let mut images: Vec<Used> = Vec::new();
    for image in setup.rendered.iter().flat_map(|rendered| &rendered.images) {
        if !images.iter().any(|seen| seen.image == image.reference()) {
            let size = (image.size > 0).then_some(image.size);
            images.push(Used { image: image.reference(), size, origin: image.origin, note: image.note.clone() });
        }
    }
    let findings: Vec<Finding> = doctor::findings(&host, setup).into_iter().filter(|finding| finding.level == Level::Fail).collect();
    Ok(Plan {
        lab: context.global.lab.clone(),
        stack: setup.lab.stack.metadata.name.clone(),
        from: setup.images.bundle().map_or_else(|| "registries".to_owned(), |open| format!("bundle {}", open.bundle.name)),
        kubernetes,
        changes: diff.as_ref().is_none_or(|diff| diff.entries.iter().any(Entry::changes)),
        cluster,
        components,
        budget: judge(setup, &host),
        images,
        findings,
    })
}

async fn look(setup: &Setup) -> Result<Diff, StepError> {
    Ok(setup.connect().await?.cluster.diff(&setup.desired()).await?)
}

/// What the lab asks of this host.
pub fn judge(setup: &Setup, host: &doctor::Seen) -> Budget {
    let objects: Vec<serde_json::Value> = setup.rendered.iter().flat_map(|rendered| rendered.objects.clone()).collect();
    let images: Vec<ImageSize> = setup
        .rendered
        .iter()
        .flat_map(|rendered| &rendered.images)
        .map(|image| ImageSize { name: image.reference(), compressed: image.size, cached: setup.images.bundle().is_some() })
        .collect();
    let nodes = setup.lab.stack.cluster.nodes.unwrap_or_default();
    let size = setup.lab.stack.size.unwrap_or_default();
    budget::judge(&Request {
        objects: &objects,
        images: &images,
        control_planes: u32::from(nodes.control_plane),
        workers: u32::from(nodes.workers),
        size: size.name(),
        room: Room {
            cpus: Some(host.facts.cpus),
            mem_available: host.facts.mem_available,
            disk_free: host.facts.disk.as_ref().map(|disk| disk.free),
        },
    })
}

/// Stops an `up` that this host cannot carry. A lab that is already up is not judged: what it uses is no longer free.
pub async fn refuse_what_does_not_fit(context: &Context, setup: &Arc<Setup>, force: bool) -> Result<(), Failure> {
    if force || setup.is_existing() || !setup.nodes().await?.is_empty() {
        return Ok(());
    }
    let host = doctor::host(context, setup).await;
    let budget = judge(setup, &host);
    if budget.fit != Fit::DoesNotFit {
        return Ok(());
    }
    let short: Vec<String> = budget
        .measures
        .iter()
        .filter(|measure| measure.fit == Fit::DoesNotFit)
        .map(|measure| {
            let (asked, there) = (measure.asked, measure.there.unwrap_or_default());
            if measure.of == "cpu" {
                format!("cpu: asks {}, has {}", MilliCpu(asked), MilliCpu(there))
            } else {
                format!("{}: asks {}, has {}", measure.of, Bytes(asked), Bytes(there))
            }
        })
        .collect();
    Err(Failure::new(
        "LAB-FIT-001",
        format!("this host has less than the lab asks for ({}). {}", short.join("; "), budget.suggestions.join("; ")),
    ))
}

fn text(plan: &Plan) -> String {
    let mut text =
        format!("{} from stack {} ({}), Kubernetes {}; the cluster {}\n\n", plan.lab, plan.stack, plan.from, plan.kubernetes, plan.cluster);
    let count = |number: usize| if number == 0 { String::new() } else { number.to_string() };
    let rows: Vec<_> = plan
        .components
        .iter()
        .map(|part| {
            vec![part.name.clone(), part.version.clone(), count(part.create), count(part.change), count(part.remove), count(part.unchanged)]
        })
        .collect();
    text.push_str(&show::table(&["COMPONENT", "VERSION", "CREATE", "CHANGE", "REMOVE", "AS WANTED"], &rows));
    text.push('\n');
    let rows: Vec<_> = plan
        .images
        .iter()
        .map(|image| {
            let size = image.size.map_or_else(|| "?".to_owned(), |bytes| Bytes(bytes).to_string());
            vec![image.image.clone(), size, format!("{:?}", image.origin).to_lowercase(), image.note.clone()]
        })
        .collect();
    text.push_str(&show::table(&["IMAGE", "SIZE", "ORIGIN", ""], &rows));
    text.push('\n');
    let rows: Vec<_> = plan
        .budget
        .measures
        .iter()
        .map(|measure| {
            let shown = |value: u64| if measure.of == "cpu" { MilliCpu(value).to_string() } else { Bytes(value).to_string() };
            let fit = match measure.fit {
                Fit::Fits => "fits",
                Fit::Tight => "tight",
                Fit::DoesNotFit => "does not fit",
                Fit::Unknown => "not known",
            };
            let asked = if measure.fit == Fit::Unknown { format!("at least {}", shown(measure.asked)) } else { shown(measure.asked) };
            vec![measure.of.clone(), asked, measure.there.map_or_else(|| "?".to_owned(), shown), fit.to_owned()]
        })
        .collect();
    text.push_str(&show::table(&["", "ASKED", "FREE", ""], &rows));
    for finding in &plan.findings {
        text.push_str(&format!("\n✗ {}: {}\n  fix: {}\n", finding.id, finding.what, finding.fix));
    }
    if !plan.changes {
        text.push_str("\nnothing would change\n");
    }
    text
}
