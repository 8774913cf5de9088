//! One look: what was asked, what was seen, how that is judged.

use super::lookup::{EndpointRef, Lookup, Scope};
use crate::adapters::kube::{Forward, Forwards, Objects};
use crate::model::check::Op;
use crate::model::run::{At, Figure, Health, Limit};
use crate::support::http::Http;
use serde_json::Value;
use std::sync::Arc;

/// What one look saw.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub health: Health,
    /// One short sentence.
    pub says: String,
    /// The number, where there is one.
    pub figure: Option<Figure>,
    /// What later checks may use.
    pub captured: Vec<(String, Value)>,
    /// Looking again cannot change it: the check or the lab is made so.
    pub settled: bool,
}

impl Seen {
    fn new(health: Health, seen: impl Into<String>) -> Self {
        Self { health, says: seen.into(), figure: None, captured: Vec::new(), settled: false }
    }

    pub(super) fn pass(seen: impl Into<String>) -> Self {
        Self::new(Health::Pass, seen)
    }

    pub(super) fn fail(seen: impl Into<String>) -> Self {
        Self::new(Health::Fail, seen)
    }

    pub(super) fn no_data(seen: impl Into<String>) -> Self {
        Self::new(Health::NoData, seen)
    }

    /// Nothing to judge, now or later.
    pub(super) fn never(seen: impl Into<String>) -> Self {
        Self { settled: true, ..Self::new(Health::NoData, seen) }
    }

    pub(super) fn judged(holds: bool, seen: impl Into<String>) -> Self {
        Self::new(if holds { Health::Pass } else { Health::Fail }, seen)
    }

    pub(super) fn with_value(self, value: f64) -> Self {
        Self { figure: value.is_finite().then_some(Figure { value, limit: None, unit: None }), ..self }
    }

    /// What the number was held against.
    pub(super) fn held_against(self, op: Op, limit: f64, unit: Option<String>) -> Self {
        let limit = Some(Limit { op, value: limit });
        Self { figure: self.figure.map(|figure| Figure { limit, unit, ..figure }), ..self }
    }
}

/// What is done once per check, however often it looks: what was written stays written.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// When the line was pushed or the alert posted.
    pub written: Option<At>,
}

/// What a look may use.
pub(super) struct Around<'a> {
    pub http: &'a Http,
    pub forwards: &'a Forwards,
    pub objects: &'a Objects,
    pub lookup: &'a Lookup,
    pub scope: &'a Scope,
    /// The random word of this run of the list.
    pub nonce: &'a str,
}

/// An open way to an endpoint.
#[derive(Debug)]
pub struct Way {
    /// `http://127.0.0.1:40123`.
    pub base: String,
    forward: Arc<Forward>,
}

impl Way {
    /// Opens one, or joins one that is open; the sentence says why there is none.
    pub(super) async fn open(forwards: &Forwards, endpoint: &EndpointRef) -> Result<Self, String> {
        let forward = forwards.get(&endpoint.key()).await.map_err(|error| error.to_string())?;
        Ok(Self { base: format!("http://{}", forward.address()), forward })
    }

    /// The sentence for a failure on this way: what the forward knows says more than a closed connection.
    pub fn why(&self, error: &dyn std::error::Error) -> String {
        self.forward.trouble().unwrap_or_else(|| error.to_string())
    }
}

impl Around<'_> {
    /// A way to an endpoint; the sentence says why there is none.
    pub(super) async fn way(&self, endpoint: &EndpointRef) -> Result<Way, String> {
        Way::open(self.forwards, endpoint).await
    }

    /// The way to a backend, or what to say when the lab has none or it cannot be reached.
    pub(super) async fn backend(&self, endpoint: Option<&EndpointRef>, what: &str) -> Result<Way, Seen> {
        let endpoint = endpoint.ok_or_else(|| Seen::never(format!("this lab has no component that provides {what}")))?;
        self.way(endpoint).await.map_err(Seen::no_data)
    }

    /// An endpoint by name, or what to say when nobody has it.
    pub(super) fn endpoint(&self, name: &str) -> Result<&EndpointRef, Seen> {
        self.lookup.endpoint(&self.scope.component, name).ok_or_else(|| {
            let full = if name.contains('/') { name.to_owned() } else { format!("{}/{name}", self.scope.component) };
            Seen::never(format!("this lab has no endpoint {full}"))
        })
    }
}

/// This moment. Backends are asked for what happened up to it.
pub(super) fn now() -> At {
    At(time::OffsetDateTime::now_utc())
}

/// The last hour, and a little of the next minutes because clocks differ.
pub(super) fn last_hour() -> (At, At) {
    let At(now) = now();
    (At(now - time::Duration::HOUR), At(now + time::Duration::minutes(5)))
}

/// A query or text short enough for a sentence.
pub(super) fn brief(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= 70 { text } else { text.chars().take(69).chain(['…']).collect() }
}
