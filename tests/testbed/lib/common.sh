# shellcheck shell=bash
# Names, places and messages that every piece of the test bed uses.
TB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TB_REPO=$(cd "$TB_ROOT/../.." && pwd)
TB_CACHE=${LABCTL_TESTBED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labctl-testbed}
TB_YES=${TB_YES:-}
export TB_ROOT TB_REPO TB_CACHE

# shellcheck source=/dev/null
set -a; . "$TB_ROOT/versions.env"; set +a

say() { printf 'testbed: %s\n' "$*"; }

# fail WHAT WHERE MEND: every error says what went wrong, where, and how to mend it.
fail() {
  printf 'testbed: error: %s\n' "$1" >&2
  [ -z "${2:-}" ] || printf '  where: %s\n' "$2" >&2
  [ -z "${3:-}" ] || printf '  mend:  %s\n' "$3" >&2
  exit 1
}

# A change to the whole machine is announced, and made only after a yes.
ask() {
  say "$1"
  [ -n "$TB_YES" ] && return 0
  [ -t 0 ] || fail "that needs a yes and nobody is there to ask" "" "run again with --yes"
  local answer
  read -r -p "testbed: go on? [y/N] " answer
  case $answer in y|Y|yes) return 0 ;; esac
  fail "stopped at your word"
}

clock() { printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); }

need_root() { [ "$(id -u)" = 0 ] || fail "this needs root (Debian trees are unpacked with their owners)" "user $(id -un)" "run it with sudo"; }

has_systemd() { [ -d /run/systemd/system ]; }

# packages_missing NAME...: those that dpkg does not know as installed.
packages_missing() {
  local p
  for p; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
  done
}

# Brings Debian packages onto the host.
ensure_packages() {
  local missing
  mapfile -t missing < <(packages_missing "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "missing: ${missing[*]}" "this is not a Debian system" "install them by your system's own means"
  need_root
  ask "Debian packages to install on this machine: ${missing[*]}"
  local log=$TB_CACHE/logs/apt.log
  mkdir -p "$TB_CACHE/logs"
  # docker.io must not start a service behind our back; RUNLEVEL=1 keeps invoke-rc.d quiet
  if ! { DEBIAN_FRONTEND=noninteractive apt-get update && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
      apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -5 "$log" >&2
    fail "apt-get could not install ${missing[*]}" "$log" "see the log; then run the same command again"
  fi
}
