// Package migrations holds the database schema as numbered SQL files,
// applied in order by the store. A file that has landed is never edited: a
// change is a new file.
//
// The former version works on while the new one's steps are applied, so a
// step adds: a table, a column with a default, an index made CONCURRENTLY. One
// that the former version cannot live with ends with
//
//	UPDATE schema_floor SET step = 'NNN';
//
// and the changelog says to stop that version first.
package migrations

import "embed"

// FS holds the files NNN_name.tx.up.sql, and NNN_name.tx.down.sql that take
// them back; each runs in one transaction. What cannot, CREATE INDEX
// CONCURRENTLY, is a file NNN_name.up.sql of that statement alone, IF NOT
// EXISTS.
//
//go:embed *.sql
var FS embed.FS
