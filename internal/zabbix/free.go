package zabbix

import (
	"context"
	"errors"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// current is how old the list of all names may be. It is less than the time
// between plan and apply, and Zabbix itself refuses a name that was taken since.
const current = time.Minute

// free tells that no visible host has a name that was not read ahead: it is not
// in the list of all names, which is read again when it is too old. When that
// fails, or there are too many, it is not known.
func (s *Store) free(ctx context.Context, l lookup) bool {
	if l.key == "hostids" {
		return false
	}
	taken, err := s.taken.since(time.Now().Add(-current), func() (map[lookup]bool, error) { return s.allNames(ctx) })
	return err == nil && !taken[l]
}

// allNames are the technical and the visible names of all visible hosts.
func (s *Store) allNames(ctx context.Context) (map[lookup]bool, error) {
	answers, err := s.api.Read(ctx, api.Call{Method: "host.get", Params: object{"output": []string{"host", "name"}, "limit": mostRead + 1}})
	if err != nil {
		return nil, err
	}
	var list []wireHost
	if err := answers[0].Into(&list); err != nil {
		return nil, err
	}
	if len(list) > mostRead {
		return nil, errors.New("too many hosts to list")
	}
	taken := make(map[lookup]bool, 2*len(list))
	for _, h := range list {
		taken[lookup{"host", h.Host}], taken[lookup{"name", h.Name}] = true, true
	}
	return taken, nil
}
