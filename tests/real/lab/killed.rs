//! Drills of each backend are killed at a few of their journal lines and taken back. At every line: `make torture NAME=R11`.

use super::bed::{bed, told};
use std::path::Path;
use std::process::Command;

/// One of each backend, and so many points of each: the whole must stay under a minute and a half.
const DRILLS: &str = "aws-queue,k8s-scale,node-cpu,node-pause";
const POINTS: &str = "2";

#[test]
#[ignore = "tier lab: scripts/test --real --tier lab"]
fn what_a_killed_drill_has_changed_is_taken_back() {
    let Some(bed) = bed() else { return };
    let rig = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture/r11");
    let output = Command::new(rig)
        .arg(POINTS)
        .env("LABCTL_BINARY", env!("CARGO_BIN_EXE_labctl"))
        .env("WATCH", "1")
        .env("ONLY", DRILLS)
        .env("LABCTL_LAB", &bed.name)
        .env("LABCTL_TEST_HOME", &bed.home)
        .output()
        .expect("python3 starts");
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{}", told(&output));
    bed.assert_ready();
}
