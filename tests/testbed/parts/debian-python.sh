# shellcheck shell=bash disable=SC2034,SC2154
about="Debian with Python: the layer under every Python image, and its CA list"
inputs="lib/debian.sh oci.py"
versions=DEBIAN
packages="mmdebstrap zstd"
seconds=47
lane=io
build() {
  . "$TB_ROOT/lib/debian.sh"
  debian_tree root essential python3-minimal,libpython3-stdlib,python3,ca-certificates,libstdc++6
  cp root/etc/ssl/certs/ca-certificates.crt .
  oci layer root layer
  rm -rf --one-file-system root
}
