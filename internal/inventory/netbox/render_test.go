package netbox_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox/netboxtest"
)

func TestConfig(t *testing.T) {
	for _, version := range versions() {
		s := fake(t, netboxtest.Options{Version: version, Objects: estate(3), Configs: map[string]string{"e0001": "hostname e0001\n"}})
		ns := source(t, netbox.Config{URL: s.URL, Token: token(version)})
		for _, c := range []struct {
			intent inventory.Intent
			want   string
		}{
			{inventory.Intent{}, "hostname e0001\n"},
			{inventory.Intent{From: inventory.FromRendered}, "hostname e0001\n"},
			{inventory.Intent{Template: "12", Variables: map[string]any{"word": "hello"}}, "template 12, e0001 map[word:hello]\n"},
		} {
			got, err := ns.Config(t.Context(), second, c.intent)
			if err != nil || string(got) != c.want {
				t.Errorf("%s: got %q, %v, want %q", version, got, err, c.want)
			}
		}
		if got, err := ns.Config(t.Context(), inventory.Object{Kind: inventory.Device, ID: "1", Name: "e0000"}, inventory.Intent{}); got != nil || err != nil {
			t.Errorf("%s: a device without a template: %q, %v", version, got, err)
		}
	}
}

func TestConfigRefuses(t *testing.T) {
	s := fake(t, netboxtest.Options{Objects: estate(3)})
	ns := source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})
	for _, c := range []struct {
		intent inventory.Intent
		says   string
	}{
		{inventory.Intent{From: inventory.FromStored}, "NetBox stores no configurations, it renders them"},
		{inventory.Intent{Branch: "next"}, "X-NetBox-Branch"},
		{inventory.Intent{Template: "next"}, `"next" is not the id of a config template`},
		{inventory.Intent{Template: "404"}, "is 404 the id of a config template"},
		{inventory.Intent{Variables: map[string]any{"config_template_id": 7}}, "config_template_id"},
	} {
		_, err := ns.Config(t.Context(), second, c.intent)
		complains(t, err, "e0001", c.says)
	}
	if len(s.Requests()) != 1 {
		t.Errorf("asked %q", s.Requests())
	}
}

// A template error is asked for once, and shown.
func TestTemplateErrors(t *testing.T) {
	for _, version := range versions() {
		s := fake(t, netboxtest.Options{Version: version, Objects: estate(3), Broken: map[string]string{"e0001": "UndefinedError: 'nosuch' is undefined"}})
		err := render(t.Context(), source(t, netbox.Config{URL: s.URL, Token: token(version)}))
		complains(t, err, "e0001", second.URL, "HTTP 500", "UndefinedError: 'nosuch' is undefined", "mend the template", "with debug switched on")
		if len(s.Requests()) != 1 {
			t.Errorf("%s: asked %q", version, s.Requests())
		}
	}
}

// No more are rendered at once than configured.
func TestMaxRenders(t *testing.T) {
	for given, want := range map[int]int32{0: netbox.DefaultMaxRenders, 3: 3} {
		s := fake(t, netboxtest.Options{Objects: estate(3), Configs: map[string]string{"e0001": "x"}})
		var now, most atomic.Int32
		full := make(chan struct{})
		var once sync.Once
		s.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/render-config/") {
				return false
			}
			n := now.Add(1)
			defer now.Add(-1)
			for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
			}
			if n == want {
				once.Do(func() { close(full) })
			}
			<-full // until as many as may be are here
			return false
		})
		ns := source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token, MaxRenders: given})
		var work sync.WaitGroup
		for range 30 {
			work.Go(func() {
				if err := render(t.Context(), ns); err != nil {
					t.Error(err)
				}
			})
		}
		work.Wait()
		if most.Load() != want {
			t.Errorf("%d at once, want %d", most.Load(), want)
		}
	}
}

func TestNote(t *testing.T) {
	s := fake(t, netboxtest.Options{Objects: estate(3)})
	ns := source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})
	for _, o := range []inventory.Object{second, {Kind: inventory.VirtualMachine, ID: "7", Name: "vm"}} {
		if err := ns.Note(t.Context(), o, "**done**"); err != nil {
			t.Error(err)
		}
	}
	want := []netboxtest.Entry{
		{Type: "dcim.device", ID: 2, Kind: "info", Comments: "**done**"},
		{Type: "virtualization.virtualmachine", ID: 7, Kind: "info", Comments: "**done**"},
	}
	if got := s.Journal(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v", got)
	}
	complains(t, ns.Note(t.Context(), inventory.Object{ID: "x"}, "hello"), `"x" is not the id`)
	complains(t, ns.Note(t.Context(), second, ""), "required")
}

// A value goes as the field takes it, and not at all if it is there already.
func TestSetCustomField(t *testing.T) {
	s := fake(t, netboxtest.Options{Objects: fielded(estate(3))})
	ns := source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})
	for _, c := range []struct {
		field string
		value any
	}{{"zabbix_id", "10084"}, {"zabbix_id", "10084"}, {"zabbix_id", 10084}, {"note", "mine"}, {"note", "yours"}, {"note", nil}, {"note", nil}} {
		if err := ns.SetCustomField(t.Context(), second, c.field, c.value); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	want := `{"custom_fields":{"zabbix_id":10084}} {"custom_fields":{"note":"yours"}} {"custom_fields":{"note":null}}`
	if got := strings.Join(s.Patches(), " "); got != want {
		t.Errorf("changes %s, want %s", got, want)
	}
	complains(t, ns.SetCustomField(t.Context(), second, "zabbix_id", "x"), "zabbix_id", "must be an integer")
	complains(t, ns.SetCustomField(t.Context(), second, "nosuch", "x"), `devices have no custom field "nosuch"`)
}
