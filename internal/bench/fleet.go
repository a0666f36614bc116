package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// The rows about sites: one with many devices, and many with few each.
const (
	rowFleetCreate = "fleet-create" // devices and hosts for the first time
	rowFleetPlan   = "fleet-plan"   // a plan without changes
	rowFleetChange = "fleet-change" // one line of every device

	oneSite   = "-site"
	manySites = "-sites"

	siteKey = "-count" // behind a row: where the number of its sites is kept
)

// How many sites there are, how many devices each of many has, and how many sites
// are worked on at once.
const (
	siteCount   = 50
	perSite     = 4
	siteWorkers = 2
)

// siteModule is the module that sites are made of, from the root of the project.
const siteModule = "examples/modules/site"

// siteConfig is the root of a site, as a team has it: %[1]s is the directory of the
// routers' keys, %[2]q to %[4]q are Zabbix, %[5]q is the site.
const siteConfig = `
variable "revision" { type = number }

provider "provision" {
  inventory_file = "inventory.yaml"
  credentials    = { default = { username = "netops", private_key = file("%[1]s/id_ed25519") } }
  ssh            = { known_hosts = ["%[1]s/known_hosts"] }
  events_file    = "events.jsonl"
  backup_dir     = "backups"
  zabbix = {
    url      = %[2]q
    username = %[3]q
    password = %[4]q
    max_destroy = 1000
    mappings = { devices = [{ name = "all", default = true, templates = ["` + templateName + `"], host_groups = ["` + groupName + `"] }] }
  }
}

module "site" {
  source           = "../modules/site"
  site             = %[5]q
  virtual_machines = { allow_empty = true }
}
`

// siteFloor is as many resources of Terraform's own with the same names.
const siteFloor = `
variable "revision" { type = number }

locals {
  devices = yamldecode(file("inventory.yaml")).devices
}

resource "terraform_data" "device" {
  for_each = local.devices
  input    = { name = each.key, revision = var.revision }
}

resource "terraform_data" "host" {
  for_each = local.devices
  input    = { name = each.key }
}
`

// site is a site of the benchmark, and its floor.
type site struct {
	devices         []router
	provider, floor *workspace
}

// fleet is sites that are worked on by some workers.
type fleet struct {
	*bench
	server   *zabbixServer
	row      string
	sites    []*site
	workers  int
	revision int
}

// fleetSite times one site with many devices, each of which Zabbix monitors.
func fleetSite(ctx context.Context, b *bench) error {
	return b.fleet(ctx, &fleet{row: oneSite, workers: 1}, [][]router{b.routers})
}

// fleetSites times many sites with few devices each, two at a time.
func fleetSites(ctx context.Context, b *bench) error {
	var sites [][]router
	for n := 0; n+perSite <= len(b.routers) && len(sites) < siteCount; n += perSite {
		sites = append(sites, b.routers[n:n+perSite])
	}
	return b.fleet(ctx, &fleet{row: manySites, workers: siteWorkers}, sites)
}

// fleet does rounds on sites of these routers.
func (b *bench) fleet(ctx context.Context, f *fleet, sites [][]router) (err error) {
	f.bench = b
	if f.server, err = b.openZabbix(ctx); err != nil {
		return err
	}
	if err := os.CopyFS(b.path("modules", "site"), os.DirFS(siteModule)); err != nil {
		return err
	}
	for n, devices := range sites {
		s, err := f.site(ctx, fmt.Sprintf("s%02d", n+1), devices)
		if err != nil {
			return err
		}
		f.sites = append(f.sites, s)
	}
	for range b.rounds {
		if err := f.round(ctx); err != nil {
			return err
		}
	}
	return nil
}

// site makes the roots of a site and of its floor.
func (f *fleet) site(ctx context.Context, name string, devices []router) (*site, error) {
	s := &site{devices: devices}
	z := f.server
	var err error
	if s.provider, err = f.newWorkspace(name, "provision", fmt.Sprintf(siteConfig, f.lab, z.url, z.user, z.password, name)); err != nil {
		return nil, err
	}
	if s.floor, err = f.newWorkspace(name+"-floor", "", siteFloor); err != nil {
		return nil, err
	}
	table := siteInventory(name, devices)
	if err := errors.Join(s.provider.write("inventory.yaml", table), s.floor.write("inventory.yaml", table)); err != nil {
		return nil, err
	}
	_, err = s.provider.terraform(ctx, 0, "get", "-no-color")
	return s, err
}

// siteInventory is the inventory file of a site.
func siteInventory(name string, devices []router) string {
	var s strings.Builder
	s.WriteString("devices:\n")
	for _, r := range devices {
		fmt.Fprintf(&s, "  %s%s: {host: %s, port: %d, driver: frr, platform: frr, status: active, site: %s, config_file: configs/%s}\n",
			hostPrefix, r.name, r.host, r.port, name, r.file())
	}
	return s.String()
}

// round is that the sites come, are looked at, change and go.
func (f *fleet) round(ctx context.Context) error {
	return first(
		func() error { return f.next() },
		func() error { return f.measure(ctx, rowFleetCreate, (*fleet).whole) },
		func() error { return f.server.expect(ctx, f.count()) },
		func() error { return f.measure(ctx, rowFleetPlan, (*fleet).plan) },
		func() error { return f.next() },
		func() error { return f.measure(ctx, rowFleetChange, (*fleet).whole) },
		func() error { return f.measure(ctx, "", (*fleet).destroy) },
		func() error { return f.server.empty(ctx) },
	)
}

// count is how many devices there are.
func (f *fleet) count() (n int) {
	for _, s := range f.sites {
		n += len(s.devices)
	}
	return n
}

// next writes what the devices shall be from now on.
func (f *fleet) next() error {
	f.revision++
	for _, s := range f.sites {
		text := func(r router) string { return r.intent(fmt.Sprintf("revision %d", f.revision)) }
		if err := s.provider.configs(s.devices, text); err != nil {
			return err
		}
	}
	return nil
}

// measure times a command over all sites, first of the floor.
func (f *fleet) measure(ctx context.Context, row string, command func(*fleet, context.Context, *workspace) (took, error)) error {
	var s sample
	var err error
	if s.Noop, err = f.all(ctx, command, func(s *site) *workspace { return s.floor }); err != nil {
		return err
	}
	before, err := f.server.calls()
	if err != nil {
		return err
	}
	if s.Provider, err = f.all(ctx, command, func(s *site) *workspace { return s.provider }); err != nil {
		return err
	}
	after, err := f.server.calls()
	if s.Provider.Calls = after - before; row != "" && err == nil {
		f.add(row+f.row, f.count(), s)
		f.collected.Devices[row+f.row+siteKey] = len(f.sites)
	}
	return err
}

// all runs a command in every site, some at once. The memory is that of the largest.
func (f *fleet) all(ctx context.Context, command func(*fleet, context.Context, *workspace) (took, error), of func(*site) *workspace) (took, error) {
	each := make([]took, len(f.sites))
	start := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(f.workers)
	for n, s := range f.sites {
		g.Go(func() (err error) {
			if each[n], err = command(f, ctx, of(s)); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(of(s).dir), err)
			}
			return nil
		})
	}
	err := g.Wait()
	whole := took{Wall: time.Since(start).Seconds()}
	for _, t := range each {
		whole.CPU += t.CPU
		whole.Peak = max(whole.Peak, t.Peak)
	}
	return whole, err
}

// args are the arguments of every command.
func (f *fleet) args(more ...string) []string {
	return append(more, fmt.Sprintf("-var=revision=%d", f.revision))
}

// whole is a plan and its apply.
func (f *fleet) whole(ctx context.Context, w *workspace) (took, error) {
	return w.whole(ctx, f.args()...)
}

// plan is a plan without changes.
func (f *fleet) plan(ctx context.Context, w *workspace) (took, error) {
	return w.plan(ctx, nothing, f.args()...)
}

// destroy is the end of a site.
func (f *fleet) destroy(ctx context.Context, w *workspace) (took, error) {
	return w.whole(ctx, f.args("-destroy")...)
}

// fleetRow is a line of the table about sites.
type fleetRow struct {
	Name                   string
	Sites, Devices, Rounds int
	Floor, Took            spread
	Calls, MB              spread
	CPU                    float64
}

// fleetRows are the lines of the table about sites; what was not measured is left
// out.
func (c *collection) fleetRows() []fleetRow {
	var rows []fleetRow
	for _, size := range []string{oneSite, manySites} {
		for _, t := range []struct{ row, name string }{
			{rowFleetCreate, "plan and apply, all new"}, {rowFleetPlan, "plan without changes"}, {rowFleetChange, "plan and apply, one line of every device"},
		} {
			s := c.Samples[t.row+size]
			if len(s) == 0 {
				continue
			}
			rows = append(rows, fleetRow{
				Name: t.name, Sites: c.Devices[t.row+size+siteKey], Devices: c.Devices[t.row+size], Rounds: len(s),
				Floor: of(s, func(s sample) float64 { return s.Noop.Wall }),
				Took:  of(s, func(s sample) float64 { return s.Provider.Wall }),
				Calls: of(s, func(s sample) float64 { return float64(s.Provider.Calls) }),
				MB:    of(s, func(s sample) float64 { return s.Provider.Peak }),
				CPU:   of(s, func(s sample) float64 { return s.Provider.CPU }).Median,
			})
		}
	}
	return rows
}
