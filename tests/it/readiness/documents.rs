//! The corpus: documents made by walking the state space, and documents recorded from real API servers.

use super::space;
use labctl::cluster::readiness::Around;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A status document, and what is known of the cluster around it.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it comes from; stable, so that verdicts of others can be kept by it.
    pub id: String,
    pub object: Value,
    pub around: Value,
}

/// The folder of the corpus.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readiness")
}

/// Every document, in a fixed order.
pub fn all() -> Vec<Document> {
    let mut documents = space::walk(&std::fs::read_to_string(folder().join("space.yaml")).unwrap());
    documents.extend(recorded());
    documents
}

/// Documents as API servers told them, one JSON object a line.
fn recorded() -> Vec<Document> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder().join("corpus")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut documents = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        for (at, line) in text.lines().enumerate() {
            let object = serde_json::from_str(line).unwrap_or_else(|error| panic!("{}:{}: {error}", file.display(), at + 1));
            documents.push(Document { id: format!("recorded {name}:{}", at + 1), object, around: Value::Null });
        }
    }
    documents
}

impl Document {
    /// Of the object, so that a kept verdict is known to be about this very document.
    pub fn checksum(&self) -> String {
        format!("{:08x}", crc32fast::hash(self.object.to_string().as_bytes()))
    }
}

/// What `around` of a document says, as the rules ask it.
pub struct Said<'d>(pub &'d Value);

impl Around for Said<'_> {
    fn gives_addresses(&self) -> Option<bool> {
        self.0["givesAddresses"].as_bool()
    }

    fn binds_late(&self, _class: Option<&str>) -> Option<bool> {
        self.0["bindsLate"].as_bool()
    }

    fn ready_endpoints(&self, _namespace: &str, _service: &str) -> Option<usize> {
        self.0["readyEndpoints"].as_u64().and_then(|count| usize::try_from(count).ok())
    }

    fn has_default_account(&self, _namespace: &str) -> Option<bool> {
        self.0["hasDefaultAccount"].as_bool()
    }

    fn serves(&self, _api_version: &str, _kind: &str) -> Option<bool> {
        self.0["serves"].as_bool()
    }

    fn awaits_status(&self, _object: &Value) -> Option<bool> {
        self.0["awaitsStatus"].as_bool()
    }
}
