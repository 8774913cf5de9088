# shellcheck shell=bash disable=SC2034,SC2154
about="metrics-server, for kubectl top and the autoscaler"
needs="gostd common-files"
after=kube-core
inputs="modules/kubernetes oci.py"
versions="METRICS_SERVER KUBERNETES"
seconds=11
_server=sigs.k8s.io/metrics-server
_tree() { # its generated schemas do not compile against these libraries
  local tree; tree=$(go_tree kubernetes)
  stand_ins "$tree" $_server $_server/pkg/api/generated/openapi
  echo "$tree"
}
fetch() { go_fetch "$(_tree)" $_server/cmd/metrics-server; }
build() {
  local tree; tree=$(_tree)
  go_build "$tree" "" root $_server/cmd/metrics-server
  static_image registry.k8s.io/metrics-server/metrics-server "$METRICS_SERVER" "built from sigs.k8s.io/metrics-server $METRICS_SERVER with the libraries of Kubernetes $KUBERNETES" \
    '{"Entrypoint":["/metrics-server"],"User":"65534"}'
}
