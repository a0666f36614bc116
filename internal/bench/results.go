package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// sample is one round of a comparison.
type sample struct {
	Bare     took   `json:"bare"`
	Safe     took   `json:"safe"` // the bare program with the provider's care; zero without
	Noop     took   `json:"noop"`
	Plan     took   `json:"plan"` // the provider's plan that was applied; zero without
	Provider took   `json:"provider"`
	Load     string `json:"load"` // load averages after it
}

// ratio is how much longer the provider took than its floor.
func (s sample) ratio() float64 { return s.Provider.Wall / (s.Bare.Wall + s.Noop.Wall) }

// safeRatio is the same over the floor that takes the provider's care.
func (s sample) safeRatio() float64 { return s.Provider.Wall / (s.Safe.Wall + s.Noop.Wall) }

// again is how long an apply works the plan out once more: as long as the plan,
// without Terraform's share.
func (s sample) again() float64 { return s.Plan.Wall - s.Noop.Wall }

// rest is what is left of an apply without that.
func (s sample) rest() float64 { return s.Provider.Wall - s.again() }

// restRatio is how much longer that is than the floor.
func (s sample) restRatio() float64 { return s.rest() / (s.Bare.Wall + s.Noop.Wall) }

// Sizes that are kept, in bytes.
const (
	sizeConfig = "large configuration"
	sizeSmall  = "state of small configurations"
	sizeLarge  = "state of large configurations"
)

// collection is everything that was measured, by the row of the report.
type collection struct {
	Devices map[string]int                  `json:"devices"`
	Samples map[string][]sample             `json:"samples"`
	Steps   map[string]map[string][]float64 `json:"steps"`            // row, step of the events: ms
	Sizes   map[string]int                  `json:"sizes"`            // bytes
	Zabbix  string                          `json:"zabbix,omitempty"` // its version
	// Versions are those of the sources of truth.
	Versions map[string]string `json:"versions,omitempty"`
}

// newCollection makes an empty one.
func newCollection() *collection {
	return &collection{
		Devices: map[string]int{}, Samples: map[string][]sample{},
		Steps: map[string]map[string][]float64{}, Sizes: map[string]int{}, Versions: map[string]string{},
	}
}

// load reads what was measured before.
func load(file string) (*collection, error) {
	c := newCollection()
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		err = json.Unmarshal(text, c)
	}
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	return c, nil
}

// merge takes in what was measured elsewhere; of what both have, that.
func (c *collection) merge(other *collection) {
	maps.Copy(c.Devices, other.Devices)
	maps.Copy(c.Samples, other.Samples)
	maps.Copy(c.Steps, other.Steps)
	maps.Copy(c.Sizes, other.Sizes)
	maps.Copy(c.Versions, other.Versions)
	c.Zabbix = cmp.Or(other.Zabbix, c.Zabbix)
}

// store writes what was measured.
func (c *collection) store(file string) error {
	text, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}

// add notes a round, at once: a benchmark that is ended keeps what it has.
func (b *bench) add(row string, devices int, s sample) {
	s.Load = loadAverage()
	b.collected.Devices[row] = devices
	b.collected.Samples[row] = append(b.collected.Samples[row], s)
	b.say("%-16s %3d devices: bare %.2f s, nothing %.2f s, provider %.2f s, %d calls, %.0f MB (load %s)", row, devices,
		s.Bare.Wall, s.Noop.Wall, s.Provider.Wall, s.Provider.Calls, s.Provider.Peak, s.Load)
	if err := b.collected.store(b.results); err != nil {
		b.say("the results are not kept: %v", err)
	}
}

// loadAverage is the load of the last minute, "" where nobody tells.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

// spread is a median between the smallest and the largest value.
type spread struct{ Median, Min, Max float64 }

// spreadOf works on at least one value; the median of an even number is the
// mean of the middle two.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return spread{Median: (v[(n-1)/2] + v[n/2]) / 2, Min: v[0], Max: v[n-1]}
}

// of maps the samples of a row.
func of(samples []sample, f func(sample) float64) spread {
	var values []float64
	for _, s := range samples {
		values = append(values, f(s))
	}
	return spreadOf(values)
}
