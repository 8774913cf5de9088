# shellcheck shell=bash disable=SC2034,SC2154
about="Go's standard library, compiled once so that builds side by side share it"
seconds=57
build() { go_flags; (cd "$TB_ROOT/go/pause" && go build -trimpath std); }
