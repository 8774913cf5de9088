# shellcheck shell=bash
# debian_tree TO VARIANT PACKAGE,...: a Debian tree, from the mirrors that this
# host's own apt uses when the host is the same release.
debian_tree() {
  local to=$1 variant=$2 packages=$3 option value sources=() options=()
  if grep -q "^VERSION_CODENAME=$DEBIAN" /etc/os-release; then
    for value in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
      [ ! -s "$value" ] || { sources=("$value"); break; }
    done
  fi
  for option in Acquire::Check-Valid-Until Acquire::Check-Date Acquire::http::Proxy Acquire::https::Proxy; do
    value=$(apt-config dump --format '%v' "$option")
    [ -z "$value" ] || options+=(--aptopt="$option \"$value\"")
  done
  # pages and translations that nobody reads in a container
  for value in man doc info locale lintian; do options+=(--dpkgopt="path-exclude=/usr/share/$value/*"); done
  SOURCE_DATE_EPOCH=1761955200 mmdebstrap --quiet --mode=root --variant="$variant" --include="$packages" \
    "${options[@]}" "$DEBIAN" "$to" "${sources[@]}"
  # what differs from run to run
  rm -rf "$to"/var/log/* "$to"/var/cache/* "$to"/var/lib/apt/lists/* "$to/etc/machine-id" "$to/etc/hostname" "$to/etc/resolv.conf" \
    "$to"/etc/apt/sources.list* "$to"/etc/*- "$to"/var/lib/dpkg/*-old "$to"/run/* "$to"/tmp/*
}
