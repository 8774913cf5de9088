//! A stack with provider `existing` in a folder of its own, labctl with a home of its own, and a look at the cluster that is not labctl's.
#![expect(clippy::unwrap_used, clippy::panic, reason = "clippy knows tests only by #[test]; these are their helpers")]

use crate::server::{self, server};
use labctl::adapters::kube::Kube;
use labctl::adapters::kube::client::ListForm;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};

/// What is asked of the cluster to know its state: every kind the rig's components have, and the records; besides the rig's own kinds.
const KINDS: [&str; 8] = [
    "api/v1/namespaces",
    "api/v1/configmaps",
    "api/v1/secrets",
    "api/v1/serviceaccounts",
    "api/v1/services",
    "apis/rbac.authorization.k8s.io/v1/roles",
    "apis/rbac.authorization.k8s.io/v1/rolebindings",
    "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
];

/// A lab on the bare API server.
pub struct Rig {
    pub folder: tempfile::TempDir,
    pub kube: Kube,
    pub name: String,
    components: usize,
    each: usize,
}

impl Rig {
    /// `components` components of `each` objects; `None` after saying that there is no API server.
    pub async fn new(name: &str, components: usize, each: usize) -> Option<Self> {
        let kube = server().await?;
        let name = format!("{name}-{:04x}", rand::random::<u16>());
        let rig = Self { folder: tempfile::tempdir().unwrap(), kube, name, components, each };
        rig.files().await;
        Some(rig)
    }

    /// Writes stack and components as they were at first.
    async fn files(&self) {
        for index in 0..self.components {
            self.component(index, self.each, "1");
        }
        self.stack(&self.id().await, &(0..self.components).map(|index| format!("part{index}")).collect::<Vec<_>>());
    }

    /// The id of the cluster, as stacks name it.
    pub async fn id(&self) -> String {
        self.kube.get("/api/v1/namespaces/kube-system").await.unwrap()["metadata"]["uid"].as_str().unwrap().to_owned()
    }

    /// Goes on under another name, so that nothing is there; what the old one left is deleted and not waited for.
    pub async fn renew(&mut self) {
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        let old: Vec<String> = self.state().await.into_keys().collect();
        for path in old.iter().filter(|path| path.starts_with("api/v1/namespaces/") || path.contains("definitions/")) {
            drop(self.kube.delete(&format!("/{}", path.replace("//", "/")), &options).await);
        }
        let stem = self.name.rsplit_once('-').unwrap().0.to_owned();
        self.name = format!("{stem}-{:04x}", rand::random::<u16>());
        self.files().await;
    }

    /// Writes the stack anew.
    pub fn stack(&self, id: &str, components: &[String]) {
        let chosen: Vec<String> = components.iter().map(|name| format!("  {name}: {{}}\n")).collect();
        let text = format!(
            "apiVersion: labctl.dev/v1\nkind: Stack\nmetadata: {{name: rig}}\ncluster: {{provider: existing, context: c, id: \"{id}\"}}\ncomponents:\n{}",
            chosen.concat()
        );
        self.write("stacks/rig.yaml", &text);
    }

    /// Writes a component anew: each object says `content`.
    pub fn component(&self, index: usize, each: usize, content: &str) {
        let needs = if index % 3 == 2 { format!("needs: [part{}]\n", index - 1) } else { String::new() };
        let file = format!(
            "apiVersion: labctl.dev/v1\nkind: Component\nmetadata: {{name: part{index}, title: Part {index}, group: rig}}\nversion: 0.1.0\n\
             namespace: {}-{index}\nsource: {{manifests: [\"objects.yaml\"]}}\n{needs}",
            self.name
        );
        self.write(&format!("manifests/part{index}/component.yaml"), &file);
        let objects: Vec<String> = (0..each).map(|number| object(&self.name, index, number, content).to_string()).collect();
        let mut text = objects.join("\n---\n");
        if index == 0 {
            for kind in ["Widget", "Gadget"] {
                text.push_str(&format!("\n---\n{}", definition(&self.name, kind)));
            }
        }
        self.write(&format!("manifests/part{index}/objects.yaml"), &text);
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// labctl in home `home` (one machine's view of the lab), and nothing else of this environment.
    pub async fn command(&self, home: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_labctl"));
        let user = home;
        let home = self.folder.path().join(home);
        std::fs::create_dir_all(&home).unwrap();
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("KUBECONFIG", server::kubeconfig_as(if server::CONTENDERS.contains(&user) { user } else { "admin" }).await.unwrap())
            .env("LABCTL_LAB", &self.name)
            .env("LABCTL_DIR", self.folder.path())
            .env("LABCTL_YES", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub async fn labctl(&self, home: &str, args: &[&str]) -> Output {
        self.command(home, args).await.output().unwrap()
    }

    /// `up`, which must work; its events.
    pub async fn up(&self, home: &str) -> Vec<Value> {
        let output = self.labctl(home, &UP).await;
        assert_eq!(output.status.code(), Some(0), "up: {}", told(&output));
        events(&output)
    }

    /// The same for comparing two labs: their names are taken out.
    pub async fn state_without_name(&self) -> BTreeMap<String, Value> {
        let plain = |text: String| text.replace(&self.name, "LAB");
        let all = self.state().await.into_iter();
        all.map(|(path, object)| (plain(path), serde_json::from_str(&plain(object.to_string())).unwrap())).collect()
    }

    /// Every object of the lab's namespaces, its definitions and records, by path, without what differs between two runs that did the same.
    pub async fn state(&self) -> BTreeMap<String, Value> {
        let mut state = BTreeMap::new();
        let own = ["widgets", "gadgets"].map(|plural| format!("apis/{}/v1/{plural}", group(&self.name)));
        for kind in KINDS.into_iter().map(str::to_owned).chain(own) {
            let found = match self.kube.list(&format!("/{kind}"), ListForm::Whole).await {
                Ok(found) => found,
                Err(error) if error.is_not_found() => Vec::new(),
                Err(error) => panic!("{kind}: {error}"),
            };
            for mut object in found {
                let metadata = object["metadata"].as_object_mut().unwrap();
                let text = |key: &str, metadata: &serde_json::Map<String, Value>| {
                    metadata.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
                };
                let (namespace, name) = (text("namespace", metadata), text("name", metadata));
                let own = namespace.starts_with(&self.name)
                    || name.starts_with(&self.name)
                    || name.contains(&format!(".{}.", self.name))
                    || object_is_of(metadata, &self.name);
                if !own || name == "kube-root-ca.crt" || (kind.ends_with("serviceaccounts") && name == "default") {
                    continue;
                }
                let mut owners: Vec<String> = metadata
                    .get("managedFields")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .map(|entry| format!("{} {} {}", entry["manager"], entry["operation"], entry["fieldsV1"]))
                    .collect();
                owners.sort();
                for key in ["uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"] {
                    metadata.shift_remove(key);
                }
                metadata.insert("owners".into(), json!(owners));
                object.as_object_mut().unwrap().shift_remove("status");
                for key in ["clusterIP", "clusterIPs"] {
                    if let Some(spec) = object["spec"].as_object_mut() {
                        spec.shift_remove(key);
                    }
                }
                if name.starts_with("inventory.") {
                    // what was recorded, without the ids of the objects
                    let items = object["data"]["items"].as_str().unwrap_or_default().to_owned();
                    object["data"] = recorded(&items);
                }
                state.insert(format!("{kind}/{namespace}/{name}"), object);
            }
        }
        state
    }

    /// Takes the lab away and sees that it is gone.
    pub async fn down(&self, home: &str) {
        let output = self.labctl(home, &["down", "--yes"]).await;
        assert_eq!(output.status.code(), Some(0), "down: {}", told(&output));
        let left: Vec<String> = self.state().await.into_keys().collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

/// Whether labctl's label says that an object belongs to this lab.
fn object_is_of(metadata: &serde_json::Map<String, Value>, lab: &str) -> bool {
    metadata.get("labels").is_some_and(|labels| labels["labctl.dev/lab"] == lab)
}

pub const UP: [&str; 6] = ["up", "--headless", "--stack", "rig", "--output", "json"];

/// The items of a record, by name, without their uids.
fn recorded(base64: &str) -> Value {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    let mut items: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    for item in &mut items {
        for key in ["u", "h"] {
            assert!(item[key].is_string(), "an object on record has no uid or hash after a whole run: {item}");
            item.as_object_mut().unwrap().shift_remove(key);
        }
    }
    Value::from(items)
}

/// The lines of `--output json`.
pub fn events(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn told(output: &Output) -> String {
    let both = [&output.stderr[..], &output.stdout[..]].map(String::from_utf8_lossy);
    format!(
        "{:?}\n{}",
        output.status,
        both.map(|text| text.chars().rev().take(3000).collect::<Vec<_>>().into_iter().rev().collect::<String>()).join("\n")
    )
}

/// What of `found` is not as in `wanted`; empty when all is.
pub fn difference(wanted: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>) -> String {
    let missing: Vec<&String> = wanted.keys().filter(|key| !found.contains_key(*key)).take(3).collect();
    let extra: Vec<&String> = found.keys().filter(|key| !wanted.contains_key(*key)).take(3).collect();
    let other: Vec<String> = wanted
        .iter()
        .filter_map(|(key, value)| found.get(key).filter(|found| *found != value).map(|found| format!("{key}: {value} / {found}")))
        .take(1)
        .collect();
    if missing.is_empty() && extra.is_empty() && other.is_empty() {
        return String::new();
    }
    format!("missing {missing:?}, orphans {extra:?}, other {other:?}")
}

/// The group of the rig's own kinds.
fn group(lab: &str) -> String {
    format!("{lab}.example.org")
}

fn definition(lab: &str, kind: &str) -> Value {
    let (lower, group) = (kind.to_lowercase(), group(lab));
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("{lower}s.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": format!("{lower}s"), "singular": lower},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object",
                "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}]}})
}

/// An object that needs no definition, without a namespace of its own.
pub fn plain_object(component: usize, number: usize) -> Value {
    let mut object = object("", component, if matches!(number % 10, 5 | 6) { number - number % 10 + 7 } else { number }, "1");
    object["metadata"]["name"] = json!(format!("c{component}-o{number}"));
    if object["kind"] == "RoleBinding" {
        object["roleRef"]["name"] = json!(format!("c{component}-o{}", number - 1));
    }
    object
}

fn object(lab: &str, component: usize, number: usize, content: &str) -> Value {
    let own = format!("{}/v1", group(lab));
    let (api_version, kind, rest) = match number % 10 {
        0 => ("v1", "Secret", json!({"stringData": {"password": content}})),
        1 => ("v1", "ServiceAccount", json!({})),
        2 => ("v1", "Service", json!({"spec": {"selector": {"app": content}, "ports": [{"port": 80}]}})),
        3 => ("rbac.authorization.k8s.io/v1", "Role", json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]})),
        4 => (
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": format!("o{}", number - 1)},
                "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": content}]}),
        ),
        5 => (own.as_str(), "Widget", json!({"spec": {"content": content}})),
        6 => (own.as_str(), "Gadget", json!({"spec": {"content": content, "component": component}})),
        _ => ("v1", "ConfigMap", json!({"data": {"content": content}})),
    };
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": format!("o{number}")}});
    object.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    object
}
