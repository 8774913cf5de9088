//! What takes the lab away, and the neighbour that must not notice. Last, because `--purge` also takes the registry.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use super::bed::{Bed, bed, containers, docker, processes, told};
use serde_json::Value;
use std::process::Command;

/// A plain kind cluster that labctl has nothing to do with; taken away when dropped.
struct Neighbour<'a> {
    bed: &'a Bed,
    name: String,
}

impl<'a> Neighbour<'a> {
    fn bring(bed: &'a Bed) -> Self {
        let this = Self { bed, name: format!("{}-plain", bed.name) };
        let bundle: Value = serde_json::from_slice(&std::fs::read(bed.bundle.join("bundle.json")).unwrap()).unwrap();
        let word = |pointer: &str| bundle.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        let image = format!("{}:{}", word("/nodeImage/name"), word("/nodeImage/tag"));
        this.kind(&["create", "cluster", "--name", &this.name, "--image", &image]);
        this
    }

    fn kind(&self, args: &[&str]) -> String {
        let output = Command::new(self.bed.bundle.join("tools/kind"))
            .args(args)
            .env("HOME", &self.bed.home)
            .env("KUBECONFIG", self.bed.home.join(".kube/config"))
            .output()
            .unwrap();
        assert!(output.status.success(), "kind {args:?}: {}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Container id and start, what it has mounted, and its own lines of the kubeconfig.
    fn looks(&self) -> (Vec<String>, Vec<String>) {
        let plane = format!("{}-control-plane", self.name);
        let container = docker(&["inspect", "--format", "{{.Id}} {{.State.StartedAt}} {{range .Mounts}}{{.Source}} {{end}}", &plane]);
        let kubeconfig = std::fs::read_to_string(self.bed.home.join(".kube/config")).unwrap();
        let own = kubeconfig.lines().filter(|line| line.contains(&self.name)).map(str::to_owned).collect();
        // the engine lists mounts in any order
        let mut words: Vec<String> = container.split_whitespace().map(str::to_owned).collect();
        words.sort();
        (words, own)
    }
}

impl Drop for Neighbour<'_> {
    fn drop(&mut self) {
        self.kind(&["delete", "cluster", "--name", &self.name]);
    }
}

/// Addresses that something listens on, from the kernel's own table.
fn listening() -> Vec<u16> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let listens = table.lines().skip(1).filter(|line| line.split_whitespace().nth(3) == Some("0A"));
    listens.filter_map(|line| u16::from_str_radix(line.split_whitespace().nth(1)?.split(':').nth(1)?, 16).ok()).collect()
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn purge_leaves_nothing_of_the_lab_and_its_neighbour_untouched() {
    let Some(bed) = bed() else { return };
    let neighbour = Neighbour::bring(bed);
    let before = neighbour.looks();
    assert!(!before.1.is_empty(), "the neighbour has its lines in the kubeconfig");

    // a cluster that labctl did not make is neither brought up nor taken down, whatever it is called
    let bundle = bed.bundle.display().to_string();
    for args in [
        &["up", "--headless", "--force", "--stack", "lite-packages", "--bundle", &bundle, "--lab", &neighbour.name][..],
        &["down", "--yes", "--lab", &neighbour.name],
        &["down", "--purge", "--yes", "--lab", &neighbour.name],
    ] {
        let output = bed.labctl(args);
        assert_eq!(output.status.code(), Some(7), "{args:?}: {}", told(&output));
        assert!(told(&output).contains("LAB-CLASH-002"), "{}", told(&output));
        assert_eq!(neighbour.looks(), before);
    }
    std::fs::remove_dir_all(bed.home.join(".local/share/labctl/labs").join(&neighbour.name)).unwrap_or_default();

    let plane = bed.plane();
    let volumes = docker(&["inspect", "--format", "{{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}}\n{{end}}{{end}}", &plane]);
    let volumes: Vec<&str> = volumes.split_whitespace().collect();
    let port: u16 = bed.port().parse().unwrap();
    let registry = docker(&["port", "labctl-registry", "5000/tcp"]);
    let registry: u16 = registry.trim().rsplit(':').next().unwrap().parse().unwrap();
    assert!(!volumes.is_empty() && listening().contains(&port) && listening().contains(&registry), "there is something to take away");

    let output = bed.labctl(&["down", "--purge", "--yes", "-o", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    println!("{report:#}");
    assert_eq!(report["left"], serde_json::json!([]), "{report:#}");
    let removed = report["removed"].to_string();
    let untouched = report["untouched"].to_string();
    assert!(removed.contains(&plane) && untouched.contains(&format!("{}-control-plane", neighbour.name)), "{report:#}");

    // its own report is not believed: the engine, the kernel and the files say it
    assert_eq!(containers(&format!("io.x-k8s.kind.cluster={}", bed.name)), Vec::<String>::new());
    let present = docker(&["volume", "ls", "-q"]);
    assert!(!present.lines().any(|volume| volumes.contains(&volume)), "volumes of the node are left");
    let kubeconfig = std::fs::read_to_string(bed.home.join(".kube/config")).unwrap();
    let entries: Vec<&str> = kubeconfig.lines().filter(|line| line.contains(&bed.name) && !line.contains(&neighbour.name)).collect();
    assert_eq!(entries, Vec::<&str>::new(), "kubeconfig");
    assert!(!listening().contains(&port), "the gateway's port still listens");
    assert!(!bed.home.join(".local/share/labctl/labs").join(&bed.name).exists());
    let own: Vec<String> = processes(&bed.name).into_iter().filter(|line| !line.contains(&neighbour.name)).collect();
    assert_eq!(own, Vec::<String>::new(), "processes");
    // labs of others on this host keep the registry, and the report says so
    if report["kept"].to_string().contains("labctl-registry") {
        println!("another lab is on this engine, so the registry stays");
    } else {
        assert_eq!(containers("dev.labctl.role=registry"), Vec::<String>::new());
        assert_eq!(docker(&["volume", "ls", "-q", "--filter", "label=dev.labctl.role"]), "");
        assert!(!listening().contains(&registry));
    }
    assert_eq!(neighbour.looks(), before, "the neighbour noticed");

    // a second time there is nothing to do, and that is no failure
    let again = bed.labctl(&["down", "--purge", "--yes"]);
    assert_eq!(again.status.code(), Some(0), "{}", told(&again));
    // the neighbour answers as before
    let nodes = docker(&[
        "exec",
        &format!("{}-control-plane", neighbour.name),
        "kubectl",
        "--kubeconfig=/etc/kubernetes/admin.conf",
        "get",
        "nodes",
    ]);
    assert!(nodes.contains(&neighbour.name), "{nodes}");
}
