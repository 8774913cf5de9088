//! How whatever holds a check is written: every type of check one optional key beside keys of its own, exactly one of them set, so that unknown keys
//! stay errors. Made by a macro, because serde's `flatten` would let unknown keys pass.

/// A struct with the given fields and one for each type of check, with `only` (the one that is set) and `looking_at` (the way back).
macro_rules! written_check {
    ($(#[$outer:meta])* struct $name:ident { $($(#[$inner:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$outer])*
        struct $name {
            $($(#[$inner])* $field: $type,)*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            http: Option<$crate::model::check::HttpCheck>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            prom: Option<$crate::model::check::PromCheck>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            loki: Option<$crate::model::check::LokiCheck>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            trace: Option<$crate::model::check::TraceCheck>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            queue: Option<$crate::model::check::QueueCheck>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            alert: Option<$crate::model::check::AlertCheck>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            k8s: Option<$crate::model::check::K8sCheck>,
        }

        impl $name {
            fn only(self, name: &str) -> Result<$crate::model::check::What, $crate::model::check::CheckError> {
                use $crate::model::check::What;
                $crate::model::check::only(
                    name,
                    [
                        self.http.map(What::Http),
                        self.prom.map(What::Prom),
                        self.loki.map(What::Loki),
                        self.trace.map(What::Trace),
                        self.queue.map(What::Queue),
                        self.alert.map(What::Alert),
                        self.k8s.map(What::K8s),
                    ],
                )
            }

            fn looking_at(what: $crate::model::check::What) -> Self {
                use $crate::model::check::What;
                let mut item = Self::default();
                match what {
                    What::Http(what) => item.http = Some(what),
                    What::Prom(what) => item.prom = Some(what),
                    What::Loki(what) => item.loki = Some(what),
                    What::Trace(what) => item.trace = Some(what),
                    What::Queue(what) => item.queue = Some(what),
                    What::Alert(what) => item.alert = Some(what),
                    What::K8s(what) => item.k8s = Some(what),
                }
                item
            }
        }
    };
}

pub(crate) use written_check;
