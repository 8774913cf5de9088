# shellcheck shell=bash disable=SC2034,SC2154
about="Jaeger all-in-one, the trace store"
needs="gostd common-files"
after=kube-core
inputs="modules/jaeger oci.py"
versions=JAEGER
seconds=79
_tree() {
  local tree copy
  tree=$(go_tree jaeger)
  # OpenTelemetry's own detectors are of a newer schema than Jaeger names for itself, and two names are an error at start
  copy=$(own_copy "$tree" github.com/jaegertracing/jaeger)
  sed -i '/resource.WithSchemaURL(otelsemconv.SchemaURL),/d' "$copy/pkg/jtracer/jtracer.go"
  echo "$tree"
}
fetch() {
  local tree; tree=$(_tree)
  go_fetch "$tree" github.com/jaegertracing/jaeger/cmd/all-in-one
}
build() {
  local tree; tree=$(_tree)
  go_build "$tree" "-X github.com/jaegertracing/jaeger/pkg/version.latestVersion=$JAEGER" root/go/bin github.com/jaegertracing/jaeger/cmd/all-in-one
  mv root/go/bin/all-in-one root/go/bin/all-in-one-linux
  mkdir -p root/badger
  chown 10001:10001 root/badger
  static_image docker.io/jaegertracing/all-in-one "${JAEGER#v}" "built from github.com/jaegertracing/jaeger $JAEGER; without the client of Elasticsearch 8; its UI is a placeholder page" \
    '{"Entrypoint":["/go/bin/all-in-one-linux"],"Env":["COLLECTOR_OTLP_ENABLED=true"],"User":"10001"}'
}
