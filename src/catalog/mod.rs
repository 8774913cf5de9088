//! Finds what a lab can be made of: the copies inside the binary, a folder laid over them, `extends`, parameters; renders components to objects.

mod alerts;
mod apps;
mod bundle;
mod charts;
mod error;
mod files;
mod gamedays;
mod hooks;
mod load;
mod order;
mod render;
mod runbooks;
mod scenarios;
pub mod yaml;

pub use alerts::{AlertRule, alert_rules};
pub use apps::{AppError, app_sources};
pub use bundle::{Images, OpenBundle};
pub use charts::{ChartObjects, ChartRequest, apis_of, chart_objects, charts};
pub use error::CatalogError;
pub use files::Files;
pub use gamedays::{gameday, gameday_names};
pub use hooks::{HOOKS, Hook, LeftOut, PHASE, hooks_page};
pub use load::{Lab, Part, component, component_names, lab, lab_adjusted, stack_names};
pub use order::order;
pub use render::{Rendered, plain_objects, render};
pub use runbooks::{runbook, runbook_names};
pub use scenarios::{Found, scenario, scenario_names};
