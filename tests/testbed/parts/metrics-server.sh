# shellcheck shell=bash disable=SC2034,SC2154
about="metrics-server, for kubectl top and the autoscaler"
needs="gostd common-files"
inputs="modules/metrics-server oci.py"
versions=METRICS_SERVER
seconds=330
fetch() { go_fetch "$(go_tree metrics-server)" sigs.k8s.io/metrics-server/cmd/metrics-server; }
build() {
  go_build "$(go_tree metrics-server)" "" root sigs.k8s.io/metrics-server/cmd/metrics-server
  static_image registry.k8s.io/metrics-server/metrics-server "$METRICS_SERVER" "built from sigs.k8s.io/metrics-server $METRICS_SERVER" \
    '{"Entrypoint":["/metrics-server"],"User":"65534"}'
}
