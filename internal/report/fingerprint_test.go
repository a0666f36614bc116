package report_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// key is one of fingerprints.
var key = []byte(strings.Repeat("k", report.SmallestKey))

// effects are what a plan of these changes does.
func effects(t *testing.T, changes ...change) []report.Effect {
	t.Helper()
	list, err := report.Effects(strings.NewReader(planJSON(t, changes...)), key)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// with is a change of a device whose sides have these attributes too.
func with(before, after, more object) change {
	c := device("r1", "@@ interface lo\n+ description one")
	c.Change["before"] = object{"name": "r1", "running_hash": "a"}
	for name, value := range before {
		c.Change["before"].(object)[name] = value
	}
	for name, value := range after {
		c.Change["after"].(object)[name] = value
	}
	for name, value := range more {
		c.Change[name] = value
	}
	return c
}

// intent is what change_id says of the same difference.
func intent(running, intended string) object {
	return object{"change_id": "running " + running + ", intent " + intended + " (if this differs at apply, something changed after the plan: plan again)"}
}

// What differs only from run to run makes no other effect.
func TestSameEffect(t *testing.T) {
	first := effects(t, with(nil, intent("aaaa", "bbbb"), nil))
	for name, c := range map[string]change{
		"running of the state":   with(object{"running_hash": "b"}, intent("aaaa", "bbbb"), nil),
		"salted hashes":          with(nil, object{"intended_hash": "x", "running_hash": "y", "change_id": intent("aaaa", "bbbb")["change_id"]}, nil),
		"what else runs":         with(nil, intent("cccc", "bbbb"), nil),
		"lines it does not name": with(object{"unmanaged_lines": 7}, intent("aaaa", "bbbb"), nil),
	} {
		if got := effects(t, c); !equal(got, first) {
			t.Errorf("%s: %v, want %v", name, got, first)
		}
	}
	host := func(state string) change {
		return of("zabbix_agent_host", "web", updates, object{"host": "web", "agent_state": state}, object{"host": "web", "secret_macros_hash": state}, nil)
	}
	if !equal(effects(t, host("available")), effects(t, host("unknown"))) {
		t.Error("the state of an agent makes another effect")
	}
}

func TestOtherEffect(t *testing.T) {
	first := effects(t, with(nil, intent("aaaa", "bbbb"), nil))
	moved := with(nil, intent("aaaa", "bbbb"), nil)
	moved.Address += "x"
	for name, c := range map[string]change{
		"the difference":         with(nil, object{"diff": "@@ interface lo\n+ description two", "change_id": intent("aaaa", "bbbb")["change_id"]}, nil),
		"a secret that it hides": with(nil, intent("aaaa", "cccc"), nil),
		"the address":            moved,
		"the actions":            with(nil, intent("aaaa", "bbbb"), object{"actions": replaces}),
		"an import":              with(nil, intent("aaaa", "bbbb"), object{"importing": object{"id": "r1"}}),
		"what is unknown":        with(nil, intent("aaaa", "bbbb"), object{"after_unknown": object{"host": true}}),
		"where it connects to":   with(nil, object{"host": "192.0.2.99", "change_id": intent("aaaa", "bbbb")["change_id"]}, nil),
		"before":                 with(object{"host": "192.0.2.99"}, intent("aaaa", "bbbb"), nil),
	} {
		if got := effects(t, c); equal(got, first) {
			t.Errorf("%s: the effect is the same: %v", name, got)
		}
	}
	// Of other providers nothing is left out.
	file := func(hash string) change {
		return of("local_file", "x", creates, nil, object{"running_hash": hash, "password": secret}, object{"after_sensitive": object{"password": true}})
	}
	if equal(effects(t, file("a")), effects(t, file("b"))) {
		t.Error("an attribute of another provider does not count")
	}
}

// equal compares what two plans do.
func equal(a, b []report.Effect) bool {
	return slices.EqualFunc(a, b, func(x, y report.Effect) bool {
		return x.Address == y.Address && slices.Equal(x.Actions, y.Actions) && x.Fingerprint == y.Fingerprint
	})
}

// Secrets cannot be guessed from a fingerprint without its key.
func TestFingerprintsAreKeyed(t *testing.T) {
	text := planJSON(t, device("r1", "@@ x\n+ y"))
	one, err := report.Effects(strings.NewReader(text), key)
	if err != nil {
		t.Fatal(err)
	}
	two, err := report.Effects(strings.NewReader(text), append([]byte("another "), key...))
	if err != nil || equal(one, two) {
		t.Errorf("the key makes no difference: %v", err)
	}
	if _, err := report.Effects(strings.NewReader(text), key[1:]); err == nil || !strings.Contains(err.Error(), "openssl rand -hex 32") {
		t.Errorf("a short key: %v", err)
	}
}

// Only what changes something is agreed to, in one order.
func TestEffectsOfAPlan(t *testing.T) {
	data := of("provision_devices", "x", []string{"read"}, nil, object{}, nil)
	data.Mode = "data"
	list := effects(t, device("r2", "@@ x\n+ y"), of("provision_device", "r0", nothing, object{}, object{}, nil), data, device("r1", "@@ x\n+ y"))
	if len(list) != 2 || list[0].Address != `provision_device.this["r1"]` || !slices.Equal(list[0].Actions, updates) {
		t.Errorf("effects: %v", list)
	}
	if list := effects(t); list == nil || len(list) != 0 {
		t.Errorf("of nothing: %v", list)
	}
	deferred := `{"format_version":"1.2","deferred_changes":[{"reason":"provider_config_unknown","resource_change":{"address":"x.y","mode":"managed","type":"x","change":{"actions":["create"]}}}]}`
	later, err := report.Effects(strings.NewReader(deferred), key)
	if err != nil || len(later) != 1 {
		t.Errorf("deferred: %v %v", later, err)
	}
	for _, wrong := range []string{"", "{", `{"format_version":"9.0"}`} {
		if _, err := report.Effects(strings.NewReader(wrong), key); !errors.Is(err, report.ErrInput) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if _, err := report.Effects(strings.NewReader(`{"format_version":"1.2","errored":true}`), key); !errors.Is(err, report.ErrFailedPlan) {
		t.Errorf("a failed plan: %v", err)
	}
}

// Plans of the real Terraform: what a report shows as pending has a fingerprint.
func TestEffectsOfRealPlans(t *testing.T) {
	for _, name := range []string{"changes", "destroy", "first", "none"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		list, err := report.Effects(strings.NewReader(string(text)), key)
		if err != nil {
			t.Fatal(err)
		}
		if want := example(t, name).Pending(); len(list) != want {
			t.Errorf("%s: %d effects, %d are pending", name, len(list), want)
		}
		for _, e := range list {
			if strings.Contains(e.Fingerprint, secret) || len(e.Fingerprint) != 64 {
				t.Errorf("%s: %v", name, e)
			}
		}
	}
}
