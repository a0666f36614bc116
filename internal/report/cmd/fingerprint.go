package cmd

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// keyVariable has the key of the fingerprints; on the command line others could
// see it.
const keyVariable = "PLAN_KEY"

// fingerprint writes what a plan does as JSON, to be compared with another plan.
func (e Env) fingerprint(args []string) error {
	set := flag.NewFlagSet("report fingerprint", flag.ContinueOnError)
	set.SetOutput(e.Stderr)
	set.Usage = func() {
		fmt.Fprintf(set.Output(), "Usage: terraform-provider-provision report fingerprint [-o FILE] <plan.json\n"+
			"%s in the environment is the key: at least %d characters, the same for the plans that are compared.\n", keyVariable, report.SmallestKey)
		set.PrintDefaults()
	}
	path := set.String("o", "-", "`file` to write; - is the output")
	if err := e.parse(set, args, 0); err != nil {
		return err
	}
	effects, err := report.Effects(e.Stdin, []byte(e.Getenv(keyVariable)))
	if err != nil {
		return fmt.Errorf("fingerprint with %s: %w", keyVariable, err)
	}
	return e.write(*path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"changes": effects})
	})
}
