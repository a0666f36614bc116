//go:build lab

package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// restAPI is a server's REST API as an administrator uses it.
type restAPI struct {
	t    *testing.T
	base string // ends in /api/
	auth string
	ctx  context.Context
}

// serverEnv reads how a server is reached out of the file env of the folder that
// a variable names.
func serverEnv(t *testing.T, variable string) map[string]string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Fatalf("%s is not set: it leads to the folder of a real server, see tools/test.sh", variable)
	}
	text, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		env[name] = value
	}
	return env
}

// call sends a request; statuses of errors end the test.
func (a restAPI) call(method, path string, body any) map[string]any {
	a.t.Helper()
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			a.t.Fatal(err)
		}
		payload = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(a.ctx, method, a.base+path, payload)
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", a.auth)
	req.Header.Set("Content-Type", "application/json")
	req.Close = true // the server may be about to end a connection that was kept
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		a.t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, text, err)
	}
	var out map[string]any
	if bytes.HasPrefix(text, []byte("{")) { // a list answers a change of many, which nobody reads
		if err := json.Unmarshal(text, &out); err != nil {
			a.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return out
}

// put gives the id of the object that a filter finds, made of body if there is
// none.
func (a restAPI) put(path string, find url.Values, body map[string]any) any {
	a.t.Helper()
	list, _ := a.call(http.MethodGet, path+"?"+find.Encode(), nil)["results"].([]any)
	if len(list) > 0 {
		first, _ := list[0].(map[string]any)
		return first["id"]
	}
	return a.call(http.MethodPost, path, body)["id"]
}

// remove takes an object away at the end of the test.
func (a restAPI) remove(path string) {
	a.t.Cleanup(func() {
		req, err := http.NewRequest(http.MethodDelete, a.base+path, nil)
		if err != nil {
			a.t.Error(err)
			return
		}
		req.Header.Set("Authorization", a.auth)
		req.Close = true // the server may be about to end a connection that was kept
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			a.t.Error(err)
			return
		}
		_ = resp.Body.Close()
		if resp.StatusCode >= 300 && resp.StatusCode != http.StatusNotFound {
			a.t.Errorf("DELETE %s: %s", path, resp.Status)
		}
	})
}

// truthCase is a source of truth that holds a router of the lab, most often r1.
type truthCase struct {
	// block is the attribute of the provider block.
	block string
	// intend gives it another intended configuration.
	intend func(text string)
	// spoil makes rendering fail; says is what the plan's error says.
	spoil func() (says string)
	// notes are the entries of its journal.
	notes func() []string
	// move gives it another primary address, and drop deletes it.
	move func(host string)
	drop func()
	// rendered gives it what the templates of Golden Config need, and a secrets group;
	// only of Nautobot.
	rendered func()
}

// truthSite is a site of NetBox that nothing else is in, whatever other tests have
// left in theirs.
const truthSite = "harbour"

// netboxCase puts a router into the real NetBox.
func netboxCase(t *testing.T, node acctest.Node) truthCase {
	t.Helper()
	env := serverEnv(t, "PROVISION_NETBOX")
	a := restAPI{t, env["NETBOX_URL"] + "/api/", "Bearer " + env["NETBOX_TOKEN"], t.Context()}
	slug := func(s string) url.Values { return url.Values{"slug": {s}} }
	named := func(s string) map[string]any { return map[string]any{"name": s, "slug": s} }
	template := a.call(http.MethodPost, "extras/config-templates/", map[string]any{"name": "lab intent of " + node.Name, "template_code": "{{ intended }}"})["id"]
	a.remove(fmt.Sprintf("extras/config-templates/%v/", template))
	maker := a.put("dcim/manufacturers/", slug("lab"), named("lab"))
	kind := a.put("dcim/device-types/", slug("lab-router"), map[string]any{"model": "lab-router", "slug": "lab-router", "manufacturer": maker})
	device := a.call(http.MethodPost, "dcim/devices/", map[string]any{
		"name": node.Name, "status": "active", "device_type": kind, "config_template": template,
		"site":     a.put("dcim/sites/", slug(truthSite), named(truthSite)),
		"role":     a.put("dcim/device-roles/", slug("lab"), named("lab")),
		"platform": a.put("dcim/platforms/", slug("frr"), named("frr")),
	})["id"]
	path := fmt.Sprintf("dcim/devices/%v/", device)
	a.remove(path)
	mgmt := a.call(http.MethodPost, "dcim/interfaces/", map[string]any{"device": device, "name": "mgmt0", "type": "virtual"})["id"]
	address := a.call(http.MethodPost, "ipam/ip-addresses/", map[string]any{
		"address": node.MgmtHost + "/16", "assigned_object_type": "dcim.interface", "assigned_object_id": mgmt,
	})["id"]
	a.remove(fmt.Sprintf("ipam/ip-addresses/%v/", address))
	a.call(http.MethodPatch, path, map[string]any{"primary_ip4": address})
	return truthCase{
		block: fmt.Sprintf("{ url = %q, token = %q, write_back = { journal = true } }", env["NETBOX_URL"], env["NETBOX_TOKEN"]),
		intend: func(text string) {
			a.call(http.MethodPatch, path, map[string]any{"local_context_data": map[string]any{"intended": text}})
		},
		spoil: func() string {
			a.call(http.MethodPatch, fmt.Sprintf("extras/config-templates/%v/", template), map[string]any{"template_code": "{{ nothing.at_all }}"})
			return "UndefinedError"
		},
		notes: func() []string {
			list, _ := a.call(http.MethodGet, fmt.Sprintf("extras/journal-entries/?assigned_object_type=dcim.device&assigned_object_id=%v&ordering=id", device), nil)["results"].([]any)
			return texts(list, "comments")
		},
		move: func(host string) {
			a.call(http.MethodPatch, fmt.Sprintf("ipam/ip-addresses/%v/", address), map[string]any{"address": host + "/16"})
		},
		drop: func() { a.call(http.MethodDelete, path, nil) },
	}
}

// nautobotCase puts a router into the real Nautobot.
func nautobotCase(t *testing.T, node acctest.Node) truthCase {
	t.Helper()
	env := serverEnv(t, "PROVISION_NAUTOBOT")
	a := restAPI{t, env["NAUTOBOT_URL"] + "/api/", "Token " + env["NAUTOBOT_TOKEN"], t.Context()}
	find := func(path, field, value string) any { return a.put(path, url.Values{field: {value}}, nil) }
	active, global := find("extras/statuses/", "name", "Active"), find("ipam/namespaces/", "name", "Global")
	prefix := a.call(http.MethodPost, "ipam/prefixes/", map[string]any{"prefix": "198.18.0.0/16", "status": active, "namespace": global})["id"]
	a.remove(fmt.Sprintf("ipam/prefixes/%v/", prefix))
	address := a.call(http.MethodPost, "ipam/ip-addresses/", map[string]any{"address": node.MgmtHost + "/16", "status": active, "namespace": global})["id"]
	a.remove(fmt.Sprintf("ipam/ip-addresses/%v/", address))
	platform := a.call(http.MethodPost, "dcim/platforms/", map[string]any{"name": "lab frr", "network_driver": "frr"})["id"]
	a.remove(fmt.Sprintf("dcim/platforms/%v/", platform))
	device := a.call(http.MethodPost, "dcim/devices/", map[string]any{
		"name": node.Name, "status": active, "platform": platform,
		"role": find("extras/roles/", "name", "edge"), "location": find("dcim/locations/", "name", "ams"),
		"device_type": find("dcim/device-types/", "model", "virtual"),
	})["id"]
	path := fmt.Sprintf("dcim/devices/%v/", device)
	a.remove(path)
	mgmt := a.call(http.MethodPost, "dcim/interfaces/", map[string]any{"device": device, "name": "mgmt0", "type": "virtual", "status": active})["id"]
	a.call(http.MethodPost, "ipam/ip-address-to-interface/", map[string]any{"ip_address": address, "interface": mgmt})
	a.call(http.MethodPatch, path, map[string]any{"primary_ip4": address})
	a.inScope("golden config", node.Name)
	// What Golden Config's job stores.
	stored := a.call(http.MethodPost, "plugins/golden-config/golden-config/", map[string]any{"device": device})["id"]
	store := func(text string, attempt, success time.Time) {
		a.call(http.MethodPatch, fmt.Sprintf("plugins/golden-config/golden-config/%v/", stored), map[string]any{
			"intended_config": text, "intended_last_attempt_date": attempt.Format(time.RFC3339), "intended_last_success_date": success.Format(time.RFC3339),
		})
	}
	var last string
	return truthCase{
		block:  fmt.Sprintf("{ url = %q, token = %q, write_back = { journal = true } }", env["NAUTOBOT_URL"], env["NAUTOBOT_TOKEN"]),
		intend: func(text string) { last = text; now := time.Now().UTC(); store(text, now, now) },
		spoil: func() string {
			now := time.Now().UTC()
			store(last, now.Add(time.Hour), now)
			return "is stale"
		},
		notes: func() []string {
			list, _ := a.call(http.MethodGet, path+"notes/", nil)["results"].([]any)
			return texts(list, "note")
		},
		move: func(host string) { // an address is another object there
			other := a.put("ipam/ip-addresses/", url.Values{"address": {host}}, map[string]any{"address": host + "/16", "status": active, "namespace": global})
			if fmt.Sprint(other) != fmt.Sprint(address) {
				a.remove(fmt.Sprintf("ipam/ip-addresses/%v/", other))
				a.call(http.MethodPost, "ipam/ip-address-to-interface/", map[string]any{"ip_address": other, "interface": mgmt})
			}
			a.call(http.MethodPatch, path, map[string]any{"primary_ip4": other})
		},
		drop: func() { a.call(http.MethodDelete, path, nil) },
		rendered: func() {
			a.call(http.MethodPatch, path, map[string]any{
				"platform": find("dcim/platforms/", "name", "FRR on Linux"), "secrets_group": find("extras/secrets-groups/", "name", "edge routers"),
			})
			a.call(http.MethodPatch, fmt.Sprintf("dcim/interfaces/%v/", mgmt), map[string]any{"description": "port of r1"})
		},
	}
}

// inScope adds a device to a dynamic group of names, until the test ends.
func (a restAPI) inScope(group, device string) {
	a.t.Helper()
	list, _ := a.call(http.MethodGet, "extras/dynamic-groups/?"+url.Values{"name": {group}}.Encode(), nil)["results"].([]any)
	if len(list) != 1 {
		a.t.Fatalf("there are %d groups %s", len(list), group)
	}
	first, _ := list[0].(map[string]any)
	filter, _ := first["filter"].(map[string]any)
	names, _ := filter["name"].([]any)
	path := fmt.Sprintf("extras/dynamic-groups/%v/", first["id"])
	a.call(http.MethodPatch, path, map[string]any{"filter": map[string]any{"name": append(slices.Clone(names), device)}})
	a.t.Cleanup(func() {
		b := a
		b.ctx = context.Background()
		b.call(http.MethodPatch, path, map[string]any{"filter": map[string]any{"name": names}})
	})
}

// texts are a text field of the objects of a list.
func texts(list []any, field string) []string {
	var out []string
	for _, e := range list {
		m, _ := e.(map[string]any)
		text, _ := m[field].(string)
		out = append(out, text)
	}
	return out
}

// TestLabNetBox takes everything but the login from a real NetBox, and puts it on
// a real router.
func TestLabNetBox(t *testing.T) {
	aSourceOfTruth(t, "netbox", netboxCase)
}

// TestLabNautobot does the same with a real Nautobot and its Golden Config.
func TestLabNautobot(t *testing.T) {
	aSourceOfTruth(t, "nautobot", nautobotCase)
}

// aSourceOfTruth plans and applies r1 from a source of truth, whose address leads
// to it only through the jump host.
func aSourceOfTruth(t *testing.T, name string, holding func(*testing.T, acctest.Node) truthCase) {
	lab := acctest.ReadLab(t)
	lab.KeepRouter(t, "r1")
	truth := holding(t, lab.Node(t, "r1"))
	w := acctest.NewWorkspace(t, acctest.Binary(t))
	w.Config(throughTheDoor(t, lab, map[string]string{name: truth.block}), "resource \"provision_device\" \"r1\" {\n  name = \"r1\"\n}\n")

	truth.intend("interface lo\n description from " + name + "\nexit\n")
	says(t, w.Must(2, "plan", "-detailed-exitcode"), "+ description from "+name, "1 to add")
	w.Must(0, "apply", "-auto-approve")
	running := lab.Script(t, "", "exec", "r1", "vtysh", "-c", "show running-config")
	says(t, running, "description from "+name)
	w.Must(0, "plan", "-detailed-exitcode")
	if notes := truth.notes(); len(notes) != 1 {
		t.Errorf("the journal has %q", notes)
	} else {
		says(t, notes[0], "applied", "description from "+name)
	}

	truth.intend("interface lo\n description anew from " + name + "\nexit\n")
	says(t, w.Must(2, "plan", "-detailed-exitcode"), "description anew from "+name, "1 to change")
	w.Must(0, "apply", "-auto-approve")
	w.Must(0, "plan", "-detailed-exitcode")
	if notes := truth.notes(); len(notes) != 2 {
		t.Errorf("the journal has %q", notes)
	}

	want := truth.spoil()
	says(t, acctest.Unwrap(w.Must(1, "plan", "-detailed-exitcode")), "r1: reading its intended configuration", want)
}

// throughTheDoor is a provider block that reaches the routers of the lab through the
// jump host, with more attributes.
func throughTheDoor(t *testing.T, lab acctest.Lab, more map[string]string) string {
	t.Helper()
	r1, jump := lab.Node(t, "r1"), lab.Node(t, "jump")
	key := "file(" + acctest.Quote(filepath.Join(lab.Dir, "id_ed25519")) + ")"
	attributes := map[string]string{
		"credentials": fmt.Sprintf("{ default = { username = %q, private_key = %s, jump_host = \"door\" }, door = { username = %q, private_key = %s } }",
			r1.User, key, jump.User, key),
		"ssh": fmt.Sprintf("{ known_hosts = [%s], jump_hosts = { door = { host = %q, port = %d, credentials = \"door\" } } }",
			acctest.Quote(filepath.Join(lab.Dir, "known_hosts")), jump.Host, jump.Port),
	}
	maps.Copy(attributes, more)
	return acctest.Provider(attributes)
}

// TestLabNautobotBranch plans on a real router what a branch of the templates would
// do before it is merged, and applies it.
func TestLabNautobotBranch(t *testing.T) {
	lab := acctest.ReadLab(t)
	lab.KeepRouter(t, "r1")
	truth := nautobotCase(t, lab.Node(t, "r1"))
	truth.rendered()
	w := acctest.NewWorkspace(t, acctest.Binary(t))
	from := func(branch string) {
		w.Config(throughTheDoor(t, lab, map[string]string{"nautobot": truth.block, "drivers": `{ "linux-frr" = "frr" }`}),
			fmt.Sprintf("resource \"provision_device\" \"r1\" {\n  name = \"r1\"\n  intended = { from = \"rendered\"%s }\n}\n", branch))
	}
	from("")
	if out := w.Must(2, "plan", "-detailed-exitcode"); !strings.Contains(out, "description port of r1") || strings.Contains(out, "log syslog") {
		t.Errorf("what is merged:\n%s", out)
	}
	from(`, branch = "feature/logging"`)
	says(t, w.Must(2, "plan", "-detailed-exitcode"), "+ log syslog", "description port of r1", "1 to add")
	w.Must(0, "apply", "-auto-approve")
	says(t, lab.Script(t, "", "exec", "r1", "vtysh", "-c", "show running-config"), "log syslog")
	w.Must(0, "plan", "-detailed-exitcode")
	from(`, branch = "nosuch"`)
	says(t, w.Must(1, "plan", "-detailed-exitcode"), "the repository of templates has no such branch")
}

// TestLabNautobotSecret puts a secret that Nautobot fills in on a real router, and
// looks for it everywhere else.
func TestLabNautobotSecret(t *testing.T) {
	lab := acctest.ReadLab(t)
	lab.KeepRouter(t, "r1")
	truth := nautobotCase(t, lab.Node(t, "r1"))
	truth.rendered()
	w := acctest.NewWorkspace(t, acctest.Binary(t))
	w.Env = []string{"TF_LOG=TRACE", "TF_LOG_PATH=trace.log"}
	w.Config(throughTheDoor(t, lab, map[string]string{"nautobot": truth.block, "drivers": `{ "linux-frr" = "frr" }`, "events_file": `"events.jsonl"`}),
		"resource \"provision_device\" \"r1\" {\n  name = \"r1\"\n}\n")
	var printed string
	for i, words := range []string{"first", "second"} {
		truth.intend("interface lo\n description " + words + ` {{ secrets_group["name"] | get_secret_by_secret_group_name("password") }}` + "\nexit\n")
		out := w.Must(2, "plan", "-detailed-exitcode", "-out=saved.plan")
		says(t, out, "+ description "+words+" <redacted>")
		printed += out + w.Must(0, "show", "-json", "saved.plan") + w.Must(0, "apply", "saved.plan")
		says(t, lab.Script(t, "", "exec", "r1", "vtysh", "-c", "show running-config"), "description "+words+` p&ss<w>ord"1`)
		if notes := truth.notes(); len(notes) != i+1 {
			t.Errorf("the journal has %q", notes)
		}
	}
	w.Must(0, "plan", "-detailed-exitcode")
	texts := map[string]string{"what was printed": printed, "the journal": strings.Join(truth.notes(), "\n")}
	for _, file := range []string{"trace.log", "events.jsonl", "terraform.tfstate"} {
		texts[file] = w.Read(file)
	}
	for where, text := range texts {
		for _, part := range []string{"ss<w>ord", `ss\u003cw\u003eord`, "ss&lt;w&gt;ord"} {
			if i := strings.Index(text, part); i >= 0 {
				t.Errorf("%s holds the secret: ...%q...", where, text[max(0, i-200):min(len(text), i+50)])
			}
		}
	}
	says(t, texts["events.jsonl"], "<redacted>")
	says(t, texts["the journal"], "<redacted>")
}
