//! PersistentVolumeClaim: bound. One whose class makes volumes for their first consumer only, and that no pod has asked for, is done too.

use super::around::Around;
use super::judgement::Judgement;
use serde_json::Value;

pub fn judge(object: &Value, around: &dyn Around) -> Judgement {
    match object["status"]["phase"].as_str() {
        Some("Bound") => Judgement::Ready,
        Some("Lost") => Judgement::Failed("its volume is lost".to_owned()),
        Some("Pending") if unasked(object, around) => Judgement::Ready,
        _ => Judgement::InProgress("no volume is bound yet".to_owned()),
    }
}

/// Whether nothing is to be made yet, since no pod that uses the claim was given a node.
pub(super) fn unasked(object: &Value, around: &dyn Around) -> bool {
    let late = around.binds_late(object["spec"]["storageClassName"].as_str()) == Some(true);
    late && object["metadata"]["annotations"]["volume.kubernetes.io/selected-node"].is_null()
}

#[cfg(test)]
mod tests {
    use super::super::Nothing;
    use super::*;
    use serde_json::json;

    struct Late;

    impl Around for Late {
        fn binds_late(&self, class: Option<&str>) -> Option<bool> {
            Some(class == Some("late"))
        }
    }

    #[test]
    fn bound_is_ready_and_lost_is_failed() {
        assert_eq!(judge(&json!({"status": {"phase": "Bound"}}), &Nothing), Judgement::Ready);
        assert!(matches!(judge(&json!({"status": {"phase": "Lost"}}), &Nothing), Judgement::Failed(_)));
        assert!(matches!(judge(&json!({}), &Nothing), Judgement::InProgress(_)));
    }

    #[test]
    fn a_claim_that_nobody_uses_yet_holds_nothing_up() {
        let mut claim = json!({"spec": {"storageClassName": "late"}, "status": {"phase": "Pending"}});
        assert!(matches!(judge(&claim, &Nothing), Judgement::InProgress(_)));
        assert_eq!(judge(&claim, &Late), Judgement::Ready);
        claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] = json!("node-1");
        assert!(matches!(judge(&claim, &Late), Judgement::InProgress(_)));
    }
}
