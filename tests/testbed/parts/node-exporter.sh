# shellcheck shell=bash disable=SC2034,SC2154
about="node-exporter from Debian's package"
needs=debian-python
inputs="oci.py"
versions=DEBIAN
seconds=2
lane=io
build() {
  local version; version=$(deb prometheus-node-exporter)
  install -D -m 755 deb/usr/bin/prometheus-node-exporter root/usr/bin/node_exporter
  rm -rf deb
  image docker.io/prom/node-exporter "v${version%%[+-]*}" debian "Debian's prometheus-node-exporter $version; for labs only" \
    '{"Entrypoint":["/bin/node_exporter"],"User":"65534:65534","ExposedPorts":{"9100/tcp":{}}}' \
    "$(out debian-python)/layer.json" root
  rm -rf root
}
