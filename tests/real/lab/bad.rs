//! Wrong input that only shows with a container engine: each ends with its own id, and nothing of it is left behind.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use super::bed::{Bed, bed, containers, told};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;

#[track_caller]
fn refused(output: &Output, code: i32, id: &str, words: &[&str]) {
    let said = told(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(id), "{id} is not in: {said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is not in: {said}");
    }
}

fn up(bed: &Bed, lab: &str, stack: &str, bundle: &Path) -> Output {
    bed.labctl(&["up", "--headless", "--force", "--lab", lab, "--stack", stack, "--bundle", &bundle.display().to_string()])
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn a_fixed_port_that_is_taken_is_named_before_a_cluster_is_made() {
    let Some(bed) = bed() else { return };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (lab, file) = (format!("{}-port", bed.name), bed.home.join("port.yaml"));
    let stack =
        format!("apiVersion: labctl.dev/v1\nkind: Stack\nmetadata: {{name: port}}\nextends: lite-packages\ncluster: {{ports: {port}}}\n");
    std::fs::write(&file, stack).unwrap();
    let output = up(bed, &lab, &file.display().to_string(), &bed.bundle);
    refused(&output, 3, "LAB-PORT-001", &[&port.to_string(), "cluster.ports"]);
    assert_eq!(containers(&format!("io.x-k8s.kind.cluster={lab}")), Vec::<String>::new());
    assert_eq!(bed.labctl(&["down", "--yes", "--lab", &lab]).status.code(), Some(0));
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn a_home_that_cannot_be_written_is_named() {
    let Some(bed) = bed() else { return };
    // nobody may make folders there, not even root
    let output = bed
        .command(&["up", "--headless", "--force", "--stack", "lite-packages", "--bundle", &bed.bundle.display().to_string()])
        .env("HOME", "/proc")
        .args(["--lab", &format!("{}-home", bed.name)])
        .output()
        .unwrap();
    refused(&output, 3, "LAB-FILE-001", &["/proc/.local/share/labctl", "XDG_DATA_HOME"]);
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn a_damaged_tool_of_the_bundle_is_never_run() {
    let Some(bed) = bed() else { return };
    if std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|folder| folder.join("kind").exists()) {
        return; // kind of this machine is used then, and the bundle's is not looked at
    }
    let copy = bed.home.join("damaged");
    std::fs::create_dir_all(copy.join("tools")).unwrap();
    for name in ["SHA256SUMS", "blobs", "bundle.json", "engine", "index.json", "oci-layout"] {
        symlink(bed.bundle.join(name), copy.join(name)).unwrap();
    }
    std::fs::write(copy.join("tools/kind"), "#!/bin/sh\ntouch /tmp/never\n").unwrap();
    refused(
        &up(bed, &bed.name, "lite-packages", &copy),
        2,
        "LAB-BUNDLE-002",
        &["tools/kind", "checksum", "nothing of the damaged file was used"],
    );
}

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn two_at_once_are_told_of_each_other() {
    let Some(bed) = bed() else { return };
    let folder = bed.home.join(".local/share/labctl/labs").join(&bed.name);
    let held = labctl::support::lock::take(&folder, "the test").unwrap();
    refused(&bed.labctl(&["up", "--headless"]), 4, "LAB-LOCK-001", &["the test"]);
    drop(held);
}
