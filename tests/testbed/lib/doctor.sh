# shellcheck shell=bash
# What the machine must have. Each finding says how to mend it.
FINDINGS=0
finding() { FINDINGS=$((FINDINGS + 1)); printf 'testbed: lacking: %s\n  mend:  %s\n' "$1" "$2" >&2; }

version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -1)" = "$2" ]; }

check_tools() {
  local have
  if ! command -v go >/dev/null; then
    finding "Go 1.26 or later (go)" "install it from go.dev/dl or your distribution; Debian 12's golang is too old"
  else
    have=$(go env GOVERSION | sed 's/^go//')
    version_at_least "$have" 1.26.4 || finding "Go 1.26.4 or later; here is $have" "install a newer Go"
  fi
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    finding "Python 3.11 or later" "apt-get install python3"
  python3 -m pip --version >/dev/null 2>&1 || finding "pip" "apt-get install python3-pip"
}

free_gb() { df -BG --output=avail "$1" 2>/dev/null | tail -1 | tr -dc 0-9; }

check_host() { # PART...: what is still to be made decides how much room is needed
  local name cpu=0 need
  mkdir -p "$TB_CACHE"
  need_root
  check_tools
  [ "$(uname -m)" = x86_64 ] || finding "an x86_64 machine; this is $(uname -m)" "the test bed knows no other"
  for name; do part_done "$name" || cpu=$((cpu + P_SECONDS[$name])); done
  need=$((2 + cpu / 120)) # seen: 13.3 GB of Go's two caches, results and bundle for all 1650 CPU seconds
  [ "$(free_gb "$TB_CACHE")" -ge "$need" ] ||
    finding "$need GB of free disk under $TB_CACHE; there are $(free_gb "$TB_CACHE")" "free some, or set LABCTL_TESTBED_CACHE to another disk"
  [ "$FINDINGS" = 0 ] || fail "this machine is not ready ($FINDINGS findings above)"
}

cmd_doctor() {
  expand "${1:-lite-packages}"
  local name missing packages=()
  [ "$(id -u)" = 0 ] || finding "root" "run with sudo"
  check_tools
  # shellcheck disable=SC2206
  for name in "${ORDER[@]}"; do packages+=(${P_PACKAGES[$name]}); done
  mapfile -t packages < <(printf "%s\n" "${packages[@]}" | sort -u)
  missing=$(packages_missing "${packages[@]}" | xargs)
  [ -z "$missing" ] || finding "Debian packages: $missing" "'testbed build' installs them after a yes"
  [ "$(free_gb "$(dirname "$TB_CACHE")")" -ge 20 ] || finding "20 GB of free disk for a cold build" "set LABCTL_TESTBED_CACHE to another disk"
  if lacks_capabilities; then say "this machine does not grant every capability: the engine will run with trimcaps"; fi
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then say "cgroup v2"; else say "cgroup v1: Kubernetes up to 1.34"; fi
  if engine_runs; then say "a container engine runs"; else say "no container engine runs ('testbed engine start')"; fi
  [ "$FINDINGS" = 0 ] && say "nothing is lacking"
}
