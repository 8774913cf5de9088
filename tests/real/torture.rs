//! Long runs that no tier includes: `make torture NAME=… POINTS=…`.

use std::path::PathBuf;

const SET: &str = "the scripts in tests/torture set the paths of the programs they use";

#[test]
#[ignore = "torture: tests/torture/kill-up [POINTS]"]
fn up_is_killed_at_any_moment() {
    let points = std::env::var("LABCTL_TORTURE_POINTS").ok().and_then(|text| text.parse().ok());
    crate::lab::kill::any_moment(points.expect("LABCTL_TORTURE_POINTS is a number: tests/torture/kill-up [POINTS]"));
}

fn number<N: std::str::FromStr>(name: &str, otherwise: N) -> N {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn points(otherwise: usize) -> usize {
    number("LABCTL_TORTURE_POINTS", otherwise)
}

fn seed() -> u64 {
    number("LABCTL_TORTURE_SEED", 1)
}

/// The path of a program, set by the script that runs the rig.
fn program(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r1 [POINTS]"]
async fn r1() {
    assert!(crate::bare::crash::r1(points(100), seed()).await, "R1 is short of its must");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r1-helm [POINTS]"]
async fn r1_helm() {
    crate::bare::crash::helm(&program("LABCTL_TEST_HELM").expect(SET), points(100), seed()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r2 [POINTS]"]
async fn r2() {
    assert!(crate::bare::signals::r2(points(40), seed()).await, "R2 is short of its must");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r3 [ROUNDS]"]
async fn r3() {
    assert!(crate::bare::contend::r3(points(50), seed()).await, "R3 is short of its must");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r6"]
async fn r6() {
    assert!(
        crate::bare::foreign::r6(&program("LABCTL_TEST_KUBECTL").expect(SET), &program("LABCTL_TEST_HELM").expect(SET)).await,
        "R6 is short of its must"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/charts FOLDER"]
async fn chart() {
    crate::bare::chart::as_component(&program("LABCTL_TEST_HELM").expect(SET)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r8 [ROUNDS]"]
async fn r8() {
    assert!(crate::bare::edits::r8(points(200), seed()).await, "R8 is short of its must");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r9"]
async fn r9() {
    let library = std::env::var("LABCTL_TEST_FAKETIME").ok();
    assert!(crate::bare::faults::r9(library.as_deref()).await, "R9 is short of its must");
}
