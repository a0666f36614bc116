package client

import (
	"fmt"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// ClaimHost notes that a resource plans a host of that technical name and hostid
// (empty for a new one), and fails when another resource of this process does.
// replaces is the hostid of the host that it takes the place of: its own former
// self claims the same. Errors are of type *AttributeError.
func (c *Client) ClaimHost(name, id, replaces string) error {
	h := &c.hosts
	h.mu.Lock()
	defer h.mu.Unlock()
	if other, taken := h.names[name]; taken && (replaces == "" || other != replaces) {
		return attributeError("host", "two resources are about the host %q: give each a host of its own, or remove one of them", name)
	}
	if id != "" && h.succeeded[id] {
		return attributeError("host", "two resources are about the host %q (hostid %s), one of which makes it anew: give each a host of its own, or remove one of them", name, id)
	}
	return h.take(name, id)
}

// ClaimFound notes the hostid of a host that a resource has claimed by its name:
// it is there already, or lies in the graveyard. Errors are those of ClaimHost.
func (c *Client) ClaimFound(name, id string) error {
	h := &c.hosts
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.take(name, id)
}

// take notes who has a name and a hostid; the hosts are locked.
func (h *hosts) take(name, id string) error {
	if other, taken := h.ids[id]; id != "" && taken {
		return attributeError("host", "two resources, %q and %q, are about the host with hostid %s: remove one of them", other, name, id)
	}
	h.names[name] = id
	if id != "" {
		h.ids[id] = name
	}
	return nil
}

// Former is a host of the state, as Read found it.
type Former struct {
	ID, Name, Object string
	OnDestroy        zabbix.Destroy
}

// NoteHost notes a host that is in the state.
func (c *Client) NoteHost(f Former) {
	h := &c.hosts
	h.mu.Lock()
	defer h.mu.Unlock()
	h.read[f.Name] = f
}

// Succeed is for a resource that plans a new host and has no prior state. When the
// state has a host of that name which no resource plans to keep, that resource is
// this one, and tainted: Terraform destroys the host and then makes it anew, and
// tells a provider nothing of that. An error of type *AttributeError says that
// another resource is about to destroy the host.
func (c *Client) Succeed(name string) (Former, bool, error) {
	h := &c.hosts
	h.mu.Lock()
	defer h.mu.Unlock()
	f, ok := h.read[name]
	if id, ends := h.ends[name]; ends {
		return Former{}, false, movedError(name, id)
	}
	if _, claimed := h.ids[f.ID]; !ok || claimed {
		return Former{}, false, nil
	}
	h.succeeded[f.ID] = true
	return f, true, nil
}

// ClaimEnd notes that a resource is to be removed together with its host. An error
// tells that another one wants a host of that name, or that very host: in which
// order Terraform would do the two, nobody knows.
func (c *Client) ClaimEnd(name, id string) error {
	h := &c.hosts
	h.mu.Lock()
	defer h.mu.Unlock()
	_, named := h.names[name]
	if _, claimed := h.ids[id]; named || claimed || h.succeeded[id] {
		return movedError(name, id)
	}
	h.ends[name] = id
	return nil
}

// movedError is the error of a host that one resource destroys and another makes.
func movedError(name, id string) error {
	return attributeError("host", "one resource would destroy the host %q (hostid %s) and another one make it. If the resource has a new address, "+
		"add a moved block from the old one to the new one. If the state has it as deposed (after create_before_destroy), take it out "+
		"with terraform state rm and import it", name, id)
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
