# shellcheck shell=bash disable=SC2034,SC2154
about="moto, the AWS emulator"
needs=debian-python
inputs="python/moto.txt oci.py"
versions=MOTO
seconds=19
lane=io
build() {
  local lib=root/usr/local/lib/python3.11/dist-packages
  pip_tree "$TB_ROOT/python/moto.txt" $lib
  compile_python root
  mkdir -p root/usr/local/bin
  printf '#!/usr/bin/python3\nfrom moto.server import main\nmain()\n' > root/usr/local/bin/moto_server
  chmod 755 root/usr/local/bin/moto_server
  image docker.io/motoserver/moto "$MOTO" pypi "PyPI moto $MOTO without its CloudFormation extra; for labs only" \
    '{"Entrypoint":["/usr/local/bin/moto_server"],"Cmd":["-H","0.0.0.0"],"User":"65534:65534","Env":["PYTHONUNBUFFERED=1"],"ExposedPorts":{"5000/tcp":{}}}' \
    "$(out debian-python)/layer.json" root
  rm -rf root
}
