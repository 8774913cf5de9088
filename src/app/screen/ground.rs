//! What looks at a lab stand on: its stack as it was last brought up, and a connection to its cluster, for as long as anybody looks and the lab is
//! the same one.

use crate::adapters::kube::{connect, identity};
use crate::app::context::Context;
use crate::app::exit::Failure;
use crate::cluster::Cluster;
use crate::engine::step::StepError;
use crate::insight::look::{Looker, Owners};
use crate::steps::{Connected, Setup};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// How often is asked whether the lab is still the same one.
const EVERY: Duration = Duration::from_secs(3);

/// The ground that is shared, while anybody holds it.
#[derive(Clone)]
pub struct Grounds {
    context: Arc<Context>,
    there: Arc<Mutex<Weak<Ground>>>,
}

impl Grounds {
    /// Nothing is read yet.
    pub fn new(context: Arc<Context>) -> Self {
        Self { context, there: Arc::default() }
    }

    /// The shared one, made if nobody holds one of the lab as it is now.
    pub async fn shared(&self) -> Result<Arc<Ground>, Failure> {
        let mut there = self.there.lock().await;
        if let Some(ground) = there.upgrade().filter(|ground| !ground.gone.is_cancelled()) {
            return Ok(ground);
        }
        let made = Ground::make(&self.context).await?;
        *there = Arc::downgrade(&made);
        Ok(made)
    }

    /// One that nobody else has.
    pub async fn own(&self) -> Result<Arc<Ground>, Failure> {
        Ground::make(&self.context).await
    }
}

/// A lab as it was read, and the way to its cluster.
pub struct Ground {
    setup: Arc<Setup>,
    connected: Connected,
    looker: Looker,
    gone: CancellationToken,
    _watched: AbortOnDropHandle<()>,
}

impl Ground {
    async fn make(context: &Arc<Context>) -> Result<Arc<Self>, Failure> {
        let of = context.clone();
        // it renders charts
        let setup = tokio::task::spawn_blocking(move || of.setup(None, false)).await;
        let setup = setup.map_err(|broke| Failure::new("LAB-BUG", broke.to_string()))??;
        let mark = Mark::of(context, &setup).await;
        let connected = setup.connect().await?;
        let mut owners = Owners::default();
        for rendered in &setup.rendered {
            owners.add(&rendered.name, &rendered.namespace, &rendered.objects);
        }
        let looker = Looker::new(connected.cluster.clone(), connected.prober.clone(), owners);
        let gone = CancellationToken::new();
        let watched = tokio::spawn(until_another(context.clone(), setup.clone(), mark, gone.clone()));
        Ok(Arc::new(Self { setup, connected, looker, gone, _watched: AbortOnDropHandle::new(watched) }))
    }

    /// The lab.
    pub fn setup(&self) -> Arc<Setup> {
        self.setup.clone()
    }

    /// Its cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.connected.cluster
    }

    /// Looks at it.
    pub fn looker(&self) -> &Looker {
        &self.looker
    }

    /// Looks at it through a connection of its own, whose watches end with what is asked through it.
    pub async fn looker_apart(&self) -> Result<Looker, Failure> {
        let kube = connect(&self.setup.kind.kubeconfig, Some(&self.setup.context())).await.map_err(StepError::from)?;
        let cluster = Arc::new(Cluster::new(kube, &self.setup.lab.name));
        Ok(Looker::new(cluster, self.connected.prober.clone(), Owners::default()))
    }

    /// Ends when the lab has become another one: brought up from another stack, made anew, or taken down.
    pub async fn gone(&self) {
        self.gone.cancelled().await;
    }
}

/// What tells one lab from another of the same name.
#[derive(PartialEq, Eq)]
struct Mark {
    remembered: Option<Vec<u8>>,
    cluster: Option<String>,
}

impl Mark {
    async fn of(context: &Context, setup: &Setup) -> Self {
        let remembered = tokio::fs::read(context.folder().join("lab.json")).await.ok();
        Self { remembered, cluster: identity(&setup.kind.kubeconfig, &setup.context()).await.ok() }
    }
}

async fn until_another(context: Arc<Context>, setup: Arc<Setup>, mark: Mark, gone: CancellationToken) {
    loop {
        tokio::time::sleep(EVERY).await;
        if Mark::of(&context, &setup).await != mark {
            gone.cancel();
            return;
        }
    }
}
