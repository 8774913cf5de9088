//! The plan of `up`: which steps, what each waits for.

use super::archive::Archive;
use super::build::Build;
use super::cluster::Cluster;
use super::component::Component;
use super::engine_up::EngineUp;
use super::existing::Existing;
use super::mirror::Mirror;
use super::nodes::NodesReady;
use super::prefetch::Prefetch;
use super::pull::Pull;
use super::push::Push;
use super::registry::RegistryUp;
use super::setup::Setup;
use super::survey::Survey;
use crate::catalog::{CatalogError, OpenBundle, order};
use crate::engine::{Node, ResourceClass};
use crate::model::image::LockedImage;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long a component may take from its first write to its last check, image pulls not counted.
const COMPONENT: Duration = Duration::from_mins(10);
/// The longest that image pulls may add to it.
const PULLS: Duration = Duration::from_hours(1);
/// Where the images of the sample apps live: an ECR-shaped name that nodes are told to ask the lab's registry for.
const OWN_HOST: &str = "000000000000.dkr.ecr.";
/// What serves them when there is no bundle.
const UPSTREAM_REGISTRY: &str = "docker.io/library/registry:3";
const MINUTES_10: Duration = Duration::from_mins(10);
const MINUTES_2: Duration = Duration::from_mins(2);

/// What the cluster is made from when there is no bundle: the node image kind publishes for a version, by digest.
const UPSTREAM_NODES: &[(&str, &str, &str)] = &[
    ("1.37", "1.37.0", "kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"),
    ("1.36", "1.36.4", "kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed"),
    ("1.35", "1.35.8", "kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0"),
    ("1.34", "1.34.11", "kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d"),
];

/// Node image and Kubernetes version of a lab.
pub fn node_image(setup: &Setup) -> Result<(String, String), CatalogError> {
    let wanted = setup.lab.stack.cluster.kubernetes();
    if let Some(open) = setup.images.bundle() {
        let has = &open.bundle.kubernetes;
        if !has.starts_with(&format!("{wanted}.")) && has != wanted {
            return Err(CatalogError::Bundle {
                path: open.path.display().to_string(),
                message: format!(
                    "it holds Kubernetes {has}, the stack asks for {wanted}; set `cluster: {{kubernetes: \"{has}\"}}` in the stack"
                ),
            });
        }
        return Ok((open.bundle.node_image.reference(), has.clone()));
    }
    UPSTREAM_NODES
        .iter()
        .find(|(minor, ..)| *minor == wanted)
        .map(|(_, version, image)| ((*image).to_owned(), (*version).to_owned()))
        .ok_or_else(|| {
            let known: Vec<&str> = UPSTREAM_NODES.iter().map(|(minor, ..)| *minor).collect();
            CatalogError::Bundle {
                path: "stack".to_owned(),
                message: format!("cluster.kubernetes is {wanted}; this labctl knows node images for {}", known.join(", ")),
            }
        })
}

/// The steps that bring `setup` up.
pub fn up(setup: &Arc<Setup>) -> Result<Vec<Node>, CatalogError> {
    let names = order(&setup.lab)?;
    let (mut nodes, survey_needs) = if setup.is_existing() { (existing(setup), vec!["cluster"]) } else { kind_cluster(setup, &names)? };
    nodes.push(
        Node::new("survey", "What is in the cluster", Arc::new(Survey(setup.clone())))
            .group("cluster")
            .needs(survey_needs)
            .class(ResourceClass::Light)
            .deadline(MINUTES_2)
            .estimate_ms(500),
    );
    for name in &names {
        let Some(part) = setup.lab.parts.get(name) else { continue };
        let step = Component {
            setup: setup.clone(),
            name: name.clone(),
            ready: part.component.ready.clone(),
            proof: part.component.proof.clone(),
            deadline: COMPONENT,
        };
        let mut needs = vec!["survey".to_owned()];
        needs.extend(part.needs.iter().map(|need| format!("component/{need}")));
        if setup.images.bundle().is_none() && !setup.is_existing() {
            let own = part.component.images.iter().filter(|image| image.name.starts_with(OWN_HOST));
            needs.extend(own.map(|image| format!("build/{}", image.name.rsplit('/').next().unwrap_or_default())));
        }
        // `after` orders the list (and so who gets a CPU first), and is no edge: pods of one part start while the checks of another still wait
        let title = if part.component.metadata.title.is_empty() { name.clone() } else { part.component.metadata.title.clone() };
        nodes.push(
            Node::new(format!("component/{name}"), title, Arc::new(step))
                .group(part.component.metadata.group.clone())
                .needs(needs)
                .class(ResourceClass::Light)
                .deadline(COMPONENT + PULLS)
                .estimate_ms(15_000),
        );
    }
    Ok(nodes)
}

/// A cluster that is there already. Steps that need its nodes (prefetching, mirrors) are left out: its nodes pull as they are set up to.
fn existing(setup: &Arc<Setup>) -> Vec<Node> {
    vec![
        Node::new("cluster", "Cluster that is there already", Arc::new(Existing(setup.clone())))
            .group("cluster")
            .class(ResourceClass::Light)
            .deadline(MINUTES_2)
            .estimate_ms(100),
    ]
}

/// The engine, a kind cluster on it, and images on its nodes; also what must be done before anything is put into the cluster.
fn kind_cluster(setup: &Arc<Setup>, names: &[String]) -> Result<(Vec<Node>, Vec<&'static str>), CatalogError> {
    let (image, kubernetes) = node_image(setup)?;
    let mut nodes = vec![
        Node::new("engine", "Container engine", Arc::new(EngineUp(setup.clone())))
            .group("host")
            .class(ResourceClass::Light)
            .deadline(MINUTES_2)
            .estimate_ms(100),
    ];
    let images = used_images(setup, names);
    let (image_nodes, cluster_needs, mut survey_needs) = match setup.images.bundle() {
        Some(open) => from_bundle(setup, open, images),
        None => from_registries(setup, images),
    };
    nodes.extend(image_nodes);
    survey_needs.push("nodes");
    nodes.push(
        Node::new("cluster", "Cluster", Arc::new(Cluster { setup: setup.clone(), image, kubernetes }))
            .group("cluster")
            .needs(cluster_needs)
            .class(ResourceClass::Engine)
            .deadline(Duration::from_mins(15))
            .estimate_ms(22_000),
    );
    nodes.push(
        Node::new("nodes", "Nodes", Arc::new(NodesReady(setup.clone())))
            .group("cluster")
            .needs(["cluster"])
            .class(ResourceClass::Light)
            .deadline(Duration::from_mins(3))
            .estimate_ms(8_000),
    );
    Ok((nodes, survey_needs))
}

/// Every image of the lab once, those of the parts that come first in front.
fn used_images(setup: &Setup, names: &[String]) -> Vec<LockedImage> {
    let mut used: Vec<LockedImage> = Vec::new();
    for name in names {
        for image in setup.rendered.iter().filter(|rendered| &rendered.name == name).flat_map(|rendered| &rendered.images) {
            if !used.contains(image) {
                used.push(image.clone());
            }
        }
    }
    used
}

/// Steps, what the cluster needs of them, what the first objects need of them.
type ImageSteps = (Vec<Node>, Vec<&'static str>, Vec<&'static str>);

/// Every image comes from the bundle, through a registry on this host.
fn from_bundle(setup: &Arc<Setup>, open: &OpenBundle, images: Vec<LockedImage>) -> ImageSteps {
    let archive = |image| Archive { setup: setup.clone(), bundle: open.path.clone(), image };
    let bundle = &open.bundle;
    let push = Push { setup: setup.clone(), bundle: open.path.clone(), images: images.clone() };
    let nodes = vec![
        Node::new("image/node", "Node image", Arc::new(archive(bundle.node_image.clone())))
            .needs(["engine"])
            .class(ResourceClass::Engine)
            .deadline(MINUTES_10)
            .estimate_ms(10_000),
        Node::new("image/registry", "Registry image", Arc::new(archive(bundle.registry_image.clone())))
            .needs(["engine"])
            .class(ResourceClass::Engine)
            .deadline(MINUTES_10)
            .estimate_ms(1_000),
        registry(setup, bundle.registry_image.reference()),
        Node::new("images", "Images into the registry", Arc::new(push))
            .needs(["registry"])
            .class(ResourceClass::Network)
            .deadline(MINUTES_10)
            .estimate_ms(15_000),
        mirrors(setup, &images),
        Node::new("prefetch", "Images onto the nodes", Arc::new(Prefetch { setup: setup.clone(), images }))
            .needs(["images", "mirrors"])
            .class(ResourceClass::Network)
            .deadline(MINUTES_10)
            .estimate_ms(20_000),
    ];
    // pods may start as soon as their images can be pulled; the prefetch runs beside them
    (in_group("images", nodes), vec!["engine", "image/node"], vec!["images", "mirrors"])
}

/// Upstream images come from upstream; those of the sample apps are built here.
fn from_registries(setup: &Arc<Setup>, images: Vec<LockedImage>) -> ImageSteps {
    let (own, upstream): (Vec<_>, Vec<_>) = images.into_iter().partition(|image| image.name.starts_with(OWN_HOST));
    let prefetch = Node::new("prefetch", "Images onto the nodes", Arc::new(Prefetch { setup: setup.clone(), images: upstream }))
        .needs(["nodes"])
        .class(ResourceClass::Network)
        .deadline(MINUTES_10)
        .estimate_ms(60_000);
    if own.is_empty() {
        return (in_group("images", vec![prefetch]), vec!["engine"], Vec::new());
    }
    let mut nodes = vec![
        Node::new("image/registry", "Registry image", Arc::new(Pull { setup: setup.clone(), image: UPSTREAM_REGISTRY.to_owned() }))
            .needs(["engine"])
            .class(ResourceClass::Network)
            .deadline(MINUTES_10)
            .estimate_ms(10_000),
        registry(setup, UPSTREAM_REGISTRY.to_owned()),
        mirrors(setup, &own),
        prefetch,
    ];
    for image in own {
        let app = image.name.rsplit('/').next().unwrap_or_default().to_owned();
        let title = format!("Image of {app}");
        nodes.push(
            Node::new(format!("build/{app}"), title, Arc::new(Build { setup: setup.clone(), app, image }))
                .needs(["registry"])
                .class(ResourceClass::Host)
                .deadline(Duration::from_mins(25))
                .estimate_ms(60_000),
        );
    }
    (in_group("images", nodes), vec!["engine"], vec!["mirrors"])
}

fn in_group(group: &str, nodes: Vec<Node>) -> Vec<Node> {
    nodes.into_iter().map(|node| node.group(group)).collect()
}

fn registry(setup: &Arc<Setup>, image: String) -> Node {
    Node::new("registry", "Registry", Arc::new(RegistryUp { setup: setup.clone(), image }))
        .needs(["image/registry"])
        .class(ResourceClass::Engine)
        .deadline(MINUTES_2)
        .estimate_ms(1_500)
}

/// The hosts of `images` are served by the lab's registry.
fn mirrors(setup: &Arc<Setup>, images: &[LockedImage]) -> Node {
    let hosts: BTreeSet<String> = images.iter().filter_map(|image| image.name.split('/').next()).map(str::to_owned).collect();
    Node::new("mirrors", "Nodes pull through the registry", Arc::new(Mirror { setup: setup.clone(), hosts }))
        .needs(["registry", "cluster"])
        .class(ResourceClass::Engine)
        .deadline(MINUTES_2)
        .estimate_ms(1_000)
}
