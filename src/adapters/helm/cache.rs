//! What a chart renders to, kept as long as nothing it depends on changes.

use super::chart::Chart;
use super::error::HelmError;
use super::program::{Helm, Scratch};
use crate::support::digest::sha256;
use crate::support::files;
use crate::support::progress::Sink;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long rendering may take. The largest charts known take about two seconds.
const DEADLINE: Duration = Duration::from_mins(1);
/// Raised when labctl asks Helm in another way, so that nothing older is used.
const FORM: u32 = 1;

/// What a chart is rendered with.
#[derive(Debug, Clone)]
pub struct Render<'a> {
    /// `.Release.Name`.
    pub release: &'a str,
    /// `.Release.Namespace`.
    pub namespace: &'a str,
    /// Texts of values, later ones win.
    pub values: &'a [String],
    /// `1.34.4`.
    pub kubernetes: &'a str,
    /// What the cluster serves beside Kubernetes' own: `group/version` and `group/version/Kind`.
    pub apis: &'a BTreeSet<String>,
}

impl Helm {
    /// What `chart` renders to, definitions and hooks included. Rendered once for the same chart, values, Kubernetes, APIs and Helm; random values
    /// that a chart makes up stay the same that long.
    pub async fn render(&self, chart: &Chart, with: &Render<'_>, sink: &Sink, cancel: &CancellationToken) -> Result<String, HelmError> {
        let helm = self.version(cancel).await?;
        let key = json!([FORM, chart.digest, with.release, with.namespace, with.values, with.kubernetes, with.apis, helm]).to_string();
        let name = sha256(key.as_bytes());
        let file = self.folder.join("rendered").join(format!("{}.yaml", name.trim_start_matches("sha256:")));
        if let Some(text) = kept(&file) {
            return Ok(text);
        }
        sink.line(format!("rendering the chart of {}", with.release));
        let text = self.template(chart, with, cancel).await?;
        // only for this user: charts render Secrets
        files::write(&file, format!("# {}\n{text}", sha256(text.as_bytes())).as_bytes(), 0o600)?;
        Ok(text)
    }

    async fn template(&self, chart: &Chart, with: &Render<'_>, cancel: &CancellationToken) -> Result<String, HelmError> {
        let scratch = Scratch::new(&self.folder)?;
        let mut args = vec!["template".to_owned(), with.release.to_owned(), chart.path.display().to_string()];
        args.extend(["--namespace", with.namespace, "--include-crds", "--kube-version", with.kubernetes].map(str::to_owned));
        for (index, values) in with.values.iter().enumerate() {
            let file = scratch.0.join(format!("values-{index}.yaml"));
            files::write(&file, values.as_bytes(), 0o600)?;
            args.extend(["--values".to_owned(), file.display().to_string()]);
        }
        if !with.apis.is_empty() {
            args.extend(["--api-versions".to_owned(), with.apis.iter().map(String::as_str).collect::<Vec<_>>().join(",")]);
        }
        self.call(args, DEADLINE, &Sink::silent(), cancel).await
    }
}

/// What stands in `file`, when it is whole.
fn kept(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let (first, rest) = text.split_once('\n')?;
    (first.strip_prefix("# ")? == sha256(rest.as_bytes())).then(|| rest.to_owned())
}
