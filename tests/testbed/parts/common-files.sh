# shellcheck shell=bash disable=SC2034,SC2154
about="users, CA list, name service settings and /tmp, for images of one program"
needs=debian-python
inputs=oci.py
seconds=1
lane=io
build() {
  mkdir -p root/etc/ssl/certs root/tmp root/var/run
  chmod 1777 root/tmp
  printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n' > root/etc/passwd
  printf 'root:x:0:\nnogroup:x:65534:\n' > root/etc/group
  printf 'hosts: files dns\n' > root/etc/nsswitch.conf
  cp "$(out debian-python)/ca-certificates.crt" root/etc/ssl/certs/
  oci layer root layer
  rm -rf root
}
