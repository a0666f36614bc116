//go:build lab

package nautobot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/inventorytest"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/nautobot"
)

// lab is the real Nautobot of tools/nautobot, by the names in its env file.
func lab(t *testing.T) map[string]string {
	t.Helper()
	dir := os.Getenv("PROVISION_NAUTOBOT")
	if dir == "" {
		t.Fatal("PROVISION_NAUTOBOT does not name the folder of a Nautobot: run tools/test.sh")
	}
	text, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		env[name] = value
	}
	return env
}

func labSource(t *testing.T, token string) *nautobot.Source {
	t.Helper()
	env := lab(t)
	s, err := nautobot.New(nautobot.Config{URL: env["NAUTOBOT_URL"] + "/", Token: env[token], Warn: func(w string) { t.Errorf("warned: %s", w) }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// labCall changes something in Nautobot, as a person would.
func labCall(t *testing.T, method, path string, body any) map[string]any {
	t.Helper()
	env := lab(t)
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, env["NAUTOBOT_URL"]+"/api/"+path, bytes.NewReader(text))
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
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s (%v)", method, path, resp.Status, answer, err)
	}
	var out map[string]any
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func labDevice(t *testing.T, s inventory.Source, name string) inventory.Object {
	t.Helper()
	o, err := s.Object(t.Context(), inventory.Ref{Kind: inventory.Device, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestLabSuite(t *testing.T) {
	inventorytest.Suite{
		Source: labSource(t, "NAUTOBOT_TOKEN_SUITE"), DefaultStatus: "active", Ambiguous: true,
		Configs: map[string]string{"ams-edge1": "hostname ams-edge1\n"},
		Adapt:   adapt,
	}.Run(t)
}

// Each of these tokens lacks something, and the error says what.
func TestLabTokens(t *testing.T) {
	for _, c := range []struct{ token, device, says string }{
		{"nosuch", "ams-edge1", "does not take the token"},
		{"NAUTOBOT_TOKEN_NONE", "ams-edge1", "dcim.view_device"},
		{"NAUTOBOT_TOKEN_LIMITED", "ams-edge1", "ipam.view_ipaddress"},
		{"NAUTOBOT_TOKEN_LIMITED", "nosuch", "ipam.view_ipaddress"},
	} {
		env := lab(t)
		token := env[c.token]
		if token == "" {
			token = "abcabcabcabcabcabcabcabcabcabcabcabcabca"
		}
		s, err := nautobot.New(nautobot.Config{URL: env["NAUTOBOT_URL"], Token: token})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Object(t.Context(), inventory.Ref{Kind: inventory.Device, Name: c.device})
		if c.device == "nosuch" {
			_, err = s.Objects(t.Context(), inventory.Device, inventory.Filter{})
		}
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), env["NAUTOBOT_URL"]) || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v does not say %q", c.token, err, c.says)
		}
	}
}

func TestLabStored(t *testing.T) {
	s := labSource(t, "NAUTOBOT_TOKEN")
	for _, c := range []struct{ device, config, says string }{
		{"golden1", "hostname golden1\ninterface eth0\n description port of golden1\nexit\n", ""},
		{"secret1", "hostname secret1\ninterface eth0\n description port of secret1\nexit\npassword p&ss<w>ord\"1\n", ""},
		{"spare", "", ""},
		{"stale1", "", "is stale"},
		{"failed1", "", "never could"},
		{"broken1", "", "never could"},
	} {
		got, err := s.Config(t.Context(), labDevice(t, s, c.device), inventory.Intent{From: inventory.FromStored})
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v does not say %q", c.device, err, c.says)
		}
		if string(got) != c.config || c.config == "" && got != nil {
			t.Errorf("%s: got %q, want %q", c.device, got, c.config)
		}
	}
}

func TestLabRendered(t *testing.T) {
	s := labSource(t, "NAUTOBOT_TOKEN_READONLY")
	for _, c := range []struct{ device, branch, config, says string }{
		{"golden1", "", "hostname golden1\ninterface eth0\n description port of golden1\nexit\n", ""},
		{"golden1", "feature/logging", "hostname golden1\ninterface eth0\n description port of golden1\nexit\nlog syslog\n", ""},
		{"golden1", "nosuch", "", "no such branch"},
		{"golden1", "broken", "", "the template, or the data of the device, is wrong"},
		{"golden1", "syntax", "", "the template, or the data of the device, is wrong"},
		{"broken1", "", "", "the template, or the data of the device, is wrong"},
		{"spare", "", "", "in the scope of none"},
		{"secret1", "", "", "postprocessing"},
	} {
		got, err := s.Config(t.Context(), labDevice(t, s, c.device), inventory.Intent{From: inventory.FromRendered, Branch: c.branch})
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s %s: %v does not say %q", c.device, c.branch, err, c.says)
		}
		if string(got) != c.config {
			t.Errorf("%s %s: got %q, want %q", c.device, c.branch, got, c.config)
		}
	}
}

// A token that sees less than there is gets a shorter configuration from Nautobot,
// without a word.
func TestLabRenderedByWeakToken(t *testing.T) {
	golden1 := labDevice(t, labSource(t, "NAUTOBOT_TOKEN"), "golden1")
	_, err := labSource(t, "NAUTOBOT_TOKEN_LIMITED").Config(t.Context(), golden1, inventory.Intent{From: inventory.FromRendered})
	for _, permission := range []string{"dcim.view_platform", "dcim.view_interface", "ipam.view_ipaddress"} {
		if err == nil || !strings.Contains(err.Error(), permission) {
			t.Errorf("%v does not name %s", err, permission)
		}
	}
}

// Several at once, by two processes: Golden Config itself would fail some.
func TestLabRenderedAtOnce(t *testing.T) {
	sources := []*nautobot.Source{labSource(t, "NAUTOBOT_TOKEN"), labSource(t, "NAUTOBOT_TOKEN")}
	golden1 := labDevice(t, sources[0], "golden1")
	done := make(chan error)
	for i := range 16 {
		go func() {
			_, err := sources[i%2].Config(t.Context(), golden1, inventory.Intent{From: inventory.FromRendered})
			done <- err
		}()
	}
	for range 16 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestLabWriteBack(t *testing.T) {
	s := labSource(t, "NAUTOBOT_TOKEN")
	o := labDevice(t, s, "golden2")
	id := int(time.Now().Unix())
	for _, value := range []any{id, fmt.Sprint(id + 1), fmt.Sprint(id + 1)} {
		if err := s.SetCustomField(t.Context(), o, "zabbix_hostid", value); err != nil {
			t.Fatal(err)
		}
	}
	if got := labDevice(t, labSource(t, "NAUTOBOT_TOKEN"), "golden2").CustomFields["zabbix_hostid"]; got != id+1 {
		t.Errorf("got %v (%T), want %d", got, got, id+1)
	}
	if err := s.SetCustomField(t.Context(), o, "nosuch", 1); err == nil || !strings.Contains(err.Error(), `no custom field "nosuch"`) {
		t.Errorf("an unknown field: %v", err)
	}
	text := fmt.Sprintf("applied **%d**", id)
	if err := s.Note(t.Context(), o, text); err != nil {
		t.Fatal(err)
	}
	if notes := fmt.Sprint(labCall(t, http.MethodGet, "dcim/devices/"+o.ID+"/notes/", nil)); !strings.Contains(notes, text) {
		t.Errorf("no note %q in %s", text, notes)
	}
	weak := labSource(t, "NAUTOBOT_TOKEN_READONLY")
	if err := weak.Note(t.Context(), o, text); err == nil || !strings.Contains(err.Error(), "extras.add_note") {
		t.Errorf("a note by a token that may only read: %v", err)
	}
	if err := weak.SetCustomField(t.Context(), o, "zabbix_hostid", 3); err == nil || !strings.Contains(err.Error(), "dcim.change_device") {
		t.Errorf("a field by a token that may only read: %v", err)
	}
}

// A device that is renamed, changed and deleted while it is worked with.
func TestLabChanges(t *testing.T) {
	s := labSource(t, "NAUTOBOT_TOKEN")
	pattern := labCall(t, http.MethodGet, "dcim/devices/"+labDevice(t, s, "golden1").ID+"/?depth=0", nil)
	body := map[string]any{"name": "änderbar"}
	for _, field := range []string{"device_type", "status", "role", "location", "platform"} {
		body[field] = pattern[field].(map[string]any)["id"]
	}
	id := labCall(t, http.MethodPost, "dcim/devices/", body)["id"].(string)
	path := "dcim/devices/" + id + "/"
	gone := false
	defer func() {
		if !gone {
			labCall(t, http.MethodDelete, path, nil)
		}
	}()
	o := labDevice(t, labSource(t, "NAUTOBOT_TOKEN"), "änderbar")
	if o.Host != "" || o.Platform != "linux-frr" || o.ID != id {
		t.Errorf("got %+v", o)
	}
	labCall(t, http.MethodPatch, path, map[string]any{"name": "renamed"})
	if _, err := labSource(t, "NAUTOBOT_TOKEN").Object(t.Context(), inventory.Ref{Kind: inventory.Device, Name: "änderbar"}); !errors.Is(err, inventory.ErrNotFound) {
		t.Errorf("the old name: %v", err)
	}
	if renamed := labDevice(t, labSource(t, "NAUTOBOT_TOKEN"), "renamed"); renamed.ID != id {
		t.Errorf("the new name is of %s", renamed.ID)
	}
	labCall(t, http.MethodDelete, path, nil)
	gone = true
	for _, from := range []string{inventory.FromStored, inventory.FromRendered} {
		if _, err := s.Config(t.Context(), o, inventory.Intent{From: from}); !errors.Is(err, inventory.ErrNotFound) {
			t.Errorf("%s after it is deleted: %v", from, err)
		}
	}
	if err := s.Note(t.Context(), o, "x"); err == nil || !strings.Contains(err.Error(), "it is not there") {
		t.Errorf("a note after it is deleted: %v", err)
	}
}
