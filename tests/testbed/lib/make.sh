# shellcheck shell=bash
# What a part's build function may call. It runs in its own shell, in an empty
# folder that becomes the part's result when the function succeeds.

# out PART: the finished folder of another part (which must be declared in needs).
out() { local var=OUT_${1//-/_}; echo "${!var:?part $1 is not among the declared needs}"; }

# go_tree MODULE [OWN...]: a scratch module from modules/MODULE and own programs of go/.
go_tree() {
  local tree=$PWD/.go module=$1 own
  mkdir -p "$tree"
  cp -r "$TB_ROOT/modules/$module"/* "$tree/"
  shift
  for own; do cp -r "$TB_ROOT/go/$own" "$tree/$own"; done
  echo "$tree"
}

# One set of flags for every part, so that shared packages are compiled once.
# Checksums are verified against go.sum; -mod=mod because go.mod lists what the
# programs need, not what their tests need. No debug tables: the linker drops them
# anyway (-s -w), and writing them is a tenth of a compile.
go_flags() {
  export CGO_ENABLED=0 GOFLAGS="-mod=mod -buildvcs=false -gcflags=all=-dwarf=false" GOWORK=off GOTOOLCHAIN=local
}

# own_copy TREE MODULE: from here on TREE compiles a copy of MODULE that may be changed;
# prints its folder. (go's -overlay refuses files of its module cache.)
own_copy() {
  local tree=$1 module=$2 folder copy=$1/copies/${2##*/}
  go_flags
  (cd "$tree" && go mod download "$module")
  folder=$(cd "$tree" && go list -m -f '{{.Dir}}' "$module")
  mkdir -p "$tree/copies"
  cp -r "$folder" "$copy"
  chmod -R u+w "$copy"
  (cd "$tree" && go mod edit -replace "$module=./copies/${copy##*/}")
  echo "$copy"
}

# stand_ins TREE MODULE PACKAGE...: compiles a copy of MODULE in which these packages
# are the sources in TREE/stand-ins.
stand_ins() {
  local tree=$1 module=$2 package copy; copy=$(own_copy "$1" "$2")
  shift 2
  for package; do
    rm -f "$copy/${package#"$module"/}"/*.go
    cp "$tree/stand-ins/$package"/*.go "$copy/${package#"$module"/}/"
  done
}

# go_fetch TREE PACKAGE...: downloads what a build will need, and nothing more.
go_fetch() {
  local tree=$1; shift
  go_flags
  (cd "$tree" && go list ${TB_OVERLAY:+"$TB_OVERLAY"} -deps "$@" >/dev/null)
}

# go_build TREE LDFLAGS OUT PACKAGE...
go_build() {
  local tree=$1 ldflags=$2 to=$3; shift 3
  go_flags
  mkdir -p "$to"
  to=$(cd "$to" && pwd)
  (cd "$tree" && go build -trimpath -ldflags "-s -w $ldflags" -o "$to/" "$@")
}

oci() { python3 "$TB_ROOT/oci.py" "$@"; }

# image NAME TAG ORIGIN NOTE CONFIG LAYER...: writes image.json and blobs/ here.
image() {
  local name=$1 tag=$2 origin=$3 note=$4 config=$5; shift 5
  oci image --out . --name "$name" --tag "$tag" --origin "$origin" --note "$note" --config "$config" "$@"
}

# static_image NAME TAG NOTE CONFIG: an image of one tree, ./root, over the common files.
static_image() {
  local name=$1 tag=$2 note=$3 config=$4
  image "$name" "$tag" modules "$note; for labs only" "$config" "$(out common-files)/layer.json" root
  rm -rf root
}

# deb NAME: downloads a Debian package and unpacks it into ./deb; prints its version.
deb() {
  local name=$1 file version
  (mkdir -p .deb && cd .deb && apt-get download "$name" >&2) || return 1
  file=$(ls .deb/"$name"_*.deb)
  version=$(dpkg-deb -f "$file" Version)
  dpkg-deb -x "$file" deb
  rm -rf .deb
  echo "$version"
}

# pip_tree LIST TO: installs a hashed list of Python packages into TO, compiled so
# that two runs give the same bytes.
pip_tree() {
  local list=$1 to=$2 platforms=() minor
  # wheels name the oldest C library they run with; Debian bookworm has 2.36
  for minor in {36..17}; do platforms+=(--platform "manylinux_2_${minor}_x86_64"); done
  python3 -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-compile --ignore-installed \
    --require-hashes --only-binary :all: --python-version 3.11 --implementation cp \
    "${platforms[@]}" --platform manylinux2014_x86_64 --platform any --target "$to" -r "$list"
  rm -rf "${to:?}/bin"
}

# compile_python TREE: bytecode beside the sources, since the lab's containers may
# not write it at run time. Checked against nothing, so it has no times in it.
compile_python() {
  find "$1" -type d -name tests -prune -exec rm -rf {} +
  if [ "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = 3.11 ]; then
    PYTHONHASHSEED=0 python3 -m compileall -q -j 1 -s "$1" --invalidation-mode unchecked-hash "$1" || true
  fi
}

# own_tree: the own programs that need nothing but the standard library, in ./.go
own_tree() { mkdir -p .go && cp -r "$TB_ROOT"/go/{go.mod,trimcaps,pause} .go/; }
