package report_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// What is no plan is told by what it is.
func TestWrongInput(t *testing.T) {
	for name, tc := range map[string]struct{ input, says string }{
		"nothing":         {"", "the input is empty"},
		"the saved plan":  {"PK\x03\x04\x14", "saved plan itself"},
		"no JSON":         {"Error: x", "no JSON at byte"},
		"a list":          {"[]", "where { should be"},
		"cut off":         {`{"format_version":"1.2","resource_changes":[{"address":"a`, "ends too early"},
		"cut off later":   {`{"format_version":"1.2","prior_state":{"values":[1,2`, "ends too early"},
		"a state":         {`{"format_version":"1.0","values":{}}`, "a state, not a plan"},
		"no state":        {`{"format_version":"1.0"}`, "holds no plan"},
		"a state file":    {`{"version":4,"lineage":"x"}`, "a state, not a plan"},
		"log lines":       {`{"@level":"info","@message":"x"}`, "with -log"},
		"no version":      {`{"resource_changes":[]}`, "no format_version"},
		"a later version": {`{"format_version":"2.0"}`, `"2.0.0" does not satisfy`},
		"no number":       {`{"format_version":"x"}`, "invalid format version"},
		"another type":    {`{"format_version":7}`, "format_version"},
		"another shape":   {`{"format_version":"1.2","resource_changes":{}}`, "is no list"},
		"changes text":    {`{"format_version":"1.2","resource_changes":["x"]}`, "resource_changes"},
	} {
		_, err := report.ReadPlan(strings.NewReader(tc.input), nil, report.Meta{})
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
	}
	if _, err := report.ReadPlan(failing{}, nil, report.Meta{}); err == nil || errors.Is(err, report.ErrInput) {
		t.Errorf("a broken pipe: %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken pipe") }

// Newer minor versions and keys that nobody knows yet are read.
func TestNewerFormat(t *testing.T) {
	p, err := report.ReadPlan(strings.NewReader(`{"format_version":"1.99","new":{"a":[{"b":[]}],"c":"}"},"resource_changes":[
		{"address":"x.y","mode":"managed","type":"x","new":1,"change":{"actions":["levitate"],"before":{},"after":{}}},
		{"address":"x.z","mode":"managed","type":"x"}]}`), nil, report.Meta{})
	if err != nil || len(p.Changes) != 0 {
		t.Errorf("%v %+v", err, p)
	}
}

// A failed plan that left no file is reported from its log alone; an empty input
// beside a log without errors is a mistake of the caller.
func TestOnlyLog(t *testing.T) {
	p, err := report.ReadPlan(strings.NewReader(""), strings.NewReader(`{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Bad","detail":"Very."}}`), report.Meta{})
	if err != nil || !p.Failed || len(p.Errors) != 1 {
		t.Fatalf("%+v %v", p, err)
	}
	if out := markdown(t, p); !strings.Contains(out, "- `Bad`: `Very.`") {
		t.Error(out)
	}
	_, err = report.ReadPlan(strings.NewReader(""), strings.NewReader(`{"type":"version"}`), report.Meta{})
	if err == nil || !strings.Contains(err.Error(), "the input is empty") {
		t.Error(err)
	}
	_, err = report.ReadPlan(strings.NewReader(planJSON(t)), strings.NewReader("Terraform will perform\n"), report.Meta{})
	if !errors.Is(err, report.ErrInput) || !strings.Contains(err.Error(), "no line of terraform plan -json") {
		t.Error(err)
	}
}

// huge gives a plan of 50 MB without holding it: state and configuration that
// nobody needs, and devices with large differences.
func huge(devices int) io.Reader {
	r, w := io.Pipe()
	go func() {
		line := strings.Repeat("x", 60)
		fmt.Fprint(w, `{"format_version":"1.2","prior_state":{"values":[`)
		for i := range 300_000 {
			fmt.Fprintf(w, `{"a":"%s","n":%d},`, line, i)
		}
		fmt.Fprint(w, `{}]},"resource_changes":[`)
		for i := range devices {
			fmt.Fprintf(w, `{"address":"provision_device.r[%d]","mode":"managed","type":"provision_device","change":{"actions":["update"],"before":{"name":"r%d"},"after":{"name":"r%d","diff":"`, i, i, i)
			for range 500 {
				fmt.Fprint(w, `+ `+line+`\n`)
			}
			fmt.Fprint(w, `+ end"}}},`)
		}
		fmt.Fprint(w, `{"address":"x.last","mode":"managed","type":"x","change":{"actions":["create"],"after":{"a":1}}}]}`)
		w.Close()
	}()
	return r
}

// A plan of 50 MB is read with little memory, and what its page leaves out is
// counted.
func TestHugePlan(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p, err := report.ReadPlan(huge(900), nil, report.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if mb := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20; mb > 40 {
		t.Errorf("the report holds %d MB", mb)
	}
	last := p.Changes[slices.IndexFunc(p.Changes, func(c *report.Change) bool { return c.Name == "r899" })].Diff
	if p.Pending() != 901 || p.Cut == 0 || last.Left == 0 || last.Added != 501 {
		t.Errorf("%d changes, %d lines left out, of the last one %d of %d", p.Pending(), p.Cut, last.Left, last.Added)
	}
	var size counter
	if err := p.WriteHTML(&size); err != nil || size > 40<<20 {
		t.Errorf("the page has %d MB (%v)", size>>20, err)
	}
}

// Tables are as bounded as differences.
func TestHugeValues(t *testing.T) {
	var list []change
	for i := range 60 {
		after := object{}
		for k := range 400 {
			after[fmt.Sprintf("key%d", k)] = strings.Repeat("x", 1000)
		}
		list = append(list, of("x", fmt.Sprint(i), creates, nil, after, nil))
	}
	p := plan(t, list...)
	if size := len(page(t, p)); size > 20<<20 || p.Cut < 1000 {
		t.Errorf("the page has %d MB, %d rows are left out", size>>20, p.Cut)
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// Whatever the bytes, reading ends with a plan or an error.
func TestBrokenBytes(t *testing.T) {
	valid := planJSON(t, device("r1", "@@ a\n+ b\n- c"), of("zabbix_agent_host", "h", updates, object{"host": "h"}, object{"host": "h", "removes": object{"tags": []any{"x"}}, "diff": "@@ tags\n- x"}, nil))
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	for range 3000 {
		b := []byte(valid)
		for range 1 + random.IntN(4) {
			at := random.IntN(len(b))
			switch random.IntN(3) {
			case 0:
				b[at] = "{}[]\",:0tfn\x00\xff"[random.IntN(13)]
			case 1:
				b = b[:at+1]
			default:
				b = append(b[:at], b[at+random.IntN(min(20, len(b)-at)):]...)
			}
			if len(b) == 0 {
				break
			}
		}
		p, err := report.ReadPlan(strings.NewReader(string(b)), nil, report.Meta{})
		if err == nil {
			_, _ = text(t, p.WriteHTML), markdown(t, p)
		}
		if t.Failed() {
			t.Fatalf("seed %d: %s", seed, b)
		}
	}
}
