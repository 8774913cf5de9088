//! What can go wrong with Helm and charts, each with the way out.

use crate::adapters::process::ProcessError;
use crate::support::files::FileError;
use std::path::PathBuf;

/// A chart that could not be had or rendered.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is and names its fields")]
pub enum HelmError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(
        "{program} is Helm {found}, and charts are rendered with Helm 4; put Helm 4 first on PATH (https://helm.sh/docs/intro/install)"
    )]
    Version { program: String, found: String },
    #[error("there is no chart at {}; it must be a folder with a Chart.yaml or a .tgz", .0.display())]
    NoChart(PathBuf),
    #[error(
        "chart {chart} has no `digest`, so nobody would notice if it changed; what is there now is\n  digest: {found}\nlook at it, then write that line into `source.chart`"
    )]
    NoDigest { chart: String, found: String },
    #[error(
        "chart {chart} is not the one that is pinned: wanted {wanted}, found {found}. If the change is meant, look at it and write the new digest into `source.chart`"
    )]
    OtherDigest { chart: String, wanted: String, found: String },
    #[error("chart {chart} was pulled, but Helm left {count} archives instead of one")]
    Pulled { chart: String, count: usize },
    #[error(transparent)]
    File(#[from] FileError),
}
