//! Images that cannot be pulled, told apart by what helps.

use super::cause::{Cause, Scene, name_of};
use super::table::{self, Kind};
use crate::cluster::object::ObjectRef;
use serde_json::Value;
use std::collections::BTreeSet;

pub fn of_container(pod: &Value, reference: &ObjectRef, status: &Value, scene: &Scene<'_>) -> Option<Cause> {
    let waiting = &status["state"]["waiting"];
    let reason = waiting["reason"].as_str()?;
    if !matches!(
        reason,
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" | "ImageInspectError" | "RegistryUnavailable"
    ) {
        return None;
    }
    let image = status["image"].as_str().unwrap_or("its image");
    let told = waiting["message"].as_str().unwrap_or_default();
    // while backing off the container only says so; the pull's own error is in the event
    let event = scene
        .said("Pod", &reference.name, &["Failed"])
        .into_iter()
        .find(|message| message.contains("ull image") && message.contains(image));
    let text = event.filter(|_| reason == "ImagePullBackOff" || told.is_empty()).unwrap_or(told);
    let text = without_layers(text);
    let kind = sort(reason, &text.to_lowercase());
    Some(kind.of_pod(reference, &name_of(pod), text, &[("image", image)]))
}

/// Kubelet and containerd each say again which image they could not pull; what went wrong comes last, and would be cut off.
fn without_layers(mut text: &str) -> &str {
    const LAYERS: [&str; 4] =
        ["rpc error: code = ", "Failed to pull image ", "failed to pull and unpack image ", "failed to resolve reference "];
    while let Some(rest) = LAYERS.iter().find_map(|layer| text.strip_prefix(layer)) {
        let end = if rest.starts_with('"') { "\": " } else { " = " };
        let Some((_, inner)) = rest.split_once(end) else { break };
        text = inner;
    }
    text
}

/// Images that nodes are pulling for these pods right now: of each image, the newest word is that its pull has begun.
pub fn being_pulled(scene: &Scene<'_>) -> BTreeSet<String> {
    let waits = |status: &Value| status["state"]["waiting"].is_object();
    let mut found = BTreeSet::new();
    for pod in scene.pods {
        let statuses = |key: &str| pod["status"][key].as_array().map(Vec::as_slice).unwrap_or_default();
        if !statuses("initContainerStatuses").iter().chain(statuses("containerStatuses")).any(waits) {
            continue;
        }
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let mut told = BTreeSet::new();
        for message in scene.said("Pod", name, &["Pulling", "Pulled", "Failed", "BackOff"]) {
            let Some(image) = message.split('"').nth(1) else { continue };
            if told.insert(image) && message.starts_with("Pulling image") {
                found.insert(image.to_owned());
            }
        }
    }
    found
}

fn sort(reason: &str, text: &str) -> &'static Kind {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if reason == "InvalidImageName" {
        &table::IMAGE_NAME
    } else if reason == "ErrImageNeverPull" {
        &table::IMAGE_NEVER
    } else if says(&["toomanyrequests", "429", "rate limit"]) {
        &table::IMAGE_RATE_LIMIT
    } else if says(&["unauthorized", "401", "403", "denied", "authorization failed", "no basic auth"])
        && !says(&["does not exist or may require"])
    {
        &table::IMAGE_UNAUTHORIZED
    } else if says(&["not found", "manifest unknown", "manifest_unknown", "does not exist", "name unknown", "404", "no match for platform"])
    {
        &table::IMAGE_MISSING
    } else if says(&["x509", "certificate"]) {
        &table::IMAGE_UNTRUSTED
    } else {
        &table::IMAGE_UNREACHABLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_image_is_being_pulled_from_the_word_that_it_begins_to_the_next_word_about_it() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"},
            "status": {"containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "ContainerCreating"}}}]}});
        let event = |at: u32, reason: &str, message: &str| {
            json!({"involvedObject": {"kind": "Pod", "name": "p"}, "reason": reason, "message": message,
                "lastTimestamp": format!("2026-11-21T10:00:{at:02}Z")})
        };
        let events = [
            event(1, "Pulling", "Pulling image \"a:1\""),
            event(2, "Pulling", "Pulling image \"b:1\""),
            event(3, "Pulled", "Successfully pulled image \"b:1\" in 1s (1s including waiting). Image size: 7 bytes."),
            event(4, "Pulling", "Pulling image \"d:1\""),
            event(5, "Failed", "Failed to pull image \"d:1\": not found"),
        ];
        let reference = ObjectRef::of(&pod).unwrap();
        let scene = Scene { pods: &[&pod], events: &events.iter().collect::<Vec<_>>(), ..Scene::of(&reference, &pod) };
        assert_eq!(being_pulled(&scene).into_iter().collect::<Vec<_>>(), ["a:1"]);
    }

    #[track_caller]
    fn check(reason: &str, message: &str, event: Option<&str>, id: &str) {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}});
        let reference = ObjectRef::of(&pod).unwrap();
        let event = json!({"involvedObject": {"kind": "Pod", "name": "p"}, "reason": "Failed", "message": event.unwrap_or_default()});
        let scene = Scene { pods: &[&pod], events: &[&event], ..Scene::of(&reference, &pod) };
        let status = json!({"name": "c", "image": "docker.io/x/y:1", "state": {"waiting": {"reason": reason, "message": message}}});
        let cause = of_container(&pod, &reference, &status, &scene).unwrap();
        assert_eq!(cause.id, id, "{}", cause.sentence);
        assert!(cause.sentence.contains("n/p") && cause.sentence.contains("docker.io/x/y:1"));
    }

    #[test]
    fn table() {
        check(
            "ErrImagePull",
            "rpc error: code = NotFound desc = failed to resolve reference \"docker.io/x/y:1\": not found",
            None,
            "LAB-IMAGE-002",
        );
        check(
            "ImagePullBackOff",
            "Back-off pulling image \"docker.io/x/y:1\"",
            Some("Failed to pull image \"docker.io/x/y:1\": pull access denied, repository does not exist or may require authorization"),
            "LAB-IMAGE-002",
        );
        let layers = r#"failed to pull and unpack image "docker.io/x/y:1": failed to resolve reference "docker.io/x/y:1": "#;
        for before in ["rpc error: code = Unknown desc = ", "Failed to pull image \"docker.io/x/y:1\": "] {
            assert_eq!(without_layers(&format!("{before}{layers}failed to do request: EOF")), "failed to do request: EOF");
        }
        assert_eq!(without_layers("failed to resolve reference"), "failed to resolve reference");
        check("ErrImagePull", "unexpected status from GET request: 401 Unauthorized", None, "LAB-IMAGE-003");
        check("ErrImagePull", "429 Too Many Requests - toomanyrequests: You have reached your pull rate limit", None, "LAB-IMAGE-004");
        check("ErrImagePull", "dial tcp: lookup registry on 127.0.0.11:53: no such host", None, "LAB-IMAGE-005");
        check("ErrImagePull", "tls: failed to verify certificate: x509: unknown authority", None, "LAB-IMAGE-006");
        check("ErrImageNeverPull", "Container image is not present with pull policy of Never", None, "LAB-IMAGE-008");
        check("InvalidImageName", "couldn't parse image name", None, "LAB-IMAGE-007");
    }
}
