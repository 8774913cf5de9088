# shellcheck shell=bash disable=SC2034,SC2154
about="CoreDNS and the local-path provisioner"
needs=gostd
inputs="modules/addons go/coredns"
versions="COREDNS LOCAL_PATH"
seconds=170
_packages="./coredns github.com/rancher/local-path-provisioner"
# shellcheck disable=SC2086
fetch() { go_fetch "$(go_tree addons coredns)" $_packages; }
# shellcheck disable=SC2086
build() { go_build "$(go_tree addons coredns)" "" . $_packages; }
