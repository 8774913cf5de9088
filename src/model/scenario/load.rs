//! Load: who is asked what, how often, for how long, and what must hold of the answers.

use crate::model::check::{CheckError, Method};
use crate::model::units::HumanDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Load beside the faults, or without any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Load {
    /// How long it lasts; with `stages` their sum, if it is not written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<HumanDuration>,
    /// How long it flows before the first fault is made.
    #[serde(default = "ten_seconds")]
    pub start_before: HumanDuration,
    /// By k6.
    pub k6: K6Load,
}

fn ten_seconds() -> HumanDuration {
    HumanDuration::from_secs(10)
}

impl Load {
    /// How long it lasts.
    pub fn lasts(&self) -> HumanDuration {
        self.duration.unwrap_or_else(|| {
            HumanDuration::from_secs(self.k6.stages.iter().map(|stage| stage.duration.get().as_secs()).fold(0, u64::saturating_add))
        })
    }
}

/// What k6 does: a script of one's own, or labctl's, which sends `requests` one after the other, again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct K6Load {
    /// Who is asked, with its component: `app-python/http`. It is reached as people reach it, through the lab's gateway; a script finds the address in
    /// `__ENV.BASE_URL`.
    pub endpoint: String,
    /// A k6 script, seen from the folder of this file. It is run as it is, with its own options, thresholds and `handleSummary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// What labctl's own script asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<LoadRequest>,
    /// So many rounds of requests begin in a unit of time, however long the answers take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Virtual users: with a rate at most so many at once; without one, so many that each ask again as soon as they have their answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vus: Option<u32>,
    /// One rate after the other, reached evenly in the time of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<LoadStage>,
    /// k6's own thresholds by metric: `http_req_duration: ["p(95)<300"]`. Each is a claim of the scenario.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thresholds: BTreeMap<String, Vec<String>>,
    /// Variables for a script, in `__ENV`; never secrets, which do not belong into files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

/// One request of a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadRequest {
    /// `GET` when left out.
    #[serde(default)]
    pub method: Method,
    /// Begins with `/`; may use what an earlier request of the round captured (`@{id}`), and `@{nonce}`, a word that no other round has.
    pub path: String,
    /// Sent as the body; may use the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The status that must come back.
    #[serde(default = "ok")]
    pub status: u16,
    /// What later requests of the round may use as `@{name}`, by JSON pointer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub capture: BTreeMap<String, String>,
}

fn ok() -> u16 {
    200
}

/// A stretch of time at whose end a rate is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadStage {
    /// The rate at its end.
    pub rate: Rate,
    /// How long it takes.
    pub duration: HumanDuration,
}

/// So many rounds in a second or a minute: `20/s`, `90/m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how many seconds: 1 or 60.
    pub seconds: u32,
}

impl FromStr for Rate {
    type Err = CheckError;

    fn from_str(text: &str) -> Result<Self, CheckError> {
        let bad = || CheckError::Value(format!("`{text}` is no rate: write it like 20/s or 90/m"));
        let (count, unit) = text.split_once('/').ok_or_else(bad)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            _ => return Err(bad()),
        };
        let count = count.parse().ok().filter(|count| (1..=100_000).contains(count)).ok_or_else(bad)?;
        Ok(Self { count, seconds })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, if self.seconds == 60 { "m" } else { "s" })
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[1-9][0-9]*/(s|m)$",
            "description": "so many in a second or a minute: 20/s, 90/m"
        })
    }
}

impl fmt::Display for K6Load {
    /// In a few words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.stages.iter().map(|stage| stage.rate).max_by_key(|rate| rate.count.saturating_mul(60) / rate.seconds);
        match (&self.script, self.rate, most, self.vus) {
            (Some(script), ..) => write!(f, "k6 {script} against {}", self.endpoint),
            (None, Some(rate), ..) => write!(f, "{rate} against {}", self.endpoint),
            (None, None, Some(most), _) => write!(f, "up to {most} against {}", self.endpoint),
            (None, None, None, vus) => write!(f, "{} users against {}", vus.unwrap_or(1), self.endpoint),
        }
    }
}

impl K6Load {
    /// Everything wrong with it, as sentences that say where it stands.
    pub fn problems(&self, place: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut wrong = |text: String| found.push(format!("{place}: {text}"));
        if !self.endpoint.contains('/') {
            wrong(format!("endpoint `{}` needs its component: COMPONENT/{}", self.endpoint, self.endpoint));
        }
        match (&self.script, self.requests.is_empty()) {
            (Some(_), false) => wrong("a script decides itself what it asks: leave `requests` out".to_owned()),
            (None, true) => wrong("nothing is asked: write `requests`, or a `script`".to_owned()),
            _ => {}
        }
        let paced = self.rate.is_some() || self.vus.is_some() || !self.stages.is_empty();
        if self.script.is_some() && (paced || !self.thresholds.is_empty()) {
            wrong("rate, vus, stages and thresholds of a script belong into its own `options`".to_owned());
        }
        if self.script.is_none() && !paced {
            wrong("how much is not said: write `rate`, `stages` or `vus`".to_owned());
        }
        if self.rate.is_some() && !self.stages.is_empty() {
            wrong("`rate` and `stages` both say how much: use one".to_owned());
        }
        if self.vus == Some(0) {
            wrong("`vus: 0` asks nothing: use 1 or more".to_owned());
        }
        if self.stages.iter().any(|stage| stage.duration.get().is_zero()) {
            wrong("a stage of 0s cannot reach its rate".to_owned());
        }
        let mut known: Vec<&str> = vec!["nonce"];
        for request in &self.requests {
            if !request.path.starts_with('/') {
                wrong(format!("path `{}` begins with /", request.path));
            }
            if !(100..600).contains(&request.status) {
                wrong(format!("{} is not an HTTP status", request.status));
            }
            let body = request.json.as_ref().map(ToString::to_string).unwrap_or_default();
            for name in [request.path.as_str(), body.as_str()].into_iter().flat_map(references) {
                if !known.contains(&name) {
                    wrong(format!("@{{{name}}} is not known here: no earlier request of the round captured it"));
                }
            }
            known.extend(request.capture.keys().map(String::as_str));
        }
        for (metric, claims) in &self.thresholds {
            if claims.is_empty() || claims.iter().any(|claim| claim.trim().is_empty()) {
                wrong(format!("the thresholds of {metric} claim nothing"));
            }
        }
        found
    }
}

/// The names in `@{…}`.
fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split("@{").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> K6Load {
        serde_saphyr::from_str(text).unwrap()
    }

    #[test]
    fn rates_are_read_with_their_unit_and_written_as_they_are_read() {
        for text in ["20/s", "90/m"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for bad in ["20", "0/s", "20/h", "-1/s", "1.5/s", "/s"] {
            assert!(bad.parse::<Rate>().unwrap_err().to_string().contains("20/s"), "{bad}");
        }
    }

    #[test]
    fn a_load_says_what_is_asked_and_how_much() {
        let good = "{endpoint: a/http, rate: 5/s, requests: [{path: /a, capture: {id: /id}}, {path: '/a/@{id}'}]}";
        assert_eq!(load(good).problems("load"), Vec::<String>::new());
        assert_eq!(load("{endpoint: a/http, script: own.js}").problems("load"), Vec::<String>::new());
        for (text, says) in [
            ("{endpoint: a, rate: 5/s, requests: [{path: /a}]}", "needs its component"),
            ("{endpoint: a/http, rate: 5/s}", "nothing is asked"),
            ("{endpoint: a/http, requests: [{path: /a}]}", "how much is not said"),
            ("{endpoint: a/http, script: own.js, rate: 5/s}", "belong into its own `options`"),
            ("{endpoint: a/http, script: own.js, requests: [{path: /a}]}", "leave `requests` out"),
            ("{endpoint: a/http, rate: 5/s, requests: [{path: '/a/@{id}'}]}", "@{id} is not known here"),
            ("{endpoint: a/http, vus: 0, requests: [{path: /a}]}", "asks nothing"),
        ] {
            let problems = load(text).problems("load").join("\n");
            assert!(problems.contains(says), "{text}: {problems}");
        }
    }
}
