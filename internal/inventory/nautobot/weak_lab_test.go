//go:build lab

package nautobot_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/nautobot"
)

// labGrant is a permission of a user, with constraints if there are any.
type labGrant struct {
	models      []string
	constraints map[string]any
}

// labToken makes a user with just these permissions to view, until the test ends,
// and gives its token.
func labToken(t *testing.T, grants ...labGrant) string {
	t.Helper()
	const password = "Weak-Token-1234"
	name := strings.ToLower(strings.NewReplacer("/", "-", "#", "-").Replace(t.Name()))
	user := labCall(t, http.MethodPost, "users/users/", map[string]any{"username": name, "password": password})["id"]
	remove := []string{fmt.Sprintf("users/users/%v/", user)}
	grant := func(what string, g labGrant, actions ...string) {
		id := labCall(t, http.MethodPost, "users/permissions/", map[string]any{
			"name": name + what, "object_types": g.models, "users": []any{user}, "actions": actions, "constraints": g.constraints,
		})["id"]
		remove = append(remove, fmt.Sprintf("users/permissions/%v/", id))
	}
	for i, g := range grants {
		grant(fmt.Sprint(i), g, "view")
	}
	grant("token", labGrant{models: []string{"users.token"}}, "view", "add")
	t.Cleanup(func() {
		for _, path := range slices.Backward(remove) {
			labDelete(t, path)
		}
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, lab(t)["NAUTOBOT_URL"]+"/api/users/tokens/", strings.NewReader(`{"write_enabled": false}`))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(name, password)
	req.Header.Set("Content-Type", "application/json")
	req.Close = true // the server may be about to end a connection that was kept
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	var made struct{ Key string }
	if err != nil || json.Unmarshal(text, &made) != nil || made.Key == "" {
		t.Fatalf("no token: %s %s (%v)", resp.Status, text, err)
	}
	return made.Key
}

// labDelete takes something away when the test has ended.
func labDelete(t *testing.T, path string) {
	t.Helper()
	env := lab(t)
	req, err := http.NewRequest(http.MethodDelete, env["NAUTOBOT_URL"]+"/api/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Token "+env["NAUTOBOT_TOKEN"])
	req.Close = true // the server may be about to end a connection that was kept
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode >= 300 {
		t.Errorf("DELETE %s: %s", path, resp.Status)
	}
}

// labModels are all models of the apps that the provider reads, but for these.
func labModels(t *testing.T, without ...string) []string {
	t.Helper()
	var models []string
	apps := []string{"dcim", "extras", "ipam", "tenancy", "virtualization", "nautobot_golden_config"}
	list, _ := labCall(t, http.MethodGet, "extras/content-types/?limit=1000", nil)["results"].([]any)
	for _, one := range list {
		m, _ := one.(map[string]any)
		name := fmt.Sprintf("%v.%v", m["app_label"], m["model"])
		if slices.Contains(apps, fmt.Sprint(m["app_label"])) && !slices.Contains(without, name) {
			models = append(models, name)
		}
	}
	if len(models) < 50 {
		t.Fatalf("there are only %d models", len(models))
	}
	return models
}

// labWeak is a source whose token does not see these models.
func labWeak(t *testing.T, grants []labGrant, without ...string) *nautobot.Source {
	t.Helper()
	token := labToken(t, append([]labGrant{{models: labModels(t, without...)}}, grants...)...)
	s, err := nautobot.New(nautobot.Config{URL: lab(t)["NAUTOBOT_URL"], Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is hidden on the way to the site of an object would make the site empty, or
// another place.
func TestLabWeakPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		without      string
		grants       []labGrant
		device, list string // the permissions that errors name
		vm           string
	}{
		"location":      {"dcim.location", nil, "dcim.view_location", "dcim.view_location", "dcim.view_location"},
		"type":          {"dcim.locationtype", nil, "dcim.view_locationtype", "dcim.view_locationtype", "dcim.view_locationtype"},
		"a place above": {"dcim.location", []labGrant{{[]string{"dcim.location"}, map[string]any{"name__in": []string{"hall 1", "depot", "fra"}}}}, "dcim.view_location", "dcim.view_location", "dcim.view_location"},
		"cluster":       {"virtualization.cluster", nil, "virtualization.view_cluster", "virtualization.view_cluster", "virtualization.view_cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			s := labWeak(t, c.grants, c.without)
			_, err := s.Object(t.Context(), inventory.Ref{Kind: inventory.Device, Name: "ams-edge1"})
			wants(t, err, `device "ams-edge1"`, c.device)
			_, err = s.Object(t.Context(), inventory.Ref{Kind: inventory.VirtualMachine, Name: "ams-edge1"})
			wants(t, err, `virtual machine "ams-edge1"`, c.vm)
			for _, kind := range []inventory.Kind{inventory.Device, inventory.VirtualMachine} {
				_, err = s.Objects(t.Context(), kind, inventory.Filter{Sites: []string{"ams"}})
				wants(t, err, c.list)
			}
		})
	}
	t.Run("nothing", func(t *testing.T) {
		s := labWeak(t, nil)
		if o := labDevice(t, s, "ams-edge1"); o.Site != "ams" || o.Location != "hall 1" || o.Cluster != "c1" {
			t.Errorf("%+v", o)
		}
	})
}

// A query may call what it asks for as it likes.
func TestLabRenderedOfAliases(t *testing.T) {
	list, _ := labCall(t, http.MethodGet, "extras/graphql-queries/?"+url.Values{"name": {"intended data"}}.Encode(), nil)["results"].([]any)
	if len(list) != 1 {
		t.Fatalf("%d queries", len(list))
	}
	query, _ := list[0].(map[string]any)
	path := fmt.Sprintf("extras/graphql-queries/%v/", query["id"])
	text, _ := query["query"].(string)
	aliased := strings.NewReplacer("platform {", "os: platform {", "primary_ip4 {", "address4: primary_ip4 {", "interfaces {", "ports: interfaces {", "ip_addresses {", "ips: ip_addresses {").Replace(text)
	labCall(t, http.MethodPatch, path, map[string]any{"query": aliased})
	t.Cleanup(func() { labPatch(t, path, map[string]any{"query": text}) })
	golden1 := labDevice(t, labSource(t, "NAUTOBOT_TOKEN"), "golden1")
	for hidden, says := range map[string][]string{
		"dcim.interface": {"ports is empty", "dcim.view_interface"},
		"ipam.ipaddress": {"address4, ips is empty", "ipam.view_ipaddress"},
		"dcim.platform":  {"os is empty", "dcim.view_platform"},
	} {
		t.Run(hidden, func(t *testing.T) {
			_, err := labWeak(t, nil, hidden).Config(t.Context(), golden1, inventory.Intent{From: inventory.FromRendered})
			wants(t, err, append(says, `"golden1"`, "is not used")...)
		})
	}
	if got, err := labSource(t, "NAUTOBOT_TOKEN_READONLY").Config(t.Context(), golden1, inventory.Intent{From: inventory.FromRendered}); err != nil || string(got) != "hostname golden1\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

// labPatch changes something when the test has ended.
func labPatch(t *testing.T, path string, body any) {
	t.Helper()
	env := lab(t)
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPatch, env["NAUTOBOT_URL"]+"/api/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Token "+env["NAUTOBOT_TOKEN"])
	req.Header.Set("Content-Type", "application/json")
	req.Close = true // the server may be about to end a connection that was kept
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode >= 300 {
		t.Errorf("PATCH %s: %s", path, resp.Status)
	}
}

// The secret that Nautobot fills in is told as one.
func TestLabStoredTellsSecrets(t *testing.T) {
	s := labSource(t, "NAUTOBOT_TOKEN")
	var told inventory.Secret
	_, err := s.Config(t.Context(), labDevice(t, s, "secret1"), inventory.Intent{Secret: func(s inventory.Secret) { told = s }})
	if err != nil || !slices.Contains(told.Words, `p&ss<w>ord"1`) || len(told.Patterns) != 1 || !told.Patterns[0].MatchString("password of-yesterday") {
		t.Errorf("told %+v, %v", told, err)
	}
}

// Devices without a name are in no order, and neither are those of one name.
func TestLabManyWithoutAName(t *testing.T) {
	const many = 600
	dir := os.Getenv("PROVISION_NAUTOBOT")
	labManage(t, dir, fmt.Sprintf(`
from nautobot.dcim.models import Device
p = Device.objects.get(name="golden1")
same = dict(device_type=p.device_type, role=p.role, status=p.status, location=p.location)
Device.objects.bulk_create([Device(name=None, comments="no name", **same) for _ in range(%d)])
`, many))
	t.Cleanup(func() {
		labManage(t, dir, `
from nautobot.dcim.models import Device
q = Device.objects.filter(comments="no name")
q._raw_delete(q.db)
`)
	})
	var warned string
	env := lab(t)
	s, err := nautobot.New(nautobot.Config{URL: env["NAUTOBOT_URL"], Token: env["NAUTOBOT_TOKEN"], Warn: func(w string) { warned = w }})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{})
	if err != nil || len(all) < 13 || !strings.Contains(warned, fmt.Sprintf("%d devices without a name", many)) {
		t.Errorf("%d devices, warned %q: %v", len(all), warned, err)
	}
}

// labManage runs Python in Nautobot.
func labManage(t *testing.T, dir, code string) {
	t.Helper()
	script, err := filepath.Abs("../../../tools/nautobot/nautobot.sh")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(script, "manage", dir, "shell", "--no-imports", "-c", code).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// lookUpModels are what a token must be allowed to view to look objects up, as the
// guide says.
func lookUpModels() []string {
	return []string{
		"dcim.device", "virtualization.virtualmachine", "virtualization.cluster", "dcim.location", "dcim.locationtype", "dcim.devicetype", "dcim.manufacturer",
		"dcim.platform", "extras.role", "extras.status", "extras.tag", "extras.secretsgroup", "tenancy.tenant", "ipam.ipaddress",
	}
}

// The rights that the guide names are enough, each for what it is named for.
func TestLabRights(t *testing.T) {
	source := func(t *testing.T, models ...string) *nautobot.Source {
		t.Helper()
		s, err := nautobot.New(nautobot.Config{
			URL: lab(t)["NAUTOBOT_URL"], Token: labToken(t, labGrant{models: append(lookUpModels(), models...)}), Warn: func(w string) { t.Errorf("warned: %s", w) },
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Run("look up", func(t *testing.T) {
		s := source(t)
		o, err := s.Object(t.Context(), inventory.Ref{Kind: inventory.Device, Name: "ams-edge1", Context: true})
		if err != nil || o.Site != "ams" || o.Cluster != "c1" || o.DNSName4 == "" || o.SecretsGroup == "" || len(o.Tags) != 2 || o.ConfigContext["zabbix"] == nil {
			t.Errorf("%+v, %v", o, err)
		}
		for _, kind := range []inventory.Kind{inventory.Device, inventory.VirtualMachine} {
			if all, err := s.Objects(t.Context(), kind, inventory.Filter{}); err != nil || len(all) < 3 {
				t.Errorf("%d %ss, %v", len(all), kind, err)
			}
		}
	})
	t.Run("stored", func(t *testing.T) {
		s := source(t, "nautobot_golden_config.goldenconfig")
		for _, name := range []string{"golden1", "secret1"} {
			if got, err := s.Config(t.Context(), labDevice(t, s, name), inventory.Intent{}); err != nil || !strings.Contains(string(got), "hostname "+name) {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
	})
	t.Run("rendered", func(t *testing.T) {
		models := labModels(t) // of all that a query may ask for
		s := source(t, append(models, "nautobot_golden_config.goldenconfig")...)
		if got, err := s.Config(t.Context(), labDevice(t, s, "golden1"), inventory.Intent{From: inventory.FromRendered}); err != nil || !strings.Contains(string(got), "port of golden1") {
			t.Errorf("%q, %v", got, err)
		}
	})
}
