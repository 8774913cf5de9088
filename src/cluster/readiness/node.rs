//! Node: its kubelet says Ready, and its network is there.

use super::judgement::{Judgement, condition, words};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    if let Some(network) = condition(object, "NetworkUnavailable").holds() {
        return Judgement::InProgress(words(network));
    }
    condition(object, "Ready").lacks("its kubelet has not reported yet").unwrap_or(Judgement::Ready)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_network_counts() {
        let node = |network: &str| json!({"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "NetworkUnavailable", "status": network, "reason": "NoRoute"}]}});
        assert_eq!(judge(&node("False")), Judgement::Ready);
        assert_eq!(judge(&node("True")), Judgement::InProgress("NoRoute".into()));
        assert!(matches!(judge(&json!({"status": {}})), Judgement::InProgress(_)));
    }
}
