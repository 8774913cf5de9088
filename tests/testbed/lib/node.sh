# shellcheck shell=bash
# Pieces of the node image that are cut out of its Debian tree.

# Units that would touch the host's kernel, or wait for hardware that a container lacks.
NODE_MASKED="systemd-logind.service getty.target console-getty.service systemd-binfmt.service systemd-sysctl.service
  systemd-modules-load.service systemd-remount-fs.service systemd-random-seed.service systemd-update-utmp.service
  dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount
  sys-kernel-config.mount systemd-firstboot.service systemd-sysusers.service ldconfig.service
  proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount"

trim_systemd() {
  local root=$1 unit
  rm -f "$root"/etc/systemd/system/*.wants/* "$root"/lib/systemd/system/{multi-user,local-fs}.target.wants/*
  for unit in $NODE_MASKED; do ln -sfn /dev/null "$root/etc/systemd/system/$unit"; done
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/opt/cni"
  for unit in containerd kubelet node-images; do
    ln -sfn "/etc/systemd/system/$unit.service" "$root/etc/systemd/system/multi-user.target.wants/$unit.service"
  done
  ln -sfn /lib/systemd/system/dbus.service "$root/etc/systemd/system/multi-user.target.wants/dbus.service"
  ln -sfn /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
  ln -sfn /lib/systemd/systemd "$root/sbin/init"
  ln -sfn /usr/lib/cni "$root/opt/cni/bin"
}

# iptables_tree ROOT TO: iptables with every library that it or one of its match
# modules loads. A module that lacks one fails only when a rule first needs it:
# without libm, Services with two endpoints are dead while all pods look healthy.
iptables_tree() {
  local root=$1 to=$2 lib=usr/lib/x86_64-linux-gnu name suffix
  mkdir -p "$to/usr/sbin" "$to/$lib" "$to/usr/lib64" "$to/run" "$to/etc" "$to/tmp"
  chmod 1777 "$to/tmp"
  ln -s usr/lib "$to/lib"
  ln -s usr/lib64 "$to/lib64"
  ln -s usr/sbin "$to/sbin"
  cp -a "$root/usr/sbin/xtables-legacy-multi" "$root/usr/sbin/nft" "$to/usr/sbin/"
  for name in iptables ip6tables; do
    for suffix in '' -save -restore; do ln -s xtables-legacy-multi "$to/usr/sbin/$name$suffix"; done
  done
  cp -a "$root/$lib/xtables" "$to/$lib/"
  # shellcheck disable=SC2016
  chroot "$root" sh -c 'ldd /usr/sbin/xtables-legacy-multi /usr/sbin/nft /usr/lib/x86_64-linux-gnu/xtables/*.so 2>/dev/null' |
    awk '$3 ~ /^\// {print $3}' | sort -u | while read -r name; do cp -L "$root$(readlink -m "/usr$name" | sed 's#^/usr/usr/#/usr/#')" "$to/$lib/$(basename "$name")"; done
  cp -L "$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$to/usr/lib64/"
}
