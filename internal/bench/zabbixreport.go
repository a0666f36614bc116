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
	}
}

// growingRow is a line of the table of growth.
type growingRow struct {
	hostRow
	Floor, Ours, Times string // how many times the time of the size before; "" for the first
}

// maxGrowth is how many times as fast as the floor's the time may grow.
const maxGrowth = 1.3

// growingRows are the lines of the table of growth; what was not measured is left
// out.
func (c *collection) growingRows() []growingRow {
	var rows []growingRow
	for _, t := range []hostTarget{
		{rowHostPlan, "plan without changes", 0, 0}, {rowHostCreate, "create all", 0, 0}, {rowHostBury, "destroy all, to the graveyard", 0, 0},
	} {
		sizes := c.hostRows([]hostTarget{{t.row + small, t.name, 0, 0}, {t.row + middle, t.name, 0, 0}, {t.row + huge, t.name, 0, 0}})
		for i, r := range sizes {
			row := growingRow{hostRow: r}
			if i > 0 {
				row.grown(sizes[i-1])
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// grown compares with the size before.
func (r *growingRow) grown(before hostRow) {
	floor, ours := r.Noop.Median/before.Noop.Median, r.Took.Median/before.Took.Median
	most := target{most: maxGrowth}
	r.Floor, r.Ours, r.Times = fmt.Sprintf("%.2f", floor), fmt.Sprintf("%.2f", ours), fmt.Sprintf("%.2f", ours/floor)
	r.Target = most.text()
	if verdict := most.verdict(ours / floor); r.Met == "" || verdict != "yes" {
		r.Met = verdict
	}
}

// memoryHosts is up to how many hosts the memory has a target.
const memoryHosts = 1000

// hostRows are the lines of a table about hosts; what was not measured is left
// out. Calls and memory count by the largest of all rounds.
func (c *collection) hostRows(targets []hostTarget) []hostRow {
	var rows []hostRow
	for _, t := range targets {
		if s := c.Samples[t.row]; len(s) > 0 {
			rows = append(rows, t.of(s, c.Devices[t.row]))
		}
	}
	return rows
}

// of is the line of these samples.
func (t hostTarget) of(s []sample, hosts int) hostRow {
	r := hostRow{
		Name: t.name, Hosts: hosts, Rounds: len(s),
		Noop: of(s, func(s sample) float64 { return s.Noop.Wall }),
		Took: of(s, func(s sample) float64 { return s.Provider.Wall }), Ratio: of(s, sample.ratio),
		Calls: of(s, func(s sample) float64 { return float64(s.Provider.Calls) }),
		MB:    of(s, func(s sample) float64 { return s.Provider.Peak }),
		CPU:   of(s, func(s sample) float64 { return s.Provider.CPU }).Median,
	}
	var verdicts []string
	if t.ratio > 0 {
		ratio := target{most: t.ratio}
		r.Target, verdicts = ratio.text(), append(verdicts, ratio.verdict(r.Ratio.Median))
	}
	if t.calls > 0 {
		calls := target{most: t.calls}
		r.Most, verdicts = fmt.Sprintf("<= %.0f", t.calls), append(verdicts, calls.verdict(r.Calls.Max))
	}
	if hosts <= memoryHosts {
		memory := target{most: maxMemory, below: true}
		verdicts = append(verdicts, memory.verdict(r.MB.Max))
	}
	for _, verdict := range verdicts {
		if r.Met == "" || verdict != "yes" {
			r.Met = verdict
		}
	}
	return r
}
