// Package sqlitex stands in for the helpers of the package above it.
package sqlitex

import (
	"context"

	"zombiezen.com/go/sqlite"
)

// ExecOptions are arguments of a query and what is to be done with its rows.
type ExecOptions struct {
	Args       []any
	Named      map[string]any
	ResultFunc func(*sqlite.Stmt) error
}

// PoolOptions are unused.
type PoolOptions struct{}

// Pool holds connections; none can be opened.
type Pool struct{}

// NewPool fails with sqlite.ErrLeftOut.
func NewPool(string, PoolOptions) (*Pool, error) { return nil, sqlite.ErrLeftOut }

// Take fails with sqlite.ErrLeftOut.
func (*Pool) Take(context.Context) (*sqlite.Conn, error) { return nil, sqlite.ErrLeftOut }

// Put does nothing.
func (*Pool) Put(*sqlite.Conn) {}

// Close fails with sqlite.ErrLeftOut.
func (*Pool) Close() error { return sqlite.ErrLeftOut }

// Execute fails with sqlite.ErrLeftOut.
func Execute(*sqlite.Conn, string, *ExecOptions) error { return sqlite.ErrLeftOut }

// Transaction does nothing.
func Transaction(*sqlite.Conn) func(*error) { return func(*error) {} }
