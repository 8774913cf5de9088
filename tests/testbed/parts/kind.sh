# shellcheck shell=bash disable=SC2034,SC2154
about="the kind CLI"
needs=gostd
inputs=modules/kind
versions=KIND
seconds=13
fetch() { go_fetch "$(go_tree kind)" sigs.k8s.io/kind; }
build() { go_build "$(go_tree kind)" "" . sigs.k8s.io/kind; }
