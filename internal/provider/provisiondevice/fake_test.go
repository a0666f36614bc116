package provisiondevice

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// fakeDriver is a driver of configurations that are sets of lines.
type fakeDriver struct{ name string }

func (d fakeDriver) Name() string              { return d.name }
func (d fakeDriver) DefaultPort() int          { return 22 }
func (d fakeDriver) CheckConfig([]byte) error  { return nil }
func (d fakeDriver) Digest(text []byte) string { return digest(lines(string(text))) }

func (d fakeDriver) Open(context.Context, device.Device) (device.Session, error) {
	return nil, errors.New("the fake core opens devices by itself")
}

// fakeDevice is a device of fakeCore.
type fakeDevice struct {
	running, startup []string
	down             bool
	err              error // what every run answers
	commitErr        error // what a commit answers
	half             bool  // a commit that fails is on nevertheless
	commits, opens   int
	saves            int
	waited           []string // what Observe warns of
}

// fakeCore is a stateful core that records what it was asked.
type fakeCore struct {
	mu        sync.Mutex
	devices   map[string]*fakeDevice
	inventory map[string]inventory.Object
	intended  map[string]string
	intents   []inventory.Intent // where they were to come from
	skipped   []string
	jobs      []client.Job
	runID     string
	notReady  bool
	unknown   bool
	warned    []string // of a run that fails
	hangs     bool     // every run waits for the end of its context

	hangsAtApply bool // and so does every run that is no dry run
}

var _ core = (*fakeCore)(nil)

// newFake is a core with one device r1 of two lines, saved.
func newFake() *fakeCore {
	base := []string{"hostname r1", "mgmt up"}
	return &fakeCore{
		devices:   map[string]*fakeDevice{"r1": {running: base, startup: base}},
		inventory: map[string]inventory.Object{"r1": {Name: "r1", Host: "192.0.2.1", Driver: "fake", Status: "active"}},
		intended:  map[string]string{},
		runID:     "run-1",
	}
}

func (f *fakeCore) RunID() string { return f.runID }

func (f *fakeCore) Warnings() []string { return nil }

// change edits a device under the lock.
func (f *fakeCore) change(name string, edit func(*fakeDevice)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	edit(f.devices[name])
}

func (f *fakeCore) Resolve(_ context.Context, ref client.Ref) (client.Endpoint, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unknown {
		return client.Endpoint{}, &client.AttributeError{Attribute: "credentials", Err: fmt.Errorf("password is %w", client.ErrUnknown)}
	}
	if f.notReady {
		return client.Endpoint{}, &client.AttributeError{Attribute: "name", Err: fmt.Errorf("%s is %w: status is offline", ref.Name, client.ErrNotReady)}
	}
	inv, ok := f.inventory[ref.Name]
	if !ok && (ref.Host == "" || ref.Driver == "") {
		return client.Endpoint{}, &client.AttributeError{Attribute: "name", Err: fmt.Errorf("%s: %w", ref.Name, inventory.ErrNotFound)}
	}
	if ref.Driver == "unheard" {
		return client.Endpoint{}, &client.AttributeError{Attribute: "driver", Err: errors.New("there is no driver \"unheard\"")}
	}
	if ref.Credentials == "missing" {
		return client.Endpoint{}, &client.AttributeError{Attribute: "credentials", Err: errors.New("there is no entry \"missing\"")}
	}
	e := client.Endpoint{Device: device.Device{Name: ref.Name, Host: first(ref.Host, inv.Host)}, Port: ref.Port, Driver: fakeDriver{first(ref.Driver, inv.Driver)}}
	if e.Port == 0 {
		e.Port = 22
	}
	return e, nil
}

func (f *fakeCore) IntendedConfig(_ context.Context, e client.Endpoint, intent inventory.Intent) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.intents = append(f.intents, intent)
	text, ok := f.intended[e.Device.Name]
	if !ok {
		return nil, &client.AttributeError{Attribute: "config", Err: errors.New("there is no intended configuration")}
	}
	return []byte(text), nil
}

func (f *fakeCore) Skipped(_ context.Context, name, _ string, _ error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.skipped = append(f.skipped, name)
}

func (f *fakeCore) Facts(_ context.Context, e client.Endpoint) (map[string]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.open(e, provision.StepOpen); err != nil {
		return nil, err
	}
	return map[string]string{"hostname": e.Device.Name, "version": "1"}, nil
}

func (f *fakeCore) Observe(_ context.Context, e client.Endpoint) (provision.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d, err := f.open(e, provision.StepOpen)
	if err != nil {
		return provision.Result{}, err
	}
	return provision.Result{Running: d.snapshot(), Warnings: d.waited}, nil
}

// open finds the device and counts.
func (f *fakeCore) open(e client.Endpoint, step provision.Step) (*fakeDevice, error) {
	d, ok := f.devices[e.Device.Name]
	if !ok || d.down || e.Device.Host == "192.0.2.66" {
		return nil, f.failure(e, step, fmt.Errorf("%w: connection refused", provision.ErrUnreachable))
	}
	d.opens++
	if d.err != nil {
		return nil, f.failure(e, provision.StepStage, d.err)
	}
	return d, nil
}

func (f *fakeCore) failure(e client.Endpoint, step provision.Step, err error) error {
	return &provision.Error{Target: e.Device.Name, Driver: e.Driver.Name(), Step: step, Outcome: provision.OutcomeNotApplied, Err: err}
}

// Run does what provision.Run promises, on lines.
func (f *fakeCore) Run(ctx context.Context, e client.Endpoint, job client.Job) (provision.Result, error) {
	if f.hangs || f.hangsAtApply && !job.DryRun {
		<-ctx.Done()
		return provision.Result{}, f.failure(e, provision.StepStage, ctx.Err())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.jobs = append(f.jobs, job)
	d, err := f.open(e, provision.StepOpen)
	if err != nil {
		return provision.Result{Warnings: f.warned}, err
	}
	want := lines(string(job.Config))
	for i, l := range want {
		if strings.HasPrefix(l, "bad") {
			return provision.Result{}, f.failure(e, provision.StepStage, &provision.RejectedError{Line: i + 1, Message: "unknown command"})
		}
	}
	res := d.stage(want, job)
	if job.DryRun || !job.Commit {
		return res, nil
	}
	if a := job.Approved; a != nil && (a.Diff != res.Diff.String() || a.ChangeID != res.ChangeID) {
		return res, f.failure(e, provision.StepCompare, provision.ErrStale)
	}
	if res.Diff.Empty() {
		return res, nil
	}
	if err := d.commit(want, job); err != nil {
		failed := provision.Result{Running: d.snapshot(), Outcome: provision.OutcomeReverted}
		if d.half {
			failed.Outcome = provision.OutcomeApplied
		}
		return failed, f.failure(e, provision.StepCommit, err)
	}
	res.Running, res.Outcome = d.snapshot(), provision.OutcomeApplied
	return res, nil
}

// stage is the dry run.
func (d *fakeDevice) stage(want []string, job client.Job) provision.Result {
	var h provision.Hunk
	res := provision.Result{Running: d.snapshot(), Outcome: provision.OutcomeNoChange}
	for _, l := range want {
		if !slices.Contains(d.running, l) {
			h.Lines = append(h.Lines, "+ "+redact(l))
		}
	}
	for _, l := range d.running {
		switch {
		case slices.Contains(want, l):
		case job.Replace:
			h.Lines = append(h.Lines, "- "+redact(l))
		default:
			res.Diff.Unmanaged++
		}
	}
	res.Unsaved = !slices.Equal(d.running, d.startup)
	if len(h.Lines) == 0 && job.Commit && job.Save && res.Unsaved {
		h = provision.Hunk{Header: "startup configuration", Lines: []string{"+ (not saved)"}}
	}
	if len(h.Lines) > 0 {
		res.Diff.By = provision.ByDevice
		res.Diff.Hunks, res.Outcome = []provision.Hunk{h}, provision.OutcomePlanned
		res.ChangeID = fmt.Sprintf("running %.4s, intent %.4s", res.Running.Digest, digest(want))
	}
	return res
}

// commit makes the change.
func (d *fakeDevice) commit(want []string, job client.Job) error {
	d.commits++
	next := slices.Clone(want)
	if !job.Replace {
		next = slices.Clone(d.running)
		for _, l := range want {
			if !slices.Contains(next, l) {
				next = append(next, l)
			}
		}
	}
	if d.commitErr == nil || d.half {
		d.running = next
	}
	if d.commitErr != nil {
		return d.commitErr
	}
	if job.Save {
		d.saves++
		d.startup = slices.Clone(d.running)
	}
	return nil
}

func (d *fakeDevice) snapshot() provision.Snapshot {
	return provision.Snapshot{Digest: digest(d.running), Raw: []byte(strings.Join(d.running, "\n"))}
}

func lines(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func digest(ls []string) string {
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(ls)), "\n")))
	return hex.EncodeToString(sum[:])
}

func redact(line string) string {
	if rest, ok := strings.CutPrefix(line, "password "); ok && rest != "" {
		return "password <redacted>"
	}
	return line
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// fakeProvider serves the types of this package with a fake core.
type fakeProvider struct{ backend backend }

func (p *fakeProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "provision"
}

func (p *fakeProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{}
}

func (p *fakeProvider) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	resp.ResourceData, resp.DataSourceData = p.backend, p.backend
}

func (p *fakeProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{NewResource}
}

func (p *fakeProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{NewDataSource}
}

// server is the fake provider's protocol server.
func server(f *fakeCore, onUnreachable string) func() (tfprotov6.ProviderServer, error) {
	return providerserver.NewProtocol6WithError(&fakeProvider{backend{core: f, onUnreachable: onUnreachable}})
}
