//! Long runs that no tier includes: `make torture NAME=… POINTS=…`.

#[test]
#[ignore = "torture: tests/torture/kill-up [POINTS]"]
fn up_is_killed_at_any_moment() {
    let points = std::env::var("LABCTL_TORTURE_POINTS").ok().and_then(|text| text.parse().ok());
    crate::lab::kill::any_moment(points.expect("LABCTL_TORTURE_POINTS is a number: tests/torture/kill-up [POINTS]"));
}
