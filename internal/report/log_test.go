package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// diagnostic is a line of a log.
func diagnostic(t *testing.T, severity, summary, address string) string {
	t.Helper()
	line, err := json.Marshal(object{"@level": severity, "type": "diagnostic", "diagnostic": object{
		"severity": severity, "summary": summary, "detail": "About " + summary, "address": address,
		"snippet": object{"code": "config = \"" + secret + "\"", "context": secret, "values": []any{object{"statement": secret}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return string(line) + "\n"
}

func summaries(notices []*report.Notice) []string {
	var list []string
	for _, n := range notices {
		list = append(list, n.Summary)
	}
	return list
}

// A plan's JSON calls OpenTofu's version terraform_version; the log tells whose it is.
func TestEngineOfThePlan(t *testing.T) {
	for log, want := range map[string]string{
		`{"@message":"Terraform 1.11.4","type":"version","terraform":"1.11.4"}`: "Terraform",
		`{"@message":"OpenTofu 1.12.6","type":"version","tofu":"1.12.6"}`:       "OpenTofu",
	} {
		p, err := report.ReadPlan(strings.NewReader(planJSON(t)), strings.NewReader(log), meta())
		if err != nil {
			t.Fatal(err)
		}
		if md := markdown(t, p); !strings.Contains(md, want+" `") {
			t.Errorf("%s: the Markdown does not say %s:\n%s", log, want, md)
		}
		if page := text(t, p.WriteHTML); !strings.Contains(page, "<dt>"+want+"</dt>") {
			t.Errorf("%s: the page does not say %s", log, want)
		}
	}
}

// Each diagnostic gets to its list and to the thing that it is about; what the
// source looks like is left out, since it can hold secrets.
func TestLog(t *testing.T) {
	drift := strings.TrimSuffix(strings.Replace(planJSON(t, of("provision_device", "r1", updates, object{"name": "r1", "running_hash": "a"}, object{"name": "r1", "running_hash": "b"}, nil)),
		`"resource_changes"`, `"resource_drift"`, 1), "}")
	changes := planJSON(t, device("r1", "+ x"), of("provision_device", "r2", nothing, object{"name": "r2"}, object{"name": "r2"}, nil))
	plan := drift + changes[strings.Index(changes, `,"resource_changes"`):strings.Index(changes, `,"terraform_version"`)] +
		`,"checks":[{"address":{"to_display":"check.c"},"status":"fail","instances":[{"problems":[{"message":"silent"}]}]},
		{"address":{"to_display":"check.ok"},"status":"pass"},{"address":{"to_display":"check.later"},"status":"unknown"}]}`
	log := `{"@level":"info","@message":"Terraform 1.11.4","type":"version"}` + "\nnot JSON\n\n" +
		diagnostic(t, "warning", "r2: zzz", `provision_device.this["r2"]`) +
		diagnostic(t, "warning", "a warning of nobody", "") +
		diagnostic(t, "warning", "Check block assertion failed", "") +
		diagnostic(t, "warning", "NOT CHECKED: r2: open: refused", `provision_device.this["r2"]`) +
		diagnostic(t, "warning", "r1: changed outside Terraform since run 7", `provision_device.this["r1"]`) +
		diagnostic(t, "error", "r3: no such device", `provision_device.this["r3"]`)
	p, err := report.ReadPlan(strings.NewReader(plan), strings.NewReader(log), meta())
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ got, want []string }{
		"errors":      {summaries(p.Errors), []string{"r3: no such device"}},
		"not checked": {summaries(p.NotChecked), []string{"NOT CHECKED: r2: open: refused"}},
		"drifted":     {summaries(p.Drifted), []string{"r1: changed outside Terraform since run 7"}},
		"warnings":    {summaries(p.Warnings), []string{"a warning of nobody", "r2: zzz"}},
		"of r1":       {summaries(p.Changes[0].Notices), []string{"r1: changed outside Terraform since run 7"}},
	} {
		if !slices.Equal(tc.got, tc.want) {
			t.Errorf("%s: %q, want %q", name, tc.got, tc.want)
		}
	}
	if !p.Failed || !p.Changes[0].Drifted || len(p.Checks) != 1 || p.Checks[0].Problems[0] != "silent" {
		t.Errorf("failed %t, drifted %t, checks %v", p.Failed, p.Changes[0].Drifted, p.Checks)
	}
	if p.Cells[0].NotChecked+p.Cells[1].NotChecked != 1 || p.Totals[report.ActionNone] != 0 {
		t.Errorf("what was not checked counts as unchanged: %v", p.Cells)
	}
	if strings.Contains(page(t, p)+markdown(t, p), secret) {
		t.Error("the source is in the report")
	}
}

// Two reports on a plan are the same, in whatever order Terraform told its
// warnings.
func TestEqualReports(t *testing.T) {
	a, b := diagnostic(t, "warning", "one", ""), diagnostic(t, "warning", "two", "")
	var pages []string
	for _, log := range []string{a + b, b + a} {
		p, err := report.ReadPlan(strings.NewReader(planJSON(t, device("r1", "+ x"))), strings.NewReader(log), meta())
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page(t, p), markdown(t, p))
	}
	if pages[0] != pages[2] || pages[1] != pages[3] {
		t.Error("the reports differ")
	}
}

// What a page filters by is there only when there is something to choose.
func TestFilter(t *testing.T) {
	if f := plan(t, device("r1", "+ x")).Filter(); len(f.Selects) != 0 || !slices.Equal(f.Chips, []report.Choice{{Value: "update", Label: "Update"}}) {
		t.Errorf("%+v", f)
	}
	f := example(t, "changes").Filter()
	if len(f.Selects) != 2 || !slices.Equal(f.Selects[0].Values, []report.Choice{{Value: "fra1", Label: "fra1"}, {Value: "muc1", Label: "muc1"}, {Value: "", Label: "no site"}}) {
		t.Errorf("%+v", f.Selects)
	}
	var chips []string
	for _, c := range f.Chips {
		chips = append(chips, c.Value)
	}
	if want := []string{"delete", "update", "create", "held", "drifted", "loses", "warned"}; !slices.Equal(chips, want) {
		t.Errorf("%q, want %q", chips, want)
	}
}

// A long list does not hide what comes after it.
func TestFoldedLists(t *testing.T) {
	var log strings.Builder
	for range 30 {
		log.WriteString(diagnostic(t, "warning", "of many", ""))
	}
	p, err := report.ReadPlan(strings.NewReader(planJSON(t)), strings.NewReader(log.String()), meta())
	if err != nil {
		t.Fatal(err)
	}
	if out := page(t, p); !strings.Contains(out, "<summary>24 more</summary>") || strings.Count(out, "<summary>of many</summary>") != 30 {
		t.Error("the list is not folded")
	}
	if out := markdown(t, p); strings.Count(out, "`of many`") != 20 || !strings.Contains(out, "- … and 10 more") || !strings.Contains(out, "10 entries of the lists are left out") {
		t.Error(out)
	}
}
