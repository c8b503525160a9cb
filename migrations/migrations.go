// Package migrations holds the database schema as numbered SQL files,
// applied in order by the store. A file that has landed is never edited: a
// change is a new file.
package migrations

import "embed"

// FS holds the files NNN_name.tx.up.sql; each runs in one transaction.
//
//go:embed *.sql
var FS embed.FS
