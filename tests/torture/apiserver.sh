# shellcheck shell=bash
# What rigs on the bare API server share: where its parts are, and how a rig is run. Sourced by the rigs.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
testbed=tests/testbed/testbed
part() { "$testbed" path "$1" 2>/dev/null || { echo "part $1 is not there; bring it: $testbed build ${2:-apiserver} --yes" >&2; exit 2; }; }
LABCTL_TEST_APISERVER=$(part kube-core):$(part etcd) || exit 2
export LABCTL_TEST_APISERVER LABCTL_REQUIRE_TIERS=apiserver
# rig TEST [CARGO OPTIONS...]
rig() { local test=$1; shift; cargo test --locked "$@" --test real -- --ignored --exact --nocapture "torture::$test"; }
