# shellcheck shell=bash disable=SC2034,SC2154
about="k6, the load generator (optional)"
needs=gostd
inputs=modules/k6
versions=K6
seconds=81
fetch() { go_fetch "$(go_tree k6)" go.k6.io/k6; }
build() { go_build "$(go_tree k6)" "" . go.k6.io/k6; }
