package zabbix

import "time"

// Patiently has a store wait so long for those who ask together: a busy machine
// may bring them one after the other.
func (s *Store) Patiently(window time.Duration) *Store {
	s.hosts.window, s.fresh.window, s.graves.window, s.catalog.details.window = window, window, window, window
	s.creates.window, s.updates.window, s.deletes.window, s.agents.window = window, window, window, window
	return s
}
