//! What load needs of the lab, and the loads that are at work.

use crate::adapters::k6::{K6, Running};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The name of the load that is no fault.
pub const LOAD: &str = "load";

/// Where the files of a load go, within the folder of the run.
pub fn folder(name: &str) -> String {
    if name == LOAD { "k6".to_owned() } else { format!("k6/{name}") }
}

/// Where an endpoint is reached from outside, as people do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its name, which the gateway goes by: `app-python.lab.localhost`.
    pub host: String,
    /// The gateway's port on this host.
    pub port: u16,
    /// Where it is in the cluster.
    pub namespace: String,
}

/// What load is made with, and on whom it can be put.
#[derive(Debug, Clone)]
pub struct Tool {
    /// k6.
    pub k6: K6,
    /// By `component/endpoint`: those that the gateway leads to.
    pub addresses: BTreeMap<String, Address>,
}

/// Loads at work, by name.
#[derive(Debug, Default)]
pub struct Loads(Mutex<BTreeMap<String, Arc<Running>>>);

impl Loads {
    /// One more.
    pub fn add(&self, name: &str, running: Arc<Running>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), running);
    }

    /// The load of this name.
    pub fn get(&self, name: &str) -> Option<Arc<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Takes one out: whoever has it judges it.
    pub fn take(&self, name: &str) -> Option<Arc<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name)
    }

    /// Names of those at work.
    pub fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}
