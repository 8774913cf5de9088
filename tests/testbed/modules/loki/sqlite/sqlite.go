// Package sqlite stands in for zombiezen.com/go/sqlite, as far as Loki calls it.
// SQLite translated to Go takes longer to compile than any other package of the
// lab, and Loki opens it only with delete_request_store_db_type: sqlite (the
// default is boltdb). Opening a database fails, and says why.
package sqlite

import "errors"

// ErrLeftOut is the answer to every attempt to open a database.
var ErrLeftOut = errors.New("this Loki was built without SQLite; set compactor.delete_request_store_db_type to boltdb")

// OpenFlags say how OpenConn opens a database.
type OpenFlags uint

// The flags that Loki names.
const (
	OpenReadWrite OpenFlags = 1 << iota
	OpenCreate
)

// Conn is a connection; none can be opened.
type Conn struct{}

// OpenConn fails with ErrLeftOut.
func OpenConn(string, ...OpenFlags) (*Conn, error) { return nil, ErrLeftOut }

// Close fails with ErrLeftOut.
func (*Conn) Close() error { return ErrLeftOut }

// Changes is 0: nothing was ever changed.
func (*Conn) Changes() int { return 0 }

// Stmt is a row of a result; none is ever made.
type Stmt struct{}

// ColumnInt is 0.
func (*Stmt) ColumnInt(int) int { return 0 }

// ColumnText is empty.
func (*Stmt) ColumnText(int) string { return "" }

// GetText is empty.
func (*Stmt) GetText(string) string { return "" }

// GetInt64 is 0.
func (*Stmt) GetInt64(string) int64 { return 0 }

// Backup copies a database; none can be made.
type Backup struct{}

// NewBackup fails with ErrLeftOut.
func NewBackup(*Conn, string, *Conn, string) (*Backup, error) { return nil, ErrLeftOut }

// Step fails with ErrLeftOut.
func (*Backup) Step(int) (bool, error) { return false, ErrLeftOut }

// Close fails with ErrLeftOut.
func (*Backup) Close() error { return ErrLeftOut }
