//! A component that comes as a Helm chart, from no digest to its end. Run by tests/torture/charts, since it needs Helm.
#![expect(clippy::unwrap_used, reason = "a rig says what it expects")]

use super::rig::{Rig, UP, difference, told};
use serde_json::{Value, json};
use std::path::Path;

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.NAME.example.org}\n\
    spec: {group: NAME.example.org, scope: Namespaced, names: {kind: Thing, plural: things, singular: thing}, versions: [{name: v1, served: true, \
    storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]}\n";
const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting}\n\
    data: {text: {{ .Values.text | quote }}, release: {{ .Release.Name }}, things: {{ .Capabilities.APIVersions.Has \"NAME.example.org/v1\" | quote }}}\n\
    ---\napiVersion: NAME.example.org/v1\nkind: Thing\nmetadata: {name: one}\n\
    ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: before, annotations: {helm.sh/hook: pre-install}}\n\
    ---\napiVersion: v1\nkind: Pod\nmetadata: {name: try, annotations: {helm.sh/hook: test}}\nspec: {containers: [{name: c, image: none}]}\n";

fn component(rig: &Rig, text: &str, digest: &str) {
    let file = format!(
        "apiVersion: labctl.dev/v1\nkind: Component\nmetadata: {{name: part1, title: A chart, group: rig}}\nversion: 0.1.0\nnamespace: {}-1\n\
         source:\n  chart: {{path: chart, version: 0.1.0, {digest}values: [values.yaml]}}\n",
        rig.name
    );
    rig.write("manifests/part1/component.yaml", &file);
    rig.write("manifests/part1/values.yaml", &format!("text: {text}\n"));
}

/// A chart is a component like any other, and its definitions stay until `down`.
pub async fn as_component(helm: &Path) {
    let rig = Rig::new("chart", 2, 5).await.unwrap();
    let path = format!("{}:{}", helm.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let labctl = async |args: &[&str]| rig.command("a", args).await.env("PATH", &path).output().unwrap();
    rig.write("manifests/part1/chart/Chart.yaml", "apiVersion: v2\nname: rig\nversion: 0.1.0\n");
    rig.write("manifests/part1/chart/crds/things.yaml", &DEFINITION.replace("NAME", &rig.name));
    rig.write("manifests/part1/chart/templates/all.yaml", &TEMPLATE.replace("NAME", &rig.name));

    // without a digest it stops before anything is written, and says the one there is
    component(&rig, "hello", "");
    let refused = labctl(&UP).await;
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
    let digest = told(&refused).split("digest: ").nth(1).unwrap().split_whitespace().next().unwrap().replace("\\n", "");
    let digest = digest.get(..71).unwrap().to_owned();
    assert!(rig.state().await.is_empty());

    component(&rig, "hello", &format!("digest: \"{digest}\", "));
    let output = labctl(&UP).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let space = format!("/api/v1/namespaces/{}-1", rig.name);
    let greeting = async || rig.kube.get(&format!("{space}/configmaps/greeting")).await.unwrap()["data"].clone();
    assert_eq!(greeting().await, json!({"text": "hello", "release": "part1", "things": "true"}));
    rig.kube.get(&format!("{space}/configmaps/before")).await.unwrap();
    assert!(rig.kube.get(&format!("{space}/pods/try")).await.unwrap_err().is_not_found(), "a test hook is left out");
    let made = rig.state().await;
    let again = labctl(&UP).await;
    let changed = super::rig::events(&again).iter().filter(|event| event["event"]["result"]["as"] == "changed").count();
    assert_eq!((changed, difference(&made, &rig.state().await)), (0, String::new()), "{}", told(&again));

    // other values, one object
    component(&rig, "bye", &format!("digest: \"{digest}\", "));
    let diff = labctl(&["diff", "-o", "json"]).await;
    let found: Vec<Value> = serde_json::from_slice(&diff.stdout).unwrap();
    assert_eq!(found.len(), 1, "{}", told(&diff));
    labctl(&UP).await;
    assert_eq!(greeting().await["text"], "bye");

    // another chart under the same pin
    rig.write("manifests/part1/chart/templates/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n");
    let refused = labctl(&UP).await;
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
    assert!(told(&refused).contains(&digest), "{}", told(&refused));

    // no longer wanted: all goes but the definition, which goes with the lab
    let definition = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{}.example.org", rig.name);
    rig.stack(&rig.id().await, &["part0".to_owned()]);
    let output = labctl(&UP).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(rig.kube.get(&format!("{space}/configmaps/greeting")).await.unwrap_err().is_not_found());
    rig.kube.get(&definition).await.unwrap();
    let again = labctl(&UP).await;
    let changed = super::rig::events(&again).iter().filter(|event| event["event"]["result"]["as"] == "changed").count();
    assert_eq!(changed, 0, "what stays on record is nothing to do: {}", told(&again));
    rig.down("a").await;
    assert!(rig.kube.get(&definition).await.unwrap_err().is_not_found());
}
