// Package ibmcloud stands in for Loki's client of IBM's object storage.
package ibmcloud

import (
	"errors"
	"flag"

	"github.com/grafana/loki/v3/pkg/storage/chunk/client"
	"github.com/grafana/loki/v3/pkg/storage/chunk/client/hedging"
)

// COSConfig is the section "cos".
type COSConfig struct{}

// RegisterFlags has nothing to register.
func (*COSConfig) RegisterFlags(*flag.FlagSet) {}

// RegisterFlagsWithPrefix has nothing to register.
func (*COSConfig) RegisterFlagsWithPrefix(string, *flag.FlagSet) {}

// NewCOSObjectClient fails: it was left out.
func NewCOSObjectClient(COSConfig, hedging.Config) (client.ObjectClient, error) {
	return nil, errors.New("this Loki was built without the client of IBM's object storage; use filesystem or s3")
}
