package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	// Site and Tenant choose between objects of one name; empty for any.
	Site, Tenant string
	// Host is the technical name, for messages.
	Host string
	// NeedsAddress tells that nothing but the object says where its agent is.
	NeedsAddress bool
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
	// Inventory is the source's record; nil without an object.
	Inventory *inventory.Object
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
	o, err := c.object(ctx, ref)
	if err != nil {
		return Subject{}, err
	}
	seen := MappingObject(o)
	s := Subject{Object: string(seen.Kind) + ":" + o.ID, Name: o.Name, URL: o.URL, Inventory: &o}
	s.IP, s.DNS, s.NoAddress = address(o, c.cfg.Zabbix.Defaults.Address)
	if !slices.Contains(c.cfg.Statuses, o.Status) {
		missing := c.wrongStatus(o)
		if ref.NeedsAddress && s.IP == "" && s.DNS == "" {
			missing += "; " + cmp.Or(s.NoAddress, "it has no address")
		}
		return Subject{}, attributeError(at, "%s is %w: %s. Mend it at %s", o.Name, ErrNotReady, missing, o.URL)
	}
	rules := c.cfg.Zabbix.Mappings
	switch {
	case rules == nil && !seen.HasRule():
		return s, nil
	case rules == nil:
		rules = &mapping.Config{}
	}
	r, err := rules.Match(seen)
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

// object reads the object of the source of truth.
func (c *Client) object(ctx context.Context, ref HostRef) (inventory.Object, error) {
	at := ref.attribute()
	source, err := c.source()
	if err != nil {
		return inventory.Object{}, attributeError(at, "%s: %w", ref.name(), err)
	}
	if source == nil {
		return inventory.Object{}, attributeError(at, "%s: %w, or give host and interface here instead of %s", ref.name(), errNoSource, at)
	}
	wanted := inventory.Ref{Kind: inventory.Device, Name: ref.Device, Site: ref.Site, Tenant: ref.Tenant, Context: true}
	if ref.VirtualMachine != "" {
		wanted.Kind, wanted.Name = inventory.VirtualMachine, ref.VirtualMachine
	}
	o, err := source.Object(ctx, wanted)
	return o, c.lookedUp(ref, err)
}

// lookedUp makes the error of a look-up in the source of truth.
func (c *Client) lookedUp(ref HostRef, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, inventory.ErrNotFound), errors.Is(err, inventory.ErrAmbiguous):
		return attributeError(ref.attribute(), "%w", err)
	}
	return attributeError(ref.attribute(), "%s: looking it up in the source of truth: %w", ref.name(), err)
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
	// Object is the host's object in the source of truth, to write back to; nil
	// for none.
	Object *inventory.Object
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
		Emit: c.emitter(ctx, redact), Budget: c.budget, DoneSuffices: in.Destroy != "",
	})
	out := notes.result(res)
	err = out.left(err)
	if !job.DryRun {
		out.Warnings = append(out.Warnings, c.hostWrittenBack(ctx, job, out, err, redact)...)
	}
	if err == nil {
		c.warnOfVersion(ctx, server)
	}
	out.Warnings = append(out.Warnings, c.takeWarnings()...)
	if err == nil && !job.DryRun && in.Destroy != "" {
		c.hosts.end(in.Name)
	}
	return out, err
}

// left names the host that a failed creation made: it is in Zabbix, and in no
// state.
func (r HostResult) left(err error) error {
	var failed *provision.Error
	if r.Summary.Action != zabbix.ActionCreate || r.Host == nil || r.Host.Mark.Run != r.Summary.Mark || !errors.As(err, &failed) {
		return err
	}
	named := *failed
	named.Next = fmt.Sprintf("the host was made (hostid %s) and is not in the state: look at it in Zabbix, "+
		"then import it (terraform import ADDRESS %q) or delete it there; then plan again", r.Host.ID, r.Host.Name)
	return &named
}

// hostWrittenBack tells the source of truth of a run about a host.
func (c *Client) hostWrittenBack(ctx context.Context, job HostJob, out HostResult, failed error, redact *secret.Redactor) []string {
	warnings := c.journal(ctx, job.Object, noted{res: out.Result, failed: failed}, redact)
	if h := cmp.Or(out.Host, out.Summary.Host); failed == nil && h != nil {
		warnings = append(warnings, c.WriteHostID(ctx, job.Object, h.ID)...)
	}
	return warnings
}

// warnOfVersion tells once that Zabbix is newer than any that is known.
func (c *Client) warnOfVersion(ctx context.Context, server Server) {
	if v, err := server.Version(ctx); err == nil && v.Unknown() {
		c.warnOnce("version", fmt.Sprintf("Zabbix %s is newer than %s, the newest version whose API this provider knows (it was run on real servers up to %s). "+
			"It is spoken to like %[2]s: look at the plan with care, and for a newer provider", v.Text, api.Newest(), api.NewestRun()))
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
