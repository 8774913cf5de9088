//! Ingress: it has an address, where its controller will ever get one to give.

use super::around::Around;
use super::judgement::Judgement;
use super::service::has_outer_address;
use serde_json::Value;

pub fn judge(object: &Value, around: &dyn Around) -> Judgement {
    if around.gives_addresses() == Some(true) && !has_outer_address(object) {
        return Judgement::InProgress("no controller has given it an address yet".to_owned());
    }
    Judgement::Ready
}

#[cfg(test)]
mod tests {
    use super::super::Nothing;
    use super::*;
    use serde_json::json;

    struct Gives;

    impl Around for Gives {
        fn gives_addresses(&self) -> Option<bool> {
            Some(true)
        }
    }

    #[test]
    fn an_address_counts_only_where_there_are_any() {
        assert_eq!(judge(&json!({"status": {"loadBalancer": {}}}), &Nothing), Judgement::Ready);
        assert!(matches!(judge(&json!({"status": {"loadBalancer": {}}}), &Gives), Judgement::InProgress(_)));
        assert_eq!(judge(&json!({"status": {"loadBalancer": {"ingress": [{"hostname": "lb.example.org"}]}}}), &Gives), Judgement::Ready);
    }
}
