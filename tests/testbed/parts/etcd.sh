# shellcheck shell=bash disable=SC2034,SC2154
about="etcd"
needs=gostd
after=kube-core
inputs="modules/kubernetes go/etcd"
versions=ETCD
seconds=20
fetch() { go_fetch "$(go_tree kubernetes etcd)" ./etcd; }
build() { go_build "$(go_tree kubernetes etcd)" "" . ./etcd; }
