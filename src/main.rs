//! labctl
fn main() {}
