package cmd

import (
	"fmt"
	"io"
	"os"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// plan makes the report of a plan.
func (e Env) plan(args []string) error {
	var meta report.Meta
	set := e.flags("plan", "<plan.json", &meta)
	set.StringVar(&meta.RunID, "run-id", e.Getenv("PROVISION_RUN_ID"), "`id` of the run; default PROVISION_RUN_ID")
	set.StringVar(&meta.Actor, "actor", e.Getenv("PROVISION_ACTOR"), "`who` asked for the plan; default PROVISION_ACTOR")
	set.StringVar(&meta.Site, "site", "", "`site` of what does not say its own and is in no module with a key")
	set.StringVar(&meta.PageURL, "page-url", "", "`URL` at which the HTML page will be found, for the Markdown")
	page := set.String("html", "", "`file` for the HTML page; - is the output")
	markdown := set.String("markdown", "", "`file` for the Markdown; - is the output")
	limit := set.Int("markdown-limit", report.GitHubLimit, "most `bytes` of the Markdown")
	log := set.String("log", "", "`file` with the lines of terraform plan -json: warnings, and what was not checked")
	if err := e.parse(set, args, 0); err != nil {
		return err
	}
	if *page == "" && *markdown == "" {
		fmt.Fprintln(e.Stderr, "report: give -html, -markdown or both")
		return errUsage
	}
	if *limit < report.SmallestLimit {
		fmt.Fprintf(e.Stderr, "report: -markdown-limit is at least %d\n", report.SmallestLimit)
		return errUsage
	}
	p, err := e.readPlan(*log, meta)
	if err != nil {
		return err
	}
	if *page != "" {
		if err := e.write(*page, p.WriteHTML); err != nil {
			return err
		}
	}
	if *markdown != "" {
		return e.write(*markdown, func(w io.Writer) error { return p.WriteMarkdown(w, *limit) })
	}
	return nil
}

// readPlan reads the plan from the input, and the log from its file.
func (e Env) readPlan(log string, meta report.Meta) (*report.Plan, error) {
	if log == "" {
		return report.ReadPlan(e.Stdin, nil, meta)
	}
	f, err := os.Open(log)
	if err != nil {
		return nil, fmt.Errorf("-log: %w", err)
	}
	defer f.Close()
	return report.ReadPlan(e.Stdin, f, meta)
}
