package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The rows about sources of truth, behind the name of the product.
const (
	rowList   = "-list"   // the data source provision_devices over all
	rowOne    = "-one"    // a plan of one device
	rowSite   = "-site"   // a plan of many devices of one site
	rowRender = "-render" // the same, its renderings
)

// The products.
const (
	netboxName   = "netbox"
	nautobotName = "nautobot"
)

const (
	// atOnce is how many configurations NetBox renders at once.
	atOnce = 8
	// goldenDevices is of how many devices Golden Config renders the
	// configuration.
	goldenDevices = 20
)

// sourceList is the configuration of a list; %[1]s is the provider, %[2]s what
// stands first in it.
const sourceList = `
data "%[1]s_devices" "all" {
  %[2]slifecycle {
    postcondition {
      condition     = length(self.devices) == %[3]d
      error_message = "There are ${length(self.devices)} devices, not %[3]d."
    }
  }
}
`

// sourceProvider is the provider block of the real one.
const sourceProvider = `
variable "url" { type = string }

provider "provision" {
  %s = { url = var.url, token = %q }
`

// sourceDevices is the configuration of devices that come from the source, and
// are reached on the ports of a lab.
const sourceDevices = `  drivers     = { linux-frr = "frr" }
  credentials = { default = { username = "netops", private_key = file("%[1]s/id_ed25519") } }
  ssh         = { known_hosts = ["%[1]s/known_hosts"] }
}

variable "from" { type = string }

locals {
  devices = yamldecode(file("inventory.yaml"))
}

resource "provision_device" "this" {
  for_each = local.devices
  name     = each.key
  host     = each.value.host
  port     = each.value.port
  intended = { from = var.from }
}
`

// truth is a real source of truth while it is measured.
type truth struct {
	*bench
	product    string
	url, token string
	tap        *tap
	row        string // what is behind the names of rows
}

// netboxPart measures a NetBox of many devices.
func netboxPart(ctx context.Context, b *bench) error {
	return b.truth(netboxName, func(t *truth) error {
		return first(
			func() error { return t.lists(ctx) },
			func() error { return t.site(ctx, rowOne, "rendered", 1) },
			func() error { return t.renders(ctx, "rendered", len(b.routers), atOnce) },
		)
	})
}

// nautobotPart measures a Nautobot of many devices, and what Golden Config has
// stored and renders.
func nautobotPart(ctx context.Context, b *bench) error {
	return b.truth(nautobotName, func(t *truth) error {
		return first(
			func() error { return t.lists(ctx) },
			func() error { return t.site(ctx, rowOne, "stored", 1) },
			func() error { return t.site(ctx, rowSite, "stored", len(b.routers)) },
			func() error { return t.renders(ctx, "rendered", min(goldenDevices, len(b.routers)), 1) },
		)
	})
}

// hugePart measures lists alone, once.
func hugePart(product string) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		b.rounds = 1
		return b.truth(product, func(t *truth) error { t.row = huge; return t.lists(ctx) })
	}
}

// truth opens a source of truth, and a tap before it, for something.
func (b *bench) truth(product string, do func(*truth) error) error {
	env, err := readEnv(b.source)
	if err != nil {
		return err
	}
	name := strings.ToUpper(product)
	t := &truth{bench: b, product: product, url: env[name+"_URL"], token: env[name+"_TOKEN"]}
	if t.tap, err = openTap(t.url); err != nil {
		return err
	}
	defer t.tap.close()
	return do(t)
}

// lists times the list of all devices, against the same requests by curl and a
// list that is asked of nobody.
func (t *truth) lists(ctx context.Context) error {
	real, err := t.newWorkspace(t.product+"-list", "provision", fmt.Sprintf(sourceProvider, t.product, t.token)+"}\n"+fmt.Sprintf(sourceList, "provision", "", t.devices))
	if err != nil {
		return err
	}
	noop, err := t.newWorkspace(t.product+"-noop", "noop", fmt.Sprintf(sourceList, "noop", fmt.Sprintf("size = %d\n  ", t.devices), t.devices))
	if err != nil {
		return err
	}
	t.tap.taken()
	if _, err := real.plan(ctx, nothing, "-var=url="+t.tap.url); err != nil {
		return err
	}
	seen := t.tap.taken()
	t.collected.Versions[t.product] = seen[0].version
	for range t.rounds {
		var s sample
		err := first(
			func() (err error) { s.Bare, err = t.curl(ctx, seen); return },
			func() (err error) { s.Noop, err = noop.plan(ctx, nothing); return },
			func() (err error) { s.Provider, err = real.plan(ctx, nothing, "-var=url="+t.url); return },
		)
		if err != nil {
			return err
		}
		s.Provider.count(seen)
		t.add(t.product+rowList+t.row, t.devices, s)
	}
	return nil
}

// curl times the requests that were seen, one after the other by curl over one
// connection, without what is between here and the server.
func (t *truth) curl(ctx context.Context, seen []exchange) (took, error) {
	var config strings.Builder
	for i, e := range seen {
		if i > 0 {
			config.WriteString("next\n")
		}
		fmt.Fprintf(&config, "silent\nshow-error\nfail\noutput = %q\nurl = %q\n", os.DevNull, t.url+e.path)
		for _, name := range []string{"Authorization", "Accept", "Accept-Encoding", "Accept-Language", "Content-Type"} {
			if v := e.header.Get(name); v != "" {
				fmt.Fprintf(&config, "header = %q\n", name+": "+v)
			}
		}
		if e.method == http.MethodPost {
			body := t.path(fmt.Sprintf("curl-%d.json", i))
			if err := os.WriteFile(body, e.body, 0o600); err != nil {
				return took{}, err
			}
			fmt.Fprintf(&config, "data-binary = %q\n", "@"+body)
		}
	}
	file := t.path("curl.conf")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		return took{}, err
	}
	return timed(exec.CommandContext(ctx, "curl", "--noproxy", "*", "-K", file), 0)
}

// planned is a workspace with devices of one site.
func (t *truth) planned(row string, devices int) (*workspace, error) {
	w, err := t.newWorkspace(t.product+row, "provision", fmt.Sprintf(sourceProvider, t.product, t.token)+fmt.Sprintf(sourceDevices, t.lab))
	if err != nil {
		return nil, err
	}
	var list strings.Builder
	for i, r := range t.routers[:devices] {
		fmt.Fprintf(&list, "%s: {host: %s, port: %d}\n", deviceName(t.product, i), r.host, r.port)
	}
	return w, w.write("inventory.yaml", list.String())
}

// deviceName is the name of a device of the first site, as the scripts that make
// the estates call it.
func deviceName(product string, i int) string {
	if product == netboxName {
		return fmt.Sprintf("e%05d", 10*i) // of ten sites, by turns
	}
	return fmt.Sprintf("bulk-%05d", i+1)
}

// site counts the requests of a plan of devices.
func (t *truth) site(ctx context.Context, row, from string, devices int) error {
	w, err := t.planned(row, devices)
	if err != nil {
		return err
	}
	s, _, err := t.counted(ctx, w, from)
	if err == nil {
		t.add(t.product+row, devices, s)
	}
	return err
}

// counted is a plan of new devices whose requests are counted.
func (t *truth) counted(ctx context.Context, w *workspace, from string) (sample, []exchange, error) {
	var s sample
	var err error
	t.tap.taken()
	if s.Provider, err = w.plan(ctx, changes, "-var=url="+t.tap.url, "-var=from="+from); err != nil {
		return s, nil, err
	}
	seen := t.tap.taken()
	s.Provider.count(seen)
	return s, seen, nil
}

// renders times the renderings of a plan against the same requests by a bare
// loop, so many at once.
func (t *truth) renders(ctx context.Context, from string, devices, jobs int) error {
	w, err := t.planned(rowRender, devices)
	if err != nil {
		return err
	}
	for i := range t.rounds {
		s, seen, err := t.counted(ctx, w, from)
		if err != nil {
			return err
		}
		if t.product == netboxName && i == 0 {
			t.add(t.product+rowSite, devices, s)
		}
		configs := slices.DeleteFunc(seen, func(e exchange) bool { return e.kind != kindConfig })
		if s.Bare, err = t.tap.repeat(ctx, configs, jobs); err != nil {
			return err
		}
		t.add(t.product+rowRender, devices, s)
	}
	return nil
}

// readEnv reads the file env of a directory of a server.
func readEnv(dir string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		env[name] = value
	}
	return env, nil
}
