// Command bare is the floor of the benchmark: it does on the devices what must
// be done, ten at once, with x/crypto/ssh and nothing else. It has no plan, no
// lock, no timer and no way back.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	lab     string   // a directory made by tools/lab/lab.sh
	configs string   // a directory with a file NAME.conf (NAME.xml) a device
	names   []string // of the devices
	jobs    int      // devices at once
}

// run does one thing on all devices.
func run(args []string) error {
	var o options
	flags := flag.NewFlagSet("bare", flag.ContinueOnError)
	mode := flags.String("mode", "read", "read, test, merge, replace, safe-merge, safe-replace or netconf")
	names := flags.String("devices", "", "names, separated by commas")
	flags.StringVar(&o.lab, "lab", "", "directory of the lab")
	flags.StringVar(&o.configs, "configs", "", "directory of the configurations")
	flags.IntVar(&o.jobs, "jobs", 10, "devices at once")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.names = strings.Split(*names, ",")
	job, ok := map[string]job{
		"read": read, "test": test, "merge": merge, "replace": replace,
		"safe-merge": safeMerge, "safe-replace": safeReplace, "netconf": confirmed,
	}[*mode]
	if !ok {
		return fmt.Errorf("no mode %q", *mode)
	}
	nodes, err := readLab(o)
	if err != nil {
		return err
	}
	return each(nodes, o.jobs, job)
}

// node is one device and what it shall be.
type node struct {
	name, addr string
	config     []byte // empty when there is no file
	backup     string // where its running configuration is kept
	login      *ssh.ClientConfig
}

// job is done on one device.
type job func(*node) error

// each does a job on all devices, some at once.
func each(nodes []*node, jobs int, do job) error {
	slots := make(chan struct{}, jobs)
	results := make(chan error, len(nodes))
	for _, n := range nodes {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			err := do(n)
			if err != nil {
				err = fmt.Errorf("%s: %w", n.name, err)
			}
			results <- err
		}()
	}
	var errs []error
	for range nodes {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}

// readLab reads how to get into the devices.
func readLab(o options) ([]*node, error) {
	key, err := os.ReadFile(filepath.Join(o.lab, "id_ed25519"))
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(key)
	if err != nil {
		return nil, err
	}
	known, err := knownhosts.New(filepath.Join(o.lab, "known_hosts"))
	if err != nil {
		return nil, err
	}
	table, err := os.ReadFile(filepath.Join(o.lab, "inventory.tsv"))
	if err != nil {
		return nil, err
	}
	var nodes []*node
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) < 5 || !slices.Contains(o.names, f[0]) {
			continue
		}
		n := &node{name: f[0], addr: f[2] + ":" + f[3], backup: filepath.Join(o.configs, f[0]+".before")}
		n.config, _ = os.ReadFile(filepath.Join(o.configs, f[0]+map[string]string{"netconf": ".xml"}[f[1]]+map[string]string{"router": ".conf"}[f[1]]))
		n.login = &ssh.ClientConfig{
			User: f[4], Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: known,
			HostKeyAlgorithms: []string{ssh.KeyAlgoED25519}, Timeout: 15 * time.Second,
		}
		nodes = append(nodes, n)
	}
	if len(nodes) != len(o.names) {
		return nil, fmt.Errorf("the lab has %d of %d devices", len(nodes), len(o.names))
	}
	return nodes, nil
}
