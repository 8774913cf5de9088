# shellcheck shell=bash disable=SC2034,SC2154
about="Helm (optional)"
needs=gostd
inputs=modules/helm
versions=HELM
seconds=152
fetch() { go_fetch "$(go_tree helm)" helm.sh/helm/v4/cmd/helm; }
build() { go_build "$(go_tree helm)" "" . helm.sh/helm/v4/cmd/helm; }
