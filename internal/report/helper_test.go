package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// secret stands in everything that is marked as sensitive.
const secret = "planted-Secret"

// meta says who asked, in the examples.
func meta() report.Meta {
	return report.Meta{
		Title: "Core network", RunID: "pipeline-4711", RunURL: "https://ci.example.net/runs/4711", Commit: "3f2c1d9", Actor: "alice",
		PageURL:   "https://ci.example.net/runs/4711/report.html",
		DeviceURL: "https://netbox.example.net/dcim/devices/?name={name}&site={site}",
	}
}

// open opens a file of testdata.
func open(t testing.TB, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// example is the plan of that name, made by the real Terraform, with its log.
func example(t testing.TB, name string) *report.Plan {
	t.Helper()
	p, err := report.ReadPlan(open(t, name+".json"), open(t, name+".log"), meta())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// plan is a plan of these changes.
func plan(t testing.TB, changes ...change) *report.Plan {
	t.Helper()
	return read(t, planJSON(t, changes...))
}

// read reads a plan without a log.
func read(t testing.TB, json string) *report.Plan {
	t.Helper()
	p, err := report.ReadPlan(strings.NewReader(json), nil, meta())
	if err != nil {
		t.Fatalf("%v:\n%s", err, json)
	}
	return p
}

// page is the plan as a page.
func page(t testing.TB, p *report.Plan) string {
	t.Helper()
	return text(t, p.WriteHTML)
}

// object is one of JSON.
type object = map[string]any

// change is a change of a plan.
type change struct {
	Address string `json:"address"`
	Module  string `json:"module_address,omitempty"`
	Mode    string `json:"mode"`
	Type    string `json:"type"`
	Change  object `json:"change"`
}

// of makes a change of a thing.
func of(kind, name string, actions []string, before, after any, more object) change {
	c := change{Address: kind + ".this[" + fmt.Sprintf("%q", name) + "]", Mode: "managed", Type: kind}
	c.Change = object{"actions": actions, "before": before, "after": after}
	for k, v := range more {
		c.Change[k] = v
	}
	return c
}

// actions of a plan.
var (
	updates  = []string{"update"}
	creates  = []string{"create"}
	deletes  = []string{"delete"}
	nothing  = []string{"no-op"}
	replaces = []string{"delete", "create"}
)

// device is a device whose difference is given.
func device(name, diff string) change {
	return of("provision_device", name, updates, object{"name": name},
		object{"name": name, "host": "192.0.2.1", "port": 22, "driver": "frr", "diff": diff, "site": "fra1"}, nil)
}

// planJSON is a plan as Terraform shows it.
func planJSON(t testing.TB, changes ...change) string {
	t.Helper()
	text, err := json.Marshal(object{"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": changes, "errored": false})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// many is a plan of so many devices, with a difference of so many lines each.
func many(t testing.TB, devices, lines int) *report.Plan {
	t.Helper()
	var list []change
	for i := range devices {
		var diff strings.Builder
		for l := range lines {
			if l%10 == 0 {
				fmt.Fprintf(&diff, "@@ interface eth%d\n", l/10)
			}
			fmt.Fprintf(&diff, "%c description line %d of device %d\n", "+- "[l%3], l, i)
		}
		d := device(fmt.Sprintf("r%04d", i), strings.TrimSuffix(diff.String(), "\n"))
		d.Change["after"].(object)["site"] = fmt.Sprintf("site%02d", i%20)
		list = append(list, d)
	}
	return plan(t, list...)
}

// hostile is what somebody would write who wants to be in the page.
const hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`${x}`` @everyone #1 | \u202eevil\u202c \x1b[31m " +
	"[link](javascript:alert(3)) ```\n## heading\n</details> &lt;b&gt;"

// hostilePlan has it everywhere.
func hostilePlan(t testing.TB) *report.Plan {
	t.Helper()
	d := device(hostile, "@@ "+hostile+"\n+ "+strings.ReplaceAll(hostile, "\n", "\n- "))
	h := of("zabbix_agent_host", hostile, updates, object{"host": hostile, "description": "a"}, object{
		"host": hostile, "url": "javascript:alert(4)", "object": hostile, "on_destroy": hostile,
		"removes": object{hostile: []any{hostile}}, "diff": "@@ tags\n- " + strings.ReplaceAll(hostile, "\n", " "),
	}, nil)
	o := of("terraform_data", hostile, updates, object{"input": hostile}, object{"input": object{hostile: hostile}}, nil)
	o.Module = `module.site["` + `\" onmouseover=alert(5)` + `"]`
	m := meta()
	m.Title, m.RunID, m.Commit, m.Actor, m.RunURL, m.DeviceURL = hostile, hostile, hostile, hostile, "javascript:alert(6)", "javascript:alert('{name}')"
	log, err := json.Marshal(object{"type": "diagnostic", "diagnostic": object{"severity": "warning", "summary": hostile, "detail": hostile, "address": d.Address}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := report.ReadPlan(strings.NewReader(planJSON(t, d, h, o)), bytes.NewReader(log), m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// text is what a report writes.
func text(t testing.TB, write func(io.Writer) error) string {
	t.Helper()
	var b strings.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// markdown is the plan as Markdown for GitHub.
func markdown(t testing.TB, p *report.Plan) string {
	t.Helper()
	return text(t, func(w io.Writer) error { return p.WriteMarkdown(w, report.GitHubLimit) })
}
