//! What a running lab is asked for while a person looks at it: one subscription for each question of the screen in front, and no other.

use crate::app::context::Context;
use crate::app::exit::Failure;
use crate::app::{reach, runs, status};
use crate::cluster::{Cluster, ObjectRef};
use crate::engine::step::StepError;
use crate::insight::look::{Looker, Owners, Pace, poll};
use crate::model::look::{Act, Answer, EndpointRow, Query, Snapshot, Target};
use crate::steps::Setup;
use crate::tui::News;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OnceCell, mpsc};
use tokio_util::task::AbortOnDropHandle;

/// Every check of every component is looked at, so not too often.
const HEALTH: Pace = Pace { every: Duration::from_secs(20), deadline: Duration::from_secs(40) };
const ENDPOINTS: Pace = Pace { every: Duration::from_secs(30), deadline: Duration::from_secs(10) };
/// Until the lab's files and its kubeconfig are read again after they could not be.
const AGAIN: Duration = Duration::from_secs(3);
/// Answers that wait to become news.
const WAITING: usize = 8;

/// Looks at the lab that is meant.
pub struct Looks {
    context: Arc<Context>,
    to: mpsc::Sender<Snapshot>,
    held: BTreeMap<Query, AbortOnDropHandle<()>>,
    /// Made when the cluster is first asked something, once for all.
    looker: Arc<OnceCell<Eyes>>,
}

/// A connection of one's own, so that what is watched for a look ends with it.
struct Eyes {
    looker: Looker,
    cluster: Arc<Cluster>,
}

impl Looks {
    /// Nothing is asked yet; answers become news.
    pub fn new(context: Arc<Context>, say: mpsc::Sender<News>) -> Self {
        let (to, mut answers) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            while let Some(snapshot) = answers.recv().await {
                if say.send(News::Seen(Box::new(snapshot))).await.is_err() {
                    return;
                }
            }
        });
        Self { context, to, held: BTreeMap::new(), looker: Arc::default() }
    }

    /// Asks these questions from now on, and no others. Those that were asked already go on as they are.
    pub fn want(&mut self, queries: &[Query]) {
        self.held.retain(|query, _| queries.contains(query));
        if queries.is_empty() {
            // the next look makes a new connection, to whatever cluster is there then
            self.looker = Arc::default();
        }
        for query in queries {
            if !self.held.contains_key(query) {
                let work = answer(self.context.clone(), self.looker.clone(), query.clone(), self.to.clone());
                self.held.insert(query.clone(), AbortOnDropHandle::new(tokio::spawn(work)));
            }
        }
    }

    /// Does what a person said yes to; one line of what came of it.
    pub fn act(&self, act: Act) -> impl Future<Output = Result<String, Failure>> + Send + 'static {
        let (context, looker) = (self.context.clone(), self.looker.clone());
        async move {
            crate::app::show::writable(&context, "restart, scale and end")?;
            let eyes = looker.get_or_try_init(|| open(&context)).await?;
            let reference = |target: &Target| ObjectRef {
                api_version: "apps/v1".to_owned(),
                kind: target.kind.name().to_owned(),
                namespace: Some(target.namespace.clone()),
                name: target.name.clone(),
            };
            let (done, said) = match &act {
                Act::DeletePod { namespace, name, .. } => {
                    (eyes.cluster.end_pod(namespace, name).await, format!("pod {namespace}/{name} is being ended"))
                }
                Act::Restart { target, .. } => {
                    (eyes.cluster.restart(&reference(target), runs::now().0).await, format!("{target} is being restarted"))
                }
                Act::Scale { target, from, to, .. } => {
                    (eyes.cluster.scale(&reference(target), *from, *to).await, format!("{target} is being scaled from {from} to {to}"))
                }
            };
            done.map_err(StepError::from)?;
            Ok(said)
        }
    }
}

/// Answers one question until it is dropped. What stands in the way is said, and tried again.
async fn answer(context: Arc<Context>, looker: Arc<OnceCell<Eyes>>, query: Query, to: mpsc::Sender<Snapshot>) {
    loop {
        let begun = match query {
            Query::Health => context.setup(None, false).map(|setup| Some(health(&context, setup, to.clone()))),
            Query::Endpoints => Ok(Some(endpoints(&context, to.clone()))),
            _ => looker.get_or_try_init(|| open(&context)).await.map(|eyes| eyes.looker.subscribe(query.clone(), to.clone())),
        };
        match begun {
            Ok(_held) => return std::future::pending().await,
            Err(failure) => {
                let snapshot = Snapshot { at: runs::now(), query: query.clone(), answer: Err(failure.message) };
                if to.send(snapshot).await.is_err() {
                    return;
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

async fn open(context: &Context) -> Result<Eyes, Failure> {
    let setup = context.setup(None, false)?;
    let connected = setup.connect().await?;
    let mut owners = Owners::default();
    for rendered in &setup.rendered {
        owners.add(&rendered.name, &rendered.namespace, &rendered.objects);
    }
    let looker = Looker::new(connected.cluster.clone(), connected.prober.clone(), owners);
    Ok(Eyes { looker, cluster: connected.cluster })
}

/// With a connection of its own: its waits keep watches, which are to end with it.
fn health(context: &Arc<Context>, setup: Arc<Setup>, to: mpsc::Sender<Snapshot>) -> crate::insight::look::Subscription {
    let context = context.clone();
    poll(Query::Health, HEALTH, to, move || {
        let (context, setup) = (context.clone(), setup.clone());
        async move {
            status::of(&context, &setup, false).await.map(|status| Answer::Health(Box::new(status))).map_err(|failure| failure.message)
        }
    })
}

fn endpoints(context: &Arc<Context>, to: mpsc::Sender<Snapshot>) -> crate::insight::look::Subscription {
    let context = context.clone();
    poll(Query::Endpoints, ENDPOINTS, to, move || {
        let context = context.clone();
        async move { rows(&context).map(Answer::Endpoints).map_err(|failure| failure.message) }
    })
}

fn rows(context: &Context) -> Result<Vec<EndpointRow>, Failure> {
    let setup = context.setup(None, false)?;
    let urls = reach::urls(&setup, context.state()?.gateway_port);
    let mut rows = Vec::new();
    for (name, part) in &setup.lab.parts {
        let public = part.component.endpoints.iter().position(|endpoint| endpoint.public);
        for (at, endpoint) in part.component.endpoints.iter().enumerate() {
            rows.push(EndpointRow {
                component: name.clone(),
                name: endpoint.name.clone(),
                service: format!("{}/{}:{}", part.component.namespace, endpoint.service, endpoint.port),
                url: urls.iter().find(|url| Some(at) == public && url.component == *name).map(|url| url.url.clone()),
            });
        }
    }
    Ok(rows)
}
