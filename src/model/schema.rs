//! JSON Schemas of what is read and written.

use schemars::{JsonSchema, SchemaGenerator};

/// The schema of `T`, as draft 2020-12.
pub fn of<T: JsonSchema>() -> serde_json::Value {
    SchemaGenerator::default().into_root_schema_for::<T>().to_value()
}
