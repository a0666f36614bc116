package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/mapping"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// HostRef says which object a host is made from: a device, a virtual machine, or
// none.
type HostRef struct {
	Device, VirtualMachine string
	// Host is the technical name, for messages.
	Host string
}

// attribute is the attribute that names the object.
func (r HostRef) attribute() string {
	switch {
	case r.Device != "":
		return "device"
	case r.VirtualMachine != "":
		return "virtual_machine"
	}
	return "host"
}

// Subject is what the source of truth and the mappings say of an object. The
// zero Subject is a host without one.
type Subject struct {
	// Object is the object's kind and id ("device:42").
	Object  string
	Name    string
	IP, DNS string // of the address that the provider's defaults choose
	// NoAddress is why there is neither, if the defaults choose one that the
	// object has not.
	NoAddress string
	// URL leads a person to the object.
	URL string
	// Mapped is what the rules give; nil without rules.
	Mapped *mapping.Result
}

// Subject finds the object of a host, and what the mappings give it. Errors are
// of type *AttributeError. They match [ErrNotReady] when the source of truth
// does not call the object ready or the mappings leave it out, and [ErrUnknown]
// when the provider's configuration is not yet known. It does not ask Zabbix.
func (c *Client) Subject(ctx context.Context, ref HostRef) (Subject, error) {
	at := ref.attribute()
	if _, err := c.server(); err != nil {
		return Subject{}, attributeError(at, "%s: %w", ref.name(), err)
	}
	if at == "host" {
		return Subject{}, nil
	}
	o, status, where, err := c.object(ctx, ref)
	if err != nil {
		return Subject{}, err
	}
	if !slices.Contains(c.cfg.Statuses, status) {
		return Subject{}, attributeError(at, "%s is %w: its status is %q, which is none of %s (the provider's statuses). Mend it at %s",
			o.Name, ErrNotReady, status, strings.Join(c.cfg.Statuses, ", "), where)
	}
	s := Subject{Object: string(o.Kind) + ":" + o.ID, Name: o.Name, URL: where}
	s.IP, s.DNS, s.NoAddress = address(o, c.cfg.Zabbix.Defaults.Address)
	rules := c.cfg.Zabbix.Mappings
	if rules == nil {
		return s, nil
	}
	r, err := rules.Match(o)
	switch {
	case err != nil:
		return Subject{}, attributeError(at, "%w", err)
	case r.Excluded != "":
		return Subject{}, attributeError(at, "%s is %w: the mappings leave it out, since %s. Take it out of the configuration", o.Name, ErrNotReady, r.Excluded)
	}
	s.Mapped = &r
	return s, nil
}

// name is what messages call the host.
func (r HostRef) name() string {
	for _, n := range []string{r.Device, r.VirtualMachine, r.Host} {
		if n != "" {
			return n
		}
	}
	return "zabbix_agent_host"
}

// object reads the object of the source of truth, with its status and where a
// person finds it.
func (c *Client) object(ctx context.Context, ref HostRef) (o mapping.Object, status, where string, err error) {
	at := ref.attribute()
	if c.cfg.InventoryUnknown {
		return o, "", "", attributeError(at, "%s: the provider's inventory_file is %w", ref.name(), ErrUnknown)
	}
	if c.cfg.Inventory == nil {
		return o, "", "", attributeError(at, "%s: the provider has no source of truth: set inventory_file in the provider block, or give host and interface here instead of %s", ref.name(), at)
	}
	if ref.VirtualMachine != "" {
		vm, err := c.cfg.Inventory.VirtualMachine(ctx, ref.VirtualMachine)
		return machineObject(vm), vm.Status, vm.URL, c.lookedUp(ref, err)
	}
	d, err := c.cfg.Inventory.Device(ctx, ref.Device)
	return deviceObject(d), d.Status, d.URL, c.lookedUp(ref, err)
}

// lookedUp makes the error of a look-up in the source of truth.
func (c *Client) lookedUp(ref HostRef, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, inventory.ErrNotFound):
		return attributeError(ref.attribute(), "%w", err)
	}
	return attributeError(ref.attribute(), "%s: looking it up in the source of truth: %w", ref.name(), err)
}

// deviceObject is a device as the mappings see it.
func deviceObject(d inventory.Device) mapping.Object {
	return mapping.Object{
		Kind: mapping.Device, ID: d.ID, Name: d.Name, Site: d.Site, Role: d.Role, Platform: d.Platform, Cluster: d.Cluster,
		Tags: d.Tags, Interface: "agent",
		Values: values(map[string]string{"status": d.Status, "host": d.Host, "primary_ip4": d.PrimaryIP4, "primary_ip6": d.PrimaryIP6, "oob_ip": d.OOBIP, "dns_name": d.DNSName, "url": d.URL, "driver": d.Driver}, d.Port, d.CustomFields),
	}
}

// machineObject is a virtual machine as the mappings see it.
func machineObject(vm inventory.VirtualMachine) mapping.Object {
	return mapping.Object{
		Kind: mapping.VirtualMachine, ID: vm.ID, Name: vm.Name, Site: vm.Site, Role: vm.Role, Platform: vm.Platform, Cluster: vm.Cluster,
		Tags: vm.Tags, Interface: "agent",
		Values: values(map[string]string{"status": vm.Status, "host": vm.Host, "primary_ip4": vm.PrimaryIP4, "primary_ip6": vm.PrimaryIP6, "oob_ip": vm.OOBIP, "dns_name": vm.DNSName, "url": vm.URL}, 0, vm.CustomFields),
	}
}

// values are what paths of the mappings lead to; what is empty is not there.
func values(texts map[string]string, port int, customFields map[string]any) map[string]any {
	all := map[string]any{}
	for name, text := range texts {
		if text != "" {
			all[name] = text
		}
	}
	if port != 0 {
		all["port"] = int64(port)
	}
	if customFields != nil {
		all["custom_fields"] = customFields
	}
	return all
}

// HostJob says what to do with a host.
type HostJob struct {
	// Name is what events and errors call the host.
	Name string
	// Intent is what it shall be; the client adds what the provider says.
	Intent   zabbix.Intent
	DryRun   bool
	Approved *provision.Approval
	// Without is the hostid of a host that will be gone by then: a plan of a
	// replacement does not see it.
	Without string
}

// HostResult is what a run about a host found and did.
type HostResult struct {
	provision.Result
	// Summary is what the comparison found. Of a mere look only Host is set: nil
	// when Zabbix surely has no such host.
	Summary zabbix.Summary
	// Host is the host as the run left it; nil when it did nothing.
	Host *zabbix.Host
}

// RunHost runs the core on a host, with the events and limits of this provider
// configuration. Errors are of type *provision.Error, or those of a server that
// is not known.
func (c *Client) RunHost(ctx context.Context, job HostJob) (HostResult, error) {
	server, err := c.server()
	if err != nil {
		return HostResult{}, fmt.Errorf("%s: %w", job.Name, err)
	}
	in := c.completed(job)
	var notes hostNotes
	in.Told, in.Saw = notes.told, notes.saw
	redact := c.redactHost(in)
	var seen zabbix.Hosts = server
	if job.Without != "" {
		seen = without{seen, job.Without}
	}
	res, err := provision.Run(ctx, provision.Request{
		Target: zabbix.NewTarget(seen, c.hosts.keys, zabbix.Ref{Name: job.Name, ID: in.ID, Host: in.Name}),
		Intent: &in, DryRun: job.DryRun, Commit: true, Approved: job.Approved,
		CommitID: "provision:" + job.Name, Holder: c.holder(),
		Emit: c.emitter(ctx, redact), Budget: c.budget,
	})
	if err == nil {
		c.warnOfVersion(ctx, server)
	}
	res.Warnings = append(res.Warnings, c.takeWarnings()...)
	if err == nil && !job.DryRun && in.Destroy != "" {
		c.hosts.end(in.Name)
	}
	return notes.result(res), err
}

// warnOfVersion tells once that Zabbix is newer than any that is known.
func (c *Client) warnOfVersion(ctx context.Context, server Server) {
	if v, err := server.Version(ctx); err == nil && v.Unknown() {
		c.warnOnce("version", fmt.Sprintf("Zabbix %s is newer than %s, the newest version that this provider was tested with. "+
			"It is spoken to like %[2]s: look at the plan with care, and for a newer provider", v.Text, api.Newest()))
	}
}

// completed adds to an intent what the provider says.
func (c *Client) completed(job HostJob) zabbix.Intent {
	in := job.Intent
	in.CreateGroups, in.Graveyard = c.cfg.Zabbix.CreateGroups, c.cfg.Zabbix.Graveyard
	in.Run = c.cfg.Run.ID
	in.NoRevival = in.Destroy == "" && (job.Without != "" || c.hosts.hasEnded(in.Name))
	return in
}

// redactHost takes the secrets of an intent out of what is told.
func (c *Client) redactHost(in zabbix.Intent) *secret.Redactor {
	r := c.Redact
	if in.PSK != nil {
		r = r.WithWords(*in.PSK)
	}
	if in.Secrets != nil {
		for _, s := range *in.Secrets {
			r = r.WithWords(s.Value)
		}
	}
	return r
}

// LookAtHost reads a host: Running, Warnings and Summary.Host are set. A host
// that is not visible, although the API's user may just not be allowed to see it,
// is an error that matches zabbix.ErrGone. Errors are of type *provision.Error,
// or those of a server that is not known.
func (c *Client) LookAtHost(ctx context.Context, ref zabbix.Ref) (HostResult, error) {
	server, err := c.server()
	if err != nil {
		return HostResult{}, fmt.Errorf("%s: %w", ref.Name, err)
	}
	res, err := provision.Observe(ctx, zabbix.NewTarget(server, c.hosts.keys, ref), c.emitter(ctx, c.Redact))
	if err != nil {
		return HostResult{Result: res}, err
	}
	out := HostResult{Result: res}
	if err := json.Unmarshal(res.Running.Raw, &out.Summary.Host); err != nil {
		return out, fmt.Errorf("%s: read what Zabbix said: %w", ref.Name, err)
	}
	return out, nil
}

// hostNotes gather what a run tells beside its result. A call that the core has
// left behind may still tell something.
type hostNotes struct {
	mu      sync.Mutex
	summary zabbix.Summary
	host    *zabbix.Host
}

func (n *hostNotes) told(s zabbix.Summary) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.summary = s
}

func (n *hostNotes) saw(h *zabbix.Host) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.host = h
}

func (n *hostNotes) result(res provision.Result) HostResult {
	n.mu.Lock()
	defer n.mu.Unlock()
	return HostResult{Result: res, Summary: n.summary, Host: n.host}
}

// without are the hosts without one that will be gone.
type without struct {
	zabbix.Hosts
	id string
}

// hide is a host unless it is the one.
func (w without) hide(h *zabbix.Host, err error) (*zabbix.Host, error) {
	if h != nil && h.ID == w.id {
		return nil, err
	}
	return h, err
}

// ByName implements zabbix.Hosts.
func (w without) ByName(ctx context.Context, name string) (*zabbix.Host, error) {
	return w.hide(w.Hosts.ByName(ctx, name))
}

// FreshByName implements zabbix.Hosts.
func (w without) FreshByName(ctx context.Context, name string) (*zabbix.Host, error) {
	return w.hide(w.Hosts.FreshByName(ctx, name))
}
