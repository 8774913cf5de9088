# shellcheck shell=bash disable=SC2034,SC2154
about="Loki, the log store"
needs="gostd common-files"
after=otelcol   # what the two share is compiled once
inputs="modules/loki oci.py"
versions=LOKI
seconds=371
_loki=github.com/grafana/loki/v3
_tree() { # clouds that the lab's Loki never stores in are half of its sources
  local tree; tree=$(go_tree loki)
  stand_ins "$tree" $_loki $_loki/pkg/storage/chunk/client/{gcp,ibmcloud} $_loki/pkg/storage/bucket/gcs
  echo "$tree"
}
fetch() { go_fetch "$(_tree)" $_loki/cmd/loki; }
build() {
  local tree; tree=$(_tree)
  go_build "$tree" "-X $_loki/pkg/util/build.Version=${LOKI#v}" root/usr/bin $_loki/cmd/loki
  mkdir -p root/loki root/etc/loki
  chown 10001:10001 root/loki
  static_image docker.io/grafana/loki "${LOKI#v}" "built from github.com/grafana/loki/v3 $LOKI without its SQLite store and without the stores of Google and IBM" \
    '{"Entrypoint":["/usr/bin/loki"],"Cmd":["-config.file=/etc/loki/local-config.yaml"],"User":"10001:10001"}'
}
