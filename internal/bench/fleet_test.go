package main

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestSiteInventory(t *testing.T) {
	got := siteInventory("s07", []router{{name: "r1", host: "127.0.0.1", port: 2201}, {name: "r2", host: "127.0.0.2", port: 2202}})
	want := "devices:\n" +
		"  bench-r1: {host: 127.0.0.1, port: 2201, driver: frr, platform: frr, status: active, site: s07, config_file: configs/r1.conf}\n" +
		"  bench-r2: {host: 127.0.0.2, port: 2202, driver: frr, platform: frr, status: active, site: s07, config_file: configs/r2.conf}\n"
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

// Sites are worked on by no more than the workers, and one that fails is named.
func TestSitesAreWorkedOnByWorkers(t *testing.T) {
	f := &fleet{workers: 2, sites: make([]*site, 6)}
	for n := range f.sites {
		f.sites[n] = &site{provider: &workspace{dir: "/work/s" + string(rune('1'+n))}}
	}
	var now, most, begun atomic.Int32
	both := make(chan struct{})
	broken := errors.New("broken")
	command := func(_ *fleet, _ context.Context, w *workspace) (took, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		switch begun.Add(1) {
		case 2:
			close(both)
			fallthrough
		case 1: // the first two are at work at once
			select {
			case <-both:
			case <-time.After(time.Minute):
			}
		}
		<-time.After(10 * time.Millisecond)
		if strings.HasSuffix(w.dir, "s6") {
			return took{}, broken
		}
		return took{CPU: 2, Peak: float64(n)}, nil
	}
	whole, err := f.all(t.Context(), command, func(s *site) *workspace { return s.provider })
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "s6: ") {
		t.Errorf("error %v", err)
	}
	if most.Load() != 2 || whole.CPU != 10 || whole.Peak != 2 || whole.Wall < 0.03 {
		t.Errorf("%d at once, %+v", most.Load(), whole)
	}
}

func TestFleetRows(t *testing.T) {
	c := newCollection()
	c.Devices[rowFleetPlan+manySites], c.Devices[rowFleetPlan+manySites+siteKey] = 200, 50
	c.Samples[rowFleetPlan+manySites] = []sample{{Noop: took{Wall: 20}, Provider: took{Wall: 80, Calls: 250, Peak: 60, CPU: 70}, Load: "2"}}
	text, err := c.render(time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC), []string{"2 cores"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "| plan without changes | 50 | 200 | 1 | 20.00 (20.00 to 20.00) | 80.00 (80.00 to 80.00) | 250 (250 to 250) | 60 (60 to 60) | 70.0 |"; !strings.Contains(text, want) {
		t.Errorf("the report has no %q:\n%s", want, text)
	}
	if strings.Contains(text, "all new") || strings.Contains(text, "### Growth") {
		t.Error("what was not measured is reported")
	}
}

func TestGrowthRows(t *testing.T) {
	c := newCollection()
	for row, hosts := range map[string]int{small: 100, middle: 1000, huge: 5000} {
		c.Devices[rowHostPlan+row] = hosts
		c.Samples[rowHostPlan+row] = []sample{{Noop: took{Wall: 1}, Provider: took{Wall: 1.3, Peak: 160}}}
	}
	rows := c.growingRows()
	if len(rows) != 3 || rows[0].Hosts != 100 || rows[2].Hosts != 5000 {
		t.Fatalf("%+v", rows)
	}
	// The memory has a target up to 1,000 hosts.
	for n, met := range []string{"**no**", "**no**", "yes"} {
		if rows[n].Met != met {
			t.Errorf("%d hosts: %s, want %s", rows[n].Hosts, rows[n].Met, met)
		}
	}
}
