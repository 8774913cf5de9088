// Package gcp stands in for Loki's clients of Google's storage and of Bigtable,
// which bring a third of the sources that Loki is compiled from. The lab's Loki
// keeps its logs in files. Choosing one of these stores fails, and says why.
package gcp

import (
	"context"
	"errors"
	"flag"
	"time"

	"github.com/grafana/loki/v3/pkg/storage/chunk/client"
	"github.com/grafana/loki/v3/pkg/storage/chunk/client/hedging"
	"github.com/grafana/loki/v3/pkg/storage/config"
	"github.com/grafana/loki/v3/pkg/storage/stores/series/index"
)

// ErrLeftOut is the answer to every choice of a store of Google's.
var ErrLeftOut = errors.New("this Loki was built without the stores of Google's cloud; use filesystem or s3")

// Config is the section "bigtable".
type Config struct {
	DistributeKeys bool `yaml:"-"`
}

// RegisterFlags has nothing to register.
func (*Config) RegisterFlags(*flag.FlagSet) {}

// Validate finds nothing.
func (*Config) Validate() error { return nil }

// GCSConfig is the section "gcs".
type GCSConfig struct {
	BucketName      string        `yaml:"bucket_name"`
	ChunkBufferSize int           `yaml:"chunk_buffer_size"`
	RequestTimeout  time.Duration `yaml:"request_timeout"`
	EnableRetries   bool          `yaml:"enable_retries"`
}

// RegisterFlags has nothing to register.
func (*GCSConfig) RegisterFlags(*flag.FlagSet) {}

// RegisterFlagsWithPrefix has nothing to register.
func (*GCSConfig) RegisterFlagsWithPrefix(string, *flag.FlagSet) {}

// NewGCSObjectClient fails with ErrLeftOut.
func NewGCSObjectClient(context.Context, GCSConfig, hedging.Config) (client.ObjectClient, error) {
	return nil, ErrLeftOut
}

// NewBigtableObjectClient fails with ErrLeftOut.
func NewBigtableObjectClient(context.Context, Config, config.SchemaConfig) (client.Client, error) {
	return nil, ErrLeftOut
}

// NewStorageClientV1 fails with ErrLeftOut.
func NewStorageClientV1(context.Context, Config, config.SchemaConfig) (index.Client, error) {
	return nil, ErrLeftOut
}

// NewStorageClientColumnKey fails with ErrLeftOut.
func NewStorageClientColumnKey(context.Context, Config, config.SchemaConfig) (index.Client, error) {
	return nil, ErrLeftOut
}

// NewTableClient fails with ErrLeftOut.
func NewTableClient(context.Context, Config) (index.TableClient, error) { return nil, ErrLeftOut }

// IsRetryableErr is false: no call was made that could be made again.
func IsRetryableErr(error) bool { return false }
