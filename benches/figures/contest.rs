//! The field that labctl is raced against with one set of objects: kubectl in two ways, Helm, and bare kube-rs calls.

use crate::rig::race::{Times, run};
use crate::rig::room::Room;
use crate::rig::{Outcome, child, objects, parts};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Labctl,
    /// `kubectl apply --server-side --validate=false`
    KubectlUnchecked,
    /// `kubectl apply --server-side`
    Kubectl,
    /// `helm install` and `helm upgrade`
    Helm,
    /// Sixteen PATCHes at once and nothing else.
    Bare,
}

impl Who {
    pub fn name(self) -> &'static str {
        match self {
            Self::Labctl => "labctl",
            Self::KubectlUnchecked => "kubectl --validate=false",
            Self::Kubectl => "kubectl",
            Self::Helm => "helm",
            Self::Bare => "bare kube-rs",
        }
    }

    /// Fit for a name in the cluster.
    fn short(self) -> &'static str {
        match self {
            Self::Labctl => "l",
            Self::KubectlUnchecked => "u",
            Self::Kubectl => "k",
            Self::Helm => "h",
            Self::Bare => "b",
        }
    }
}

/// The programs of the field.
pub struct Field {
    pub kubectl: PathBuf,
    pub helm: PathBuf,
    /// Of kubectl: its releases differ fourfold in speed.
    version: String,
}

impl Field {
    pub fn find() -> Outcome<Self> {
        Ok(Self { helm: parts::helm()?, ..Self::without_helm()? })
    }

    /// Where Helm does not take part.
    pub fn without_helm() -> Outcome<Self> {
        let kubectl = parts::kubectl()?;
        let said = run(Command::new(&kubectl).args(["version", "--client", "--output", "json"]))?.1;
        let version: Value = serde_json::from_str(&said)?;
        let version = version["clientVersion"]["gitVersion"].as_str().ok_or("kubectl did not say its version")?.to_owned();
        Ok(Self { kubectl, helm: PathBuf::new(), version })
    }

    /// Where there is nobody to race against.
    pub fn empty() -> Self {
        Self { kubectl: PathBuf::new(), helm: PathBuf::new(), version: String::new() }
    }

    /// No times yet, under the name a table has for `who`.
    pub fn times(&self, who: Who) -> Times {
        Times::new(&match who {
            Who::Kubectl => format!("kubectl {}", self.version),
            Who::KubectlUnchecked => format!("kubectl {} --validate=false", self.version),
            Who::Labctl | Who::Helm | Who::Bare => who.name().to_owned(),
        })
    }
}

/// The objects of one contestant, in namespaces of its own, and the files it gets.
pub struct Set {
    pub who: Who,
    /// Names the set; for labctl also the lab.
    pub name: String,
    pub namespaces: Vec<String>,
    pub objects: Vec<Value>,
    /// One file per namespace.
    parts: Vec<PathBuf>,
    /// All in one.
    whole: PathBuf,
    chart: PathBuf,
}

impl Set {
    /// `namespaces` times `each` objects; the namespaces are made.
    pub async fn make(room: &Room, who: Who, name: &str, namespaces: usize, each: usize) -> Outcome<Self> {
        let name = format!("{name}-{}", who.short());
        let namespaces = objects::namespaces(&name, namespaces);
        let all = namespaces.iter().flat_map(|namespace| objects::mixed(namespace, each)).collect();
        let file = |file: &str| room.file(&format!("{name}/{file}"));
        file("chart/templates/all.yaml")?;
        let set = Self {
            who,
            parts: namespaces.iter().map(|namespace| file(&format!("{namespace}.yaml"))).collect::<Outcome<_>>()?,
            whole: file("all.yaml")?,
            chart: file("chart/Chart.yaml")?,
            namespaces,
            objects: all,
            name: name.clone(),
        };
        room.make(&set.namespaces).await?;
        set.write()?;
        Ok(set)
    }

    /// Writes the files anew after the objects changed.
    pub fn write(&self) -> Outcome<()> {
        match self.who {
            Who::Labctl | Who::Bare => {
                let each = self.objects.len() / self.parts.len();
                for (path, objects) in self.parts.iter().zip(self.objects.chunks(each)) {
                    objects::write(path, objects)?;
                }
            }
            Who::Kubectl | Who::KubectlUnchecked => drop(objects::write(&self.whole, &self.objects)?),
            Who::Helm => {
                std::fs::write(&self.chart, "apiVersion: v2\nname: figures\nversion: 1.0.0\n")?;
                let folder = self.chart.parent().ok_or("a chart has a folder")?;
                objects::write(&folder.join("templates/all.yaml"), &self.objects)?;
            }
        }
        Ok(())
    }

    /// The command that brings the set about; `again` when it is there already.
    pub fn command(&self, room: &Room, field: &Field, again: bool) -> Outcome<Command> {
        let kubeconfig = room.kubeconfig();
        Ok(match self.who {
            Who::Labctl => child::up(&kubeconfig, &self.name, &self.parts, false)?,
            Who::Bare => child::bare(&kubeconfig, &self.parts)?,
            Who::Kubectl | Who::KubectlUnchecked => {
                let mut command = Command::new(&field.kubectl);
                command.arg("--kubeconfig").arg(kubeconfig).arg("--cache-dir").arg(room.file("kubectl-cache")?);
                command.args(["apply", "--server-side", "-f"]).arg(&self.whole);
                if self.who == Who::KubectlUnchecked {
                    command.arg("--validate=false");
                }
                command
            }
            Who::Helm => {
                let mut command = Command::new(&field.helm);
                for home in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
                    command.env(home, room.file(&home.to_lowercase())?);
                }
                command.arg("--kubeconfig").arg(kubeconfig).args([if again { "upgrade" } else { "install" }, "figures"]);
                command.arg(self.chart.parent().ok_or("a chart has a folder")?).args(["--namespace", &self.namespaces[0]]);
                command
            }
        })
    }

    /// Takes everything of the set away.
    pub async fn wipe(&self, room: &Room) -> Outcome<()> {
        room.wipe(&self.namespaces).await?;
        if self.who == Who::Labctl { room.forget(&self.name).await } else { Ok(()) }
    }
}

/// kubectl keeps what it learnt of the server on disk; so it does here, before anything is timed.
pub fn warm_up(room: &Room, field: &Field) -> Outcome<()> {
    let mut command = Command::new(&field.kubectl);
    command.arg("--kubeconfig").arg(room.kubeconfig()).arg("--cache-dir").arg(room.file("kubectl-cache")?).args(["api-resources"]);
    run(&mut command).map(drop)
}

/// Times of `who` in `all`.
pub fn of(all: &[(Who, Times)], who: Who) -> &Times {
    let found = all.iter().find(|(one, _)| *one == who);
    found.map_or_else(|| unreachable!("everybody of the field has times"), |(_, times)| times)
}

/// Prints everybody's times.
pub fn show(all: &[(Who, Times)]) {
    for (_, times) in all {
        println!("{}", times.line());
    }
}
