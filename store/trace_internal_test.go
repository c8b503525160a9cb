package store

import (
	"strings"
	"testing"
)

func TestStatementsAreTracedWithoutValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sql, text, summary string }{
		{`SELECT  id FROM payloads WHERE request_id = $1::uuid`, `SELECT id FROM payloads WHERE request_id = $1::uuid`, "SELECT payloads"},
		{
			"SELECT \"p\".\"id\" FROM \"payloads\" AS p\n\tWHERE (org_id = 'it''s secret') AND (x IN (1, 2.5, -3e-7)) LIMIT 11",
			`SELECT "p"."id" FROM "payloads" AS p WHERE (org_id = ?) AND (x IN (?, -?)) LIMIT ?`, "SELECT payloads",
		},
		{`insert into t2 (a) values ('a'), (E'b\'c'), ($$d$$) -- 'x`, `insert into t2 (a) values (?)`, "INSERT t2"},
		{`UPDATE payloads SET a = '{1}'::int8[] /* 'x' */ WHERE b = .5`, `UPDATE payloads SET a = ?::int8[] WHERE b = ?`, "UPDATE payloads"},
		{`COPY payload_statuses (a) FROM STDIN`, `COPY payload_statuses (a) FROM STDIN`, "COPY payload_statuses"},
		{`WITH ids AS (SELECT 1) DELETE FROM rollup_deltas`, `WITH ids AS (SELECT ?) DELETE FROM rollup_deltas`, "WITH rollup_deltas"},
		{`SELECT a FROM payload_statuses_20261125 s WHERE payload_id = $1`, `SELECT a FROM payload_statuses s WHERE payload_id = $1`, "SELECT payload_statuses"},
		{`begin isolation level read committed`, `begin isolation level read committed`, "BEGIN"},
		{`SELECT 'unended secret`, `SELECT ?`, "SELECT"},
	} {
		text := withoutValues(c.sql)
		if text != c.text || summaryOf(text) != c.summary {
			t.Errorf("%s\n gives %s | %s\n want  %s | %s", c.sql, text, summaryOf(text), c.text, c.summary)
		}
	}
	long := withoutValues(`SELECT ` + strings.Repeat("'secret', ", 5000) + `'secret'`)
	if strings.Contains(long, "secret") || len(long) > maxStatement+4 {
		t.Errorf("a long statement: %.200s", long)
	}
}
