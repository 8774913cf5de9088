# shellcheck shell=bash disable=SC2034,SC2154
about="etcd"
needs=gostd
inputs="modules/etcd go/etcd"
versions=ETCD
seconds=60
fetch() { go_fetch "$(go_tree etcd etcd)" ./etcd; }
build() { go_build "$(go_tree etcd etcd)" "" . ./etcd; }
