package zabbix

import (
	"context"
	"errors"
	"slices"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// maintenance is a maintenance with hosts, as maintenance.get gives it. Whoever
// does not see all that is in one does not see it at all.
type maintenance struct {
	Name  string `json:"name"`
	Hosts []struct {
		ID string `json:"hostid"`
	} `json:"hosts"`
	Groups     []named `json:"groups"`
	HostGroups []named `json:"hostgroups"` // from 6.2 on
}

// KeptBy implements [Catalogue]. All maintenances are asked for, once.
func (c *catalogue) KeptBy(ctx context.Context, id string) (string, error) {
	all, err := c.windows.get(func() (all []maintenance, err error) {
		v, err := c.api.Version(ctx)
		if err != nil {
			return nil, err
		}
		groups, _ := v.SelectGroups()
		answers, err := c.api.Read(ctx, api.Call{Method: "maintenance.get", Params: object{
			"output": []string{"name"}, "selectHosts": []string{"hostid"}, groups: []string{"name"},
		}})
		if err == nil {
			err = answers[0].Into(&all)
		}
		if errors.Is(err, api.ErrPermission) { // then it is Zabbix that refuses
			err = nil
		}
		return all, err
	})
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving[id] = true
	for _, m := range all {
		if m.emptied(id, c.leaving) {
			return m.Name, nil
		}
	}
	return "", nil
}

// emptied tells that a host is in a maintenance that has nothing else but hosts
// that go as well.
func (m maintenance) emptied(id string, leaving map[string]bool) bool {
	in := false
	for _, h := range m.Hosts {
		if !leaving[h.ID] {
			return false
		}
		in = in || h.ID == id
	}
	return in && len(slices.Concat(m.Groups, m.HostGroups)) == 0
}
