//! What waits for what among the objects of one turn: edges, not barriers, so that one unlucky object delays only those that need it.

use super::object::ObjectRef;
use super::waves::Wave;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_util::sync::CancellationToken;

/// Opens when the last object behind it is done.
#[derive(Debug)]
struct Gate {
    left: AtomicUsize,
    open: CancellationToken,
}

/// Stage and namespace; what has no namespace is read by all.
type Behind = (usize, Option<String>);

/// One gate for each stage and namespace that has objects.
#[derive(Debug)]
pub struct Gates {
    gates: BTreeMap<Behind, Gate>,
    all: CancellationToken,
}

impl Gates {
    pub fn of<'o>(objects: impl Iterator<Item = &'o ObjectRef>) -> Self {
        let all = CancellationToken::new();
        let mut gates: BTreeMap<Behind, Gate> = BTreeMap::new();
        for object in objects {
            let gate = gates.entry(behind(object)).or_insert_with(|| Gate { left: AtomicUsize::new(0), open: all.child_token() });
            *gate.left.get_mut() += 1;
        }
        Self { gates, all }
    }

    /// Waits until everything is done that `object` needs: all of what others live in; for workloads the configuration and services of their
    /// namespace and what has no namespace; for custom resources and webhooks everything else.
    pub async fn pass(&self, object: &ObjectRef) {
        let (stage, namespace) = behind(object);
        let needed = self.gates.iter().filter(|((before, place), _)| {
            let reads = stage == Wave::LAST || *before == 0 || place.is_none() || *place == namespace;
            *before < stage && reads
        });
        for (_, gate) in needed {
            gate.open.cancelled().await;
        }
    }

    /// `object` is done.
    pub fn done(&self, object: &ObjectRef) {
        if let Some(gate) = self.gates.get(&behind(object))
            && gate.left.fetch_sub(1, Ordering::AcqRel) == 1
        {
            gate.open.cancel();
        }
    }

    /// Lets everybody through: nothing more comes, and nobody may wait for it.
    pub fn give_up(&self) {
        self.all.cancel();
    }
}

fn behind(object: &ObjectRef) -> Behind {
    (Wave::of(object).stage(), object.namespace.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    fn object(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> ObjectRef {
        ObjectRef { api_version: api_version.into(), kind: kind.into(), namespace: namespace.map(str::to_owned), name: name.into() }
    }

    fn passes(gates: &Gates, object: &ObjectRef) -> bool {
        gates.pass(object).now_or_never().is_some()
    }

    #[test]
    fn a_workload_waits_for_its_own_namespace_and_for_what_has_none() {
        let role = object("rbac.authorization.k8s.io/v1", "ClusterRole", None, "r");
        let [own, others] = ["a", "b"].map(|namespace| object("v1", "ConfigMap", Some(namespace), "c"));
        let [service, workload] = [("v1", "Service"), ("apps/v1", "Deployment")].map(|(group, kind)| object(group, kind, Some("a"), "x"));
        let gates = Gates::of([&role, &own, &others, &service, &workload].into_iter());
        assert!(passes(&gates, &own) && passes(&gates, &role) && passes(&gates, &service));
        for needed in [&role, &own, &service] {
            assert!(!passes(&gates, &workload), "{needed} is not done");
            gates.done(needed);
        }
        assert!(passes(&gates, &workload), "the other namespace is none of its business");
    }

    #[test]
    fn a_webhook_waits_for_everything_and_namespaces_for_nothing() {
        let namespace = object("v1", "Namespace", None, "a");
        let config = object("v1", "ConfigMap", Some("a"), "c");
        let workload = object("apps/v1", "Deployment", Some("a"), "x");
        let webhook = object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", None, "w");
        let gates = Gates::of([&namespace, &config, &workload, &webhook].into_iter());
        assert!(passes(&gates, &namespace));
        assert!(!passes(&gates, &config));
        for needed in [&namespace, &config, &workload] {
            assert!(!passes(&gates, &webhook), "{needed} is not done");
            gates.done(needed);
        }
        assert!(passes(&gates, &webhook));
    }

    #[test]
    fn nobody_waits_for_what_was_given_up() {
        let [config, workload] = [("v1", "ConfigMap"), ("apps/v1", "Deployment")].map(|(group, kind)| object(group, kind, Some("a"), "x"));
        let gates = Gates::of([&config, &workload].into_iter());
        gates.give_up();
        assert!(passes(&gates, &workload));
    }
}
