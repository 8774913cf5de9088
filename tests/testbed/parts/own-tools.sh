# shellcheck shell=bash disable=SC2034,SC2154
about="pause, the first process of a pod"
needs=gostd
inputs="go/go.mod go/pause"
seconds=1
build() { own_tree; go_build .go "" . ./pause; }
