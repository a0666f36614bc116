package zabbix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// checkGoal tells what is wrong with a goal and can be seen without the
// catalogue.
func (c *change) checkGoal(p *problems) {
	if len(c.goal.Groups) == 0 {
		p.add(string(FieldGroups), "a host needs at least one host group")
	}
	switch uses := c.goal.TLS.uses(PSK); {
	case uses && c.in.PSK != nil:
		c.claim(p)
	case uses:
		c.checkKeptKey(p)
	case c.in.PSK != nil && c.in.TLS == nil:
		p.add(fieldTLS, "there is a pre-shared key, and the host does not use one: set tls")
	}
	if c.before != nil {
		c.checkReadOnly(p)
	}
}

// checkKeptKey tells what is wrong with using a key that is not given: only what
// Zabbix has stays, and only under its identity.
func (c *change) checkKeptKey(p *problems) {
	switch {
	case c.before == nil || !c.before.TLS.uses(PSK):
		p.add(fieldPSK, "tls uses a pre-shared key, and Zabbix has none for this host: set tls_psk")
	case c.in.RenewPSK:
		p.add(fieldPSK, "the identity changes, and with it the key has to be sent: set tls_psk")
	}
}

// claim takes note of the key. The identity is not known where tls is not
// managed.
func (c *change) claim(p *problems) {
	if c.goal.TLS.PSKIdentity == "" {
		if c.goal.psk {
			p.add(fieldTLS, "a pre-shared key is sent with its identity: set tls")
		}
		return
	}
	if err := c.keys.claim(c.in.Name, c.goal.TLS.PSKIdentity, *c.in.PSK); err != nil {
		*p = append(*p, err)
	}
}

// checkReadOnly refuses what Zabbix keeps to its discovery rules.
func (c *change) checkReadOnly(p *problems) {
	b, g := c.before, c.goal
	if fmt.Sprint(interfaceLines(b.Agent)) != fmt.Sprint(interfaceLines(g.Agent)) {
		b.checkInterfaceOwner(p)
	}
	if b.Discovered && !slices.Equal(sorted(b.Groups), g.Groups) && c.in.Groups != nil {
		p.add(string(FieldGroups), "a discovery rule made the host, so that its host groups are read-only: leave them out, or change the rule")
	}
	if b.Discovered && b.Name != g.Name {
		p.add(fieldHost, "a discovery rule made the host, so that it cannot be renamed")
	}
}

// checkInterfaceOwner refuses to change an interface that a discovery rule made.
func (h *Host) checkInterfaceOwner(p *problems) {
	switch {
	case h.Discovered:
		p.add(fieldInterface, "a discovery rule made the host, so that its interfaces are read-only: leave the interface out, or change the rule")
	case h.Agent != nil && h.Agent.Discovered:
		p.add(fieldInterface, "a discovery rule made the interface, so that it is read-only: leave it out, or change the rule")
	}
}

// consult checks against what Zabbix has. What a difference does not touch is
// on the host already, and not asked for.
func (c *change) consult(ctx context.Context, diff provision.Diff, p *problems) error {
	templates := touches(diff, string(FieldTemplates))
	for _, step := range []struct {
		wanted bool
		do     func() error
	}{
		{templates || touches(diff, fieldInterface) && c.before == nil, func() error { return c.checkTemplates(ctx, p) }},
		{touches(diff, string(FieldGroups)), func() error { return c.checkGroups(ctx, p) }},
		{touches(diff, fieldProxy), func() error { return c.checkProxy(ctx, p) }},
		{templates, func() error { return c.countLosses(ctx) }},
		{true, func() error { return c.checkVersion(ctx, diff, p) }},
		{true, func() error { return c.checkVisible(ctx, p) }},
	} {
		if !step.wanted {
			continue
		}
		if err := step.do(); err != nil {
			return err
		}
	}
	return nil
}

// checkProxy looks for the proxy or proxy group.
func (c *change) checkProxy(ctx context.Context, p *problems) error {
	_, err := c.hosts.Lookup().Proxy(ctx, Proxy{Name: c.goal.Proxy, Group: c.goal.ProxyGroup})
	return p.take(err)
}

// checkTemplates checks the templates of the goal, which are looked up.
func (c *change) checkTemplates(ctx context.Context, p *problems) error {
	list, err := c.hosts.Lookup().Templates(ctx, c.goal.Templates)
	if err != nil {
		return p.take(err)
	}
	checkTwice(list, p)
	checkNeeds(list, &c.goal.Host, p)
	checkDependencies(list, p)
	return nil
}

// checkTwice refuses templates that a host would have from two sides: Zabbix
// takes an item only once.
func checkTwice(list []Template, p *problems) {
	direct, from := map[string]bool{}, map[string]string{}
	for _, t := range list {
		direct[t.Name] = true
	}
	for _, t := range list {
		for _, parent := range t.Parents {
			other, twice := from[parent]
			switch {
			case direct[parent]:
				p.add(string(FieldTemplates), "%q is linked directly and comes with %q as well: leave it out", parent, t.Name)
			case twice:
				p.add(string(FieldTemplates), "%q comes with %q and with %q: a host can have it once", parent, other, t.Name)
			}
			from[parent] = t.Name
		}
	}
}

// checkNeeds refuses templates whose items need an interface that the host has
// not.
func checkNeeds(list []Template, h *Host, p *problems) {
	has := map[InterfaceType]bool{TypeAgent: h.Agent != nil}
	for _, i := range h.Others {
		has[i.Type] = true
	}
	for _, t := range list {
		for _, need := range slices.Sorted(maps.Keys(t.Needs)) {
			if !has[need] {
				p.add(string(FieldTemplates), "the items of %q (such as %s) need an interface of type %s, which the host has not",
					t.Name, t.Needs[need], need)
			}
		}
	}
}

// String is the type's name in the configuration.
func (t InterfaceType) String() string {
	names := map[InterfaceType]string{TypeAgent: "agent", TypeSNMP: "SNMP", TypeIPMI: "IPMI", TypeJMX: "JMX"}
	return cmp.Or(names[t], fmt.Sprint(int(t)))
}

// checkDependencies refuses templates whose triggers depend on those of
// templates that the host will not have.
func checkDependencies(list []Template, p *problems) {
	linked := map[string]bool{}
	for _, t := range list {
		linked[t.Name] = true
		for _, parent := range t.Parents {
			linked[parent] = true
		}
	}
	for _, t := range list {
		for _, d := range t.DependsOn {
			if !linked[d] {
				p.add(string(FieldTemplates), "triggers of %q depend on triggers of %q: add it", t.Name, d)
			}
		}
	}
}

// checkGroups looks for the host groups; missing ones are noted when they may
// be made.
func (c *change) checkGroups(ctx context.Context, p *problems) error {
	if !c.in.CreateGroups {
		_, err := c.hosts.Lookup().Groups(ctx, c.goal.Groups, false)
		return p.take(err)
	}
	for _, name := range c.goal.Groups {
		missing, err := c.missingGroup(ctx, name)
		if err != nil {
			return err
		}
		if missing {
			c.made = append(c.made, name)
		}
	}
	return nil
}

// missingGroup tells that there is no host group of that name, or was none before
// this process made it for another host: what was planned as new stays new.
func (c *change) missingGroup(ctx context.Context, name string) (bool, error) {
	if c.hosts.Lookup().Made(name) {
		return true, nil
	}
	_, err := c.hosts.Lookup().Groups(ctx, []string{name}, false)
	var f *FieldError
	if errors.As(err, &f) {
		return true, nil
	}
	return false, err
}

// countLosses finds out what goes, or stays behind, with templates that the
// host will no longer have.
func (c *change) countLosses(ctx context.Context) error {
	c.gone = map[string]string{}
	for _, name := range removals(c.before, c.goal)[FieldTemplates] {
		l := Loss{Template: name, Items: -1, Triggers: -1, Cleared: c.in.Clear}
		list, err := c.hosts.Lookup().Templates(ctx, []string{name})
		var f *FieldError
		if err != nil && !errors.As(err, &f) {
			return err
		}
		if err == nil && len(list) == 1 {
			l.Items, l.Triggers = list[0].Items, list[0].Triggers
		}
		c.losses = append(c.losses, l)
		c.gone[name] = " (unlinked: its items stay)"
		if c.in.Clear {
			c.gone[name] = " (cleared: its items go, with their history)"
		}
	}
	return nil
}

// checkVersion refuses what only some versions take.
func (c *change) checkVersion(ctx context.Context, diff provision.Diff, p *problems) error {
	discovered := c.before != nil && c.before.Discovered
	if !discovered && !touches(diff, string(FieldInventory)) && !touches(diff, string(FieldMacros)) {
		return nil
	}
	v, err := c.hosts.Lookup().Version(ctx)
	if err != nil {
		return err
	}
	if discovered {
		checkDiscovered(v, diff, p)
	}
	for _, k := range []string{"url_a", "url_b", "url_c"} {
		p.tooLong(string(FieldInventory), k, deref(c.in.Inventory)[k], v.InventoryURL())
	}
	if v.VaultNamespace() {
		c.checkVaultPaths(v, p)
	}
	return nil
}

// checkVaultPaths refuses paths of vaults without a namespace.
func (c *change) checkVaultPaths(v api.Version, p *problems) {
	for _, m := range deref(c.in.Macros) {
		if m.Kind == MacroVault && !strings.Contains(m.Value, "/") {
			p.add(string(FieldMacros), "%s: Zabbix %s takes no vault path without a namespace: namespace/path:key", m.Name, v.Text)
		}
	}
}

// checkDiscovered refuses the other fields that are read-only on a host that a
// discovery rule made.
func checkDiscovered(v api.Version, diff provision.Diff, p *problems) {
	fields := []string{fieldVisible, fieldProxy, fieldTLS, fieldInventoryMode}
	if v.DiscoveredHostsAreClosed() {
		fields = append(fields, string(FieldTemplates), string(FieldTags), string(FieldMacros))
	}
	for _, f := range fields {
		if touches(diff, f) {
			p.add(f, "a discovery rule made the host, so that %s is read-only in Zabbix %s: leave it out, or change the rule", f, v.Text)
		}
	}
}

// visibleFinder is what a [Hosts] can do beside: find a host by its visible
// name, nil without one. Without it Zabbix itself refuses a visible name that is
// taken, at apply.
type visibleFinder interface {
	ByVisibleName(ctx context.Context, name string) (*Host, error)
}

// checkVisible refuses a visible name that another host has.
func (c *change) checkVisible(ctx context.Context, p *problems) error {
	finder, ok := c.hosts.(visibleFinder)
	if !ok || c.before != nil && c.before.VisibleName == c.goal.VisibleName {
		return nil
	}
	other, err := finder.ByVisibleName(ctx, c.goal.VisibleName)
	if err != nil || other == nil || c.before != nil && other.ID == c.before.ID {
		return err
	}
	p.add(fieldVisible, "%q is the visible name of the host %s (hostid %s)", c.goal.VisibleName, strings.TrimSpace(other.Name), other.ID)
	return nil
}
