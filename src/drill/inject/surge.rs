//! Backend `k6`: more load than there was. It lasts until all is taken back.

use super::Planned;
use crate::drill::ground::Drill;
use crate::drill::load;
use crate::model::scenario::{Inject, K6Load};

/// The process that the fault means.
pub fn plan(drill: &Drill, inject: &Inject, load: &K6Load) -> Result<Vec<Planned>, String> {
    load::reachable(drill, load)?;
    let (object, change) = load::planned(drill, &inject.name);
    let what = load::words(load, drill.scenario.max_duration);
    Ok(vec![Planned { object, uid: String::new(), resource_version: String::new(), what, change }])
}

/// What is seen of it now.
pub fn landed(drill: &Drill, one: &Planned) -> Result<String, String> {
    let running = one.change.process_name().and_then(|name| drill.loads.get(name)).ok_or("k6 is not at work")?;
    match (running.ended(), running.requests()) {
        (Some(ended), _) => Err(format!("k6 has ended already: {:?}", ended.exit)),
        (None, 0) => Err("no request has ended yet".to_owned()),
        (None, requests) => Ok(format!("{requests} requests have ended")),
    }
}
