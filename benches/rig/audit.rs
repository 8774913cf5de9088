//! What an API server was asked, from its audit log.

use super::Outcome;
use labctl::adapters::kube::Kube;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// One request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` …
    pub verb: String,
    /// Path and query.
    pub uri: String,
    pub agent: String,
    /// The HTTP status; 0 while a watch is open.
    pub code: u64,
    pub received: OffsetDateTime,
}

impl Asked {
    /// By labctl, whatever process.
    pub fn ours(&self) -> bool {
        self.agent.starts_with("labctl/")
    }

    /// Whether it stored something or could have. A dry run stores nothing.
    pub fn writes(&self) -> bool {
        !matches!(self.verb.as_str(), "get" | "list" | "watch") && !self.uri.contains("dryRun=All")
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.uri.split('?').next().unwrap_or(&self.uri)
    }
}

/// Reads an audit log from a moment on.
#[derive(Debug)]
pub struct Audit {
    path: PathBuf,
    from: u64,
}

impl Audit {
    /// From now on. A request that was answered before is not seen.
    pub async fn begin(path: PathBuf, kube: &Kube) -> Outcome<Self> {
        let mut audit = Self { path, from: 0 };
        audit.from = audit.mark(kube).await?.1;
        Ok(audit)
    }

    /// Everything answered since the beginning or the last call, in the order of answers.
    pub async fn take(&mut self, kube: &Kube) -> Outcome<Vec<Asked>> {
        let (text, end) = self.mark(kube).await?;
        self.from = end;
        let mut index: HashMap<String, usize> = HashMap::new();
        let mut all: Vec<Asked> = Vec::new();
        for line in text.lines() {
            // the server may be killed in the middle of a line
            let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
            let word = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            if word("requestURI").starts_with(MARK) {
                continue;
            }
            let code = event["responseStatus"]["code"].as_u64().unwrap_or(0);
            if let Some(known) = index.get(&word("auditID")) {
                // a watch is told when it starts and when it ends
                all[*known].code = code;
            } else {
                index.insert(word("auditID"), all.len());
                all.push(Asked {
                    verb: word("verb"),
                    uri: word("requestURI"),
                    agent: word("userAgent"),
                    code,
                    received: OffsetDateTime::parse(&word("requestReceivedTimestamp"), &Rfc3339)?,
                });
            }
        }
        Ok(all)
    }

    /// Asks for something that stands out and waits until it is in the log: what was answered before is then in it too. Gives the whole lines
    /// since the last mark and where they end.
    async fn mark(&self, kube: &Kube) -> Outcome<(String, u64)> {
        let mark = format!("{MARK}{:016x}", rand::random::<u64>());
        kube.get_text(&mark).await?;
        let started = tokio::time::Instant::now();
        while !self.lines()?.contains(&mark) {
            if started.elapsed() > Duration::from_secs(10) {
                return Err(format!("the audit log {} does not show a request of ours", self.path.display()).into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // an answer is sent a moment before its line is written, and lines of parallel requests overtake each other
        tokio::time::sleep(Duration::from_millis(50)).await;
        let text = self.lines()?;
        let end = self.from + text.len() as u64;
        Ok((text, end))
    }

    fn lines(&self) -> Outcome<String> {
        let mut file = std::fs::File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1));
        Ok(String::from_utf8(bytes)?)
    }
}

/// Answered by every API server at little cost.
const MARK: &str = "/version?rig-mark=";
