//! Every kind of cause as data: its id, when it is found, its sentence, the way out, and how long waiting makes sense. docs/causes.md is made from it.

use super::cause::{Cause, Patience, short};
use crate::cluster::object::ObjectRef;
use std::time::Duration;

/// A kind of cause, with everything that does not depend on the object at hand.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Stable, such as `LAB-IMAGE-002`.
    pub id: &'static str,
    /// When it is found, in words.
    pub condition: &'static str,
    /// The sentence; names in braces are filled in.
    pub sentence: &'static str,
    /// The way out; names in braces are filled in.
    pub fix: &'static str,
    /// How long waiting still makes sense, unless the finder knows better.
    pub patience: Patience,
}

impl Kind {
    /// The part of docs/causes.md about it.
    pub fn page(&self) -> String {
        format!("docs/causes.md#{}", self.id.to_lowercase())
    }

    /// A cause of this kind. What `values` does not name stays out of the sentence.
    pub(super) fn cause(&self, object: &ObjectRef, values: &[(&str, &str)]) -> Cause {
        // in one pass, so that what a program logged is never taken for a name
        let fill = |text: &str| {
            let mut parts = text.split('{');
            let mut filled = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let (name, rest) = part.split_once('}').unwrap_or((part, ""));
                filled.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
                filled.push_str(rest);
            }
            filled
        };
        Cause {
            id: self.id,
            object: object.clone(),
            sentence: fill(self.sentence),
            fix: fill(self.fix),
            patience: self.patience,
            reported: None,
        }
    }

    /// The same, about a pod and with the last thing that was said of it.
    pub(super) fn of_pod(&self, object: &ObjectRef, pod: &str, said: &str, more: &[(&str, &str)]) -> Cause {
        let said = short(said);
        let mut values = vec![("pod", pod), ("said", said.as_str())];
        values.extend_from_slice(more);
        self.cause(object, &values)
    }
}

/// Two kubelet tries lie further apart than this, so it is not one unlucky answer.
const TWICE: Patience = Patience::After(Duration::from_secs(10));
/// A ConfigMap or Secret may be a moment behind the pod that reads it.
const CONFIG: Patience = Patience::After(Duration::from_secs(30));
/// kind has no autoscaler: what does not fit, is refused or has no class now will be so later, unless something changes.
const STAYS: Patience = Patience::After(Duration::from_secs(20));
/// The kubelet takes its time between restarts.
const CRASHING: Patience = Patience::After(Duration::from_secs(90));

macro_rules! kinds {
    ($($name:ident $id:literal $condition:literal $sentence:literal $fix:literal $patience:expr;)*) => {
        $(pub(super) const $name: Kind = Kind { id: $id, condition: $condition, sentence: $sentence, fix: $fix, patience: $patience };)*

        /// All kinds of causes.
        pub const KINDS: &[Kind] = &[$($name),*];
    };
}

kinds! {
    IMAGE_MISSING "LAB-IMAGE-002"
        "the registry says that it has no such image, tag or platform (manifest unknown, not found, 404)"
        "Pod {pod} cannot start: image {image} does not exist in its registry: {said}"
        "check name and tag (and platform); where no registry is reached, see that the bundle holds it"
        TWICE;
    IMAGE_UNAUTHORIZED "LAB-IMAGE-003"
        "the registry refuses the pull (401, 403, denied)"
        "Pod {pod} cannot start: image {image} needs credentials that are missing or wrong: {said}"
        "check the image's name and add an imagePullSecret for its registry"
        TWICE;
    IMAGE_RATE_LIMIT "LAB-IMAGE-004"
        "the registry answers 429 or speaks of a rate limit"
        "Pod {pod} cannot start: image {image} is held back by the registry's rate limit: {said}"
        "log in to the registry, wait, or bring the image with a bundle"
        Patience::After(Duration::from_mins(2));
    IMAGE_UNREACHABLE "LAB-IMAGE-005"
        "the pull fails for any other reason, such as a name that does not resolve or a connection that is refused"
        "Pod {pod} cannot start: image {image} cannot be fetched (it is tried again): {said}"
        "check that the nodes reach the registry: DNS, proxy, mirror"
        Patience::Hold;
    IMAGE_UNTRUSTED "LAB-IMAGE-006"
        "the pull fails over an x509 certificate"
        "Pod {pod} cannot start: image {image} comes from a registry whose certificate the node does not trust: {said}"
        "add the registry's CA to the nodes, or use a mirror"
        TWICE;
    IMAGE_NAME "LAB-IMAGE-007"
        "the kubelet says InvalidImageName"
        "Pod {pod} cannot start: image {image} has a name that is not valid: {said}"
        "correct the image's name"
        Patience::Now;
    IMAGE_NEVER "LAB-IMAGE-008"
        "the kubelet says ErrImageNeverPull"
        "Pod {pod} cannot start: image {image} is not on the node and may not be pulled: {said}"
        "load the image into the cluster, or change imagePullPolicy"
        Patience::Now;
    CRASH "LAB-CRASH-001"
        "a container ended and is not ready: with an error, or again and again; hopeless after more than 3 restarts"
        "Pod {pod}: container {container} ended with exit code {code}, {restarts} restarts; it said: {said}"
        "{meaning}read its log: {command}"
        CRASHING;
    CRASH_WAITS "LAB-CRASH-002"
        "the same, and its last lines are about something it cannot reach: restarting is how it waits"
        "Pod {pod}: container {container} ended with exit code {code}, {restarts} restarts; it said: {said}"
        "something it talks to is not up yet; if that stays so, look there first"
        Patience::Hold;
    OUT_OF_MEMORY "LAB-CRASH-003"
        "a container ended with reason OOMKilled; hopeless after 3 restarts"
        "Pod {pod}: container {container} was killed for using more than its memory limit{limit} ({restarts} restarts)"
        "raise resources.limits.memory of the container, or make it use less"
        Patience::Hold;
    READINESS "LAB-PROBE-001"
        "a container runs and is not ready, and an Unhealthy event tells of its readiness or startup probe"
        "Pod {pod}: container {container} runs but is not ready: {said}"
        "see what the container logs, and that the probe asks the right port and path"
        Patience::Hold;
    LIVENESS "LAB-PROBE-002"
        "a Killing event tells that a container failed its liveness or startup probe, and it is not ready; hopeless after more than 3 restarts"
        "Pod {pod}: container {container} is killed for failing its {probe} probe ({restarts} restarts): {said}"
        "see that the probe asks the right port and path, and gives the container enough time to start (startupProbe)"
        CRASHING;
    CANNOT_START "LAB-START-001"
        "the kubelet says CreateContainerError or RunContainerError, or CreateContainerConfigError of another kind"
        "Pod {pod}: container {container} cannot be started: {said}"
        "check command, working directory, user and mounts of the container"
        CONFIG;
    CONFIG_MISSING "LAB-CONFIG-001"
        "a container or a volume refers to a ConfigMap or Secret that is not found"
        "Pod {pod} cannot start: {who} needs a {kind} that is not there: {said}"
        "create the {kind}, or correct its name"
        CONFIG;
    CONFIG_KEY "LAB-CONFIG-002"
        "a container or a volume refers to a key that its ConfigMap or Secret does not have"
        "Pod {pod} cannot start: {who} needs a {kind} key that is not in it: {said}"
        "add the key to the {kind}, or correct its name"
        CONFIG;
    UNSCHEDULABLE "LAB-SCHEDULE-001"
        "the scheduler says that no node takes the pod; nodes and claims that are still coming up are waited for"
        "Pod {pod} fits on no node{asks}: {said}{room}"
        "{step}"
        STAYS;
    NO_VOLUME "LAB-VOLUME-001"
        "a claim of a pod is not bound, and an event tells why; hopeless only where its storage class does not exist"
        "PersistentVolumeClaim {claim} of pod {pod} gets no volume: {said}"
        "{step}"
        Patience::Hold;
    NO_NETWORK "LAB-NETWORK-001"
        "a FailedCreatePodSandBox event"
        "Pod {pod} gets no network: {said}"
        "look at the network plugin's pods in kube-system"
        Patience::Hold;
    JOB_FAILED "LAB-JOB-001"
        "a Job has the condition Failed"
        "{object} failed: {said} ({reason}){last}"
        "read the log of its pods, correct the cause, then delete the Job and run again"
        Patience::Now;
    OUT_OF_TIME "LAB-ROLLOUT-001"
        "a Deployment's Progressing condition says ProgressDeadlineExceeded"
        "{object} made no progress: {said}"
        "look at its pods; raise progressDeadlineSeconds if it is only slow"
        Patience::Now;
    QUOTA "LAB-QUOTA-001"
        "a controller's pods are refused with `exceeded quota`"
        "{object} gets no pods, the namespace's quota is used up{by}: {said}"
        "raise the quota or lower the requests"
        STAYS;
    WEBHOOK_DOWN "LAB-WEBHOOK-001"
        "a controller's pods are refused with `failed calling webhook`"
        "{object} gets no pods, an admission webhook cannot be reached: {said}"
        "look at the webhook's pods; they may still be coming up"
        Patience::Hold;
    NO_ACCOUNT "LAB-ACCOUNT-001"
        "a controller's pods are refused since their service account is not found"
        "{object} gets no pods, its service account is not there: {said}"
        "create the ServiceAccount, or correct its name"
        STAYS;
    POD_SECURITY "LAB-SECURITY-001"
        "a controller's pods are refused by pod security admission"
        "{object} gets no pods, the namespace's pod security level forbids it: {said}"
        "change the pod, or the namespace's label"
        STAYS;
    PODS_REFUSED "LAB-PODS-001"
        "a controller's pods are refused for any other reason"
        "{object} gets no pods, the API server refuses them: {said}"
        "change what the message names"
        STAYS;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_different_and_sentences_say_what_was_said() {
        let ids: BTreeSet<&str> = KINDS.iter().map(|kind| kind.id).collect();
        assert_eq!(ids.len(), KINDS.len());
        for kind in KINDS {
            assert!(kind.sentence.contains("{said}") || kind.id == OUT_OF_MEMORY.id, "{}", kind.id);
            assert!(!kind.condition.is_empty() && !kind.fix.is_empty(), "{}", kind.id);
        }
        let pod = ObjectRef { api_version: "v1".into(), kind: "Pod".into(), namespace: Some("n".into()), name: "p".into() };
        let cause = CRASH.of_pod(&pod, "n/p", "bad template {code}", &[("container", "c"), ("code", "1"), ("restarts", "2")]);
        assert_eq!(cause.sentence, "Pod n/p: container c ended with exit code 1, 2 restarts; it said: bad template {code}");
        assert_eq!(IMAGE_MISSING.page(), "docs/causes.md#lab-image-002");
    }
}
