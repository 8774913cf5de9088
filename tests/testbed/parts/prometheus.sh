# shellcheck shell=bash disable=SC2034,SC2154
about="Prometheus from Debian's package"
needs=debian-python
inputs="oci.py"
versions=DEBIAN
seconds=5
lane=io
build() {
  local version; version=$(deb prometheus)
  mkdir -p root/bin root/etc/prometheus root/usr/share root/prometheus
  # /bin is a link to /usr/bin in the base
  rmdir root/bin
  install -D -m 755 deb/usr/bin/prometheus root/usr/bin/prometheus
  install -m 755 deb/usr/bin/promtool root/usr/bin/promtool
  cp -r deb/usr/share/prometheus root/usr/share/
  cp deb/etc/prometheus/prometheus.yml root/etc/prometheus/
  chown -R 65534:65534 root/prometheus root/etc/prometheus
  rm -rf deb
  image docker.io/prom/prometheus "v${version%%[+-]*}" debian "Debian's prometheus $version: built without Kubernetes discovery and without the React UI; for labs only" \
    '{"Entrypoint":["/bin/prometheus"],"Cmd":["--config.file=/etc/prometheus/prometheus.yml","--storage.tsdb.path=/prometheus","--web.console.libraries=/usr/share/prometheus/console_libraries","--web.console.templates=/usr/share/prometheus/consoles"],"User":"65534:65534","WorkingDir":"/prometheus","ExposedPorts":{"9090/tcp":{}}}' \
    "$(out debian-python)/layer.json" root
  rm -rf root
}
