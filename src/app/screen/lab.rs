//! What a running lab is asked for while a person looks at it: one subscription for each question of the screen in front, and no other.

use super::ground::{Ground, Grounds};
use crate::app::context::Context;
use crate::app::exit::Failure;
use crate::app::{reach, runs, show, status};
use crate::cluster::ObjectRef;
use crate::engine::step::StepError;
use crate::insight::look::{Pace, Subscription, poll};
use crate::model::look::{Act, Answer, EndpointRow, Query, Snapshot, Target};
use crate::steps::Setup;
use crate::tui::News;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
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
    grounds: Grounds,
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
        Self { grounds: Grounds::new(context.clone()), context, to, held: BTreeMap::new() }
    }

    /// Asks these questions from now on, and no others. Those that were asked already go on as they are.
    pub fn want(&mut self, queries: &[Query]) {
        self.held.retain(|query, _| queries.contains(query));
        for query in queries {
            if !self.held.contains_key(query) {
                let work = answer(self.context.clone(), self.grounds.clone(), query.clone(), self.to.clone());
                self.held.insert(query.clone(), AbortOnDropHandle::new(tokio::spawn(work)));
            }
        }
    }

    /// Does what a person said yes to; one line of what came of it.
    pub fn act(&self, act: Act) -> impl Future<Output = Result<String, Failure>> + Send + 'static {
        let (context, grounds) = (self.context.clone(), self.grounds.clone());
        async move {
            show::writable(&context, "restart, scale and end")?;
            let ground = grounds.shared().await?;
            let cluster = ground.cluster();
            let reference = |target: &Target| ObjectRef {
                api_version: "apps/v1".to_owned(),
                kind: target.kind.name().to_owned(),
                namespace: Some(target.namespace.clone()),
                name: target.name.clone(),
            };
            let (done, said) = match &act {
                Act::DeletePod { namespace, name, .. } => {
                    (cluster.end_pod(namespace, name).await, format!("pod {namespace}/{name} is being ended"))
                }
                Act::Restart { target, .. } => {
                    (cluster.restart(&reference(target), runs::now().0).await, format!("{target} is being restarted"))
                }
                Act::Scale { target, from, to, .. } => {
                    (cluster.scale(&reference(target), *from, *to).await, format!("{target} is being scaled from {from} to {to}"))
                }
            };
            done.map_err(StepError::from)?;
            Ok(said)
        }
    }
}

/// Answers one question until it is dropped. What stands in the way is said, and tried again; so it is when the lab has become another one.
async fn answer(context: Arc<Context>, grounds: Grounds, query: Query, to: mpsc::Sender<Snapshot>) {
    loop {
        match begin(&context, &grounds, &query, &to).await {
            Ok((ground, _subscription)) => ground.gone().await,
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

/// Questions whose answers start watches of their own get a connection of their own, so that those end with the question.
async fn begin(
    context: &Arc<Context>,
    grounds: &Grounds,
    query: &Query,
    to: &mpsc::Sender<Snapshot>,
) -> Result<(Arc<Ground>, Option<Subscription>), Failure> {
    Ok(match query {
        Query::Health => {
            let ground = grounds.own().await?;
            let held = health(context, &ground, to.clone());
            (ground, Some(held))
        }
        Query::Endpoints => {
            let ground = grounds.shared().await?;
            let held = endpoints(context, &ground, to.clone());
            (ground, Some(held))
        }
        Query::Causes(_) => {
            let ground = grounds.shared().await?;
            let held = ground.looker_apart().await?.subscribe(query.clone(), to.clone());
            (ground, held)
        }
        _ => {
            let ground = grounds.shared().await?;
            let held = ground.looker().subscribe(query.clone(), to.clone());
            (ground, held)
        }
    })
}

fn health(context: &Arc<Context>, ground: &Arc<Ground>, to: mpsc::Sender<Snapshot>) -> Subscription {
    let (context, setup) = (context.clone(), ground.setup());
    poll(Query::Health, HEALTH, to, move || {
        let (context, setup) = (context.clone(), setup.clone());
        async move {
            status::of(&context, &setup, false).await.map(|status| Answer::Health(Box::new(status))).map_err(|failure| failure.message)
        }
    })
}

fn endpoints(context: &Arc<Context>, ground: &Arc<Ground>, to: mpsc::Sender<Snapshot>) -> Subscription {
    let (context, setup) = (context.clone(), ground.setup());
    poll(Query::Endpoints, ENDPOINTS, to, move || {
        let (context, setup) = (context.clone(), setup.clone());
        async move { rows(&context, &setup).map(Answer::Endpoints).map_err(|failure| failure.message) }
    })
}

fn rows(context: &Context, setup: &Setup) -> Result<Vec<EndpointRow>, Failure> {
    let urls = reach::urls(setup, context.state()?.gateway_port);
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
