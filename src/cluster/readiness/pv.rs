//! PersistentVolume: free or bound. A released one belongs to a claim that is gone and takes no other.

use super::judgement::{Judgement, words};
use serde_json::Value;

pub fn judge(object: &Value) -> Judgement {
    match object["status"]["phase"].as_str() {
        Some("Available" | "Bound") => Judgement::Ready,
        Some("Failed") => Judgement::Failed(words(&object["status"])),
        Some("Released") => Judgement::InProgress("its old claim is gone, and it takes no other".to_owned()),
        _ => Judgement::InProgress("it has no phase yet".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn released_is_not_free() {
        let phase = |phase: &str| judge(&json!({"status": {"phase": phase}})).word();
        let got: Vec<_> = ["Available", "Bound", "Released", "Failed", "Pending"].map(phase).into();
        assert_eq!(got, ["ready", "ready", "waiting", "failed", "waiting"]);
    }
}
