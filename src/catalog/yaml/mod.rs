//! YAML, twice: strict types for labctl's own files, and manifests read exactly as kubectl reads them (docs/yaml.md).

mod documents;
mod error;
mod lists;
mod load;
mod scalar;
mod split;
mod typed;

pub use documents::{Duplicates, LIMITS, Limits, documents, read};
pub use error::{Problem, YamlError};
pub use typed::typed;
