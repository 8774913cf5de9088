//! Tests against real parts that the test bed brings. Each says aloud when its part is missing, and fails then if `LABCTL_REQUIRE_TIERS` names it.

mod apiserver;
