//! Long runs that no tier includes: `make torture NAME=… POINTS=…`.

#[test]
#[ignore = "torture: tests/torture/kill-up [POINTS]"]
fn up_is_killed_at_any_moment() {
    let points = std::env::var("LABCTL_TORTURE_POINTS").ok().and_then(|text| text.parse().ok());
    crate::lab::kill::any_moment(points.expect("LABCTL_TORTURE_POINTS is a number: tests/torture/kill-up [POINTS]"));
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r1 [POINTS]"]
async fn r1() {
    let points = usize::try_from(number("LABCTL_TORTURE_POINTS", 100)).expect("a number of points");
    assert!(crate::bare::crash::r1(points, number("LABCTL_TORTURE_SEED", 1)).await, "R1 is short of its must");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r1-helm [POINTS]"]
async fn r1_helm() {
    let points = usize::try_from(number("LABCTL_TORTURE_POINTS", 100)).expect("a number of points");
    let program = std::env::var("LABCTL_TEST_HELM").expect("LABCTL_TEST_HELM is the path of helm: tests/torture/r1-helm [POINTS]");
    let good = crate::bare::crash::helm(&program, points, number("LABCTL_TORTURE_SEED", 1)).await;
    crate::bare::crash::tell(&format!("Helm {good} of {points} converge after kill -9 by `helm upgrade --install`"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r3 [ROUNDS]"]
async fn r3() {
    let rounds = usize::try_from(number("LABCTL_TORTURE_POINTS", 50)).expect("a number of rounds");
    assert!(crate::bare::contend::r3(rounds, number("LABCTL_TORTURE_SEED", 1)).await, "R3 is short of its must");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r8 [ROUNDS]"]
async fn r8() {
    let rounds = usize::try_from(number("LABCTL_TORTURE_POINTS", 200)).expect("a number of rounds");
    assert!(crate::bare::edits::r8(rounds, number("LABCTL_TORTURE_SEED", 1)).await, "R8 is short of its must");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "torture: tests/torture/r9"]
async fn r9() {
    let library = std::env::var("LABCTL_TEST_FAKETIME").ok();
    assert!(crate::bare::faults::r9(library.as_deref()).await, "R9 is short of its must");
}
