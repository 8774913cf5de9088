# shellcheck shell=bash disable=SC2034,SC2154
about="Loki, the log store"
needs="gostd common-files"
inputs="modules/loki oci.py"
versions=LOKI
seconds=400
fetch() { go_fetch "$(go_tree loki)" github.com/grafana/loki/v3/cmd/loki; }
build() {
  go_build "$(go_tree loki)" "-X github.com/grafana/loki/v3/pkg/util/build.Version=${LOKI#v}" root/usr/bin github.com/grafana/loki/v3/cmd/loki
  mkdir -p root/loki root/etc/loki
  chown 10001:10001 root/loki
  static_image docker.io/grafana/loki "${LOKI#v}" "built from github.com/grafana/loki/v3 $LOKI" \
    '{"Entrypoint":["/usr/bin/loki"],"Cmd":["-config.file=/etc/loki/local-config.yaml"],"User":"10001:10001"}'
}
