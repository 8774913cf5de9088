//! Taking a lab away from a cluster that stays: what the lab put there goes, nothing else does.

use super::setup::Setup;
use super::survey::NAMESPACES;
use super::teardown::Left;
use crate::engine::step::StepError;
use crate::support::progress::Sink;
use tokio_util::sync::CancellationToken;

impl Setup {
    /// What the cluster has on record of this lab, in words.
    pub(super) async fn planned_withdrawal(&self) -> Result<Vec<String>, StepError> {
        self.recognised().await?;
        let recorded = self.connect().await?.cluster.recorded_components().await?;
        Ok(recorded.into_iter().map(|component| format!("objects of {component}")).collect())
    }

    /// Takes it away, those that others need last, and looks again. Told to stop, it comes back with an error between two calls.
    pub(super) async fn withdraw(&self, purge: bool, sink: &Sink, cancel: &CancellationToken) -> Result<Left, StepError> {
        self.recognised().await?;
        let cluster = self.connect().await?.cluster;
        let mut recorded = cluster.recorded_components().await?;
        let mut report = Left::default();
        if !recorded.is_empty() {
            self.may_write(&cluster, sink, cancel).await?;
            let order = crate::catalog::order(&self.lab).unwrap_or_default();
            let last = |name: &String| {
                if name == NAMESPACES { order.len() + 1 } else { order.len() - order.iter().position(|n| n == name).unwrap_or_default() }
            };
            recorded.sort_by_key(last);
            let emptied = async {
                for component in &recorded {
                    sink.waiting(format!("objects of {component} to be gone"), "");
                    let count = cluster.remove(component, sink, cancel).await?;
                    report.removed.push(format!("{count} objects of {component}"));
                }
                cluster.retire(sink, cancel).await
            }
            .await;
            cluster.unlock().await;
            emptied?;
        }
        report.left.extend(cluster.recorded_components().await?.into_iter().map(|component| format!("objects of {component}")));
        report.untouched.push(format!("the cluster of context {}, which was there before the lab", self.context()));
        if purge {
            self.remove_folder(&mut report);
        } else if self.folder.exists() {
            report.kept.push(format!("folder {}: passwords for the next time", self.folder.display()));
        }
        Ok(report)
    }

    /// Takes away what is remembered of the lab on this host.
    pub(super) fn remove_folder(&self, report: &mut Left) {
        match std::fs::remove_dir_all(&self.folder) {
            Ok(()) => report.removed.push(format!("folder {}", self.folder.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => report.left.push(format!("folder {}: {error}", self.folder.display())),
        }
    }
}
