//! What must hold of a scenario beside each of its parts being right. A drill that could not fail proves nothing, so that is refused too.

use super::aws::AwsFault;
use super::fault::{Fault, Inject};
use super::file::Scenario;
use super::hypothesis::Claim;
use super::load::Load;
use super::node::NodeHarm;
use crate::model::check::{Check, HttpCheck, Stage, What, problems};
use std::collections::BTreeSet;
use std::time::Duration;

/// A queue holds a message back for a quarter of an hour at most; some of it is kept for the time a fault takes to land.
const MOST_HELD: Duration = Duration::from_mins(14);
/// A node that stands still for longer has lost leases, leaders and connections for good.
const MOST_PAUSED: Duration = Duration::from_mins(5);

/// Namespaces that no drill may touch, whatever a lab is made of.
const PLATFORM: [&str; 12] = [
    "default",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "local-path-storage",
    "labctl-system",
    "istio-system",
    "argocd",
    "cicd",
    "observability",
    "gateway",
    "aws",
];

/// Whether a namespace belongs to the platform.
pub fn is_platform(namespace: &str) -> bool {
    namespace.starts_with("kube-") || PLATFORM.contains(&namespace)
}

fn is_name(text: &str, most: usize) -> bool {
    !text.is_empty()
        && text.len() <= most
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl Scenario {
    /// Everything wrong with it, as sentences; empty when it is right.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let name = &self.metadata.name;
        if !is_name(name, 40) {
            found.push(format!("metadata.name `{name}` is no name: use 1 to 40 letters a-z, digits and inner dashes"));
        }
        let namespace = &self.target.namespace;
        if is_platform(namespace) {
            found.push(format!(
                "target.namespace `{namespace}` belongs to the platform, which no drill may touch; the sample apps are in `apps`"
            ));
        }
        self.reach_problems(&mut found);
        if self.steady_state.checks.is_empty() {
            found.push(
                "steadyState.checks is empty: without a steady state nothing could be seen to break, or to be whole again".to_owned(),
            );
        }
        if self.inject.is_empty() && self.load.is_none() {
            found.push("neither inject nor load says anything: a scenario breaks something, or brings load".to_owned());
        }
        let thresholds = self.load.as_ref().is_some_and(|load| load.k6.script.is_some() || !load.k6.thresholds.is_empty());
        if self.hypotheses.is_empty() && !thresholds {
            found.push("hypotheses is empty, so that the drill could never fail: claim something".to_owned());
        }
        found.extend(names("inject", self.inject.iter().map(|inject| inject.name.as_str())));
        found.extend(names("hypotheses", self.hypotheses.iter().map(|hypothesis| hypothesis.name.as_str())));
        let lasts: u128 = self.inject.iter().map(|inject| inject.duration.get().as_millis()).sum();
        if lasts > self.max_duration.get().as_millis() {
            found.push(format!("the faults last longer than maxDuration ({}), so that the drill could only be aborted", self.max_duration));
        }
        found.extend(
            self.inject
                .iter()
                .filter(|inject| inject.duration.get().is_zero())
                .map(|Inject { name, .. }| format!("fault `{name}` has duration 0s: nothing could be seen of it")),
        );
        self.load_problems(&mut found);
        self.check_problems(&mut found);
        found
    }

    fn load_problems(&self, found: &mut Vec<String>) {
        let Some(load) = &self.load else {
            let compared = self.hypotheses.iter().filter(|hypothesis| matches!(hypothesis.claim, Claim::Baseline(_)));
            found.extend(compared.map(|hypothesis| format!("hypothesis `{}` compares loads, and there is no `load`", hypothesis.name)));
            return;
        };
        found.extend(load.k6.problems("load.k6"));
        let lasts = load.lasts();
        let whole = Load { duration: None, ..load.clone() }.lasts();
        if lasts.get().is_zero() {
            found.push("load: how long it lasts is not said: write `duration`".to_owned());
        } else if !load.k6.stages.is_empty() && whole != lasts {
            found.push(format!("load: its stages take {whole} and its duration is {lasts}: leave `duration` out"));
        }
        if lasts > self.max_duration {
            found.push(format!("load: it lasts {lasts}, longer than maxDuration ({})", self.max_duration));
        }
        let faults: Duration = self.inject.iter().map(|inject| inject.duration.get()).sum();
        if !self.inject.is_empty() && lasts.get() < load.start_before.get() + faults {
            found.push(format!(
                "load: it lasts {lasts} and would end before the faults do, which begin {} after it and last {} s",
                load.start_before,
                faults.as_secs()
            ));
        }
    }

    /// Whom it may touch, for how long, by backend.
    fn reach_problems(&self, found: &mut Vec<String>) {
        let (mut pods, mut nodes, mut paused) = (false, false, false);
        for (position, inject) in self.inject.iter().enumerate() {
            match &inject.fault {
                Fault::K8s(_) => pods = true,
                Fault::K6(load) => {
                    found.extend(load.problems(&format!("fault `{}`", inject.name)));
                    if !load.stages.is_empty() {
                        found.push(format!("fault `{}`: a surge has one rate until it is taken back; for stages use `load`", inject.name));
                    }
                    if inject.name == "load" {
                        found.push("fault `load`: give a surge another name, this one is that of the load".to_owned());
                    }
                }
                Fault::Node(fault) => {
                    nodes = true;
                    paused |= fault.harm == NodeHarm::Pause;
                }
                Fault::Aws(AwsFault::QueueStopped(_)) if self.lasts(position) > MOST_HELD => found.push(format!(
                    "fault `{}` lasts {} s until all is taken back, and a queue holds messages back for {} s at most",
                    inject.name,
                    self.lasts(position).as_secs(),
                    MOST_HELD.as_secs()
                )),
                Fault::Aws(_) => {}
            }
        }
        if pods && self.target.selector.is_empty() {
            found.push("target.selector is empty, which would mean every pod: name at least one label".to_owned());
        }
        if pods && self.target.blast.max_pods == 0 {
            found.push("target.blast.maxPods is 0, so that nothing could be done: use 1 or more".to_owned());
        }
        if nodes && self.target.blast.max_nodes == 0 {
            found.push("target.blast.maxNodes is 0, so that nothing could be done to a node: use 1 or more".to_owned());
        }
        if paused && self.max_duration.get() > MOST_PAUSED {
            found.push(format!(
                "a node stands still and maxDuration is {}: say for how long it may at most, up to {} s",
                self.max_duration,
                MOST_PAUSED.as_secs()
            ));
        }
    }

    /// How long the fault at this place of the list lasts until all are taken back together.
    pub fn lasts(&self, position: usize) -> Duration {
        self.inject.iter().skip(position).map(|inject| inject.duration.get()).sum()
    }

    fn check_problems(&self, found: &mut Vec<String>) {
        // looked at again and again, so none of them may leave anything behind
        found.extend(problems(&self.steady_state.checks, Stage::Ready).into_iter().map(|problem| steady(&problem)));
        for check in self.hypotheses.iter().filter_map(|hypothesis| match &hypothesis.claim {
            Claim::Check { check, mode, .. } => Some((check.as_ref(), mode.sampled())),
            Claim::Recovery(_) | Claim::Baseline(_) => None,
        }) {
            let (check, sampled) = check;
            let stage = if sampled { Stage::Ready } else { Stage::Proof };
            found.extend(problems(std::slice::from_ref(check), stage).into_iter().map(|problem| steady(&problem)));
        }
        for abort in &self.abort {
            found.extend(problems(std::slice::from_ref(&abort.check), Stage::Ready).into_iter().map(|problem| steady(&problem)));
        }
        for (name, endpoint) in self.endpoints() {
            if !endpoint.contains('/') {
                found.push(format!("check `{name}`: endpoint `{endpoint}` needs its component: COMPONENT/{endpoint}"));
            }
        }
    }

    /// Every endpoint that is called, with the name of the check that does it.
    pub fn endpoints(&self) -> impl Iterator<Item = (&str, &str)> {
        let called = self.checks().filter_map(|check| match &check.what {
            What::Http(HttpCheck { endpoint, .. }) => Some((check.name.as_str(), endpoint.as_str())),
            _ => None,
        });
        let after = self.inject.iter().filter_map(|inject| inject.landed.as_ref()?.after.as_ref());
        called.chain(after.map(|http| ("landed.after", http.endpoint.as_str())))
    }

    /// Every check there is in it.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        let claimed = self.hypotheses.iter().filter_map(|hypothesis| match &hypothesis.claim {
            Claim::Check { check, .. } => Some(check.as_ref()),
            Claim::Recovery(_) | Claim::Baseline(_) => None,
        });
        let landed = self.inject.iter().filter_map(|inject| inject.landed.as_ref().map(|landed| &landed.check));
        self.steady_state.checks.iter().chain(claimed).chain(landed).chain(self.abort.iter().map(|abort| &abort.check))
    }
}

/// Words of `ready:` lists in those of a scenario.
fn steady(problem: &str) -> String {
    match problem.split_once(", and `ready` runs every time") {
        Some((what, _)) => format!("{what}, and it is looked at again and again: only hypotheses of mode SOT, EOT or Edge may write"),
        None => problem.to_owned(),
    }
}

fn names<'a>(list: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for name in names {
        if !is_name(name, 40) {
            found.push(format!("{list}: `{name}` is no name: use 1 to 40 letters a-z, digits and inner dashes"));
        } else if !seen.insert(name) {
            found.push(format!("{list}: two are called `{name}`: give each its own name"));
        }
    }
    found
}
