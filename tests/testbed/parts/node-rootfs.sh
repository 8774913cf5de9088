# shellcheck shell=bash disable=SC2034,SC2154
about="Debian with systemd and containerd: the lowest layer of the node image"
inputs="lib/debian.sh lib/node.sh oci.py"
versions=DEBIAN
packages="mmdebstrap zstd"
seconds=55
lane=io
build() {
  . "$TB_ROOT/lib/debian.sh"
  . "$TB_ROOT/lib/node.sh"
  debian_tree root minbase "systemd,dbus,containerd,runc,iptables,nftables,conntrack,ethtool,socat,mount,kmod,procps,iproute2,ca-certificates,containernetworking-plugins,jq,pigz,zstd"
  trim_systemd root
  # so that kube-proxy's rules and this node's are of one kind
  chroot root update-alternatives --quiet --set iptables /usr/sbin/iptables-legacy
  chroot root update-alternatives --quiet --set ip6tables /usr/sbin/ip6tables-legacy
  rm -rf root/var/log/* root/var/cache/*
  iptables_tree root iptables
  oci layer --plain root layer
  rm -rf --one-file-system root
}
