package store

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/payload-tracker/payload-tracker/identity"
	"github.com/payload-tracker/payload-tracker/payload"
)

// view is what a scope leaves of a table that holds customers' data.
type view struct{ table, rows string }

// views stand in front of a statement under the tables' own names: whoever
// names a table gets these rows, so that no statement can forget the scope.
// (Within a WITH query its own name is the table's, and an earlier query's
// name that query.) They are inlined: the planner sees one more condition.
var views = []view{
	{"payloads", "WHERE org_id = ?"},
	{"payload_statuses", "WHERE payload_id IN (SELECT id FROM payloads)"},
	{"payload_hosts", "WHERE payload_id IN (SELECT id FROM payloads)"},
	{"journey_traces", "WHERE payload_id IN (SELECT id FROM payloads)"},
	// Of nobody in particular: only for those who see everything.
	{"dead_letters", "WHERE FALSE"},
	{"dead_letter_replays", "WHERE FALSE"},
	{"heard", "WHERE FALSE"},
	{"rollup_deltas", "WHERE FALSE"},
	{"stage_rollups", "WHERE org_id = ?"},
	{"handover_rollups", "WHERE org_id = ?"},
	{"failure_rollups", "WHERE org_id = ?"},
}

// sampled is a sample of a table: of a view there is none, so it is taken
// within.
var sampled = regexp.MustCompile(`\b(\w+) (\w+) (TABLESAMPLE SYSTEM \([0-9.]+\) REPEATABLE \(\d+\))`)

// scope of a question. Where tenants are told apart, one that comes in none is
// refused.
func (s *Store) scope(ctx context.Context) (identity.Scope, error) {
	scope, ok := identity.ScopeOf(ctx)
	orgID, bound := scope.Bound()
	switch {
	case ok && (!bound || orgID != ""): // the empty text is what has no organisation
		return scope, nil
	case ok, s.config.Tenants:
		return scope, payload.Errorf(payload.CodeUnauthenticated, "it is not known who asks")
	}
	return identity.Everything(), nil
}

// inScope is a statement on what the scope may see.
func inScope(scope identity.Scope, sql string, args []any) (string, []any) {
	orgID, bound := scope.Bound()
	if !bound {
		return sql, args
	}
	samples := map[string]string{}
	for _, found := range sampled.FindAllStringSubmatch(sql, -1) {
		samples[found[1]] = " " + found[3]
	}
	sql = sampled.ReplaceAllString(sql, "$1 $2")
	explain, query := "", sql
	if rest, ok := strings.CutPrefix(sql, explainJSON); ok {
		explain, query = explainJSON, rest
	}
	var queries []string
	var given []any
	for _, v := range views {
		if v.table == "payloads" || strings.Contains(query, v.table) { // the others are made of payloads
			queries = append(queries, v.table+" AS NOT MATERIALIZED (SELECT * FROM "+v.table+samples[v.table]+" "+v.rows+")")
			given = append(given, slices.Repeat([]any{orgID}, strings.Count(v.rows, "?"))...)
		}
	}
	with := "WITH " + strings.Join(queries, ", ") + " "
	if rest, ok := strings.CutPrefix(query, "WITH "); ok {
		with, query = strings.TrimSuffix(with, " ")+", ", rest
	}
	return explain + with + query, append(given, args...)
}

// within is f with a scope's organisation, where it names none: lists are
// found by what their filter says. The statement is in scope in any case.
func (f StatusFilter) within(scope identity.Scope) StatusFilter {
	if orgID, bound := scope.Bound(); bound && f.OrgID == nil {
		f.OrgID = &Text{Eq: &orgID}
	}
	return f
}
