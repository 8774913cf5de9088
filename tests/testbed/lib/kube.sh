# shellcheck shell=bash
# What the Kubernetes programs say of themselves. The date is fixed so that the
# same sources give the same bytes.
kube_ldflags() {
  local pkg=k8s.io/component-base/version minor=${KUBERNETES#v1.}
  printf -- '-X %s.%s ' "$pkg" "gitVersion=$KUBERNETES" "$pkg" gitMajor=1 "$pkg" "gitMinor=${minor%%.*}" \
    "$pkg" gitTreeState=clean "$pkg" "gitCommit=$(printf '0%.0s' {1..40})" "$pkg" buildDate=2026-01-01T00:00:00Z
}
