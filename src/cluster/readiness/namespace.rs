//! Namespace: active, and with the ServiceAccount that pods get when they name none.

use super::around::Around;
use super::judgement::Judgement;
use serde_json::Value;

pub fn judge(object: &Value, around: &dyn Around) -> Judgement {
    match object["status"]["phase"].as_str() {
        Some("Active") => {}
        Some("Terminating") => return Judgement::Terminating("its objects are being deleted".to_owned()),
        Some(phase) => return Judgement::InProgress(format!("it is {phase}")),
        None => return Judgement::InProgress("it has no phase yet".to_owned()),
    }
    match object["metadata"]["name"].as_str().map(|name| around.has_default_account(name)) {
        Some(Some(false)) => Judgement::InProgress("it has no default service account yet".to_owned()),
        _ => Judgement::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Nothing;
    use super::*;
    use serde_json::json;

    struct Account(bool);

    impl Around for Account {
        fn has_default_account(&self, _namespace: &str) -> Option<bool> {
            Some(self.0)
        }
    }

    #[test]
    fn terminating_is_not_ready() {
        assert_eq!(judge(&json!({"status": {"phase": "Active"}}), &Nothing), Judgement::Ready);
        assert!(matches!(judge(&json!({"status": {"phase": "Terminating"}}), &Nothing), Judgement::Terminating(_)));
    }

    #[test]
    fn pods_need_an_account() {
        let namespace = json!({"metadata": {"name": "n"}, "status": {"phase": "Active"}});
        assert!(matches!(judge(&namespace, &Account(false)), Judgement::InProgress(_)));
        assert_eq!(judge(&namespace, &Account(true)), Judgement::Ready);
    }
}
