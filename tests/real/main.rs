//! Tests against real parts that the test bed brings. One module per tier, named as `scripts/test --tier` names it. Each says aloud when its part is
//! missing, and fails then if `LABCTL_REQUIRE_TIERS` names its tier.

mod apiserver;
mod queue;
