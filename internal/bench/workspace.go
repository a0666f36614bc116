package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// took is what a command took.
type took struct {
	Wall float64 `json:"wall"` // s
	CPU  float64 `json:"cpu"`  // s, of the command and what it started here; not of the devices
	Peak float64 `json:"peak,omitempty"`
	// Calls are the requests that the server got: of Zabbix the POSTs in its access log.
	Calls int `json:"calls,omitempty"`

	// Of a source of truth: requests by kind, those that were refused, and of those
	// for configurations the seconds from the first to the last answer and how many
	// were open at once.
	Requests map[string]int `json:"requests,omitempty"`
	Refused  int            `json:"refused,omitempty"`
	Span     float64        `json:"span,omitempty"`
	AtOnce   int            `json:"at_once,omitempty"`
}

// timed runs a command that must end with one of these exit codes.
func timed(cmd *exec.Cmd, codes ...int) (took, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return took{}, err
	}
	p := watch(cmd.Process.Pid)
	err := cmd.Wait()
	t := took{Wall: time.Since(start).Seconds(), Peak: p.stop()}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return t, err
	}
	t.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	for _, c := range codes {
		if cmd.ProcessState.ExitCode() == c {
			return t, nil
		}
	}
	return t, fmt.Errorf("%s: exit code %d, expected %v:\n%s", strings.Join(cmd.Args, " "), cmd.ProcessState.ExitCode(), codes, tail(out.String()))
}

// tail is the end of a long text.
func tail(text string) string {
	const most = 4000
	if len(text) > most {
		return "[...]" + text[len(text)-most:]
	}
	return text
}

// workspace is a directory in which Terraform runs with one provider.
type workspace struct {
	dir string
	env []string
}

// head begins every configuration.
const head = `terraform {
  required_providers {
    %[1]s = { source = "netprovision/%[1]s" }
  }
}
`

// The two configurations; the devices come from the inventory.
const (
	fromInventory = `
locals {
  devices = yamldecode(file("inventory.yaml")).devices
}
`
	noopConfig = fromInventory + `
variable "revision" { type = number }

resource "noop_device" "this" {
  for_each = local.devices
  name     = each.key
  revision = var.revision
}
`
	providerConfig = fromInventory + `
provider "provision" {
  inventory_file = "inventory.yaml"
  credentials    = { default = { username = "netops", private_key = file("%[1]s/id_ed25519") } }
  ssh            = { known_hosts = ["%[1]s/known_hosts"] }
  events_file    = "events.jsonl"
  backup_dir     = "backups"
}

resource "provision_device" "this" {
  for_each       = local.devices
  name           = each.key
  replace_config = %[2]t
}
`
)

// newWorkspace makes a workspace, with a provider of ours unless that is "". What
// Terraform finds in the home of the caller does not count.
func (b *bench) newWorkspace(name, provider, config string) (*workspace, error) {
	w := &workspace{dir: b.path(name)}
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return nil, err
	}
	rc := ""
	if provider != "" {
		rc = fmt.Sprintf("provider_installation {\n  dev_overrides { \"netprovision/%s\" = %q }\n  direct {}\n}\n",
			provider, filepath.Join(b.bin, provider))
	}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "TF_") && !strings.HasPrefix(kv, "PROVISION_") {
			w.env = append(w.env, kv)
		}
	}
	w.env = append(w.env, "TF_CLI_CONFIG_FILE="+filepath.Join(w.dir, "terraform.rc"), "CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1", "HOME="+w.dir)
	if provider != "" {
		config = fmt.Sprintf(head, provider) + config
	}
	return w, errors.Join(w.write("terraform.rc", rc), w.write("main.tf", config))
}

// forDevices makes a workspace with an inventory of devices.
func (b *bench) forDevices(name, provider, config string, devices []router) (*workspace, error) {
	w, err := b.newWorkspace(name, provider, config)
	if err != nil {
		return nil, err
	}
	return w, w.write("inventory.yaml", inventory(devices))
}

// inventory is the inventory file of devices.
func inventory(devices []router) string {
	var s strings.Builder
	s.WriteString("devices:\n")
	for _, r := range devices {
		driver := "frr"
		if r.kind == "netconf" {
			driver = "netconf"
		}
		fmt.Fprintf(&s, "  %s: {host: %s, port: %d, driver: %s, status: active, config_file: configs/%s}\n",
			r.name, r.host, r.port, driver, r.file())
	}
	return s.String()
}

// write puts a file into the workspace.
func (w *workspace) write(name, text string) error {
	return os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600)
}

// configs writes what the devices shall be.
func (w *workspace) configs(devices []router, text func(router) string) error {
	return writeConfigs(filepath.Join(w.dir, "configs"), devices, text)
}

// writeConfigs writes a file a device.
func writeConfigs(dir string, devices []router, text func(router) string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, r := range devices {
		if err := os.WriteFile(filepath.Join(dir, r.file()), []byte(text(r)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// What a plan shall find.
const (
	nothing = 0
	changes = 2
)

// plan times a plan that finds this.
func (w *workspace) plan(ctx context.Context, finds int, more ...string) (took, error) {
	return w.terraform(ctx, finds, append([]string{"plan", "-input=false", "-no-color", "-detailed-exitcode", "-out=plan.bin"}, more...)...)
}

// apply times the apply of the last plan.
func (w *workspace) apply(ctx context.Context) (took, error) {
	return w.terraform(ctx, 0, "apply", "-input=false", "-no-color", "plan.bin")
}

// settle plans and applies, whatever there is to do.
func (w *workspace) settle(ctx context.Context, more ...string) error {
	_, err := w.whole(ctx, more...)
	return err
}

// whole times a plan and its apply in one command.
func (w *workspace) whole(ctx context.Context, more ...string) (took, error) {
	return w.terraform(ctx, 0, append([]string{"apply", "-input=false", "-no-color", "-auto-approve"}, more...)...)
}

func (w *workspace) terraform(ctx context.Context, code int, args ...string) (took, error) {
	cmd := exec.CommandContext(ctx, "terraform", args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	return timed(cmd, code)
}

// stateSize is the length of the state, in bytes.
func (w *workspace) stateSize() (int, error) {
	info, err := os.Stat(filepath.Join(w.dir, "terraform.tfstate"))
	if err != nil {
		return 0, err
	}
	return int(info.Size()), nil
}

// bare times the bare program on devices with these configurations.
func (b *bench) bare(ctx context.Context, mode string, devices []router, text func(router) string) (took, error) {
	dir := b.path("bare-configs")
	if err := writeConfigs(dir, devices, text); err != nil {
		return took{}, err
	}
	return timed(exec.CommandContext(ctx, filepath.Join(b.bin, "bare"), "-mode", mode, "-lab", b.lab,
		"-configs", dir, "-devices", names(devices)), 0)
}
