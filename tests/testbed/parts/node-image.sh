# shellcheck shell=bash disable=SC2034,SC2154
about="the node image for kind, as a docker archive"
needs="engine kube-core kube-node kube-images node-rootfs"
inputs="node/root oci.py"
versions="KUBERNETES LOCAL_PATH"
seconds=5
lane=io
build() {
  local name
  cp -a "$TB_ROOT/node/root" root
  find root -name .keep -delete
  sed -i "s/LOCAL_PATH_VERSION/$LOCAL_PATH/" root/kind/manifests/default-storage.yaml
  printf '%s' "$KUBERNETES" > root/kind/version
  mkdir -p root/etc/kubernetes/manifests
  for name in kubelet kubeadm crictl; do install -D -m 755 "$(out kube-node)/$name" root/usr/bin/$name; done
  install -m 755 "$(out kube-core)/kubectl" root/usr/bin/kubectl
  install -D -m 755 "$(out engine)/trimcaps" root/usr/local/sbin/trimcaps
  cp "$(out kube-images)/images.tar" root/kind/images.tar
  chown -R 0:0 root
  oci image --plain --out . --name labctl.dev/kindnode --tag "$KUBERNETES" --origin modules \
    --note "Kubernetes $KUBERNETES built from its modules, on Debian; own pod network without NetworkPolicy; for labs only" \
    --config '{"Entrypoint":["/usr/local/bin/entrypoint","/sbin/init"],"Env":["container=docker"],"StopSignal":"SIGRTMIN+3"}' \
    "$(out node-rootfs)/layer.json" root
  rm -rf root
  oci archive archive.tar .
  rm -rf blobs # the archive holds them
}
