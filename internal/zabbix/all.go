package zabbix

import "context"

// All reads all hosts that are visible, if they are at most 20,000.
func (s *Store) All(ctx context.Context) ([]*Host, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.everything(ctx)
}
