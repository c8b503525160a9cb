package store

// ViewedTables are the tables that a scope puts a view in front of.
func ViewedTables() []string {
	var tables []string
	for _, v := range views {
		tables = append(tables, v.table)
	}
	return tables
}
