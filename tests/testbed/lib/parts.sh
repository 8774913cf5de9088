# shellcheck shell=bash
# Parts: what each one declares, its key, and in which order they are made.
#
# A part is a file parts/NAME.sh that sets
#   about     one line for people
#   needs     other parts
#   after     parts that, if they too are to be made, go first: both compile the same packages
#   inputs    files and folders (relative to tests/testbed) that its result depends on
#   versions  names in versions.env, likewise
#   packages  Debian packages that the host must have to make it
#   seconds   CPU seconds it took on the reference machine
#   lane      cpu (compiles, the default) or io (waits for disk and network): they run side by side
# and defines build(), and fetch() when there is something to download first.
# The key of a part is the hash of all of that, so a changed input makes it anew
# and an unchanged one is never made twice.
declare -A P_ABOUT P_NEEDS P_AFTER P_INPUTS P_VERSIONS P_PACKAGES P_SECONDS P_LANE P_FETCH P_KEY

part_names() { local f; for f in "$TB_ROOT"/parts/*.sh; do basename "$f" .sh; done; }

load_part() {
  local name=$1 file=$TB_ROOT/parts/$1.sh
  [ -n "${P_ABOUT[$name]:-}" ] && return 0
  [ -f "$file" ] || fail "no part or set is called $name" "$TB_ROOT/parts" "'testbed list' shows them"
  local about='' needs='' after='' inputs='' versions='' packages='' seconds=1 lane=cpu
  unset -f fetch build
  # shellcheck source=/dev/null
  . "$file"
  P_ABOUT[$name]=$about P_NEEDS[$name]=$needs P_AFTER[$name]=$after P_INPUTS[$name]=$inputs P_VERSIONS[$name]=$versions
  P_PACKAGES[$name]=$packages P_SECONDS[$name]=$seconds P_LANE[$name]=$lane
  declare -F fetch >/dev/null && P_FETCH[$name]=1
  unset -f fetch build
}

hash_files() { # paths relative to TB_ROOT; a missing one counts as missing
  (cd "$TB_ROOT" && for f; do
    [ -e "$f" ] || { echo "missing $f"; continue; }
    find -L "$f" -type f ! -name '*.pyc' ! -path '*/__pycache__/*' ! -path '*/tests/*' -print0 | LC_ALL=C sort -z |
      xargs -0r sha256sum
    find "$f" -type l -printf '%p %l\n' | LC_ALL=C sort
  done)
}

part_key() { # sets P_KEY[name], after those of its needs
  local name=$1 need var
  [ -n "${P_KEY[$name]:-}" ] && return 0
  load_part "$name"
  for need in ${P_NEEDS[$name]}; do part_key "$need"; done
  P_KEY[$name]=$({
    grep -v '^seconds=' "$TB_ROOT/parts/$name.sh" # a better estimate is no reason to make it again
    # shellcheck disable=SC2086
    hash_files lib/make.sh ${P_INPUTS[$name]}
    for var in ${P_VERSIONS[$name]}; do echo "$var=${!var}"; done
    for need in ${P_NEEDS[$name]}; do echo "$need=${P_KEY[$need]}"; done
  } | sha256sum | cut -c1-16)
}

part_out() { echo "$TB_CACHE/parts/$1/${P_KEY[$1]}"; }
part_done() { [ -d "$(part_out "$1")" ]; }

# expand SET|PART...: every part that is needed, needs first, each once.
declare -A SEEN
ORDER=()
expand() {
  local name need
  for name; do
    case $name in
      apiserver) expand kube-core etcd ;;
      cluster) expand engine kind kube-core node-image registry-image ;;
      lite-packages) expand cluster prometheus alertmanager node-exporter loki jaeger otelcol metrics-server envoy moto app-python k6 ;;
      extras) expand helm ;;
      *)
        [ -n "${SEEN[$name]:-}" ] && continue
        load_part "$name"
        SEEN[$name]=1
        # shellcheck disable=SC2086
        expand ${P_NEEDS[$name]}
        part_key "$name"
        ORDER+=("$name") ;;
    esac
  done
}
SETS="apiserver cluster lite-packages extras"
is_set() { [[ " $SETS " == *" $1 "* ]]; }

# run_job KIND NAME: one part's fetch or build, in a shell of its own.
run_job() (
  set -euo pipefail
  shopt -s inherit_errexit # a failure inside $(...) counts too
  kind=$1 name=$2 final=$(part_out "$2")
  for need in ${P_NEEDS[$name]}; do part_key "$need"; export "OUT_${need//-/_}=$(part_out "$need")"; done
  if [ "$kind" = build ]; then
    # another run of the test bed may be making the same part: then wait for it
    mkdir -p "$TB_CACHE/locks"
    exec 9>"$TB_CACHE/locks/$name"
    flock 9
    [ ! -d "$final" ] || exit 0
  fi
  work=$TB_CACHE/tmp/$kind-$name
  rm -rf --one-file-system "$work"
  mkdir -p "$work"
  cd "$work"
  # shellcheck source=/dev/null
  . "$TB_ROOT/lib/make.sh"
  # shellcheck source=/dev/null
  . "$TB_ROOT/parts/$name.sh"
  started=$(date +%s.%N) me=$BASHPID
  "$kind"
  rm -rf .go
  if [ "$kind" = build ]; then
    cd /
    mkdir -p "$(dirname "$final")"
    mv -T "$work" "$final"
    cpu=$(awk '{print ($14+$15+$16+$17)/100}' "/proc/$me/stat" 2>/dev/null || echo 0)
    printf '%s\t%s\t%.1f\t%.1f\t%s\n' "$(date -u +%FT%TZ)" "$name" \
      "$(awk -v a="$(date +%s.%N)" -v b="$started" 'BEGIN{print a-b}')" "$cpu" \
      "$(du -sm "$final" | cut -f1)" >> "$TB_CACHE/times.tsv"
  else
    rm -rf "$work"
  fi
)
