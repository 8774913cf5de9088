//! Charts without Helm: a script in its place says how it was called. With the real one: tests/torture/charts.

use labctl::adapters::helm::{Chart, Helm, HelmError, Place, Render, Wanted, folder_digest};
use labctl::adapters::process::ProcessError;
use labctl::catalog::{self, Files, Images};
use labctl::support::digest::sha256;
use labctl::support::progress::Sink;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Answers `version`, copies an archive for `pull`, and prints what it was called with for `template`; counts the latter.
const SCRIPT: &str = r##"#!/bin/sh
case $1 in
version) echo VERSION ;;
pull) for last; do :; done; echo archive >"$last/chart-1.0.0.tgz" ;;
template)
  echo once >>"${0%/*}/renders"
  echo "kind: ConfigMap"
  echo "metadata: {name: \"$*\"}"
  echo "data: {config: \"$HELM_CONFIG_HOME\", kubeconfig: \"$KUBECONFIG\"}"
  for word; do case $word in */values-*.yaml) echo "# $(cat "$word")" ;; esac; done ;;
esac
"##;

struct Bed {
    folder: TempDir,
    helm: Helm,
}

fn bed(version: &str) -> Bed {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("helm");
    std::fs::write(&program, SCRIPT.replace("VERSION", version)).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let helm = Helm { program: program.into(), folder: folder.path().join("cache") };
    Bed { folder, helm }
}

impl Bed {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn renders(&self) -> usize {
        std::fs::read_to_string(self.path("renders")).map_or(0, |text| text.lines().count())
    }

    async fn chart(&self, place: Place, digest: Option<&str>) -> Result<Chart, HelmError> {
        let wanted = Wanted { place, version: "1.0.0".into(), digest: digest.map(str::to_owned) };
        self.helm.chart(&wanted, &Sink::silent(), &CancellationToken::new()).await
    }

    async fn render(&self, chart: &Chart, values: &[String], kubernetes: &str, apis: &[&str]) -> Result<String, HelmError> {
        let apis: BTreeSet<String> = apis.iter().map(|api| (*api).to_owned()).collect();
        let with = Render { release: "r", namespace: "n", values, kubernetes, apis: &apis };
        self.helm.render(chart, &with, &Sink::silent(), &CancellationToken::new()).await
    }
}

fn chart_in(folder: &Path) -> Chart {
    std::fs::create_dir_all(folder.join("templates")).unwrap();
    std::fs::write(folder.join("Chart.yaml"), "name: c\n").unwrap();
    std::fs::write(folder.join("templates/a.yaml"), "a\n").unwrap();
    Chart { path: folder.to_owned(), digest: folder_digest(folder).unwrap() }
}

#[tokio::test]
async fn a_chart_without_a_digest_or_with_another_one_is_refused_with_the_one_found() {
    let bed = bed("v4.3.1");
    let folder = bed.path("chart");
    let chart = chart_in(&folder);
    // as the command in docs/charts.md works it out
    let lines = format!("{}  Chart.yaml\n{}  templates/a.yaml\n", &sha256(b"name: c\n")[7..], &sha256(b"a\n")[7..]);
    assert_eq!(chart.digest, sha256(lines.as_bytes()));
    let error = bed.chart(Place::Path(folder.clone()), None).await.unwrap_err().to_string();
    assert!(error.contains(&format!("digest: {}", chart.digest)), "{error}");
    assert_eq!(bed.chart(Place::Path(folder.clone()), Some(&chart.digest)).await.unwrap(), chart);
    std::fs::write(folder.join("templates/a.yaml"), "b\n").unwrap();
    let error = bed.chart(Place::Path(folder), Some(&chart.digest)).await.unwrap_err().to_string();
    assert!(error.contains("wanted") && error.contains(&chart.digest), "{error}");
    assert!(matches!(bed.chart(Place::Path(bed.path("none")), None).await, Err(HelmError::NoChart(_))));
}

#[tokio::test]
async fn a_pulled_chart_is_kept_by_digest_and_pulled_again_when_it_is_damaged() {
    let bed = bed("v4.3.1");
    let digest = sha256(b"archive\n");
    let place = || Place::Oci("oci://example.org/chart".into());
    let error = bed.chart(place(), None).await.unwrap_err().to_string();
    assert!(error.contains(&digest) && error.contains("oci://example.org/chart 1.0.0"), "{error}");
    let chart = bed.chart(place(), Some(&digest)).await.unwrap();
    std::fs::write(&chart.path, "broken").unwrap();
    let again = bed.chart(place(), Some(&digest)).await.unwrap();
    assert_eq!(std::fs::read_to_string(&again.path).unwrap(), "archive\n");
    let repo = Place::Repo("https://example.org".into(), "chart".into());
    assert!(matches!(bed.chart(repo, Some(&sha256(b"other"))).await, Err(HelmError::OtherDigest { .. })));
    assert_eq!(std::fs::read_dir(bed.path("cache/tmp")).unwrap().count(), 0, "something was left behind");
}

#[tokio::test]
async fn what_was_rendered_is_kept_until_anything_it_depends_on_changes() {
    let bed = bed("v4.3.1");
    let chart = chart_in(&bed.path("chart"));
    let values = ["{\"a\":1}".to_owned()];
    let text = bed.render(&chart, &values, "1.34.4", &["a/v1", "a/v1/B"]).await.unwrap();
    for part in [
        "template r ",
        "--namespace n --include-crds --kube-version 1.34.4",
        "--api-versions a/v1,a/v1/B",
        "cache/home/config",
        "/dev/null",
        "{\"a\":1}",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(bed.render(&chart, &values, "1.34.4", &["a/v1", "a/v1/B"]).await.unwrap(), text);
    assert_eq!(bed.renders(), 1);
    bed.render(&chart, &[], "1.34.4", &["a/v1", "a/v1/B"]).await.unwrap();
    bed.render(&chart, &values, "1.35.0", &["a/v1", "a/v1/B"]).await.unwrap();
    bed.render(&chart, &values, "1.34.4", &[]).await.unwrap();
    bed.render(&Chart { digest: "sha256:0".into(), ..chart.clone() }, &values, "1.34.4", &[]).await.unwrap();
    assert_eq!(bed.renders(), 5);

    // damaged: one byte, cut off, empty
    for (broken, times) in [(text.replace("kind", "kinb"), 6), (text[..9].to_owned(), 7), (String::new(), 8)] {
        for entry in std::fs::read_dir(bed.path("cache/rendered")).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let head = std::fs::read_to_string(&path).unwrap().lines().next().unwrap_or_default().to_owned();
            std::fs::write(&path, format!("{head}\n{broken}")).unwrap();
        }
        let again = bed.render(&chart, &values, "1.34.4", &["a/v1", "a/v1/B"]).await.unwrap();
        assert_eq!(words(&again), words(&text));
        assert_eq!(bed.renders(), times);
    }
}

/// All but the names of temporary files.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| !word.contains("/cache/tmp/")).collect()
}

#[tokio::test]
async fn only_helm_4_will_do_and_a_missing_one_is_said_with_the_way_out() {
    let old = bed("v3.19.0");
    let chart = chart_in(&old.path("chart"));
    let error = old.render(&chart, &[], "1.34.4", &[]).await.unwrap_err().to_string();
    assert!(error.contains("Helm 3.19.0") && error.contains("Helm 4"), "{error}");
    let none = Helm { program: "/nowhere/helm".into(), folder: old.path("cache2") };
    let error = none.version(&CancellationToken::new()).await.unwrap_err();
    assert!(matches!(&error, HelmError::Process(ProcessError::NotFound { fix, .. }) if fix.contains("helm.sh")), "{error}");
}

/// A folder with one component that comes as a chart.
fn lab_folder(source: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("stacks/s.yaml", "apiVersion: labctl.dev/v1\nkind: Stack\nmetadata: {name: s}\ncomponents: {c: {set: {size: 3}}}\n".to_owned()),
        (
            "manifests/c/component.yaml",
            format!(
                "apiVersion: labctl.dev/v1\nkind: Component\nmetadata: {{name: c}}\nversion: '1'\nnamespace: n\nsource: {source}\n\
                 params: {{size: {{type: int, default: 1}}}}\nimages: [{{name: docker.io/library/x, tag: '1'}}]\n"
            ),
        ),
        ("manifests/c/values.yaml", "replicas: '%{size}'\nname: '%{lab}'\non: yes\n".to_owned()),
        ("manifests/c/extra.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: extra}\n".to_owned()),
    ] {
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    folder
}

#[test]
fn a_component_asks_for_its_chart_and_gets_its_objects() {
    let folder = lab_folder("{manifests: ['*.yaml'], chart: {path: ./chart, version: '1', values: [values.yaml]}}");
    let files = Files::new(Some(folder.path().to_owned()));
    let lab = catalog::lab(&files, "s", "l").unwrap();
    let [request] = catalog::charts(&files, &lab).unwrap().try_into().unwrap();
    assert_eq!((request.release.as_str(), request.namespace.as_str()), ("c", "n"));
    assert_eq!(request.path, Some(folder.path().join("manifests/c/./chart")));
    assert_eq!(request.values, [json!({"replicas": 3, "name": "l", "true": true}).to_string()]);

    let images = Images::Lock(Vec::new());
    let error = catalog::render(&files, &lab, &images, &BTreeMap::new()).unwrap_err().to_string();
    assert!(error.contains("chart was not rendered"), "{error}");
    let text = "kind: Pod\napiVersion: v1\nmetadata: {name: p, annotations: {helm.sh/hook: pre-install}}\nspec: {containers: [{image: 'x:1@sha256:00'}]}\n---\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n";
    let rendered = catalog::render(&files, &lab, &images, &BTreeMap::from([("c".to_owned(), text.to_owned())])).unwrap();
    let names: Vec<&str> = rendered[0].objects.iter().map(|object| object["metadata"]["name"].as_str().unwrap()).collect();
    // the file of values is no manifest, and the test hook is left out
    assert_eq!(names, ["extra", "p"]);
    let pod = &rendered[0].objects[1];
    assert_eq!(pod["metadata"]["namespace"], "n");
    assert_eq!(pod["metadata"]["annotations"][catalog::PHASE], "before 0");
    assert_eq!(pod["spec"]["containers"][0]["image"], "x:1@sha256:00", "what the chart pins stays");
}

#[test]
fn a_source_that_makes_no_sense_is_refused_with_the_file() {
    for (source, said) in [
        ("{}", "needs `manifests` or `chart`"),
        ("{chart: {path: x, oci: 'oci://x', version: '1'}}", "exactly one of"),
        ("{chart: {path: x, version: '1', values: [none.yaml]}}", "none.yaml"),
    ] {
        let folder = lab_folder(source);
        let files = Files::new(Some(folder.path().to_owned()));
        let error =
            catalog::lab(&files, "s", "l").map(|lab| catalog::charts(&files, &lab)).and_then(|result| result).unwrap_err().to_string();
        assert!(error.contains("manifests/c/component.yaml") && error.contains(said), "{error}");
    }
}

#[test]
fn the_page_shows_what_becomes_of_each_hook() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/charts.md");
    let page = std::fs::read_to_string(&file).unwrap();
    let (begin, end) = ("<!-- hooks: begin -->\n", "<!-- hooks: end -->");
    let (before, rest) = page.split_once(begin).unwrap();
    let (shown, after) = rest.split_once(end).unwrap();
    let table = catalog::hooks_page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(shown, table, "run `make docs`");
    }
}
