package report_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// only is the one change of a plan.
func only(t *testing.T, c change) *report.Change {
	t.Helper()
	p := plan(t, c)
	if len(p.Changes) != 1 {
		t.Fatalf("%d changes", len(p.Changes))
	}
	return p.Changes[0]
}

func TestActions(t *testing.T) {
	host := func(onDestroy string) object { return object{"host": "h", "on_destroy": onDestroy} }
	for name, tc := range map[string]struct {
		change
		action report.Action
		lost   string
	}{
		"create":             {of("provision_device", "r1", creates, nil, object{"name": "r1"}, nil), report.ActionCreate, ""},
		"device goes":        {of("provision_device", "r1", deletes, object{"name": "r1"}, nil, nil), report.ActionForget, "is forgotten; the device stays as it is"},
		"host to graveyard":  {of("zabbix_agent_host", "h", deletes, host("graveyard"), nil, nil), report.ActionDelete, "is disabled and moved to the graveyard; its history stays"},
		"host deleted":       {of("zabbix_agent_host", "h", deletes, host("delete"), nil, nil), report.ActionDelete, "is deleted in Zabbix, with its items and their history"},
		"host disabled":      {of("zabbix_agent_host", "h", deletes, host("disable"), nil, nil), report.ActionDelete, "is disabled and stays in Zabbix"},
		"host kept":          {of("zabbix_agent_host", "h", deletes, host("keep"), nil, nil), report.ActionForget, "is forgotten; the host stays in Zabbix as it is"},
		"another way":        {of("zabbix_agent_host", "h", deletes, host("new"), nil, nil), report.ActionDelete, "is destroyed"},
		"other goes":         {of("terraform_data", "x", deletes, object{"input": 1}, nil, nil), report.ActionDelete, "is destroyed"},
		"removed block":      {of("terraform_data", "x", []string{"forget"}, object{"input": 1}, nil, nil), report.ActionForget, "is forgotten; it stays as it is"},
		"another device":     {of("provision_device", "r1", replaces, object{"name": "r1"}, object{"name": "r2"}, nil), report.ActionReplace, "the old device is forgotten; it stays as it is"},
		"import":             {of("provision_device", "r1", nothing, object{"name": "r1"}, object{"name": "r1"}, object{"importing": object{"id": "r1"}}), report.ActionImport, ""},
		"replace":            {of("zabbix_agent_host", "h", replaces, host("delete"), host("delete"), object{"replace_paths": []any{[]any{"device"}}}), report.ActionReplace, "is replaced: another device"},
		"replace by hand":    {of("terraform_data", "x", replaces, object{"input": 1}, object{"input": 1}, nil), report.ActionReplace, "is replaced: the old one goes, a new one comes"},
		"create before":      {of("terraform_data", "x", []string{"create", "delete"}, object{"input": 1}, object{"input": 1}, nil), report.ActionReplace, "is replaced: the old one goes, a new one comes"},
		"update of anything": {of("terraform_data", "x", updates, object{"input": 1}, object{"input": 2}, nil), report.ActionUpdate, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := only(t, tc.change)
			if c.Action != tc.action || tc.lost == "" && len(c.Lost) > 0 || tc.lost != "" && !slices.Contains(c.Lost, tc.lost) {
				t.Errorf("%s, loses %q; want %s, %q", c.Action, c.Lost, tc.action, tc.lost)
			}
		})
	}
}

func TestSites(t *testing.T) {
	with := func(site any, module string) change {
		c := of("provision_device", "r1", updates, object{}, object{"name": "r1", "site": site}, nil)
		c.Module = module
		return c
	}
	for _, tc := range []struct {
		change
		want string
	}{
		{with("fra1", `module.site["muc1"]`), "fra1"},
		{with(nil, `module.site["muc1"].module.rack["a"]`), "muc1"},
		{with(nil, `module.site["mu\"c1"]`), `mu"c1`},
		{with(nil, `module.site[0]`), "ber1"},
		{with(nil, ""), "ber1"},
	} {
		p, err := report.ReadPlan(strings.NewReader(planJSON(t, tc.change)), nil, report.Meta{Site: "ber1"})
		if err != nil || p.Changes[0].Site != tc.want {
			t.Errorf("%s: site %q, want %q (%v)", tc.Module, p.Changes[0].Site, tc.want, err)
		}
	}
}

// What is sensitive or unknown stands as such, also within other values, and on
// whichever side and level Terraform marks it.
func TestSensitiveAndUnknown(t *testing.T) {
	s := secret
	for name, tc := range map[string]struct {
		change
		want []report.Row
	}{
		"a leaf": {
			of("x", "x", updates, object{"a": "old " + s, "b": 1}, object{"a": "new " + s, "b": 2}, object{"before_sensitive": object{"a": true}, "after_sensitive": object{"a": true}}),
			[]report.Row{{"a", "(sensitive)", "(sensitive) (another value)"}, {"b", "1", "2"}},
		},
		"becomes sensitive":    {of("x", "x", updates, object{"a": s + "1"}, object{"a": s + "2"}, object{"after_sensitive": object{"a": true}}), []report.Row{{"a", "(sensitive)", "(sensitive) (another value)"}}},
		"was sensitive":        {of("x", "x", updates, object{"a": s + "1"}, object{"a": nil}, object{"before_sensitive": object{"a": true}}), []report.Row{{"a", "(sensitive)", ""}}},
		"a whole object":       {of("x", "x", creates, nil, object{"a": object{"b": s}}, object{"after_sensitive": object{"a": true}}), []report.Row{{"a", "", "(sensitive)"}}},
		"in a list":            {of("x", "x", creates, nil, object{"a": []any{"p", s}}, object{"after_sensitive": object{"a": []any{false, true}}}), []report.Row{{"a[0]", "", "p"}, {"a[1]", "", "(sensitive)"}}},
		"everything":           {of("x", "x", creates, nil, object{"a": s}, object{"after_sensitive": true}), []report.Row{{"", "", "(sensitive)"}}},
		"unknown":              {of("x", "x", creates, nil, object{}, object{"after_unknown": object{"id": true}}), []report.Row{{"id", "", "(known after apply)"}}},
		"unknown below":        {of("x", "x", creates, nil, object{"a": object{"b": "1"}}, object{"after_unknown": object{"a": object{"c": true}}}), []report.Row{{"a.b", "", "1"}, {"a.c", "", "(known after apply)"}}},
		"unknown and secret":   {of("x", "x", updates, object{"a": object{"b": s, "c": "1"}}, object{}, object{"before_sensitive": object{"a": object{"b": true}}, "after_unknown": object{"a": true}}), []report.Row{{"a", `{"b":"(sensitive)","c":"1"}`, "(known after apply)"}}},
		"another kind":         {of("x", "x", updates, object{"a": object{"b": s}}, object{"a": "text"}, object{"before_sensitive": object{"a": object{"b": true}}}), []report.Row{{"a", `{"b":"(sensitive)"}`, "text"}}},
		"another kind, secret": {of("x", "x", updates, object{"a": "text"}, object{"a": []any{s}}, object{"after_sensitive": object{"a": []any{true}}}), []report.Row{{"a", "text", `["(sensitive)"]`}}},
		"empty":                {of("x", "x", updates, object{"a": "x", "b": []any{}}, object{"a": "", "b": []any{}}, nil), []report.Row{{"a", "x", `""`}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan(t, tc.change)
			if got := p.Changes[0].Rows; !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
			if strings.Contains(text(t, p.WriteHTML)+markdown(t, p), secret) {
				t.Error("the secret is in the report")
			}
		})
	}
}

// The attributes that the report takes by name can be sensitive too.
func TestSensitiveAttributesOfOurs(t *testing.T) {
	all := object{
		"name": secret, "host": secret, "diff": "+ " + secret, "uncommitted_diff": "+ " + secret, "site": secret, "driver": secret,
		"port": 22, "url": "https://" + secret + ".example.net", "object": secret, "on_destroy": secret, "device": secret,
		"removes": object{"tags": []any{secret}}, "unmanaged_lines": 3, "description": secret,
	}
	for _, kind := range []string{"provision_device", "zabbix_agent_host"} {
		for _, actions := range [][]string{creates, updates, deletes, replaces, nothing} {
			c := of(kind, "this", actions, all, all, object{"before_sensitive": true, "after_sensitive": true})
			each := object{}
			for name := range all {
				each[name] = true
			}
			d := of(kind, "that", actions, object{"name": "x"}, all, object{"before_sensitive": each, "after_sensitive": each})
			p := plan(t, c, d)
			if out := text(t, p.WriteHTML) + markdown(t, p); strings.Contains(out, secret) {
				t.Errorf("%s %v: the secret is in the report:\n%s", kind, actions, out)
			}
		}
	}
}

func TestDeviceUnknownOrSensitiveDiff(t *testing.T) {
	unknown := of("provision_device", "r1", creates, nil, object{"name": "r1"}, object{"after_unknown": object{"diff": true, "uncommitted_diff": true}})
	if c := only(t, unknown); c.Diff.Instead != "(known after apply)" || c.HeldBack {
		t.Errorf("%+v", c.Diff)
	}
	hidden := of("provision_device", "r1", updates, object{"name": "r1"}, object{"name": "r1", "diff": secret}, object{"after_sensitive": object{"diff": true}})
	if c := only(t, hidden); c.Diff.Instead != "(sensitive)" {
		t.Errorf("%+v", c.Diff)
	}
}

func TestZabbixTable(t *testing.T) {
	c := only(t, of("zabbix_agent_host", "h", updates, object{"host": "h", "on_destroy": "keep"}, object{
		"host": "h", "on_destroy": "delete", "url": "https://zabbix.example.net/?hostids=1",
		"diff": "@@ interface\n- ip 192.0.2.1\n+ ip 192.0.2.2\n@@ templates\n- A\n+ B\n@@ macros\n- {$A} = 1\n+ {$A} = 2\n+ {$B} (a new secret value)\n" +
			"@@ inventory\n- location: x\n@@ tls\n+ connect: psk\n+ psk (a new secret value)\n@@ description\n+ text",
	}, nil))
	want := []report.Row{
		{"interface", "ip 192.0.2.1", "ip 192.0.2.2"},
		{"templates", "A", ""},
		{"templates", "", "B"},
		{"macros {$A}", "1", "2"},
		{"macros {$B}", "", "(a new secret value)"},
		{"inventory location", "x", ""},
		{"tls connect", "", "psk"},
		{"tls psk", "", "(a new secret value)"},
		{"description", "", "text"},
	}
	if !slices.Equal(c.Rows, want) {
		t.Errorf("got  %q\nwant %q", c.Rows, want)
	}
	if !slices.Equal(c.Settings, []report.Row{{"on_destroy", "keep", "delete"}}) || c.URL != "https://zabbix.example.net/?hostids=1" {
		t.Errorf("%q %q", c.Settings, c.URL)
	}
}

// With allow_unreviewed the difference of a host is not known: what it shall be is
// shown in its place.
func TestZabbixUnreviewed(t *testing.T) {
	c := only(t, of("zabbix_agent_host", "h", creates, nil, object{"host": "h", "templates": []any{"A"}}, object{"after_unknown": object{"diff": true, "url": true}}))
	if !slices.Equal(c.Rows, []report.Row{{"host", "", "h"}, {"templates[0]", "", "A"}}) || c.Diff.Instead != "(known after apply)" {
		t.Errorf("%q %+v", c.Rows, c.Diff)
	}
}

func TestLinks(t *testing.T) {
	for _, bad := range []string{"javascript:alert(1)", "//example.net/x", "data:text/html,x", "ftp://example.net", "https://user:secret@example.net/", "x", "", ":"} {
		c := only(t, of("zabbix_agent_host", "h", updates, object{}, object{"host": "h", "url": bad}, nil))
		if c.URL != "" {
			t.Errorf("%q is a link", c.URL)
		}
	}
	p, err := report.ReadPlan(strings.NewReader(planJSON(t, device("a&b/../c", "+ x"))), nil, meta())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Changes[0].DeviceURL, "https://netbox.example.net/dcim/devices/?name=a%26b%2F..%2Fc&site=fra1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestVerdicts(t *testing.T) {
	nochange := of("provision_device", "r1", nothing, object{"name": "r1"}, object{"name": "r1", "uncommitted_diff": "+ x"}, nil)
	const warned = `{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"NOT CHECKED: r1: open: refused","address":"provision_device.this[\"r1\"]"}}`
	const quiet = `{"type":"version"}`
	for name, tc := range map[string]struct{ json, log, want string }{
		"nothing at all": {`{"format_version":"1.2","planned_values":{}}`, quiet, "No changes. What is intended is what is there."},
		"no log":         {`{"format_version":"1.2","planned_values":{}}`, "", "No changes."},
		"null":           {`{"format_version":"1.2","resource_changes":null,"resource_drift":null,"output_changes":null,"checks":null}`, quiet, "No changes. What is intended is what is there."},
		"held back":      {planJSON(t, nochange), quiet, "No changes, 1 held back."},
		"not checked":    {planJSON(t, of("provision_device", "r1", nothing, object{"name": "r1"}, object{"name": "r1"}, nil)), warned, "No changes, 1 not checked."},
		"outputs":        {`{"format_version":"1.2","output_changes":{"o":{"actions":["create"],"before":null,"after":1}}}`, quiet, "No changes but of outputs."},
		"same outputs":   {`{"format_version":"1.2","output_changes":{"o":{"actions":["no-op"],"before":1,"after":1}}}`, quiet, "No changes. What is intended is what is there."},
		"failed":         {`{"format_version":"1.2","errored":true}`, quiet, "The plan failed: it cannot be applied."},
		"data only":      {`{"format_version":"1.2","resource_changes":[{"address":"data.x.y","mode":"data","type":"x","change":{"actions":["read"]}}]}`, quiet, "No changes. What is intended is what is there."},
		"some":           {planJSON(t, device("r1", "+ x"), device("r2", "+ x")), quiet, "2 to update."},
		"some, one off":  {planJSON(t, device("r2", "+ x")), warned, "1 to update, 1 not checked."},
	} {
		var log io.Reader
		if tc.log != "" {
			log = strings.NewReader(tc.log)
		}
		p, err := report.ReadPlan(strings.NewReader(tc.json), log, report.Meta{})
		if err != nil || p.Verdict() != tc.want {
			t.Errorf("%s: %q, want %q (%v)", name, p.Verdict(), tc.want, err)
		}
	}
}

// Without a log nothing is known of warnings, and both reports say so.
func TestWithoutLog(t *testing.T) {
	p := plan(t, device("r1", "+ x"))
	for _, out := range []string{text(t, p.WriteHTML), markdown(t, p)} {
		if !strings.Contains(out, "without the log of the plan") {
			t.Errorf("the report does not say that warnings are missing:\n%s", out)
		}
	}
}

// Drift that only the provider's passing attributes show is none.
func TestDrift(t *testing.T) {
	drifted := func(name string, before, after any, actions string) string {
		return strings.Replace(strings.Replace(planJSON(t, of("provision_device", name, []string{actions}, before, after, nil)), `"resource_changes"`, `"resource_drift"`, 1),
			"{\"errored", "{\"x", 1)
	}
	for name, tc := range map[string]struct{ json, want string }{
		"the last diff is gone": {drifted("r1", object{"name": "r1", "diff": "+ x", "change_id": "y", "unmanaged_lines": 1}, object{"name": "r1", "diff": nil}, "update"), ""},
		"another configuration": {drifted("r1", object{"name": "r1", "running_hash": "a"}, object{"name": "r1", "running_hash": "b"}, "update"), "r1: changed outside Terraform"},
		"deleted":               {drifted("r1", object{"name": "r1"}, nil, "delete"), "r1: gone, deleted outside Terraform"},
	} {
		p, err := report.ReadPlan(strings.NewReader(tc.json), nil, report.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for _, n := range p.Drifted {
			got += n.Summary
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
