# shellcheck shell=bash disable=SC2034,SC2154
about="OpenTelemetry Collector with the components that the lab uses"
needs="gostd common-files"
after=kube-core
inputs="modules/kubernetes go/otelcol oci.py"
versions="OTELCOL KUBERNETES"
seconds=175
fetch() { go_fetch "$(go_tree kubernetes otelcol)" ./otelcol; }
build() {
  go_build "$(go_tree kubernetes otelcol)" "" bin ./otelcol
  install -D -m 755 bin/otelcol root/otelcol-contrib
  rm -rf bin
  static_image docker.io/otel/opentelemetry-collector-contrib "${OTELCOL#v}" "built from module versions $OTELCOL with a short list of components, without the prometheus receiver, and the libraries of Kubernetes $KUBERNETES" \
    '{"Entrypoint":["/otelcol-contrib"],"Cmd":["--config","/etc/otelcol-contrib/config.yaml"],"User":"10001:10001"}'
}
