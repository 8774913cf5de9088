//! Charts of a lab, rendered: each is brought, held against its digest, and rendered for the Kubernetes and the kinds this lab will have.

use super::exit::Failure;
use crate::adapters::helm::{Chart, Helm, HelmError, Place, Render, Wanted};
use crate::adapters::process::ProcessError;
use crate::catalog::{ChartRequest, Files, Lab, apis_of, chart_objects, charts, plain_objects};
use crate::support::progress::Sink;
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};
use tokio_util::sync::CancellationToken;

/// What the charts of `lab` render to, by component. `kubernetes` is the version its cluster will have.
///
/// A chart may look at which kinds there are (`.Capabilities.APIVersions`). What counts is what the whole lab brings, not what happens to be in the
/// cluster today: so all are rendered once to see which kinds they define, and again knowing them.
pub async fn rendered(
    files: &Files,
    lab: &Lab,
    helm: &Helm,
    kubernetes: &str,
    cancel: &CancellationToken,
) -> Result<BTreeMap<String, String>, Failure> {
    let requests = charts(files, lab)?;
    if requests.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sink = Sink::silent();
    let at_hand: Vec<Chart> = try_join_all(requests.iter().map(|request| async {
        let wanted = wanted(request);
        helm.chart(&wanted, &sink, cancel).await
    }))
    .await?;
    let both = || requests.iter().zip(&at_hand);
    let mut apis = apis_of(&plain_objects(files, lab)?);
    let first = try_join_all(both().map(|(request, chart)| one(helm, request, chart, kubernetes, &apis, cancel))).await?;
    let mut brought = BTreeSet::new();
    for (name, text) in &first {
        brought.extend(apis_of(&chart_objects(name, text)?.objects));
    }
    if brought.is_subset(&apis) {
        return Ok(first.into_iter().collect());
    }
    apis.extend(brought);
    let second = try_join_all(both().map(|(request, chart)| one(helm, request, chart, kubernetes, &apis, cancel))).await?;
    Ok(second.into_iter().collect())
}

async fn one(
    helm: &Helm,
    request: &ChartRequest,
    chart: &Chart,
    kubernetes: &str,
    apis: &BTreeSet<String>,
    cancel: &CancellationToken,
) -> Result<(String, String), HelmError> {
    let with = Render { release: &request.release, namespace: &request.namespace, values: &request.values, kubernetes, apis };
    Ok((request.component.clone(), helm.render(chart, &with, &Sink::silent(), cancel).await?))
}

impl From<HelmError> for Failure {
    fn from(error: HelmError) -> Self {
        let id = match &error {
            HelmError::Process(ProcessError::NotFound { .. }) | HelmError::Version { .. } => "LAB-HOST-013",
            HelmError::Process(ProcessError::Cancelled { .. }) => "LAB-CANCELLED",
            HelmError::NoChart(_) | HelmError::NoDigest { .. } | HelmError::OtherDigest { .. } => "LAB-CHART-001",
            HelmError::Process(_) | HelmError::Pulled { .. } => "LAB-CHART-002",
            HelmError::File(_) => "LAB-FILE-001",
        };
        Self::new(id, error.to_string())
    }
}

fn wanted(request: &ChartRequest) -> Wanted {
    let chart = &request.chart;
    let place = match (&chart.oci, &chart.repo) {
        (Some(oci), _) => Place::Oci(oci.clone()),
        (None, Some(repo)) => Place::Repo(repo.clone(), chart.name.clone().unwrap_or_default()),
        (None, None) => Place::Path(request.path.clone().unwrap_or_default()),
    };
    Wanted { place, version: chart.version.clone(), digest: chart.digest.clone() }
}
