//! What every verb starts from: folders, files, terminal, and the lab that is meant.

use super::charts;
use super::exit::Failure;
use super::show;
use crate::adapters::docker::Engine;
use crate::adapters::helm::{self, Helm};
use crate::adapters::k6::{self, K6};
use crate::adapters::kind::{self, Kind};
use crate::catalog::{self, Files, Images, Lab, OpenBundle};
use crate::cli::{self, DEFAULT_LAB, Global, StackArgs};
use crate::model::component::SecretKey;
use crate::model::run::RunId;
use crate::model::stack::{Adjusted, Size};
use crate::steps::{LabState, Setup};
use crate::support::digest::sha256_file;
use crate::support::files;
use crate::support::holder::Holder;
use crate::support::lock::{self, LabLock, LockError};
use crate::support::paths::Paths;
use rand::Rng;
use serde_json::json;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What every verb starts from.
#[derive(Debug)]
pub struct Context {
    pub global: Global,
    pub paths: Paths,
    pub files: Files,
    pub terminal: Terminal,
    /// `LABCTL_BUNDLE`, for those who were not given a bundle on a command line of their own.
    pub bundle: Option<PathBuf>,
}

/// What is known of those who read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent fact of the environment")]
pub struct Terminal {
    pub out: bool,
    pub err: bool,
    pub input: bool,
    pub ci: bool,
    pub dumb: bool,
    pub no_color: bool,
}

/// What is used when nothing says otherwise. `standard` takes its place when it is complete.
const DEFAULT_STACK: &str = "lite";

impl Context {
    /// Reads the environment, once.
    pub fn new(global: Global) -> Self {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let terminal = Terminal {
            out: std::io::stdout().is_terminal(),
            err: std::io::stderr().is_terminal(),
            input: std::io::stdin().is_terminal(),
            ci: var("CI").is_some_and(|value| value != "false" && value != "0"),
            dumb: var("TERM").is_none_or(|term| term == "dumb"),
            no_color: var("NO_COLOR").is_some(),
        };
        Self {
            paths: Paths::from(var),
            files: Files::new(global.dir.clone()),
            global,
            terminal,
            bundle: var("LABCTL_BUNDLE").map(PathBuf::from),
        }
    }

    /// `labctl attach` as it is to be typed for this lab.
    pub fn typed(&self, verb: &str) -> String {
        if self.global.lab == DEFAULT_LAB { format!("labctl {verb}") } else { format!("labctl {verb} --lab {}", self.global.lab) }
    }

    /// The folder of the lab that is meant.
    pub fn folder(&self) -> PathBuf {
        self.paths.lab(&self.global.lab)
    }

    /// What is remembered of the lab that is meant.
    pub fn state(&self) -> Result<LabState, Failure> {
        Ok(files::read_json(&self.folder().join("lab.json"))?)
    }

    /// The lab as `which` says it, else as it was last brought up. `make_secrets` also makes the passwords it lacks.
    pub fn setup(&self, which: Option<&StackArgs>, make_secrets: bool) -> Result<Arc<Setup>, Failure> {
        let mut state = self.state()?;
        let bundle = self.bundle_of(which, &state);
        let images = match bundle.clone() {
            Some(path) => Images::Bundle(Box::new(OpenBundle::open(&path)?)),
            None => Images::lock(&self.files)?,
        };
        let stack = self.stack_of(which, &state, images.bundle());
        let adjusted = adjusted(which, &stack, &state);
        let lab = catalog::lab_adjusted(&self.files, &stack, &self.global.lab, &adjusted)?;
        catalog::order(&lab)?;
        let charts = match self.charts(&lab, &images) {
            // who only looks or takes down must not need Helm
            Err(failure) if which.is_none() => {
                show::err(&format!(
                    "warning: the charts of this lab cannot be rendered, so their objects are not shown: {}\n",
                    failure.message
                ));
                lab.parts.keys().map(|name| (name.clone(), String::new())).collect()
            }
            charts => charts?,
        };
        let mut rendered = catalog::render(&self.files, &lab, &images, &charts)?;
        let mut made = false;
        for part in &mut rendered {
            let Some(component) = lab.parts.get(&part.name).map(|part| &part.component) else { continue };
            for secret in &component.secrets {
                let kept = state.secrets.entry(format!("{}/{}", component.namespace, secret.name)).or_default();
                for (key, how) in &secret.keys {
                    if !kept.contains_key(key) {
                        kept.insert(key.clone(), make(how));
                        made = true;
                    }
                }
                part.objects.push(json!({
                    "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                    "metadata": {"name": secret.name, "namespace": component.namespace},
                    "stringData": kept,
                }));
            }
        }
        if make_secrets && (made || state.stack.as_ref() != Some(&stack) || state.bundle != bundle || state.adjusted != adjusted) {
            state.stack = Some(stack);
            state.adjusted = adjusted;
            state.bundle = bundle;
            files::write_json(&self.folder().join("lab.json"), &state)?;
        }
        let docker_host = std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty());
        Ok(Arc::new(Setup {
            kind: self.kind(images.bundle())?,
            engine: Engine::connect(docker_host.as_deref())?,
            folder: self.folder(),
            cluster: self.global.lab.clone(),
            lab,
            images,
            rendered,
            shared: tokio::sync::Mutex::default(),
        }))
    }

    /// The stack the lab was last made from, else the default.
    pub fn stack_in_use(&self) -> Result<String, Failure> {
        let state = self.state()?;
        let bundle = self.bundle_of(None, &state).map(|path| OpenBundle::open(&path)).transpose()?;
        Ok(self.stack_of(None, &state, bundle.as_ref()))
    }

    /// The bundle that is given, else the one the lab was last made with, else the environment's.
    fn bundle_of(&self, which: Option<&StackArgs>, state: &LabState) -> Option<PathBuf> {
        let given = which.and_then(|which| which.bundle.clone());
        let remembered = || state.bundle.clone().filter(|path| path.exists());
        given.or_else(remembered).or_else(|| self.bundle.clone()).map(|path| absolute(&path))
    }

    /// The stack that is named, else ./lab.yaml (for who brings up), else what the lab was last made from, else the one the bundle was made for.
    fn stack_of(&self, which: Option<&StackArgs>, state: &LabState, bundle: Option<&OpenBundle>) -> String {
        if let Some(named) = which.and_then(|which| which.stack.clone()) {
            let is_file = named.contains('/') || Path::new(&named).extension().is_some_and(|end| end == "yaml" || end == "yml");
            return if is_file { absolute(Path::new(&named)).display().to_string() } else { named };
        }
        let own = Path::new("lab.yaml");
        if which.is_some() && own.is_file() {
            return absolute(own).display().to_string();
        }
        let of_bundle = || bundle.map(|open| open.bundle.name.clone()).filter(|name| catalog::stack_names(&self.files).contains(name));
        state.stack.clone().or_else(of_bundle).unwrap_or_else(|| DEFAULT_STACK.to_owned())
    }

    /// This process, as others shall find it in locks.
    pub fn holder(verb: &str, run: &RunId) -> Holder {
        Holder::this_process(verb, &run.0, |name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// Takes the lab's lock on this host, waiting for another labctl for at most `wait`.
    pub async fn lock(&self, holder: &Holder, wait: Option<Duration>) -> Result<LabLock, LockError> {
        let began = Instant::now();
        let mut told = false;
        loop {
            match lock::take(&self.folder(), &holder.to_string()) {
                Err(LockError::Held { holder }) if wait.is_some_and(|wait| began.elapsed() < wait) => {
                    if !told {
                        show::err(&format!("waiting for another labctl to end: {holder}\n"));
                        told = true;
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                other => return other,
            }
        }
    }

    /// What the charts of `lab` render to, by component.
    fn charts(&self, lab: &Lab, images: &Images) -> Result<BTreeMap<String, String>, Failure> {
        if lab.parts.values().all(|part| part.component.source.chart.is_none()) {
            return Ok(BTreeMap::new());
        }
        let found = helm::find(std::env::var_os("PATH").as_deref());
        let helm = Helm { program: tool("helm", found, images.bundle())?, folder: self.paths.cache.join("charts") };
        let asked = lab.stack.cluster.kubernetes();
        let kubernetes = images.bundle().map_or(asked, |open| open.bundle.kubernetes.as_str());
        let cancel = tokio_util::sync::CancellationToken::new();
        let work = charts::rendered(&self.files, lab, &helm, kubernetes, &cancel);
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work))
    }

    /// k6 from PATH, else the bundle's.
    pub fn k6(bundle: Option<&OpenBundle>) -> Result<K6, Failure> {
        let program = tool("k6", k6::find(std::env::var_os("PATH").as_deref()), bundle)?;
        let supervisor = std::env::current_exe().ok().map(PathBuf::into_os_string);
        Ok(K6 { program, supervisor })
    }

    /// kind from PATH, else the bundle's.
    fn kind(&self, bundle: Option<&OpenBundle>) -> Result<Kind, Failure> {
        let program = tool("kind", kind::find(std::env::var_os("PATH").as_deref()), bundle)?;
        let supervisor = std::env::current_exe().ok().map(PathBuf::into_os_string);
        Ok(Kind { program, supervisor, kubeconfig: self.paths.kubeconfig.clone() })
    }
}

/// A tool as it was found on PATH, else the bundle's, whose checksum is looked at.
pub fn tool(name: &str, found: Option<PathBuf>, bundle: Option<&OpenBundle>) -> Result<OsString, Failure> {
    let program: OsString = match (found, bundle) {
        (Some(found), _) => found.into(),
        (None, Some(open)) => match open.bundle.tools.iter().find(|tool| tool.name == name) {
            Some(tool) => {
                let file = open.path.join(&tool.path);
                let found = sha256_file(&file).map_err(|cause| Failure::new("LAB-BUNDLE-003", format!("{}: {cause}", file.display())))?;
                if found.trim_start_matches("sha256:") != tool.sha256.trim_start_matches("sha256:") {
                    return Err(Failure::new("LAB-BUNDLE-002", format!("{} is damaged: its checksum is {found}", file.display())));
                }
                file.into()
            }
            None => name.into(),
        },
        (None, None) => name.into(),
    };
    Ok(program)
}

/// The stack that is meant, by name or absolute path: as asked for, else `lab.yaml` here, else as the lab was last made, else the default.
/// What is changed about the stack: as asked for, else, if it is the stack the lab was last made from, as it was then.
fn adjusted(which: Option<&StackArgs>, stack: &str, state: &LabState) -> Adjusted {
    match which {
        Some(which) if which.stack.is_some() || !which.without.is_empty() || which.size.is_some() => {
            let size = which.size.map(|size| match size {
                cli::Size::Small => Size::Small,
                cli::Size::Medium => Size::Medium,
                cli::Size::Large => Size::Large,
            });
            Adjusted { without: which.without.clone(), size }
        }
        _ if state.stack.as_deref() == Some(stack) => state.adjusted.clone(),
        _ => Adjusted::default(),
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A new value for a key of a Secret.
fn make(how: &SecretKey) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
    match how {
        SecretKey::Fixed(text) => text.clone(),
        SecretKey::Random(length) => {
            let mut random = rand::rng();
            (0..*length).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
        }
    }
}
