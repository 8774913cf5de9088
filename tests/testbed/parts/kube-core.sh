# shellcheck shell=bash disable=SC2034,SC2154
about="kube-apiserver, kube-controller-manager, kubectl"
needs=gostd
inputs="modules/kubernetes lib/kube.sh"
versions=KUBERNETES
seconds=640
fetch() { go_fetch "$(go_tree kubernetes)" k8s.io/kubernetes/cmd/kube{-apiserver,-controller-manager,ctl}; }
build() {
  . "$TB_ROOT/lib/kube.sh"
  # one go command: what the three share is compiled once
  go_build "$(go_tree kubernetes)" "$(kube_ldflags)" . k8s.io/kubernetes/cmd/kube{-apiserver,-controller-manager,ctl}
}
