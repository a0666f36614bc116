package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// writing is a client that writes back, with the notes that it wrote.
func writing(f *fakeZabbix, fails error) (*client.Client, *[]string) {
	notes := &[]string{}
	return zabbixClient(f, func(cfg *client.Config) {
		cfg.WriteBack = client.WriteBack{Journal: true, ZabbixHostID: "zabbix_hostid"}
		cfg.Inventory = sourceOf{notes: notes, fails: fails}
		cfg.Run = eventlog.Run{ID: "run-1", Actor: "tester", Trigger: "button"}
	}), notes
}

// hostJob is a job about the host of an object.
func hostJob(fields map[string]any) client.HostJob {
	in := intent("r1")
	return client.HostJob{Name: "r1", Intent: in, Object: &inventory.Object{Name: "r1", URL: "https://truth.example/r1", CustomFields: fields}}
}

// applyHost plans and applies a job.
func applyHost(t *testing.T, c *client.Client, job client.HostJob) (client.HostResult, error) {
	t.Helper()
	job.DryRun = true
	planned, err := c.RunHost(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	job.DryRun, job.Approved = false, &provision.Approval{Diff: planned.Diff.String(), ChangeID: planned.ChangeID}
	return c.RunHost(t.Context(), job)
}

func TestAHostIsWrittenBack(t *testing.T) {
	c, notes := writing(&fakeZabbix{}, nil)
	res, err := applyHost(t, c, hostJob(nil))
	if err != nil || len(res.Warnings) > 0 {
		t.Fatalf("%v %q", err, res.Warnings)
	}
	if len(*notes) != 2 {
		t.Fatalf("wrote %q", *notes)
	}
	for _, says := range []string{"Terraform run `run-1`, by tester (button): **applied**", "```diff\n", "@@ host\n+ r1"} {
		if !strings.Contains((*notes)[0], says) {
			t.Errorf("the entry does not say %q:\n%s", says, (*notes)[0])
		}
	}
	if want := "r1: zabbix_hostid = " + res.Host.ID; (*notes)[1] != want {
		t.Errorf("got %q, want %q", (*notes)[1], want)
	}
}

// What is there already is not written again: a change that changes nothing
// would start hooks.
func TestAHostIDThatIsThereIsNotWrittenAgain(t *testing.T) {
	for _, there := range []any{float64(101), "101"} { // the first hostid of the fake
		c, notes := writing(&fakeZabbix{}, nil)
		res, err := applyHost(t, c, hostJob(map[string]any{"zabbix_hostid": there}))
		if err != nil || res.Host.ID != "101" {
			t.Fatalf("%+v, %v", res.Host, err)
		}
		if len(*notes) != 1 || !strings.Contains((*notes)[0], "applied") {
			t.Errorf("wrote %q", *notes)
		}
	}
}

func TestWritingBackThatFailsIsAWarning(t *testing.T) {
	c, _ := writing(&fakeZabbix{}, errors.New("the token may not"))
	res, err := applyHost(t, c, hostJob(nil))
	if err != nil || len(res.Warnings) != 2 || !strings.Contains(res.Warnings[0], "https://truth.example/r1 failed: the token may not") {
		t.Errorf("%v %q", err, res.Warnings)
	}
}

// Without a change of the host the hostid is written where it differs, and nowhere
// else.
func TestWriteHostID(t *testing.T) {
	object := func(fields map[string]any) *inventory.Object {
		return &inventory.Object{Name: "r1", URL: "https://truth.example/r1", CustomFields: fields}
	}
	for name, c := range map[string]struct {
		o     *inventory.Object
		id    string
		fails error
		wrote string
	}{
		"none yet":          {object(nil), "101", nil, "r1: zabbix_hostid = 101"},
		"another":           {object(map[string]any{"zabbix_hostid": 7}), "101", nil, "r1: zabbix_hostid = 101"},
		"null":              {object(map[string]any{"zabbix_hostid": nil}), "101", nil, "r1: zabbix_hostid = 101"},
		"the same":          {object(map[string]any{"zabbix_hostid": int64(101)}), "101", nil, ""},
		"the same, as text": {object(map[string]any{"zabbix_hostid": "101"}), "101", nil, ""},
		"no object":         {nil, "101", nil, ""},
		"no host":           {object(nil), "", nil, ""},
		"it fails":          {object(nil), "101", errors.New("the token may not"), "r1: zabbix_hostid = 101"},
	} {
		t.Run(name, func(t *testing.T) {
			it, notes := writing(&fakeZabbix{}, c.fails)
			warnings := it.WriteHostID(t.Context(), c.o, c.id)
			if got := strings.Join(*notes, ";"); got != c.wrote || (len(warnings) > 0) != (c.fails != nil) {
				t.Errorf("wrote %q, warned %q", got, warnings)
			}
		})
	}
	plain := zabbixClient(&fakeZabbix{}, func(cfg *client.Config) { cfg.Inventory = sourceOf{} })
	if got := plain.WriteHostID(t.Context(), object(nil), "101"); got != nil {
		t.Errorf("nobody asked for it: %q", got)
	}
}

func TestADeviceIsNotedWithoutItsSecrets(t *testing.T) {
	cfg := config(t, newFakeDriver("fake"))
	notes := []string{}
	redact, err := secret.NewRedactor()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Redact = redact.WithWords("hunter22")
	cfg.WriteBack.Journal, cfg.Run = true, eventlog.Run{ID: "run-1", Actor: "tester", Trigger: "hook"}
	cfg.Inventory = sourceOf{device: inventory.Object{Name: "r1", Host: "h", Driver: "fake", Status: "active"}, notes: &notes}
	c := newClient(t, cfg)
	e := resolve(t, c, client.Ref{Name: "r1"})
	job := client.Job{Config: []byte("password hunter22\n"), DryRun: true, Commit: true}
	planned, err := c.Run(t.Context(), e, job)
	if err != nil || len(notes) > 0 {
		t.Fatalf("a plan wrote %q, %v", notes, err)
	}
	job.DryRun, job.Approved = false, &provision.Approval{Diff: planned.Diff.String(), ChangeID: planned.ChangeID}
	if _, err := c.Run(t.Context(), e, job); err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "applied") || !strings.Contains(notes[0], "+ password") || strings.Contains(notes[0], "hunter22") {
		t.Errorf("wrote %q", notes)
	}
	if !strings.Contains(notes[0], "(hook)") {
		t.Errorf("without what started it: %q", notes)
	}
	job.Approved = &provision.Approval{}
	if _, err := c.Run(t.Context(), e, job); err != nil || len(notes) != 1 {
		t.Errorf("a run without a change wrote %q, %v", notes[1:], err)
	}
}

func TestNotesReachTheUserOnce(t *testing.T) {
	cfg := config(t, newFakeDriver("fake"))
	cfg.Notes = client.NewNotes()
	cfg.Notes.Add("NetBox is newer than known")
	c := newClient(t, cfg)
	e := resolve(t, c, client.Ref{Name: "r1"})
	for i, want := range []int{1, 0} {
		res, err := c.Run(t.Context(), e, client.Job{Config: []byte("new\n"), DryRun: true})
		if err != nil || len(res.Warnings) != want {
			t.Errorf("run %d: %v, %q", i, err, res.Warnings)
		}
	}
}

func TestAnActionIsNotedAsOne(t *testing.T) {
	cfg := config(t, newFakeDriver("fake"))
	notes := []string{}
	cfg.WriteBack.Journal, cfg.Run = true, eventlog.Run{ID: "run-1", Actor: "tester", Trigger: "hook"}
	cfg.Inventory = sourceOf{device: inventory.Object{Name: "r1", Host: "h", Driver: "fake", Status: "active"}, notes: &notes}
	c := newClient(t, cfg)
	ctx := eventlog.Triggered(t.Context(), eventlog.TriggerAction)
	if _, err := c.Run(ctx, resolve(t, c, client.Ref{Name: "r1"}), client.Job{Config: []byte("x\n"), Commit: true}); err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "by tester (action)") {
		t.Errorf("wrote %q", notes)
	}
}
