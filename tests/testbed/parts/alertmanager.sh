# shellcheck shell=bash disable=SC2034,SC2154
about="Alertmanager from Debian's package"
needs=debian-python
inputs="oci.py"
versions=DEBIAN
seconds=3
lane=io
build() {
  local version; version=$(deb prometheus-alertmanager)
  install -D -m 755 deb/usr/bin/prometheus-alertmanager root/usr/bin/alertmanager
  [ ! -e deb/usr/bin/amtool ] || install -m 755 deb/usr/bin/amtool root/usr/bin/amtool
  cp -r deb/usr/share root/usr/ && rm -rf root/usr/share/doc root/usr/share/man root/usr/share/lintian root/usr/share/bash-completion
  mkdir -p root/alertmanager root/etc/alertmanager
  chown 65534:65534 root/alertmanager root/etc/alertmanager
  rm -rf deb
  image docker.io/prom/alertmanager "v${version%%[+-]*}" debian "Debian's prometheus-alertmanager $version, without its UI; for labs only" \
    '{"Entrypoint":["/bin/alertmanager"],"Cmd":["--config.file=/etc/alertmanager/alertmanager.yml","--storage.path=/alertmanager"],"User":"65534:65534","WorkingDir":"/alertmanager","ExposedPorts":{"9093/tcp":{}}}' \
    "$(out debian-python)/layer.json" root
  rm -rf root
}
