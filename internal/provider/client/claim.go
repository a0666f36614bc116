package client

import (
	"fmt"
)

// ClaimHost notes that a resource plans a host of that technical name and hostid
// (empty for a new one), and fails when another resource of this process does.
// replaces is the hostid of the host that it takes the place of: its own former
// self claims the same. Errors are of type *AttributeError.
func (c *Client) ClaimHost(name, id, replaces string) error {
	h := &c.hosts
	h.mu.Lock()
	defer h.mu.Unlock()
	other, taken := h.names[name]
	own := replaces != "" && other == replaces || id != "" && other == "" && h.ids[id] == ""
	if taken && !own {
		return attributeError("host", "two resources are about the host %q: give each a host of its own, or remove one of them", name)
	}
	if otherName, taken := h.ids[id]; id != "" && taken {
		return attributeError("host", "two resources, %q and %q, are about the host with hostid %s: remove one of them", otherName, name, id)
	}
	h.names[name] = id
	if id != "" {
		h.ids[id] = name
	}
	return nil
}

// CountDestroy counts a host that is destroyed or replaced; of each process every
// host counts once. One too many is an error: in a plan once, and for every host
// when it comes to doing it.
func (c *Client) CountDestroy(id, name string, now bool) error {
	if c.cfg.Zabbix == nil {
		return nil // there is an error of its own
	}
	limit := c.cfg.Zabbix.MaxDestroy
	h := &c.hosts
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.destroyed[id] {
		return nil
	}
	if len(h.destroyed) < limit {
		h.destroyed[id] = true
		return nil
	}
	if h.told && !now {
		return nil
	}
	h.told = true
	return fmt.Errorf("%s (hostid %s) would be one more than the %d hosts that may be destroyed or replaced at once "+
		"(max_destroy in the provider's zabbix). Find out why so many hosts go; if it is meant, raise max_destroy for this run (PROVISION_ZABBIX_MAX_DESTROY)",
		name, id, limit)
}

// end notes that a technical name was given up.
func (h *hosts) end(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended[name] = true
}

// hasEnded tells that a technical name was given up in this process: what has it
// now is not dug up again.
func (h *hosts) hasEnded(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ended[name]
}
