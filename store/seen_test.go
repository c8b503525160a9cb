package store

import "context"

// Exec runs a statement on one of the store's own connections.
func Exec(ctx context.Context, s *Store, sql string) error {
	_, err := s.pool.Exec(ctx, sql)
	return err
}
