//go:build lab

package netbox_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox"
)

// labSeed makes the real NetBox hold a seed, and returns how to get in.
func labSeed(t *testing.T, seed ...string) map[string]string {
	t.Helper()
	dir := os.Getenv("PROVISION_NETBOX")
	if dir == "" {
		t.Fatal("PROVISION_NETBOX is not set: these tests run on a real NetBox (make test)")
	}
	script, err := filepath.Abs("../../../tools/netbox/netbox.sh")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), script, append([]string{"seed", dir}, seed...)...).CombinedOutput(); err != nil {
		t.Fatalf("seed %s: %v\n%s", seed, err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			env[strings.TrimPrefix(name, "NETBOX_")] = value
		}
	}
	return env
}

// lab makes a source of the real one, with one of its tokens.
func lab(t *testing.T, env map[string]string, token string) *netbox.Source {
	t.Helper()
	if env[token] == "" {
		t.Fatalf("the lab has no %s", token)
	}
	return source(t, netbox.Config{URL: env["URL"], Token: env[token], Warn: func(text string) { t.Errorf("warning: %s", text) }})
}

func TestLabSuite(t *testing.T) {
	env := labSeed(t, "suite")
	for _, token := range []string{"TOKEN", "TOKEN_V1"} {
		t.Run(token, func(t *testing.T) { suite(lab(t, env, token)).Run(t) })
	}
}

// More than one page, which NetBox caps at 1000.
func TestLabEstate(t *testing.T) {
	const devices = 1010
	s := lab(t, labSeed(t, "estate", fmt.Sprint(devices)), "TOKEN")
	got, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{})
	if err != nil || len(got) != devices || got[devices-1].DNSName != fmt.Sprintf("e%05d.example.net", devices-1) {
		t.Fatalf("%d, %v", len(got), err)
	}
	o, err := s.Object(t.Context(), inventory.Ref{Kind: inventory.Device, Name: got[devices-1].Name, Context: true})
	if err != nil || o.ConfigContext["zabbix"] == nil {
		t.Errorf("%+v, %v", o, err)
	}
	if text, err := s.Config(t.Context(), o, inventory.Intent{}); err != nil || !strings.Contains(string(text), "ip route 192.0.2.123/32 Null0") {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestLabCases(t *testing.T) {
	env := labSeed(t, "cases")
	t.Run("Objects", func(t *testing.T) { labObjects(t, env) })
	t.Run("Configs", func(t *testing.T) { labConfigs(t, env) })
	t.Run("Tokens", func(t *testing.T) { labTokens(t, env) })
	t.Run("Writing", func(t *testing.T) { labWriting(t, env) })
	t.Run("Gone", func(t *testing.T) { labGone(t, env) })
	t.Run("WrongPath", func(t *testing.T) { labWrongPath(t, env) })
}

func labObjects(t *testing.T, env map[string]string) {
	s := lab(t, env, "TOKEN")
	deep := object(t, s, inventory.Device, "deep1")
	if deep.Location != "building 1 / floor 2 / room 3" {
		t.Errorf("location %q", deep.Location)
	}
	for field, want := range map[string]any{"mode": "auto", "zabbix_hostid": int64(10084), "note": "ü"} {
		if deep.CustomFields[field] != want {
			t.Errorf("%s: got %#v, want %#v", field, deep.CustomFields[field], want)
		}
	}
	if list, ok := deep.CustomFields["modes"].([]any); !ok || len(list) != 2 || list[0] != "off" {
		t.Errorf("modes: %#v", deep.CustomFields["modes"])
	}
	for _, name := range []string{"zürich-söüth-1", "$(touch x) & y=1"} {
		if o := object(t, s, inventory.Device, name); o.PrimaryIP4 == "" || o.Host != o.PrimaryIP4 {
			t.Errorf("%+v", o)
		}
	}
	if o := object(t, s, inventory.VirtualMachine, "vm1"); o.Site != "lab" || o.DNSName != "vm1.example.net" {
		t.Errorf("%+v", o)
	}
}

func labConfigs(t *testing.T, env map[string]string) {
	s := lab(t, env, "TOKEN")
	deep := object(t, s, inventory.Device, "deep1")
	for _, c := range []struct {
		object inventory.Object
		intent inventory.Intent
		want   string
	}{
		{deep, inventory.Intent{}, "deep1 says nothing"},
		{deep, inventory.Intent{From: inventory.FromRendered, Variables: map[string]any{"word": "hello"}}, "deep1 says hello"},
		{deep, inventory.Intent{Template: env["TEMPLATE"], Variables: map[string]any{"word": "hello"}}, "other deep1 hello"},
		{object(t, s, inventory.Device, "role1"), inventory.Intent{}, "role by-role"},
		{object(t, s, inventory.VirtualMachine, "vm1"), inventory.Intent{}, "hostname vm1"},
	} {
		got, err := s.Config(t.Context(), c.object, c.intent)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.object.Name, got, err, c.want)
		}
	}
	for name, says := range map[string]string{"undefined1": "UndefinedError: 'nosuch' is undefined", "syntax1": "TemplateSyntaxError", "debug1": "line 2"} {
		_, err := s.Config(t.Context(), object(t, s, inventory.Device, name), inventory.Intent{})
		complains(t, err, name, says, "mend the template", env["URL"])
	}
	_, err := s.Config(t.Context(), deep, inventory.Intent{Template: "99999"})
	complains(t, err, "99999", "view on extras.configtemplate")
}

// What each token lacks is said, and none of them is shown.
func labTokens(t *testing.T, env map[string]string) {
	ctx := t.Context()
	admin := lab(t, env, "TOKEN")
	deep := object(t, admin, inventory.Device, "deep1")
	find := func(s *netbox.Source) error {
		_, err := s.Object(ctx, inventory.Ref{Kind: inventory.Device, Name: "deep1"})
		return err
	}
	list := func(s *netbox.Source) error {
		_, err := s.Objects(ctx, inventory.Device, inventory.Filter{})
		return err
	}
	render := func(s *netbox.Source) error {
		_, err := s.Config(ctx, deep, inventory.Intent{})
		return err
	}
	note := func(s *netbox.Source) error { return s.Note(ctx, deep, "hello") }
	set := func(s *netbox.Source) error { return s.SetCustomField(ctx, deep, "zabbix_hostid", "7") }
	wrong := source(t, netbox.Config{URL: env["URL"], Token: "nbt_planted.0123456789"})
	for _, c := range []struct {
		what   string
		source *netbox.Source
		does   func(*netbox.Source) error
		says   string
	}{
		{"wrong, find", wrong, find, "Invalid v2 token"},
		{"wrong, note", wrong, note, "does not take the token"},
		{"expired, list", lab(t, env, "TOKEN_EXPIRED"), list, "Token expired"},
		{"powerless, find", lab(t, env, "TOKEN_POWERLESS"), find, "view on dcim.device"},
		{"powerless, list", lab(t, env, "TOKEN_POWERLESS"), list, "view on dcim.device"},
		{"powerless, render", lab(t, env, "TOKEN_POWERLESS"), render, "view on dcim.device"},
		{"no render", lab(t, env, "TOKEN_NORENDER"), render, "the device is there, but the token's user lacks the permission view and render_config on dcim.device"},
		{"read-only, render", lab(t, env, "TOKEN_READONLY"), render, "write enabled"},
		{"read-only, note", lab(t, env, "TOKEN_READONLY"), note, "add on extras.journalentry"},
		{"read-only, set", lab(t, env, "TOKEN_READONLY"), set, "change on dcim.device"},
		{"only devices, a deep location", lab(t, env, "TOKEN_DEVICES"), find, "view on dcim.location"},
	} {
		err := c.does(c.source)
		t.Log(c.what)
		complains(t, err, c.says, env["URL"])
		for name, token := range env {
			if err != nil && strings.HasPrefix(name, "TOKEN") && strings.Contains(err.Error(), token) {
				t.Errorf("%s: %v shows %s", c.what, err, name)
			}
		}
	}
	if err := find(lab(t, env, "TOKEN_READONLY")); err != nil {
		t.Errorf("a token that may read cannot: %v", err)
	}
}

func labWriting(t *testing.T, env map[string]string) {
	s := lab(t, env, "TOKEN")
	deep, vm := object(t, s, inventory.Device, "deep1"), object(t, s, inventory.VirtualMachine, "vm1")
	for _, o := range []inventory.Object{deep, vm} {
		if err := s.Note(t.Context(), o, "**done** by a test"); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := s.SetCustomField(t.Context(), o, "zabbix_hostid", "20077"); err != nil {
				t.Error(err)
			}
		}
	}
	again := object(t, lab(t, env, "TOKEN"), inventory.Device, "deep1")
	if again.CustomFields["zabbix_hostid"] != int64(20077) || again.CustomFields["mode"] != "auto" || again.CustomFields["note"] != "ü" {
		t.Errorf("%v", again.CustomFields)
	}
	complains(t, s.SetCustomField(t.Context(), deep, "zabbix_hostid", "x"), "zabbix_hostid", "integer")
	complains(t, s.SetCustomField(t.Context(), deep, "nosuch", "x"), `no custom field "nosuch"`)
}

// An object that is deleted after it was found.
func labGone(t *testing.T, env map[string]string) {
	s := lab(t, env, "TOKEN")
	gone := object(t, s, inventory.Device, "gone1")
	nb := exec.CommandContext(t.Context(), filepath.Join(os.Getenv("PROVISION_NETBOX"), "nb"), "shell", "--no-imports", "-c",
		"from dcim.models import Device; Device.objects.get(name='gone1').delete()")
	if out, err := nb.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, err := s.Config(context.WithoutCancel(t.Context()), gone, inventory.Intent{})
	complains(t, err, "gone1", "not there any more")
	complains(t, s.SetCustomField(t.Context(), gone, "note", "x"), "it is not there")
	if err := s.Note(t.Context(), gone, "x"); err == nil {
		t.Error("a note to nothing")
	}
}

func labWrongPath(t *testing.T, env map[string]string) {
	u, err := url.JoinPath(env["URL"], "nosuch")
	if err != nil {
		t.Fatal(err)
	}
	_, err = source(t, netbox.Config{URL: u, Token: env["TOKEN"]}).Object(t.Context(), inventory.Ref{Kind: inventory.Device, Name: "deep1"})
	complains(t, err, u, "address of NetBox, without /api")
}
