// Package openapi stands in for metrics-server's generated schemas, which do not
// compile against the Kubernetes libraries used here. The API server's own
// schemas have the same types, and are compiled anyway.
package openapi

import (
	"k8s.io/kube-openapi/pkg/common"
	kubernetes "k8s.io/kubernetes/pkg/generated/openapi"
)

// GetOpenAPIDefinitions is what metrics-server asks for its schemas.
func GetOpenAPIDefinitions(ref common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	return kubernetes.GetOpenAPIDefinitions(ref)
}
