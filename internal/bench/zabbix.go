package main

import (
	"context"
	"errors"
	"fmt"
)

// The rows about hosts in Zabbix. Those with another number of hosts, or other
// parallelism, have more behind their name.
const (
	rowHostCreate = "host-create"
	rowHostPlan   = "host-plan"   // a plan without changes
	rowHostTag    = "host-tag"    // another value of one tag on every host
	rowHostBury   = "host-bury"   // destroy, to the graveyard
	rowHostDelete = "host-delete" // destroy, with on_destroy = "delete"

	wide = "-wide" // -parallelism=100

	// With a remote state, against terraform_data: a tenth of the hosts, as many, and
	// many times as many.
	small  = "-small"
	middle = "-middle"
	huge   = "-huge"
)

// hugeFactor is how many times as many hosts are tried once, and smallPart of how
// many the growth begins with one.
const (
	hugeFactor = 5
	smallPart  = 10
)

// hostConfig is the configuration of hosts: %[1]s is the type of the resource,
// %[2]s and %[3]s what stands around the attributes in it, %[4]s and %[5]s names in
// Zabbix, %[6]s how often there is one, %[7]s to %[9]s its name, site and rack.
const hostConfig = `
variable "hosts" { type = number }
variable "revision" { type = number }
variable "on_destroy" { type = string }
variable "port" { type = string }

locals {
  hosts = { for i in range(min(var.hosts, 1024)) : format("` + hostPrefix + `%%05d", i) => {
    site = format("site%%02d", i %% 20)
    rack = format("rack %%d", i %% 40)
  } }
}

resource %[1]q "this" {
  %[6]s
  %[2]s
  host        = %[7]s
  interface   = { ip = "127.0.0.1", port = var.port }
  templates   = [%[4]q]
  host_groups = [%[5]q]
  tags = {
    site     = [%[8]s]
    role     = ["edge"]
    revision = [tostring(var.revision)]
  }
  macros         = { "{$LIMIT}" = { value = "90" } }
  inventory_mode = "manual"
  inventory      = { location = %[9]s }
  on_destroy     = var.on_destroy
  %[3]s
}
`

// repetition is how a configuration has many hosts.
type repetition struct{ often, name, site, rack string }

// How people have hosts; and without a for_each, all of which Terraform evaluates for
// each host anew.
var (
	byKey   = repetition{"for_each = local.hosts", "each.key", "each.value.site", "each.value.rack"}
	byCount = repetition{
		"count = var.hosts", `format("` + hostPrefix + `%05d", count.index)`,
		`format("site%02d", count.index % 20)`, `format("rack %d", count.index % 40)`,
	}
)

// zabbixProvider is the provider block of the real one.
const zabbixProvider = `
provider "provision" {
  zabbix = {
    url         = %q
    username    = %q
    password    = %q
    max_destroy = var.hosts
  }
}
`

// estate is the hosts of a Zabbix: the provider's, and those of the resource
// that does nothing.
type estate struct {
	*bench
	server         *zabbixServer
	provider, noop *workspace

	row       string // what is behind the names of rows
	hosts     int
	revision  int
	onDestroy string
	more      []string // arguments of every command
}

// hostLife times the life of many hosts.
func hostLife(ctx context.Context, b *bench) error { return b.estate(ctx, (*estate).life) }

// hostWide times the same with a hundred hosts at once.
func hostWide(ctx context.Context, b *bench) error { return b.estate(ctx, (*estate).wide) }

// hostHuge shows once how the times grow with the number of hosts, and that many
// times as many hosts can be managed.
func hostHuge(ctx context.Context, b *bench) error {
	b.rounds = 1
	return b.estate(ctx, (*estate).huge)
}

// estate does rounds on hosts of a Zabbix.
func (b *bench) estate(ctx context.Context, round func(*estate, context.Context) error) error {
	server, err := b.openZabbix(ctx)
	if err != nil {
		return err
	}
	e := &estate{bench: b, server: server, hosts: b.devices, onDestroy: "graveyard"}
	if err := e.workspaces(byKey); err != nil {
		return err
	}
	for range b.rounds {
		if err := round(e, ctx); err != nil {
			return err
		}
	}
	return nil
}

// workspaces makes that of the provider and that of what does nothing.
func (e *estate) workspaces(each repetition) error {
	return errors.Join(e.ours("hosts", each), e.floor("hosts-noop", "noop", "noop_host", "", "", each))
}

// ours makes the workspace of the provider.
func (e *estate) ours(name string, each repetition) (err error) {
	s := e.server
	e.provider, err = e.newWorkspace(name, "provision",
		fmt.Sprintf(zabbixProvider, s.url, s.user, s.password)+each.hosts("zabbix_agent_host", "provider = provision", ""))
	return err
}

// floor makes the workspace of what does nothing.
func (e *estate) floor(name, provider, kind, before, after string, each repetition) (err error) {
	e.noop, err = e.newWorkspace(name, provider, each.hosts(kind, before, after))
	return err
}

// hosts is a configuration of many hosts.
func (r repetition) hosts(kind, before, after string) string {
	return fmt.Sprintf(hostConfig, kind, before, after, templateName, groupName, r.often, r.name, r.site, r.rack)
}

// life is that hosts come, are looked at, change and go; then the graveyard is
// emptied.
func (e *estate) life(ctx context.Context) error {
	return first(
		func() error { return e.create(ctx) },
		func() error { return e.settle(ctx) },
		func() error { return e.measure(ctx, rowHostPlan, e.plan) },
		func() error { e.revision++; return e.measure(ctx, rowHostTag, e.whole) },
		func() error { return e.bury(ctx) },
	)
}

// wide is that hosts come and go, a hundred at once.
func (e *estate) wide(ctx context.Context) error {
	e.row, e.more, e.onDestroy = wide, []string{"-parallelism=100"}, "delete"
	return first(
		func() error { return e.create(ctx) },
		func() error { return e.settle(ctx) },
		func() error { return e.measure(ctx, rowHostPlan, e.plan) },
		func() error { return e.measure(ctx, rowHostDelete, e.destroy) },
		func() error { return e.server.expect(ctx, 0) },
	)
}

// huge is that few, more and many hosts come, are looked at and go, with the states
// in a remote backend: into a file Terraform writes the whole state after every
// host, which takes the time of many hosts.
func (e *estate) huge(ctx context.Context) error {
	store, err := newStateStore(ctx)
	if err != nil {
		return err
	}
	err = errors.Join(e.ours("hosts-many", byCount), e.floor("hosts-builtin", "", "terraform_data", "input = {", "}", byCount))
	if err != nil {
		return err
	}
	if err := errors.Join(e.remote(ctx, e.provider, "provision", store), e.remote(ctx, e.noop, "", store)); err != nil {
		return err
	}
	most := hugeFactor * e.hosts
	for _, size := range []struct {
		row   string
		hosts int
	}{{small, max(1, e.hosts/smallPart)}, {middle, e.hosts}, {huge, most}} {
		e.row, e.hosts = size.row, size.hosts
		err := first(
			func() error { return e.create(ctx) },
			func() error { return e.measure(ctx, rowHostPlan, e.plan) },
			func() error { return e.bury(ctx) },
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// bury destroys all hosts, and empties the graveyard.
func (e *estate) bury(ctx context.Context) error {
	return first(
		func() error { return e.measure(ctx, rowHostBury, e.destroy) },
		func() error { return e.server.expect(ctx, e.hosts) },
		func() error { return e.server.empty(ctx) },
	)
}

// create makes all hosts; none is lost.
func (e *estate) create(ctx context.Context) error {
	return first(
		func() error { return e.measure(ctx, rowHostCreate, e.whole) },
		func() error { return e.server.expect(ctx, e.hosts) },
	)
}

// settle reads once what the last apply left: its difference goes from the state
// with that, as it does for devices.
func (e *estate) settle(ctx context.Context) error { return e.provider.settle(ctx, e.args()...) }

// plan is a plan without changes.
func (e *estate) plan(ctx context.Context, w *workspace) (took, error) {
	return w.plan(ctx, nothing, e.args()...)
}

// whole is a plan and its apply.
func (e *estate) whole(ctx context.Context, w *workspace) (took, error) {
	return w.whole(ctx, e.args()...)
}

// destroy is the end of all hosts.
func (e *estate) destroy(ctx context.Context, w *workspace) (took, error) {
	return w.whole(ctx, append(e.args(), "-destroy")...)
}

// args are the arguments of a command.
func (e *estate) args() []string {
	return append([]string{
		fmt.Sprintf("-var=hosts=%d", e.hosts), fmt.Sprintf("-var=revision=%d", e.revision),
		"-var=on_destroy=" + e.onDestroy, "-var=port=" + e.server.port,
	}, e.more...)
}

// measure times a command with what does nothing, and then with the provider.
func (e *estate) measure(ctx context.Context, row string, command func(context.Context, *workspace) (took, error)) error {
	var s sample
	var err error
	if s.Noop, err = command(ctx, e.noop); err != nil {
		return err
	}
	before, err := e.server.calls()
	if err != nil {
		return err
	}
	if s.Provider, err = command(ctx, e.provider); err != nil {
		return err
	}
	after, err := e.server.calls()
	s.Provider.Calls = after - before
	e.add(row+e.row, e.hosts, s)
	return err
}
