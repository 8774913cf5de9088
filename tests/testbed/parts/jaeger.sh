# shellcheck shell=bash disable=SC2034,SC2154
about="Jaeger all-in-one, the trace store"
needs="gostd common-files"
after=kube-core
inputs="modules/jaeger oci.py"
versions=JAEGER
seconds=90
fetch() { go_fetch "$(go_tree jaeger)" github.com/jaegertracing/jaeger/cmd/all-in-one; }
build() {
  go_build "$(go_tree jaeger)" "-X github.com/jaegertracing/jaeger/pkg/version.latestVersion=$JAEGER" root/go/bin github.com/jaegertracing/jaeger/cmd/all-in-one
  mv root/go/bin/all-in-one root/go/bin/all-in-one-linux
  mkdir -p root/badger
  chown 10001:10001 root/badger
  static_image docker.io/jaegertracing/all-in-one "${JAEGER#v}" "built from github.com/jaegertracing/jaeger $JAEGER; without the client of Elasticsearch 8; its UI is a placeholder page" \
    '{"Entrypoint":["/go/bin/all-in-one-linux"],"Env":["COLLECTOR_OTLP_ENABLED=true"],"User":"10001"}'
}
