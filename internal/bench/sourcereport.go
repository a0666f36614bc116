package main

import (
	"fmt"
	"math"
	"strings"
)

// What is asked of lists, lookups and renderings.
const (
	maxListRatio  = 1.3  // over curl and what does nothing, up to memoryHosts devices
	maxListMemory = 300  // MB
	maxOne        = 3    // requests to find one device
	maxSite       = 15   // requests to find all devices of a plan, however many
	minRender     = 0.80 // of what the server can give
)

// product is a source of truth as the report names it.
type product struct {
	key, name string
	page      int // devices a page
}

// products are those that are measured.
func products() []product {
	return []product{{netboxName, "NetBox", 1000}, {nautobotName, "Nautobot", 250}}
}

// sources names the products that were measured, with their versions.
func (c *collection) sources() string {
	var list []string
	for _, p := range products() {
		if v, ok := c.Versions[p.key]; ok {
			list = append(list, "a real "+p.name+" "+v)
		}
	}
	return strings.Join(list, " and ")
}

// verdict says whether all of it is so.
func verdict(all ...bool) string {
	for _, one := range all {
		if !one {
			return "**no**"
		}
	}
	return "yes"
}

// listRow is a line of the table of lists.
type listRow struct {
	Name             string
	Devices, Rounds  int
	Bare, Noop, Took spread
	Ratio            spread
	Target           string // "" without one
	Pages, Most      int
	Calls            int
	MB               spread
	Met              string
}

// listRows are the lists of all devices; what was not measured is left out.
func (c *collection) listRows() []listRow {
	var rows []listRow
	for _, p := range products() {
		for _, more := range []string{"", huge} {
			key := p.key + rowList + more
			s := c.Samples[key]
			if len(s) == 0 {
				continue
			}
			last := s[len(s)-1].Provider
			r := listRow{
				Name: p.name, Devices: c.Devices[key], Rounds: len(s),
				Bare: of(s, func(s sample) float64 { return s.Bare.Wall }),
				Noop: of(s, func(s sample) float64 { return s.Noop.Wall }),
				Took: of(s, func(s sample) float64 { return s.Provider.Wall }), Ratio: of(s, sample.ratio),
				Pages: last.Requests[kindPage], Most: int(math.Ceil(float64(c.Devices[key]) / float64(p.page))), Calls: last.Calls,
				MB: of(s, func(s sample) float64 { return s.Provider.Peak }),
			}
			fast := true
			if r.Devices <= memoryHosts {
				t := target{most: maxListRatio}
				r.Target, fast = t.text(), t.verdict(r.Ratio.Median) == "yes"
			}
			// The last page of NetBox begins with the last device of the page before.
			pages := r.Pages <= r.Most || p.key == netboxName && r.Most > 1 && r.Pages == r.Most+1
			r.Met = verdict(fast, pages, r.MB.Max < maxListMemory)
			rows = append(rows, r)
		}
	}
	return rows
}

// askRow is a line of the table of requests.
type askRow struct {
	Name         string
	Devices      int
	Lookups      int
	Target       string
	Configs, Per string
	Met          string
}

// askRows are the plans whose requests were counted.
func (c *collection) askRows() []askRow {
	var rows []askRow
	for _, p := range products() {
		for _, t := range []struct {
			row, name string
			most      int
		}{{rowOne, "one device by its name", maxOne}, {rowSite, "devices of one site", maxSite}} {
			s := c.Samples[p.key+t.row]
			if len(s) == 0 {
				continue
			}
			did, devices := s[0].Provider, c.Devices[p.key+t.row]
			lookups, configs := did.Requests[kindLookup]+did.Requests[kindPage], did.Requests[kindConfig]
			rows = append(rows, askRow{
				Name: p.name + ": " + t.name, Devices: devices, Lookups: lookups, Target: fmt.Sprintf("<= %d", t.most),
				Configs: fmt.Sprint(configs), Per: times(float64(configs) / float64(devices)), Met: verdict(lookups <= t.most, did.Refused == 0),
			})
		}
	}
	return rows
}

// renderRow is a line of the table of renderings.
type renderRow struct {
	Name            string
	Devices, Rounds int
	Bare, Took      spread // a second
	Ratio           spread
	Target          string // "" without one
	AtOnce, Refused int
	Most            int // at once
	Met             string
}

// renderRows are the renderings.
func (c *collection) renderRows() []renderRow {
	var rows []renderRow
	for _, p := range products() {
		s := c.Samples[p.key+rowRender]
		if len(s) == 0 {
			continue
		}
		devices := float64(c.Devices[p.key+rowRender])
		r := renderRow{
			Name: "NetBox", Devices: int(devices), Rounds: len(s), Target: fmt.Sprintf(">= %.2f", minRender), Most: atOnce,
			Bare:  of(s, func(s sample) float64 { return devices / s.Bare.Span }),
			Took:  of(s, func(s sample) float64 { return devices / s.Provider.Span }),
			Ratio: of(s, func(s sample) float64 { return s.Bare.Span / s.Provider.Span }),
		}
		if p.key == nautobotName {
			r.Name, r.Target, r.Most = "Golden Config", "", 1
		}
		for _, one := range s {
			r.AtOnce, r.Refused = max(r.AtOnce, one.Provider.AtOnce), r.Refused+one.Provider.Refused
		}
		r.Met = verdict(r.Target == "" || r.Ratio.Median >= minRender, r.AtOnce <= r.Most, r.Refused == 0)
		rows = append(rows, r)
	}
	return rows
}
