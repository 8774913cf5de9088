# shellcheck shell=bash disable=SC2034,SC2154
about="CoreDNS and the local-path provisioner"
needs=gostd
after=kube-core
inputs="modules/kubernetes go/coredns"
versions="COREDNS LOCAL_PATH"
seconds=21
_provisioner=github.com/rancher/local-path-provisioner
# not one go command: the provisioner's logging library is spelled github.com/Sirupsen,
# etcd's and CoreDNS's github.com/sirupsen, and go refuses both at once
_tree() {
  local tree copy
  tree=$(go_tree kubernetes coredns)
  # client-go 0.34 has no such field any more; CoreDNS sets it to its default
  copy=$(own_copy "$tree" github.com/coredns/coredns)
  sed -i '/RetryOnError:/d' "$copy/plugin/kubernetes/object/informer.go"
  echo "$tree"
}
fetch() {
  local tree; tree=$(_tree)
  go_fetch "$tree" ./coredns
  go_fetch "$tree" $_provisioner
}
build() {
  local tree; tree=$(_tree)
  go_build "$tree" "" . ./coredns
  go_build "$tree" "" . $_provisioner
}
