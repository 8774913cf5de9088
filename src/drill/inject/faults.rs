//! What a fault of a scenario means now, counted against whom it may touch.

use super::{Planned, aws, k8s, node, surge};
use crate::drill::ground::Drill;
use crate::drill::target::{Counted, find, too_much};
use crate::model::scenario::{Fault, Inject};
use std::time::Duration;

/// The changes that a fault means now, in the order they are made; or why it may not or cannot be made. Looked at when the drill is planned and again
/// right before the fault: meanwhile somebody may have scaled.
pub async fn faults(drill: &Drill, inject: &Inject) -> Result<Vec<Planned>, String> {
    let named = |why: String| format!("fault {}: {why}", inject.name);
    let (target, ground) = (&drill.scenario.target, &drill.ground);
    match &inject.fault {
        Fault::K8s(fault) => {
            let found = find(&ground.cluster, target).await.map_err(|error| error.to_string())?;
            if let Some(why) = too_much(k8s::touched(fault, &found), found.pods.len(), Counted::Pods, target.blast) {
                return Err(named(why));
            }
            k8s::plan(&ground.cluster, fault, &found, &drill.run, drill.expires()).await.map_err(named)
        }
        Fault::Node(fault) => {
            let nodes = ground.nodes.as_ref().ok_or_else(|| named("the nodes of this cluster are no containers of this lab".to_owned()))?;
            let all = nodes.all().await.map_err(|error| named(error.to_string()))?;
            let touched = node::touched(fault, &all);
            if let Some(why) = too_much(touched.len(), all.len(), Counted::Nodes, target.blast) {
                return Err(named(why));
            }
            node::plan(fault, &touched, &drill.mark(inject), drill.most()).map_err(named)
        }
        Fault::K6(load) => surge::plan(drill, inject, load).map_err(named),
        Fault::Aws(fault) => {
            let position = drill.scenario.inject.iter().position(|one| one.name == inject.name).unwrap_or_default();
            aws::plan(ground, fault, &drill.mark(inject), drill.scenario.lasts(position)).await.map_err(named)
        }
    }
}

impl Drill {
    /// Until when what it changes should be there at most, in Unix seconds.
    fn expires(&self) -> i64 {
        self.now().0.unix_timestamp() + i64::try_from(self.scenario.max_duration.get().as_secs()).unwrap_or(i64::MAX / 2)
    }

    /// For how long what it starts may last if nobody is left to end it.
    fn most(&self) -> Duration {
        self.scenario.max_duration.get() + self.scenario.rollback.timeout.get()
    }

    /// What tells the traces of a fault from those of any other.
    fn mark(&self, inject: &Inject) -> String {
        format!("{}/{}", self.run, inject.name)
    }
}
