# shellcheck shell=bash disable=SC2034,SC2154
about="kubelet, kubeadm, kube-scheduler, kube-proxy; own crictl and podnet"
needs=gostd
after=kube-core
inputs="modules/kubernetes go/crictl go/podnet lib/kube.sh"
versions=KUBERNETES
seconds=98
_packages="k8s.io/kubernetes/cmd/kubelet k8s.io/kubernetes/cmd/kubeadm k8s.io/kubernetes/cmd/kube-scheduler
  k8s.io/kubernetes/cmd/kube-proxy ./crictl ./podnet"
# shellcheck disable=SC2086
fetch() { go_fetch "$(go_tree kubernetes crictl podnet)" $_packages; }
build() {
  . "$TB_ROOT/lib/kube.sh"
  # shellcheck disable=SC2086
  go_build "$(go_tree kubernetes crictl podnet)" "$(kube_ldflags)" . $_packages
}
