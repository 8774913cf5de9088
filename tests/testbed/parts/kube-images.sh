# shellcheck shell=bash disable=SC2034,SC2154
about="the images of Kubernetes itself, one file that a node reads at its first start"
needs="kube-core kube-node kube-addons etcd own-tools node-rootfs"
inputs="oci.py"
versions="KUBERNETES ETCD_TAG COREDNS PAUSE_TAG LOCAL_PATH"
packages="busybox-static zstd"
seconds=11
lane=io
# one NAME TAG ENTRYPOINT: an image of ./root
one() {
  local folder=images/${1##*/}
  mkdir -p "$folder"
  oci image --out "$folder" --name "$1" --tag "$2" --origin modules --config "${3:-{\}}" root
  rm -rf root
}
put() { install -D -m 755 "$1" "root/$2"; mkdir -p root/tmp; chmod 1777 root/tmp; }
build() {
  local name applet
  for name in kube-apiserver kube-controller-manager; do
    put "$(out kube-core)/$name" usr/local/bin/$name
    one registry.k8s.io/$name "$KUBERNETES"
  done
  put "$(out kube-node)/kube-scheduler" usr/local/bin/kube-scheduler
  one registry.k8s.io/kube-scheduler "$KUBERNETES"
  cp -a "$(out node-rootfs)/iptables" root
  put "$(out kube-node)/kube-proxy" usr/local/bin/kube-proxy
  one registry.k8s.io/kube-proxy "$KUBERNETES"
  put "$(out etcd)/etcd" usr/local/bin/etcd
  one registry.k8s.io/etcd "$ETCD_TAG"
  put "$(out kube-addons)/coredns" coredns
  one registry.k8s.io/coredns/coredns "$COREDNS" '{"Entrypoint":["/coredns"]}'
  put "$(out own-tools)/pause" pause
  one registry.k8s.io/pause "$PAUSE_TAG" '{"Entrypoint":["/pause"]}'
  put "$(out kube-node)/podnet" podnet
  one labctl.dev/podnet v1 '{"Entrypoint":["/podnet"]}'
  put "$(out kube-addons)/local-path-provisioner" usr/local/bin/local-path-provisioner
  one labctl.dev/local-path-provisioner "$LOCAL_PATH"
  put "$(command -v busybox)" bin/busybox # the volume helper needs sh, mkdir, rm
  for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "root/bin/$applet"; done
  one labctl.dev/busybox v1 '{"Entrypoint":["/bin/sh"]}'
  oci layout images.tar images/*
  rm -rf images
}
