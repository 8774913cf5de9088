//! Finds what a lab can be made of: the copies inside the binary, a folder laid over them, `extends`, parameters; renders components to objects.

mod apps;
mod bundle;
mod error;
mod files;
mod load;
mod order;
mod render;
mod yaml;

pub use apps::{AppError, app_sources};
pub use bundle::{Images, OpenBundle};
pub use error::CatalogError;
pub use files::Files;
pub use load::{Lab, Part, component, component_names, lab, stack_names};
pub use order::order;
pub use render::{Rendered, render};
