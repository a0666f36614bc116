package main

import "fmt"

// hostRow is a line of the table about hosts in Zabbix.
type hostRow struct {
	Name          string
	Hosts, Rounds int
	Noop, Took    spread
	Ratio         spread
	Target        string // "" without one, as the others
	Calls         spread
	Most          string
	MB            spread
	CPU           float64
	Met           string
}

// hostTarget is what a row about hosts must not exceed.
type hostTarget struct {
	row, name string
	ratio     float64 // 0: none is asked for
	calls     float64
}

// hostTargets are the rows of the table in its order.
func hostTargets() []hostTarget {
	return []hostTarget{
		{rowHostPlan, "plan without changes", 1.25, 15},
		{rowHostCreate, "create all", 2.5, 300},
		{rowHostTag, "change one tag on all", 2.5, 300},
		{rowHostBury, "destroy all, to the graveyard", 2.5, 300},
		{rowHostPlan + wide, "plan without changes, `-parallelism=100`", 0, 0},
		{rowHostCreate + wide, "create all, `-parallelism=100`", 1.5, 30},
		{rowHostDelete + wide, "destroy all, `on_destroy = \"delete\"`, `-parallelism=100`", 0, 0},
		{rowHostPlan + huge, "plan without changes, state in a remote backend", 0, 0},
		{rowHostCreate + huge, "create all, state in a remote backend", 0, 0},
		{rowHostBury + huge, "destroy all, to the graveyard, state in a remote backend", 0, 0},
	}
}

// memoryHosts is up to how many hosts the memory has a target.
const memoryHosts = 1000

// hostRows are the lines of the table about hosts; what was not measured is left
// out. Calls and memory count by the largest of all rounds.
func (c *collection) hostRows() []hostRow {
	var rows []hostRow
	for _, t := range hostTargets() {
		s := c.Samples[t.row]
		if len(s) == 0 {
			continue
		}
		r := hostRow{
			Name: t.name, Hosts: c.Devices[t.row], Rounds: len(s),
			Noop: of(s, func(s sample) float64 { return s.Noop.Wall }),
			Took: of(s, func(s sample) float64 { return s.Provider.Wall }), Ratio: of(s, sample.ratio),
			Calls: of(s, func(s sample) float64 { return float64(s.Provider.Calls) }),
			MB:    of(s, func(s sample) float64 { return s.Provider.Peak }),
			CPU:   of(s, func(s sample) float64 { return s.Provider.CPU }).Median,
			Met:   "yes",
		}
		ratio, calls, memory := target{most: t.ratio}, target{most: t.calls}, target{most: maxMemory, below: true}
		tests := []string{ratio.verdict(r.Ratio.Median), calls.verdict(r.Calls.Max)}
		if t.ratio > 0 {
			r.Target, r.Most = ratio.text(), fmt.Sprintf("<= %.0f", t.calls)
		} else {
			tests = nil
		}
		if r.Hosts <= memoryHosts {
			tests = append(tests, memory.verdict(r.MB.Max))
		}
		for _, verdict := range tests {
			if verdict != "yes" {
				r.Met = verdict
			}
		}
		if len(tests) == 0 {
			r.Met = ""
		}
		rows = append(rows, r)
	}
	return rows
}
