# shellcheck shell=bash
# Turns the finished parts of a set into a bundle folder.
cmd_bundle() {
  local set=lite-packages out='' name arguments=()
  while [ $# -gt 0 ]; do
    case $1 in
      --out) out=$(realpath -m "${2:?--out DIR}"); shift 2 ;;
      *) set=$1; shift ;;
    esac
  done
  is_set "$set" && [ "$set" != apiserver ] && [ "$set" != extras ] || fail "no bundle can be made of $set" "" "testbed bundle lite-packages"
  out=${out:-$TB_CACHE/bundle/$set}
  cmd_build "$set"
  for name in "${ORDER[@]}"; do
    case $name in node-image|registry-image) continue ;; esac
    [ ! -f "$(part_out "$name")/image.json" ] || arguments+=(--image "$(part_out "$name")")
  done
  # k6 belongs to the set; helm goes in when it was built
  for name in helm k6; do
    part_key "$name"
    local version=${name^^}
    if part_done "$name"; then arguments+=(--tool "$name=${!version#v}=$(part_out "$name")/$name"); fi
  done
  python3 "$TB_ROOT/bundle.py" write --out "$out" --name "$set" --kubernetes "${KUBERNETES#v}" \
    --node "$(part_out node-image)" --registry "$(part_out registry-image)" \
    --tool "kind=${KIND#v}=$(part_out kind)/kind" --tool "kubectl=${KUBERNETES#v}=$(part_out kube-core)/kubectl" \
    "${arguments[@]}"
}
