# shellcheck shell=bash disable=SC2034,SC2154
about="the image registry, from Debian's package, as a docker archive"
needs=debian-python
inputs="oci.py node/registry.yml"
versions=DEBIAN
seconds=3
lane=io
build() {
  local version lib; version=$(deb docker-registry)
  install -D -m 755 deb/usr/bin/docker-registry root/bin/registry
  # the program is linked to the C library: bring along what it names
  for lib in $(ldd root/bin/registry | grep -o '/[^ ]*'); do install -D "$(readlink -f "$lib")" "root$lib"; done
  install -D -m 644 "$TB_ROOT/node/registry.yml" root/etc/docker/registry/config.yml
  install -D -m 644 "$(out debian-python)/ca-certificates.crt" root/etc/ssl/certs/ca-certificates.crt
  mkdir -p root/var/lib/registry root/tmp
  chmod 1777 root/tmp
  printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n' > root/etc/passwd
  rm -rf deb
  oci image --plain --out . --name docker.io/library/registry --tag "${version%%[+-]*}" --origin debian \
    --note "Debian's docker-registry $version; for labs only" \
    --config '{"Entrypoint":["/bin/registry"],"Cmd":["serve","/etc/docker/registry/config.yml"],"ExposedPorts":{"5000/tcp":{}},"Volumes":{"/var/lib/registry":{}}}' root
  rm -rf root
  oci archive archive.tar .
}
