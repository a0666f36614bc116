package cmd

import (
	"fmt"
	"os"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// run makes the report of a run.
func (e Env) run(args []string) error {
	var meta report.Meta
	set := e.flags("run", "EVENTS_FILE", &meta)
	id := set.String("run-id", e.Getenv("PROVISION_RUN_ID"), "`id` of the run; default PROVISION_RUN_ID, else the run that wrote last")
	page := set.String("html", "", "`file` for the HTML page; - is the output")
	if err := e.parse(set, args, 1); err != nil {
		return err
	}
	if *page == "" {
		fmt.Fprintln(e.Stderr, "report: give -html")
		return errUsage
	}
	f, err := os.Open(set.Arg(0))
	if err != nil {
		return fmt.Errorf("reading the events: %w", err)
	}
	defer f.Close()
	r, err := report.ReadRun(f, *id, meta)
	if err != nil {
		return err
	}
	return e.write(*page, r.WriteHTML)
}
