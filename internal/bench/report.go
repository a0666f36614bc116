package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/template"
	"time"
)

//go:embed report.md.tmpl
var reportTemplate string

// row is one line of the table of times.
type row struct {
	Name             string
	Devices, Rounds  int
	Bare, Noop, Took spread
	Ratio            spread
	Target           string
	Met              string
	SafeBare, Safe   spread // the floor with the provider's care; zero without
	Again, Rest      spread // working out the plan again, and what is left; zero without
	RestRatio        spread
	CPU              float64
}

// target is what a ratio must not exceed.
type target struct {
	row, name string
	most      float64
	below     bool // must stay below, not only not exceed
}

// targets are the rows of the table in its order.
func targets() []target {
	return []target{
		{rowRead, "plan without changes", 1.25, false},
		{rowTest, "plan in which all differ", 1.25, false},
		{rowMerge, "apply, merge", 1.25, false},
		{rowReplace, "apply, replace", 1.25, false},
		{rowNetconf, "NETCONF: apply of one change, confirmed from a fresh session", 1.5, true},
	}
}

// verdict says whether a value keeps a target.
func (t target) verdict(v float64) string {
	if v < t.most || v == t.most && !t.below {
		return "yes"
	}
	return "**no**"
}

// text is the target as the report names it.
func (t target) text() string {
	if t.below {
		return fmt.Sprintf("< %.2f", t.most)
	}
	return fmt.Sprintf("<= %.2f", t.most)
}

// rows are the lines of the table of times; what was not measured is left out.
func (c *collection) rows() []row {
	var rows []row
	for _, t := range targets() {
		s := c.Samples[t.row]
		if len(s) == 0 {
			continue
		}
		r := row{
			Name: t.name, Devices: c.Devices[t.row], Rounds: len(s), Target: t.text(),
			Bare: of(s, func(s sample) float64 { return s.Bare.Wall }),
			Noop: of(s, func(s sample) float64 { return s.Noop.Wall }),
			Took: of(s, func(s sample) float64 { return s.Provider.Wall }), Ratio: of(s, sample.ratio),
			CPU: of(s, func(s sample) float64 { return s.Provider.CPU }).Median,
		}
		r.Met = t.verdict(r.Ratio.Median)
		if s[0].Safe.Wall > 0 {
			r.SafeBare, r.Safe = of(s, func(s sample) float64 { return s.Safe.Wall }), of(s, sample.safeRatio)
		}
		if s[0].Plan.Wall > 0 {
			r.Again, r.Rest, r.RestRatio = of(s, sample.again), of(s, sample.rest), of(s, sample.restRatio)
		}
		rows = append(rows, r)
	}
	return rows
}

// growth is a line of the table of many routers.
type growth struct {
	Name      string
	Few, Many int
	Rounds    int
	FewMS     spread // a router, ms
	ManyMS    spread
	Ratio     spread
	Met       string
}

// growths are the lines of the table of many routers.
func (c *collection) growths() []growth {
	var list []growth
	for _, t := range []target{{rowManyRead, "plan without changes", 1.25, false}, {rowManyTest, "plan in which all differ", 1.25, false}} {
		s := c.Samples[t.row]
		if len(s) == 0 {
			continue
		}
		few, many := float64(c.Devices[fewKey]), float64(c.Devices[t.row])
		g := growth{
			Name: t.name, Few: int(few), Many: int(many), Rounds: len(s),
			FewMS:  of(s, func(s sample) float64 { return 1000 * s.Bare.Wall / few }),
			ManyMS: of(s, func(s sample) float64 { return 1000 * s.Provider.Wall / many }),
			Ratio:  of(s, func(s sample) float64 { return (s.Provider.Wall / many) / (s.Bare.Wall / few) }),
		}
		g.Met = t.verdict(g.Ratio.Median)
		list = append(list, g)
	}
	return list
}

// maxMemory is what a provider process may take, in MB.
const maxMemory = 150

// peakRow is a line of the table of memory.
type peakRow struct {
	Name    string
	Devices int
	Rounds  int
	MB      spread
	Wall    spread
	Met     string
}

// peaks are the lines of the table of memory.
func (c *collection) peaks() []peakRow {
	var list []peakRow
	for _, t := range []target{
		{rowLargeRead, "plan without changes", maxMemory, true},
		{rowLargeTest, "plan in which all differ", maxMemory, true},
		{rowLargeDo, "apply, merge", maxMemory, true},
	} {
		s := c.Samples[t.row]
		if len(s) == 0 {
			continue
		}
		p := peakRow{
			Name: t.name, Devices: c.Devices[t.row], Rounds: len(s),
			MB:   of(s, func(s sample) float64 { return s.Provider.Peak }),
			Wall: of(s, func(s sample) float64 { return s.Provider.Wall }),
		}
		p.Met = t.verdict(p.MB.Max)
		list = append(list, p)
	}
	return list
}

// stepRow is a line of the table of steps: ms of one device.
type stepRow struct {
	Step  string
	Cells []string
}

// stepTable tells how long the steps of a device take, by what was run.
func (c *collection) stepTable() []stepRow {
	names := []string{"open", "settle", "read", "lock", "stage", "backup", "commit", "reconnect", "verify", "confirm", "save", "check", "unlock"}
	var list []stepRow
	for _, step := range names {
		r := stepRow{Step: step}
		some := false
		for _, t := range targets() {
			if len(c.Samples[t.row]) == 0 {
				continue
			}
			v := c.Steps[t.row][step]
			cell := ""
			if len(v) > 0 {
				per := float64(len(v)) / float64(c.Devices[t.row]*len(c.Samples[t.row]))
				cell, some = fmt.Sprintf("%s x %.0f", times(per), spreadOf(v).Median), true
			}
			r.Cells = append(r.Cells, cell)
		}
		if some {
			list = append(list, r)
		}
	}
	return list
}

// times is how often a step comes, on average.
func times(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

// load tells between which load averages the samples were taken.
func (c *collection) load() string {
	var all []float64
	for _, samples := range c.Samples {
		for _, s := range samples {
			var v float64
			if _, err := fmt.Sscan(s.Load, &v); err == nil {
				all = append(all, v)
			}
		}
	}
	s := spreadOf(all)
	return fmt.Sprintf("%.1f (%.1f to %.1f)", s.Median, s.Min, s.Max)
}

// report writes the report of all results. What was measured elsewhere is not
// stored with the rest.
func report(ctx context.Context, b *bench) error {
	all := newCollection()
	all.merge(b.collected)
	for _, file := range b.more {
		if _, err := os.Stat(file); err != nil {
			return err
		}
		c, err := load(file)
		if err != nil {
			return err
		}
		all.merge(c)
	}
	text, err := all.render(time.Now(), machine(ctx))
	if err != nil {
		return err
	}
	return os.WriteFile(b.report, []byte(text), 0o644)
}

// render fills in the template.
func (c *collection) render(now time.Time, machine []string) (string, error) {
	t, err := template.New("report").Funcs(template.FuncMap{
		"s":  func(v spread) string { return fmt.Sprintf("%.2f (%.2f to %.2f)", v.Median, v.Min, v.Max) },
		"mb": func(v spread) string { return fmt.Sprintf("%.0f (%.0f to %.0f)", v.Median, v.Min, v.Max) },
	}).Parse(reportTemplate)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{
		"Date": now.Format(time.DateOnly), "Machine": machine, "Load": c.load(),
		"Rows": c.rows(), "Growths": c.growths(), "Peaks": c.peaks(), "Steps": c.stepTable(), "Hosts": c.hostRows(hostTargets()), "Fleets": c.fleetRows(), "Growing": c.growingRows(), "Zabbix": c.Zabbix,
		"Lists": c.listRows(), "Asks": c.askRows(), "Renders": c.renderRows(), "Sources": c.sources(),
		"Large": c.Sizes[sizeConfig],
		"Small": c.Sizes[sizeSmall], "Big": c.Sizes[sizeLarge],
		"Grown": float64(c.Sizes[sizeLarge]) / max(float64(c.Sizes[sizeSmall]), 1),
	})
	return out.String(), err
}

// machine is what the figures depend on.
func machine(ctx context.Context) []string {
	output := func(name string, args ...string) string {
		out, _ := exec.CommandContext(ctx, name, args...).Output()
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return line
	}
	info, _ := os.ReadFile("/proc/cpuinfo")
	memory, _ := os.ReadFile("/proc/meminfo")
	list := []string{
		fmt.Sprintf("%d cores (%s), %s", runtime.NumCPU(), valueOf(string(info), "model name"), gigabytes(valueOf(string(memory), "MemTotal"))),
		output("uname", "-sr"),
		output("terraform", "version"),
		runtime.Version(),
		"FRR " + output("dpkg-query", "-W", "-f", "${Version}", "frr"),
		"netconfd " + output("dpkg-query", "-W", "-f", "${Version}", "netconfd"),
		output("psql", "--version"),
		output("php", "--version"),
		output("sh", "-c", "ssh -V 2>&1"),
	}
	return slices.DeleteFunc(list, func(s string) bool { return strings.HasSuffix(s, " ") || s == "" })
}

// valueOf finds the first value of a key in a file of /proc.
func valueOf(text, key string) string {
	for line := range strings.Lines(text) {
		k, v, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// gigabytes is a value of /proc/meminfo, in kB, as people say it.
func gigabytes(kb string) string {
	var v float64
	if _, err := fmt.Sscan(kb, &v); err != nil {
		return "memory not known"
	}
	return fmt.Sprintf("%.0f GB of memory", v*1024/1e9)
}
