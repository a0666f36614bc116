//go:build lab

package netbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox"
)

// labPost makes something in NetBox.
func labPost(t *testing.T, env map[string]string, path string, body any) map[string]any {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, env["URL"]+"/api/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+env["TOKEN"])
	req.Header.Set("Content-Type", "application/json")
	req.Close = true // the server may be about to end a connection that was kept
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("POST %s: %s %s (%v)", path, resp.Status, answer, err)
	}
	var out map[string]any
	if err := json.Unmarshal(answer, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// labRights makes a user with just these rights, by model, and gives a source with
// its token. The next seed takes it away.
func labRights(t *testing.T, env map[string]string, name string, rights map[string][]string) *netbox.Source {
	t.Helper()
	const password = "Rights-Netbox-1234"
	user := labPost(t, env, "users/users/", map[string]any{"username": name, "password": password})["id"]
	for model, actions := range rights {
		labPost(t, env, "users/permissions/", map[string]any{"name": name + model, "object_types": []any{model}, "actions": actions, "users": []any{user}})
	}
	made := labPost(t, env, "users/tokens/provision/", map[string]any{"username": name, "password": password})
	token := fmt.Sprint(made["token"])
	if key, ok := made["key"].(string); ok && key != "" {
		token = "nbt_" + key + "." + token
	}
	return source(t, netbox.Config{URL: env["URL"], Token: token, Warn: func(text string) { t.Errorf("warning: %s", text) }})
}

// The rights that the guide names are enough, each for what it is named for.
func TestLabRights(t *testing.T) {
	env := labSeed(t, "cases")
	const device, machine = "dcim.device", "virtualization.virtualmachine"
	lookUp := map[string][]string{device: {"view"}, machine: {"view"}, "dcim.location": {"view"}}
	s := labRights(t, env, "lookup", lookUp)
	if o := object(t, s, inventory.Device, "deep1"); o.Site != "lab" || o.Location != "building 1 / floor 2 / room 3" || o.PrimaryIP4 == "" {
		t.Errorf("%+v", o)
	}
	if o := object(t, s, inventory.VirtualMachine, "vm1"); o.DNSName != "vm1.example.net" || o.DNSName4 != o.DNSName {
		t.Errorf("%+v", o)
	}
	if all, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{}); err != nil || len(all) < 5 {
		t.Errorf("%d devices, %v", len(all), err)
	}
	deep := object(t, s, inventory.Device, "deep1")
	lookUp[device] = []string{"view", "render_config"}
	s = labRights(t, env, "renders", lookUp)
	if got, err := s.Config(t.Context(), deep, inventory.Intent{}); err != nil || string(got) != "deep1 says nothing" {
		t.Errorf("got %q, %v", got, err)
	}
	lookUp[device], lookUp["extras.journalentry"] = []string{"view", "change"}, []string{"add"}
	s = labRights(t, env, "writes", lookUp)
	if err := s.Note(t.Context(), deep, "by one who may"); err != nil {
		t.Error(err)
	}
	if err := s.SetCustomField(t.Context(), deep, "zabbix_hostid", "10777"); err != nil {
		t.Error(err)
	}
}
