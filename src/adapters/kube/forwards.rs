//! The forwards of a run, shared: each Service port is opened once, however many checks ask for it.

use super::forward::{Forward, ForwardError};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Where the Service is.
    pub namespace: String,
    /// Its name.
    pub service: String,
    /// A port of the Service, not of a pod.
    pub port: u16,
}

/// A pool; clones share it. All forwards are closed when the last clone (and what was handed out) is dropped.
#[derive(Clone)]
pub struct Forwards {
    client: kube::Client,
    open: Arc<Mutex<HashMap<Key, Slot>>>,
}

/// Filled by the first who asks; others wait for that one.
type Slot = Arc<OnceCell<Arc<Forward>>>;

impl std::fmt::Debug for Forwards {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forwards").finish_non_exhaustive()
    }
}

impl Forwards {
    /// An empty pool for one cluster.
    pub fn new(client: kube::Client) -> Self {
        Self { client, open: Arc::default() }
    }

    /// The forward to a Service port, opened when there is none yet. A failure is not kept: the next who asks tries again.
    pub async fn get(&self, key: &Key) -> Result<Arc<Forward>, ForwardError> {
        let slot = Arc::clone(self.open.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default());
        let open = || async { Forward::open(self.client.clone(), &key.namespace, &key.service, key.port).await.map(Arc::new) };
        slot.get_or_try_init(open).await.cloned()
    }

    /// Names an address at which a Service port can be reached without a forward: a port mapped to the host, say.
    pub fn pin(&self, key: Key, address: SocketAddr) {
        let slot = Arc::new(OnceCell::new_with(Some(Arc::new(Forward::to(address)))));
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(key, slot);
    }
}
