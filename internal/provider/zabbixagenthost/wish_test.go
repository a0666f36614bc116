package zabbixagenthost

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/mapping"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// fakeCore answers with what the test says.
type fakeCore struct {
	subject  client.Subject
	err      error // of Subject
	result   client.HostResult
	runErr   error
	defaults client.HostDefaults
	jobs     []client.HostJob
	claims   []string
	written  []string // hostids, to the source of truth
	skipped  int
	former   client.Former // that a new host succeeds; none without a hostid
}

var _ core = (*fakeCore)(nil)

func (f *fakeCore) Subject(context.Context, client.HostRef) (client.Subject, error) {
	return f.subject, f.err
}

func (f *fakeCore) RunHost(_ context.Context, job client.HostJob) (client.HostResult, error) {
	f.jobs = append(f.jobs, job)
	return f.result, f.runErr
}

func (f *fakeCore) LookAtHost(context.Context, zabbix.Ref) (client.HostResult, error) {
	return f.result, f.runErr
}

func (f *fakeCore) WaitForAgent(context.Context, string, client.AgentWait) (client.AgentReport, error) {
	return client.AgentReport{State: client.AgentAvailable}, nil
}

func (f *fakeCore) ClaimHost(name, id, _ string) error {
	f.claims = append(f.claims, name+"/"+id)
	return nil
}
func (f *fakeCore) NoteHost(client.Former)           {}
func (f *fakeCore) ClaimFound(name, id string) error { return f.ClaimHost(name, id, "") }
func (f *fakeCore) ClaimEnd(string, string) error    { return nil }
func (f *fakeCore) Succeed(string) (client.Former, bool, error) {
	return f.former, f.former.ID != "", nil
}

func (f *fakeCore) WriteHostID(_ context.Context, o *inventory.Object, id string) []string {
	f.written = append(f.written, id)
	return []string{o.Name + ": cannot be written"}
}
func (f *fakeCore) CountDestroy(string, string, bool) error        { return nil }
func (f *fakeCore) HostDefaults() client.HostDefaults              { return f.defaults }
func (f *fakeCore) HostURL(id string) string                       { return "https://z.example.net/" + id }
func (f *fakeCore) Skipped(context.Context, string, string, error) { f.skipped++ }
func (f *fakeCore) RunID() string                                  { return "run-9" }

// newFake is a core with the provider's own defaults and a device r1.
func newFake() *fakeCore {
	return &fakeCore{
		subject: client.Subject{Object: "device:42", Name: "r1", IP: "192.0.2.1", URL: "u"},
		defaults: client.HostDefaults{
			AgentPort: "10050", Use: client.UseAuto, OnDestroy: zabbix.DestroyBury, OnDrift: client.DriftRevert, TemplateRemoval: client.RemovalUnlink,
		},
	}
}

// wished works out a wish that must be possible.
func wished(t *testing.T, f *fakeCore, config model, prior *model, k kept) *wish {
	t.Helper()
	w, err := newWish(t.Context(), f, config, prior, k)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// device is a configuration of a device.
func device() model {
	m := empty()
	m.Device = types.StringValue("r1")
	return m
}

// address is an interface as it is configured; empty is not set.
func address(ip, dns, port, use string) types.Object {
	return types.ObjectValueMust(interfaceType().AttrTypes, map[string]attr.Value{
		"ip": planning.Text(ip), "dns": planning.Text(dns), "port": planning.Text(port), "use": planning.Text(use),
	})
}

func TestWishOfTheInterface(t *testing.T) {
	for name, c := range map[string]struct {
		given   types.Object
		subject client.Subject
		use     zabbix.Use
		want    zabbix.Interface
	}{
		"from the object":         {types.ObjectNull(interfaceType().AttrTypes), client.Subject{Object: "device:42", Name: "r1", IP: "192.0.2.1"}, client.UseAuto, zabbix.Interface{IP: "192.0.2.1", Port: "10050", Use: zabbix.UseIP}},
		"with a DNS name":         {types.ObjectNull(interfaceType().AttrTypes), client.Subject{Object: "device:42", Name: "r1", IP: "192.0.2.1", DNS: "r1.example.net"}, client.UseAuto, zabbix.Interface{IP: "192.0.2.1", DNS: "r1.example.net", Port: "10050", Use: zabbix.UseDNS}},
		"by address all the same": {types.ObjectNull(interfaceType().AttrTypes), client.Subject{Object: "device:42", Name: "r1", IP: "192.0.2.1", DNS: "r1.example.net"}, zabbix.UseIP, zabbix.Interface{IP: "192.0.2.1", DNS: "r1.example.net", Port: "10050", Use: zabbix.UseIP}},
		"only the port set":       {address("", "", "{$PORT}", ""), client.Subject{Object: "device:42", Name: "r1", IP: "192.0.2.1"}, client.UseAuto, zabbix.Interface{IP: "192.0.2.1", Port: "{$PORT}", Use: zabbix.UseIP}},
		"an address of its own":   {address("192.0.2.9", "", "", ""), client.Subject{Object: "device:42", Name: "r1", IP: "192.0.2.1", DNS: "r1.example.net"}, client.UseAuto, zabbix.Interface{IP: "192.0.2.9", Port: "10050", Use: zabbix.UseIP}},
		"all set":                 {address("192.0.2.9", "x.example.net", "10051", "ip"), client.Subject{}, client.UseAuto, zabbix.Interface{IP: "192.0.2.9", DNS: "x.example.net", Port: "10051", Use: zabbix.UseIP}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.subject, f.defaults.Use = c.subject, c.use
			config := device()
			config.Interface, config.Host = c.given, types.StringValue("r1")
			w := wished(t, f, config, nil, newKept())
			if d := cmp.Diff(c.want, *w.intent.Agent); d != "" {
				t.Error(d)
			}
			if got := interfaceFrom(w.plan.Interface); got != c.want {
				t.Errorf("planned %+v", got)
			}
		})
	}
}

func TestWishWithoutAnAddress(t *testing.T) {
	f := newFake()
	f.subject.IP, f.subject.NoAddress = "", "it has no IPv6 address"
	_, err := newWish(t.Context(), f, device(), nil, newKept())
	var at *client.AttributeError
	if !errors.As(err, &at) || at.Attribute != "interface" || !errors.Is(err, client.ErrNotReady) || !strings.Contains(err.Error(), "it has no IPv6 address. Give it one at u") {
		t.Errorf("%v", err)
	}
	if !device().ref().NeedsAddress {
		t.Error("the object's address is not asked for")
	}
	config := device()
	config.Interface = address("", "r1.example.net", "", "")
	if config.ref().NeedsAddress {
		t.Error("the object's address is asked for beside one that is given")
	}
	if w := wished(t, f, config, nil, newKept()); w.intent.Agent.DNS != "r1.example.net" {
		t.Errorf("an address of its own needs none of the object: %+v", w.intent.Agent)
	}
}

// TestWishPrecedence: what is set wins, then the mappings, then the defaults.
func TestWishPrecedence(t *testing.T) {
	f := newFake()
	f.subject.Mapped = &mapping.Result{
		Templates: []mapping.Assigned{{Name: "T", From: "rule"}}, HostGroups: []mapping.Assigned{{Name: "G", From: "rule"}},
		Proxy: mapping.Assigned{Name: "p", From: "rule"}, Tags: []mapping.AssignedTag{{Name: "site", Value: "fra1", From: "site"}},
		Inventory: []mapping.AssignedKey{{Key: "location", Value: "A4", From: "rack"}},
	}
	f.defaults.TLS = &zabbix.TLS{Connect: zabbix.Certificate, Accept: []zabbix.Encryption{zabbix.Certificate}}
	w := wished(t, f, device(), nil, newKept())
	if got := (*w.intent.Templates)[0] + (*w.intent.Groups)[0] + w.intent.Proxy.Name + (*w.intent.Inventory)["location"]; got != "TGpA4" || w.intent.TLS.Connect != zabbix.Certificate || w.intent.InventoryMode != nil {
		t.Errorf("%+v", w.intent)
	}
	want := map[string]string{"templates/T": "rule", "host_groups/G": "rule", "proxy": "rule", "tags/site: fra1": "site", "inventory/location": "rack", "tls": fromDefaults}
	if d := cmp.Diff(want, w.why); d != "" {
		t.Error(d)
	}
	config := device()
	config.Templates, config.HostGroups, config.ProxyGroup = setOf([]string{"X"}), setOf(nil), types.StringValue("pg")
	config.Tags, config.Inventory = tagsOf(nil), tableOf(map[string]string{"notes": "n"})
	w = wished(t, f, config, nil, newKept())
	if (*w.intent.Templates)[0] != "X" || len(*w.intent.Groups) != 0 || *w.intent.Proxy != (zabbix.Proxy{Group: "pg"}) || len(*w.intent.Tags) != 0 || len(*w.intent.Inventory) != 1 {
		t.Errorf("%+v", w.intent)
	}
	if w.why["templates"] != fromConfiguration || w.why["templates/T"] != "" {
		t.Errorf("%v", w.why)
	}
}

// TestWishOfMappedInventory: it counts in mode manual only.
func TestWishOfMappedInventory(t *testing.T) {
	f := newFake()
	f.subject.Mapped = &mapping.Result{Inventory: []mapping.AssignedKey{{Key: "location", Value: "A4"}}}
	for mode, managed := range map[string]bool{"": true, client.InventoryManual: true, client.InventoryAutomatic: false, client.InventoryDisabled: false} {
		f.defaults.InventoryMode = mode
		if w := wished(t, f, device(), nil, newKept()); (w.intent.Inventory != nil) != managed || (w.intent.InventoryMode != nil) != (mode != "") {
			t.Errorf("mode %q: %+v", mode, w.intent.Inventory)
		}
	}
}

func TestWishIsNothingWhereNothingIsSaid(t *testing.T) {
	w := wished(t, newFake(), device(), nil, newKept())
	in := w.intent
	if in.Templates != nil || in.Groups != nil || in.Tags != nil || in.Macros != nil || in.Secrets != nil || in.Inventory != nil || in.InventoryMode != nil ||
		in.Proxy != nil || in.TLS != nil || in.PSK != nil || in.VisibleName != nil || in.Description != nil || in.Enabled != nil || in.Ours != nil {
		t.Errorf("%+v", in)
	}
	w.stays(nil)
	if m := w.plan; m.VisibleName.ValueString() != "r1" || !m.Enabled.ValueBool() || m.InventoryMode.ValueString() != "disabled" || !m.Templates.IsNull() || text(m.TLS, "connect") != "unencrypted" {
		t.Errorf("a new host: %+v", m)
	}
	h := full()
	w = wished(t, newFake(), device(), nil, newKept())
	w.stays(h)
	if m := w.plan; m.VisibleName.ValueString() != "Router 1" || m.Proxy.ValueString() != "p" || m.Description.ValueString() != "d" || m.InventoryMode.ValueString() != "manual" {
		t.Errorf("one that exists: %+v", m)
	}
	h.Enabled, h.Mark = false, zabbix.Mark{BuriedName: "r1", BuriedObject: "device:42"}
	w = wished(t, newFake(), device(), nil, newKept())
	w.stays(h)
	if m := w.plan; m.VisibleName.ValueString() != "r1" || !m.Enabled.ValueBool() {
		t.Errorf("one from the graveyard: %+v", m)
	}
}

func TestWishOfWhatIsOurs(t *testing.T) {
	prior := sample()
	prior.SecretMacrosHash = tableOf(map[string]string{"{$S}": "h"})
	w := wished(t, newFake(), device(), &prior, newKept())
	want := &zabbix.Ours{
		Templates: []string{"A", "B"}, Groups: []string{"G"}, Tags: []zabbix.Tag{{Name: "site", Value: "ams1"}, {Name: "site", Value: "fra1"}},
		Macros: []string{"{$A}", "{$V}"}, Secrets: []string{"{$S}"}, Inventory: []string{"location"},
	}
	if d := cmp.Diff(want, w.intent.Ours); d != "" || w.intent.ID != "10105" {
		t.Error(d, w.intent.ID)
	}
	k := newKept()
	k.Imported = true
	if w := wished(t, newFake(), device(), &prior, k); w.intent.Ours != nil {
		t.Error("right after an import nothing is ours")
	}
	// An apply that names tags alone makes tags alone ours.
	config := device()
	config.Tags = prior.Tags
	k = k.left(prior, "", "run-1", wished(t, newFake(), config, &prior, k).named())
	w = wished(t, newFake(), device(), &prior, k)
	if d := cmp.Diff(&zabbix.Ours{Tags: want.Tags, Secrets: []string{"{$S}"}}, w.intent.Ours); d != "" {
		t.Error(d)
	}
	if k = k.left(prior, "", "run-2", w.named()); slices.Contains(k.Foreign, zabbix.FieldTags) || len(k.Foreign) != 4 {
		t.Errorf("foreign after another apply: %v", k.Foreign)
	}
}

func TestWishOfSecrets(t *testing.T) {
	k := newKept()
	prior := sample()
	prior.SecretMacrosHash = tableOf(map[string]string{"{$SAME}": k.Fingerprint("one"), "{$NEW}": k.Fingerprint("old")})
	prior.TLSPSKHash = types.StringValue(k.Fingerprint("key"))
	config := device()
	config.SecretMacros, config.TLSPSK = tableOf(map[string]string{"{$SAME}": "one", "{$NEW}": "new", "{$MORE}": "x"}), types.StringValue("key")
	w := wished(t, newFake(), config, &prior, k)
	for _, s := range *w.intent.Secrets {
		if s.Renew != (s.Name != "{$SAME}") {
			t.Errorf("%s: renew %t", s.Name, s.Renew)
		}
		if got := w.plan.SecretMacrosHash.Elements()[s.Name]; got.IsUnknown() != s.Renew {
			t.Errorf("%s: planned %v", s.Name, got)
		}
	}
	if w.intent.RenewPSK || w.plan.TLSPSKHash != prior.TLSPSKHash {
		t.Errorf("the key is the same: %+v", w.plan.TLSPSKHash)
	}
	if !w.plan.SecretMacros.IsNull() || !w.plan.TLSPSK.IsNull() {
		t.Error("write-only values are in the plan")
	}
	config.TLSPSK = types.StringValue("other")
	if w := wished(t, newFake(), config, &prior, k); !w.intent.RenewPSK || !w.plan.TLSPSKHash.IsUnknown() {
		t.Error("another key must be sent")
	}
}

func TestWishOfBehaviour(t *testing.T) {
	f := newFake()
	f.defaults.Manage = map[zabbix.Field]string{zabbix.FieldTags: client.Exclusive, zabbix.FieldMacros: client.Exclusive}
	config := device()
	config.Manage = types.ObjectValueMust(manageType().AttrTypes, map[string]attr.Value{
		"templates": types.StringValue(client.Exclusive), "tags": types.StringValue(client.Additive), "host_groups": types.StringNull(),
		"macros": types.StringNull(), "inventory": types.StringNull(),
	})
	config.TemplateRemoval, config.Adopt, config.WaitForAgent = types.StringValue(client.RemovalClear), types.BoolValue(true), types.StringValue("90s")
	w := wished(t, f, config, nil, newKept())
	if d := cmp.Diff(map[zabbix.Field]bool{zabbix.FieldTemplates: true, zabbix.FieldMacros: true}, w.intent.Exclusive); d != "" {
		t.Error(d)
	}
	if !w.intent.Clear || !w.intent.Adopt || w.waits() != 90*time.Second || w.plan.OnDestroy.ValueString() != "graveyard" {
		t.Errorf("%+v", w.intent)
	}
	f.defaults.WaitForAgent, f.defaults.OnDestroy = time.Minute, zabbix.DestroyKeep
	if w := wished(t, f, device(), nil, newKept()); w.waits() != time.Minute || w.intent.Clear || w.plan.OnDestroy.ValueString() != "keep" {
		t.Errorf("defaults: %+v", w.plan)
	}
}

// TestWishOfDefaults: the provider's enabled, adopt and on_drift count where the
// configuration does not say them, false included.
func TestWishOfDefaults(t *testing.T) {
	f := newFake()
	no := false
	f.defaults.Enabled, f.defaults.Adopt, f.defaults.OnDrift = &no, true, client.DriftFail
	w := wished(t, f, device(), nil, newKept())
	if in := w.intent; in.Enabled == nil || *in.Enabled || !in.Adopt || !w.managed["enabled"] || w.why["enabled"] != fromDefaults {
		t.Errorf("intent %+v, managed %v, why %v", in, w.managed, w.why)
	}
	if m := w.plan; !m.Enabled.Equal(types.BoolValue(false)) || !m.Adopt.IsNull() || m.OnDrift.ValueString() != client.DriftFail {
		t.Errorf("plan %+v", m)
	}
	config := device()
	config.Enabled, config.Adopt, config.OnDrift = types.BoolValue(true), types.BoolValue(false), types.StringValue(client.DriftRevert)
	w = wished(t, f, config, nil, newKept())
	if in := w.intent; in.Enabled == nil || !*in.Enabled || in.Adopt || w.why["enabled"] != "" || w.plan.OnDrift.ValueString() != client.DriftRevert {
		t.Errorf("what the configuration says does not win: %+v, why %v, %v", in, w.why, w.plan.OnDrift)
	}
	byHand := empty() // no object, and no interface
	byHand.Host = types.StringValue("r1")
	f.subject = client.Subject{Name: "r1"}
	if _, err := newWish(t.Context(), f, byHand, nil, newKept()); err == nil || !strings.Contains(err.Error(), "needs an interface") {
		t.Errorf("it may be made without an interface: %v", err)
	}
	byHand.Adopt = types.BoolValue(true) // it keeps the one that it has
	wished(t, f, byHand, nil, newKept())
}

// scene is a planner at work on a host that an earlier apply left as it is.
func scene(f *fakeCore) *planner {
	k := newKept()
	k.ID, k.Seen, k.Run = "10105", "seen", "run-0"
	prior := sample()
	prior.Device, prior.MatchedRules = types.StringValue("r1"), tableOf(nil)
	prior.Interface = address("192.0.2.1", "", "10050", "ip")
	config := device()
	plan := prior
	f.result = client.HostResult{Result: provision.Result{Running: provision.Snapshot{Digest: "seen"}}, Summary: zabbix.Summary{Host: full()}}
	return &planner{backend: backend{core: f}, config: config, prior: &prior, kept: k, plan: plan}
}

// pending makes the dry run find a change.
func (f *fakeCore) pending() {
	f.result.Diff = provision.Diff{Hunks: []provision.Hunk{{Header: "templates", Lines: []string{"- A"}}}}
	f.result.ChangeID = "change"
	f.result.Summary.Removes = map[zabbix.Field][]string{zabbix.FieldTemplates: {"A"}, zabbix.FieldTags: nil}
}

// has tells whether a diagnostic of the severity has the text.
func has(diags diag.Diagnostics, severity diag.Severity, text string) bool {
	for _, d := range diags {
		if d.Severity() == severity && strings.Contains(d.Summary()+"\n"+d.Detail(), text) {
			return true
		}
	}
	return false
}

func TestPlanWithoutAChangeIsThePriorState(t *testing.T) {
	f := newFake()
	p := scene(f)
	p.prior.Diff, p.prior.ChangeID = types.StringValue("old"), types.StringValue("old") // nothing was refreshed
	if diags := p.make(t.Context(), time.Minute); len(diags) > 0 || !p.plan.equal(*p.prior) {
		t.Errorf("plan %+v\nprior %+v\n%v", p.plan, *p.prior, diags)
	}
	if job := f.jobs[0]; !job.DryRun || job.Approved != nil || job.Intent.ID != "10105" {
		t.Errorf("a plan must be a dry run: %+v", job)
	}
}

func TestPlanShowsAChange(t *testing.T) {
	f := newFake()
	p := scene(f)
	f.pending()
	diags := p.make(t.Context(), time.Minute)
	if diags.HasError() || p.plan.Diff.ValueString() != "@@ templates\n- A" || p.plan.ChangeID.ValueString() != "change" {
		t.Errorf("%+v %v", p.plan, diags)
	}
	if want := types.MapValueMust(removesType(), map[string]attr.Value{"templates": listOf([]string{"A"})}); !p.plan.Removes.Equal(want) {
		t.Errorf("removes %v", p.plan.Removes)
	}
	if p.plan.AgentState.IsUnknown() {
		t.Error("nothing waits for the agent")
	}
}

// A host that is taken over as it is has no difference to show, and is told of.
func TestPlanTellsOfAHostThatIsTakenOver(t *testing.T) {
	f := newFake()
	p := scene(f)
	p.prior, f.result.Summary.Action = nil, zabbix.ActionResume
	diags := p.make(t.Context(), time.Minute)
	if diags.HasError() || !p.plan.Diff.IsNull() || !has(diags, diag.SeverityWarning, "did not get to record it here; it is taken over") ||
		!has(diags, diag.SeverityWarning, "if the resource is tainted, plan again without -refresh=false") {
		t.Errorf("%+v %v", p.plan, diags)
	}
}

func TestPlanRefusesAHostThatChangedAfterTheRefresh(t *testing.T) {
	f := newFake()
	p := scene(f)
	f.pending()
	p.kept.Seen = "something else"
	if diags := p.make(t.Context(), time.Minute); !has(diags, diag.SeverityError, "the host in Zabbix is not the one that the plan was made from") {
		t.Errorf("%v", diags)
	}
}

func TestPlanOnDrift(t *testing.T) {
	for onDrift, severity := range map[string]diag.Severity{planning.DriftRevert: diag.SeverityWarning, planning.DriftFail: diag.SeverityError} {
		f := newFake()
		p := scene(f)
		f.pending()
		p.kept.Changed = []string{"host", "proxy"} // the proxy is nobody's here
		p.config.OnDrift = types.StringValue(onDrift)
		diags := p.make(t.Context(), time.Minute)
		if !has(diags, severity, "r1: changed outside Terraform since run run-0") || !has(diags, severity, "killed: host.") {
			t.Errorf("%s: %v", onDrift, diags)
		}
	}
	f := newFake()
	p := scene(f)
	f.pending()
	p.kept.Changed, p.config.OnDrift = []string{"proxy"}, types.StringValue(planning.DriftFail)
	if diags := p.make(t.Context(), time.Minute); diags.HasError() {
		t.Errorf("what is not set here is nobody's drift: %v", diags)
	}
}

func TestPlanWaitsAgainForAnAgent(t *testing.T) {
	for name, c := range map[string]struct {
		waiting bool
		limit   string
		state   string
		again   bool
	}{
		"waited in vain":   {true, "90s", client.AgentUnknown, true},
		"came meanwhile":   {true, "90s", client.AgentAvailable, false},
		"no longer wanted": {true, "", client.AgentUnknown, false},
		"did not wait":     {false, "90s", client.AgentUnavailable, false},
	} {
		p := scene(newFake())
		p.kept.Waiting, p.config.WaitForAgent, p.prior.AgentState = c.waiting, planning.Text(c.limit), types.StringValue(c.state)
		diags := p.make(t.Context(), time.Minute)
		if p.plan.AgentState.IsUnknown() != c.again || has(diags, diag.SeverityWarning, "r1: no data from the agent yet") != c.again {
			t.Errorf("%s: %v %v", name, p.plan.AgentState, diags)
		}
	}
}

// TestReadDoubtsAnAgent: while data are waited for after a change of the way to the
// agent, that Zabbix still calls it up is not believed.
func TestReadDoubtsAnAgent(t *testing.T) {
	for name, c := range map[string]struct {
		waiting bool
		reached time.Time
		says    zabbix.Availability
		want    string
	}{
		"up, and in doubt":     {true, time.Now(), zabbix.Up, client.AgentUnknown},
		"down":                 {true, time.Now(), zabbix.Down, client.AgentUnavailable},
		"up, and not changed":  {true, time.Time{}, zabbix.Up, client.AgentAvailable},
		"up, and not waiting":  {false, time.Now(), zabbix.Up, client.AgentAvailable},
		"unknown, and waiting": {true, time.Now(), zabbix.AvailabilityUnknown, client.AgentUnknown},
	} {
		h := full()
		h.Agent.Available = c.says
		k := newKept()
		k.Waiting, k.Reached = c.waiting, c.reached
		seen := client.HostResult{Summary: zabbix.Summary{Host: h}}
		if got, _ := (backend{core: newFake()}).noticed(sample(), k, seen); got.AgentState.ValueString() != c.want {
			t.Errorf("%s: %s, want %s", name, got.AgentState, c.want)
		}
	}
}

// What a destroy that failed had planned is no plan of a later one.
func TestReadForgetsTheFarewell(t *testing.T) {
	k := newKept()
	k.Farewell = &provision.Approval{Diff: "- r1"}
	seen := client.HostResult{Summary: zabbix.Summary{Host: full()}}
	if _, got := (backend{core: newFake()}).noticed(sample(), k, seen); got.Farewell != nil {
		t.Errorf("kept %+v", got.Farewell)
	}
}

func TestPlanThatFailsAndThatSkips(t *testing.T) {
	broken := &provision.Error{Target: "r1", Step: provision.StepStage, Err: provision.ErrUnreachable}
	f := newFake()
	p := scene(f)
	f.runErr, f.result.Warnings = broken, []string{"Events are being lost"}
	if diags := p.make(t.Context(), time.Minute); !has(diags, diag.SeverityError, "r1: stage failed") || !has(diags, diag.SeverityWarning, "Events are being lost") {
		t.Errorf("%v", diags)
	}
	for name, set := range map[string]func(p *planner){
		"of the resource": func(p *planner) { p.config.OnUnreachable = types.StringValue("skip") },
		"of the provider": func(p *planner) { p.onUnreachable = "skip" },
	} {
		f := newFake()
		p := scene(f)
		f.runErr = broken
		set(p)
		p.config.Description = types.StringValue("new")
		diags := p.make(t.Context(), time.Minute)
		if diags.HasError() || !has(diags, diag.SeverityWarning, "NOT CHECKED: r1") || f.skipped != 1 || !p.plan.Description.Equal(p.prior.Description) {
			t.Errorf("%s: %v", name, diags)
		}
	}
	f = newFake()
	p = scene(f)
	f.err, p.onUnreachable = client.ErrNotReady, "skip"
	if diags := p.make(t.Context(), time.Minute); diags.HasError() || f.skipped != 1 {
		t.Errorf("an object that is not ready: %v", diags)
	}
	f = newFake()
	p = scene(f)
	p.prior, p.onUnreachable, f.runErr = nil, "skip", broken
	if diags := p.make(t.Context(), time.Minute); !diags.HasError() {
		t.Error("on create both are errors")
	}
}

func TestPlanOfAnotherObject(t *testing.T) {
	f := newFake()
	f.subject.Object = "device:43"
	p := scene(f)
	p.config.Device = types.StringValue("r2")
	if diags := p.make(t.Context(), time.Minute); len(diags) > 0 || p.other != "device" || len(f.jobs) > 0 {
		t.Errorf("%q %v", p.other, diags)
	}
	f.subject.Object = "device:42"
	p = scene(f)
	p.config.Device = types.StringValue("r1-new")
	if diags := p.make(t.Context(), time.Minute); len(diags) > 0 || p.other != "" {
		t.Errorf("the same object under another name: %q %v", p.other, diags)
	}
}

// TestPlanOfAReplacement: the second plan of a replacement has no prior state,
// and knows from what the first one kept which host goes.
func TestPlanOfAReplacement(t *testing.T) {
	for how, hidden := range map[zabbix.Destroy]string{
		zabbix.DestroyBury: "10105", zabbix.DestroyDelete: "10105", zabbix.DestroyDisable: "", zabbix.DestroyKeep: "",
	} {
		f := newFake()
		p := scene(f)
		p.prior, p.replaces, p.kept.OnDestroy = nil, "10105", string(how)
		f.result.Summary.Action = zabbix.ActionNone
		if diags := p.make(t.Context(), time.Minute); diags.HasError() {
			t.Fatal(diags)
		}
		if last := f.jobs[len(f.jobs)-1]; last.Without != hidden || last.Intent.ID != "" {
			t.Errorf("%s: %+v", how, last)
		}
		if first := f.jobs[0]; how != zabbix.DestroyKeep && (first.Intent.Destroy != how || !first.DryRun || first.Intent.ID != "10105") {
			t.Errorf("%s: what goes is not looked at: %+v", how, first)
		}
	}
	f := newFake()
	p := scene(f)
	p.prior, p.replaces, p.kept.OnDestroy = nil, "10105", string(zabbix.DestroyBury)
	f.result.Summary.Host = nil
	if diags := p.make(t.Context(), time.Minute); diags.HasError() || f.jobs[0].Without != "" {
		t.Errorf("a host that is gone is not replaced: %+v %v", f.jobs, diags)
	}
}

func TestPlanWithoutAProviderThatIsKnown(t *testing.T) {
	f := newFake()
	f.err = &client.AttributeError{Attribute: "device", Err: client.ErrUnknown}
	p := scene(f)
	if diags := p.make(t.Context(), time.Minute); !has(diags, diag.SeverityError, "cannot be reviewed") {
		t.Errorf("%v", diags)
	}
	p = scene(f)
	p.config.AllowUnreviewed = types.BoolValue(true)
	if diags := p.make(t.Context(), time.Minute); diags.HasError() || !p.plan.Diff.IsUnknown() || p.plan.ID.ValueString() != "10105" {
		t.Errorf("%+v %v", p.plan, diags)
	}
}

func TestForetell(t *testing.T) {
	f := newFake()
	f.result.Summary = zabbix.Summary{Action: zabbix.ActionDelete, Host: full()}
	b := backend{core: f}
	approved, diags := b.foretell(t.Context(), "r1", zabbix.Intent{ID: "10105", Destroy: zabbix.DestroyDelete})
	if approved == nil || diags.HasError() || !has(diags, diag.SeverityWarning, `r1: the host "r1" (hostid 10105) will be deleted`) {
		t.Errorf("%v", diags)
	}
	f.jobs = nil
	approved, diags = b.foretell(t.Context(), "r1", zabbix.Intent{ID: "10105", Destroy: zabbix.DestroyKeep})
	if approved != nil || len(f.jobs) > 0 || !has(diags, diag.SeverityWarning, "r1: will be forgotten") {
		t.Errorf("forgetting asks nothing of Zabbix: %v", diags)
	}
}

// An apply that changes nothing in Zabbix gives the source of truth the hostid all
// the same; one that does leaves that to the run.
func TestApplyWritesTheHostID(t *testing.T) {
	for pending, want := range map[bool]int{false: 1, true: 0} {
		f := newFake()
		f.subject.Inventory = &inventory.Object{Name: "r1"}
		f.result.Host = full()
		prior := empty()
		prior.ID, prior.Host = types.StringValue("10105"), types.StringValue("r1")
		config := empty()
		config.Device = types.StringValue("r1")
		plan := prior
		if pending {
			plan.Diff, plan.ChangeID = types.StringValue("d"), types.StringValue("c")
		}
		a := apply{backend: backend{core: f}, config: config, plan: plan, prior: &prior, kept: newKept()}
		if _, err := a.change(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if len(f.written) != want || len(f.jobs) != 1-want || a.diags.WarningsCount() != want {
			t.Errorf("pending %t: wrote %q in %d runs, %v", pending, f.written, len(f.jobs), a.diags)
		}
	}
}
