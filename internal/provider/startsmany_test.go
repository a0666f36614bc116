package provider_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// hookEvent is a change of a device, as the source of truth logs it and tells of it.
type hookEvent struct {
	device int
	at     time.Time
}

// crowd is a source of truth with many devices, whose changes come as hooks.
type crowd struct {
	*jobs
	log  []string
	vars []string // of the jobs
}

// newCrowd makes one with these devices.
func newCrowd(t *testing.T, sites map[string][]int) *crowd {
	t.Helper()
	c := &crowd{jobs: newJobs(t)}
	var devices []string
	for site, ids := range sites {
		for _, id := range ids {
			devices = append(devices, fmt.Sprintf(`{"id":%d,"name":"d%d","site":{"slug":%q}}`, id, id, site))
		}
	}
	c.answers("/api/dcim/devices/", `{"results":[`+strings.Join(devices, ",")+`]}`)
	c.vars = []string{"TRIGGER=hook", "GATHERED=" + filepath.Join(c.dir, "gathered.json")}
	return c
}

// happen logs changes.
func (c *crowd) happen(events []hookEvent) {
	for _, e := range events {
		c.log = append(c.log, change(e.device, "dcim.device", e.at, `{"name":"a"}`, `{"name":"b"}`))
	}
	c.answers("/api/core/object-changes/", `{"results":[`+strings.Join(c.log, ",")+`]}`)
}

// fire runs the job of each event, many at a time, and gives how many found that
// theirs was planned already.
func (c *crowd) fire(events []hookEvent) int {
	c.t.Helper()
	outputs := make([]string, len(events))
	slots := make(chan struct{}, 16)
	var all sync.WaitGroup
	for n, e := range events {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			cmd := c.command("plan", append(slices.Clone(c.vars), "OBJECT_ID="+strconv.Itoa(e.device), "EVENT_TIME="+e.at.Format(time.RFC3339Nano),
				"RUN_DIR="+filepath.Join(c.dir, "runs", strconv.Itoa(n)))...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				c.t.Errorf("event of device %d: %v: %s", e.device, err, out)
			}
			outputs[n] = string(out)
		})
	}
	all.Wait()
	return strings.Count(strings.Join(outputs, ""), "an earlier run has planned this change")
}

var planned = regexp.MustCompile(`-chdir=sites/(\w+) plan .*`)

// plans gives the devices of each plan that Terraform was asked for, by site.
func (c *crowd) plansBySite() map[string][][]int {
	c.t.Helper()
	found := map[string][][]int{}
	for _, m := range planned.FindAllStringSubmatch(c.calls(), -1) {
		var ids []int
		for _, target := range regexp.MustCompile(`provision_device\.this\["(\d+)"\]`).FindAllStringSubmatch(m[0], -1) {
			id, err := strconv.Atoi(target[1])
			if err != nil {
				c.t.Fatal(err)
			}
			ids = append(ids, id)
		}
		slices.Sort(ids)
		found[m[1]] = append(found[m[1]], ids)
	}
	return found
}

// span gives the numbers from one to before another.
func span(from, to int) (numbers []int) {
	for n := from; n < to; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}

// Two hundred events of a site become one plan of all that was changed, those of
// another site another, whatever the order in which their jobs come, and however
// many at once.
func TestStartOfManyEvents(t *testing.T) {
	ams, fra := span(100, 140), span(200, 205)
	c := newCrowd(t, map[string][]int{"ams": ams, "fra": fra})
	now := time.Now().UTC().Add(-time.Minute)
	var events []hookEvent
	for n := range 200 {
		events = append(events, hookEvent{ams[n*7%len(ams)], now.Add(time.Duration(n) * 250 * time.Millisecond)})
		if n%20 == 0 {
			events = append(events, hookEvent{fra[n/20%len(fra)], now.Add(time.Duration(n) * time.Millisecond)})
		}
	}
	c.happen(events)
	slices.Reverse(events)
	if done := c.fire(events); done != len(events)-2 {
		t.Errorf("%d of %d events ended at once", done, len(events))
	}
	want := map[string][][]int{"ams": {ams}, "fra": {fra}}
	if got := c.plansBySite(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("plans %v\nwant  %v", got, want)
	}
	// What changes later is planned, once and alone; what is sent again is not.
	later := []hookEvent{{ams[3], time.Now().UTC()}, {ams[5], time.Now().UTC()}, {ams[5], time.Now().UTC()}}
	c.happen(later)
	if done := c.fire(append(later, events[:5]...)); done != 7 {
		t.Errorf("%d of 8 events ended at once", done)
	}
	want["ams"] = append(want["ams"], []int{ams[3], ams[5]})
	if got := c.plansBySite(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("plans %v\nwant  %v", got, want)
	}
}
