# shellcheck shell=bash disable=SC2034,SC2154
about="trimcaps, the engine's runc wrapper; brings docker.io and iptables"
needs=gostd
inputs="go/go.mod go/trimcaps"
packages="docker.io iptables"
seconds=1
build() { own_tree; go_build .go "" . ./trimcaps; }
