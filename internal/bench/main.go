// Command bench times the provider on the devices of a lab against a floor (the
// bare program, and Terraform with a resource that does nothing), takes its
// memory and the size of its state, and writes a report. tools/bench/bench.sh
// starts the labs and calls it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	lab     string   // a directory made by tools/lab/lab.sh
	zabbix  string   // a directory made by tools/zabbix/zabbix.sh
	source  string   // a directory made by tools/netbox/netbox.sh or tools/nautobot/nautobot.sh
	work    string   // a directory for files of the benchmark
	bin     string   // holds provider/, noop/ and bare
	results string   // the file that results are collected in
	report  string   // the file that the report goes to
	more    []string // files of results that go into the report as well
	rounds  int
	devices int
	planned int
}

// run does one part of the benchmark.
func run(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("bench speed|replace|netconf|memory|many|zabbix-life|zabbix-wide|zabbix-huge|fleet-site|fleet-sites|source-netbox|source-netbox-huge|source-nautobot|source-nautobot-huge|report", flag.ContinueOnError)
	flags.StringVar(&o.lab, "lab", "", "directory of the lab")
	flags.StringVar(&o.zabbix, "zabbix", "", "directory of the Zabbix")
	flags.StringVar(&o.source, "source", "", "directory of the NetBox or Nautobot")
	flags.StringVar(&o.work, "work", "", "directory for files")
	flags.StringVar(&o.bin, "bin", "", "directory of the programs")
	flags.StringVar(&o.results, "results", "", "file that results are collected in")
	flags.StringVar(&o.report, "report", "", "file that the report is written to")
	flags.IntVar(&o.rounds, "rounds", 5, "how often everything is measured")
	flags.IntVar(&o.devices, "devices", 50, "how many routers of the lab, or hosts of Zabbix, are used, or devices the source of truth has")
	flags.IntVar(&o.planned, "planned", 100, "of how many devices of the source of truth a plan is made")
	if len(args) == 0 {
		return fmt.Errorf("usage: %s", flags.Name())
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	o.more = flags.Args()
	part, ok := parts()[args[0]]
	if !ok {
		return fmt.Errorf("no part %q of %s", args[0], flags.Name())
	}
	b := &bench{options: o}
	var err error
	if b.collected, err = load(o.results); err != nil {
		return err
	}
	if n := part.routers(o); n > 0 {
		if b.routers, err = readRouters(o.lab, n); err != nil {
			return err
		}
	}
	if err := part.do(ctx, b); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return b.collected.store(o.results)
}

// part is a part of the benchmark.
type part struct {
	do      func(context.Context, *bench) error
	routers func(options) int // how many of the lab it needs
}

// parts are all, by their names.
func parts() map[string]part {
	none := func(options) int { return 0 }
	all := func(o options) int { return o.devices }
	planned := func(o options) int { return o.planned }
	return map[string]part{
		"speed": {speed, all}, "replace": {replacing, all}, "memory": {memory, all}, "many": {many, all}, "netconf": {netconf, none},
		"zabbix-life": {hostLife, none}, "zabbix-wide": {hostWide, none}, "zabbix-huge": {hostHuge, none},
		"fleet-site": {fleetSite, all}, "fleet-sites": {fleetSites, all},
		"source-netbox": {netboxPart, planned}, "source-netbox-huge": {hugePart(netboxName), none},
		"source-nautobot": {nautobotPart, planned}, "source-nautobot-huge": {hugePart(nautobotName), none},
		"report": {report, none},
	}
}

// bench is one part of the benchmark while it runs.
type bench struct {
	options
	collected *collection
	routers   []router
}

// say tells how far the benchmark is.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// path is a file of the benchmark.
func (b *bench) path(parts ...string) string {
	return filepath.Join(append([]string{b.work}, parts...)...)
}
