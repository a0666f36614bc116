// Package cmd is the sub-command "report" of the provider's binary.
package cmd

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// Exit codes.
const (
	ExitWritten = 0 // what was asked for is written
	ExitFailed  = 1 // the input cannot be read, or a report not be written
	ExitUsage   = 2 // the command line is wrong
)

// Env is what the command takes from its process.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
}

const usage = `Usage:
  terraform-provider-provision report plan [flags] <plan.json
  terraform-provider-provision report run  [flags] EVENTS_FILE
  terraform-provider-provision report fingerprint [flags] <plan.json

plan reads what "terraform show -json PLANFILE" writes, run what the provider's
events_file holds. fingerprint says what a plan does in a form to be compared with
another plan. Flags of each: report plan -h and so on.
Exit codes: 0 the report is written, 1 it is not, 2 wrong use.
`

// Main runs the command with the arguments after "report" and gives its exit code.
func Main(env Env, args []string) int {
	if len(args) == 0 {
		fmt.Fprint(env.Stderr, usage)
		return ExitUsage
	}
	switch args[0] {
	case "plan":
		return env.done(env.plan(args[1:]))
	case "run":
		return env.done(env.run(args[1:]))
	case "fingerprint":
		return env.done(env.fingerprint(args[1:]))
	case "-h", "-help", "--help", "help":
		fmt.Fprint(env.Stdout, usage)
		return ExitWritten
	}
	fmt.Fprintf(env.Stderr, "report: there is no report %q\n%s", args[0], usage)
	return ExitUsage
}

// errUsage is a wrong command line. What is wrong with it has been said.
var errUsage = errors.New("wrong use")

// done says what went wrong.
func (e Env) done(err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return ExitWritten
	case errors.Is(err, errUsage):
		return ExitUsage
	}
	fmt.Fprintln(e.Stderr, "report:", err)
	return ExitFailed
}

// flags are those that both reports have.
func (e Env) flags(name, arguments string, meta *report.Meta) *flag.FlagSet {
	set := flag.NewFlagSet("report "+name, flag.ContinueOnError)
	set.SetOutput(e.Stderr)
	set.Usage = func() {
		fmt.Fprintf(set.Output(), "Usage: terraform-provider-provision report %s [flags] %s\n", name, arguments)
		set.PrintDefaults()
	}
	set.StringVar(&meta.Title, "title", "", "`title` of the report")
	set.StringVar(&meta.RunURL, "run-url", "", "`URL` of the run in the CI")
	set.StringVar(&meta.Commit, "commit", "", "`commit` that the report is about")
	set.StringVar(&meta.DeviceURL, "device-url", "", "`URL` of a device's page; {name} and {site} are filled in")
	return set
}

// parse reads the command line; it takes exactly so many arguments.
func (e Env) parse(set *flag.FlagSet, args []string, arguments int) error {
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if set.NArg() != arguments {
		fmt.Fprintf(e.Stderr, "report: %d arguments, want %d: %q\n", set.NArg(), arguments, set.Args())
		set.Usage()
		return errUsage
	}
	return nil
}

// write writes a report to a file as a whole or not at all; "-" is the output.
func (e Env) write(path string, to func(io.Writer) error) error {
	if path == "-" {
		return to(e.Stdout)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	err = errors.Join(to(f), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}
