//! Webhook configuration: the API server can trust what it calls (caBundle), and somebody is there to answer. Whether the answers are any good shows
//! when an object is applied; the apply of each object tries again while its webhook does not answer.

use super::around::Around;
use super::judgement::Judgement;
use serde_json::Value;

pub fn judge(object: &Value, around: &dyn Around) -> Judgement {
    for webhook in object["webhooks"].as_array().into_iter().flatten() {
        let name = webhook["name"].as_str().unwrap_or_default();
        // one that is called by URL may have a certificate that everybody trusts
        let service = &webhook["clientConfig"]["service"];
        if !service.is_object() {
            continue;
        }
        if webhook["clientConfig"]["caBundle"].as_str().is_none_or(str::is_empty) {
            return Judgement::InProgress(format!("webhook {name} has no caBundle yet, so no call to it is trusted"));
        }
        let part = |name: &str| service[name].as_str().unwrap_or_default();
        if around.ready_endpoints(part("namespace"), part("name")) == Some(0) {
            return Judgement::InProgress(format!("webhook {name}: Service {}/{} has no ready endpoint", part("namespace"), part("name")));
        }
    }
    Judgement::Ready
}

#[cfg(test)]
mod tests {
    use super::super::Nothing;
    use super::*;
    use serde_json::json;

    struct Ready(usize);

    impl Around for Ready {
        fn ready_endpoints(&self, namespace: &str, service: &str) -> Option<usize> {
            (namespace == "n" && service == "s").then_some(self.0)
        }
    }

    #[test]
    fn neither_untrusted_nor_unanswered() {
        let with = |bundle: Value| json!({"webhooks": [{"name": "w", "clientConfig": {"service": {"namespace": "n", "name": "s"}, "caBundle": bundle}}]});
        assert!(matches!(judge(&with(Value::Null), &Nothing), Judgement::InProgress(_)));
        assert_eq!(judge(&with("Zm9v".into()), &Nothing), Judgement::Ready);
        assert!(matches!(judge(&with("Zm9v".into()), &Ready(0)), Judgement::InProgress(_)));
        assert_eq!(judge(&with("Zm9v".into()), &Ready(1)), Judgement::Ready);
        assert_eq!(
            judge(&json!({"webhooks": [{"name": "w", "clientConfig": {"url": "https://example.org"}}]}), &Ready(0)),
            Judgement::Ready
        );
    }
}
