package nautobot_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/nautobot"
)

// edge1 is the device that has an intended configuration.
func edge1(t *testing.T, s *nautobot.Source) inventory.Object {
	t.Helper()
	o, err := s.Object(t.Context(), device("ams-edge1"))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestStored(t *testing.T) {
	const early, late = "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"
	for name, c := range map[string]struct {
		config           string
		attempt, success any
		post             string
		want, says       string
	}{
		"in order":         {"hostname a\n", early, early, "hostname a", "hostname a\n", ""},
		"stale":            {"hostname a\n", late, early, "", "", "is stale: it is of 2026-11-24T10:00:00Z, and rendering it failed at 2026-11-24T11:00:00Z"},
		"never":            {"", early, nil, "", "", "never could"},
		"not yet":          {"", nil, nil, "", "", ""},
		"not enabled":      {"a {{ b }}\n", early, early, "Generation of intended configurations postprocessing it is not enabled, check your app configuration.", "a {{ b }}\n", ""},
		"filled in":        {"a {{ b }}\nc\n", early, early, "a &lt;x&gt;&amp;&#34;&#39;\nc", "a <x>&\"'\nc\n", ""},
		"escaped twice":    {"a {{ b }} &amp;\n", early, early, "a &lt; &amp;", "", "escaped"},
		"marked as safe":   {"a {{ b | safe }}\n", early, early, "a &lt;", "", "escaped"},
		"signs of its own": {"a &lt;\n", early, early, "a &lt;", "a &lt;\n", ""},
		"undefined":        {"a {{ b }}\n", early, early, "Found an error rendering the configuration to push: Jinja encountered and UndefinedError: 'b' is undefined", "", "'b' is undefined"},
		"unknown filter":   {"a {{ b|c }}\n", early, early, "Jinja encountered an TemplateAssertionError: 'No filter named 'c'.'; check the template for correctness", "", "No filter named"},
		"nothing there":    {"a\n", early, early, "No intended configuration is available. Before rendering the configuration with postprocessing, you need to", "", "No intended configuration"},
		"secret denied":    {"a {{ b }}\n", early, early, "a You have no permission to read this secret edge.", "", "You have no permission to read this secret edge. (the token's user needs the permission extras.view_secretsgroup"},
		"no such secret":   {"a {{ b }}\n", early, early, "a edge doesn&#39;t exist.", "", "a secrets group doesn't exist"},
	} {
		t.Run(name, func(t *testing.T) {
			f := suiteFake("3.2.7")
			s := f.serve(t)
			o := edge1(t, s)
			f.golden[o.ID] = values{"intended_config": c.config, "intended_last_attempt_date": c.attempt, "intended_last_success_date": c.success}
			f.postprocess[o.ID] = c.post
			got, err := s.Config(t.Context(), o, inventory.Intent{})
			if c.says != "" {
				wants(t, err, c.says, `"ams-edge1"`)
			} else if err != nil {
				t.Error(err)
			}
			if string(got) != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestConfigIsRefused(t *testing.T) {
	s := suiteFake("3.2.7").serve(t)
	o := edge1(t, s)
	machine := inventory.Object{Kind: inventory.VirtualMachine, Name: "vm1", ID: "1"}
	for says, c := range map[string]struct {
		o      inventory.Object
		intent inventory.Intent
	}{
		"chooses the template itself":  {o, inventory.Intent{Template: "7"}},
		"takes no variables":           {o, inventory.Intent{Variables: values{"a": 1}}},
		`set from = "rendered"`:        {o, inventory.Intent{Branch: "main"}},
		`"cache" is not where`:         {o, inventory.Intent{From: "cache"}},
		`not of virtual machine "vm1"`: {machine, inventory.Intent{From: inventory.FromRendered}},
	} {
		_, err := s.Config(t.Context(), c.o, c.intent)
		wants(t, err, says)
	}
	if got, err := s.Config(t.Context(), machine, inventory.Intent{}); got != nil || err != nil {
		t.Errorf("a virtual machine has %q, %v", got, err)
	}
}

func TestWithoutGoldenConfig(t *testing.T) {
	f := suiteFake("2.4.0")
	s := f.serve(t)
	o := edge1(t, s)
	f.before = respond("/golden-config/", 404, "text/html", "<h1>Not Found</h1>")
	_, err := s.Config(t.Context(), o, inventory.Intent{})
	wants(t, err, `"ams-edge1"`, "is the app Golden Config installed there")
	f.before = respond("/golden-config/", 403, "application/json", `{"detail": "You do not have permission to perform this action."}`)
	_, err = s.Config(t.Context(), o, inventory.Intent{})
	wants(t, err, "nautobot_golden_config.view_goldenconfig")
}

func TestRendered(t *testing.T) {
	f := suiteFake("3.2.7")
	s := f.serve(t)
	o := edge1(t, s)
	f.golden[o.ID]["intended_config"] = "hostname a"
	var branch string
	f.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("branch") {
			branch = r.URL.Query().Get("branch")
		}
		return false
	}
	got, err := s.Config(t.Context(), o, inventory.Intent{From: inventory.FromRendered, Branch: "a/b&c"})
	if err != nil || string(got) != "hostname a\n" || branch != "a/b&c" {
		t.Errorf("got %q from branch %q, %v", got, branch, err)
	}
}

// A rendering that lacks what the token may not see is not used.
func TestRenderedWithLess(t *testing.T) {
	for field, permission := range map[string]string{"platform": "dcim.view_platform", "primary_ip4": "ipam.view_ipaddress", "interfaces": "dcim.view_interface", "tags": "extras.view_tag"} {
		f := suiteFake("3.2.7")
		s := f.serve(t)
		o := edge1(t, s)
		f.hide = []string{field}
		_, err := s.Config(t.Context(), o, inventory.Intent{From: inventory.FromRendered})
		wants(t, err, `"ams-edge1"`, "not complete", permission)
	}
}

func TestRenderErrors(t *testing.T) {
	for detail, says := range map[string]string{
		"No Golden Config settings found for this device":                     "in the scope of none",
		"Error rendering Jinja template: Subtask: GENERATE CONFIG (failed)\n": "which line only in its own log",
		"Error rendering Jinja template: Cmd('git') failed due to: exit code(128)\n  cmdline: git clone -v --branch=x -- https://user:pass@git/x /tmp/y\n  stderr: 'fatal: Remote branch x not found in upstream origin\n'": `from branch "x": Nautobot`,
		"Error trying: git clone https://user:pass@git/x":             "git/x",
		"Jinja template frr.j2 not found in git repository Templates": "frr.j2 not found",
	} {
		f := suiteFake("3.2.7")
		s := f.serve(t)
		o := edge1(t, s)
		f.before = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/generate-intended-config/") {
				return false
			}
			answer(w, http.StatusBadRequest, values{"detail": detail})
			return true
		}
		_, err := s.Config(t.Context(), o, inventory.Intent{From: inventory.FromRendered, Branch: "x"})
		wants(t, err, says, `"ams-edge1"`)
		if err != nil && strings.Contains(err.Error(), "user:pass") {
			t.Errorf("the login of the repository is in %v", err)
		}
		f.before = nil
		_, err = s.Config(t.Context(), inventory.Object{Kind: inventory.Device, ID: "gone", Name: "gone"}, inventory.Intent{})
		if !errors.Is(err, inventory.ErrNotFound) {
			t.Errorf("a device that is gone: %v", err)
		}
	}
}

// One at a time in this process; what another one is in the way of is tried again.
func TestRenderIsSerialised(t *testing.T) {
	f := suiteFake("3.2.7")
	s := f.serve(t)
	o := edge1(t, s)
	var at, most, asked atomic.Int32
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/generate-intended-config/") {
			return false
		}
		most.Store(max(most.Load(), at.Add(1)))
		defer at.Add(-1)
		if asked.Add(1) == 1 {
			answer(w, http.StatusBadRequest, values{"detail": "Error trying to sync git repository"})
			return true
		}
		f.generate(w, r.URL.Query())
		return true
	}
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := s.Config(t.Context(), o, inventory.Intent{From: inventory.FromRendered})
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if most.Load() != 1 || asked.Load() != 9 {
		t.Errorf("%d at once, %d requests", most.Load(), asked.Load())
	}
}

// What is left for postprocessing is not done to a rendering.
func TestRenderedLeavesSomething(t *testing.T) {
	f := suiteFake("3.2.7")
	s := f.serve(t)
	o := edge1(t, s)
	f.golden[o.ID]["intended_config"] = "password {{ x }}"
	_, err := s.Config(t.Context(), o, inventory.Intent{From: inventory.FromRendered})
	wants(t, err, `"ams-edge1"`, "postprocessing", `from = "stored"`)
	f.postprocess[o.ID] = "Generation of intended configurations postprocessing it is not enabled, check your app configuration."
	if got, err := s.Config(t.Context(), o, inventory.Intent{From: inventory.FromRendered}); err != nil || string(got) != "password {{ x }}\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestWriteBack(t *testing.T) {
	f := suiteFake("3.2.7")
	s := f.serve(t)
	o := edge1(t, s)
	if err := s.Note(t.Context(), o, "**done**"); err != nil || f.patched["note"] != "**done**" {
		t.Errorf("sent %v, %v", f.patched, err)
	}
	f.patched = nil
	for _, same := range []any{7, "7"} {
		if err := s.SetCustomField(t.Context(), o, "zabbix_hostid", same); err != nil || f.patched != nil {
			t.Errorf("what is there is written again: %v, %v", f.patched, err)
		}
	}
	if err := s.SetCustomField(t.Context(), o, "zabbix_hostid", 8); err != nil {
		t.Error(err)
	}
	if got := f.patched["custom_fields"].(values); len(got) != 1 || got["zabbix_hostid"] != 8.0 {
		t.Errorf("sent %v", got)
	}
	wants(t, s.SetCustomField(t.Context(), o, "nosuch", 8), `no custom field "nosuch"`)
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			return false
		}
		answer(w, http.StatusForbidden, values{"detail": "You do not have permission to perform this action."})
		return true
	}
	wants(t, s.SetCustomField(t.Context(), o, "zabbix_hostid", 9), "dcim.change_device", "write enabled", `"ams-edge1"`)
	wants(t, s.Note(t.Context(), o, "x"), "extras.add_note")
}

// The keys of what a configuration is rendered of are the query's affair.
func TestRenderedOfOtherKeys(t *testing.T) {
	for name, c := range map[string]struct {
		hide  []string
		data  values
		says  []string
		warns string
	}{
		"an alias that is empty":        {[]string{"interfaces"}, values{"hostname": "x", "ports": []any{}}, []string{"may not be complete and is not used", "ports is empty", "dcim.view_interface"}, ""},
		"one within":                    {[]string{"primary_ip4"}, values{"ports": []any{values{"name": "e0", "ips": []any{}}}}, []string{"ips is empty", "ipam.view_ipaddress"}, ""},
		"another shape":                 {[]string{"platform"}, values{"device": values{"os": nil}}, []string{"os is empty", "dcim.view_platform"}, ""},
		"may see everything":            {nil, values{"ports": []any{}, "interfaces": []any{}}, nil, "ports is empty"},
		"a value of the object":         {[]string{"interfaces"}, values{"serial": nil, "config_context": values{"a": nil}}, nil, ""},
		"hidden and of no interest":     {[]string{"interfaces"}, values{"hostname": "x", "ports": []any{values{"name": "e0"}}}, nil, ""},
		"a known key that may be empty": {[]string{"platform"}, values{"interfaces": []any{}}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := suiteFake("3.2.7")
			f.hide, f.data = c.hide, c.data
			var warned []string
			s, _ := f.serveWith(t, nautobot.Config{Warn: func(w string) { warned = append(warned, w) }})
			f.objects["devices"][0]["platform"] = nil // REST shows the same
			for range 2 {
				_, err := s.Config(t.Context(), inventory.Object{Kind: inventory.Device, ID: f.objects["devices"][0]["id"].(string), Name: "ams-edge1"}, inventory.Intent{From: inventory.FromRendered})
				wants(t, err, c.says...)
				if c.says == nil && err != nil {
					t.Error(err)
				}
			}
			if text := strings.Join(warned, "\n"); (c.warns == "") != (text == "") || !strings.Contains(text, c.warns) || len(warned) > 1 {
				t.Errorf("warned %q", warned)
			}
			if n := f.count("GET dcim/interfaces/"); n != 1 {
				t.Errorf("what the token may see was asked %d times", n)
			}
		})
	}
}

// What postprocessing filled in is told as secret before anybody gets it.
func TestPostprocessingTellsSecrets(t *testing.T) {
	f := suiteFake("3.2.7")
	s := f.serve(t)
	o := edge1(t, s)
	f.golden[o.ID]["intended_config"] = "hostname x\npassword {{ x }}\n"
	f.postprocess[o.ID] = "hostname x\npassword p&amp;ss1"
	var told inventory.Secret
	got, err := s.Config(t.Context(), o, inventory.Intent{Secret: func(s inventory.Secret) { told = s }})
	if err != nil || string(got) != "hostname x\npassword p&ss1\n" || !slices.Equal(told.Words, []string{"p&ss1"}) || len(told.Patterns) != 1 {
		t.Errorf("got %q, %v, told %+v", got, err, told)
	}
}
