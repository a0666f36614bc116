package engines_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

const (
	// planted is the secret that the story hands to the router and to Zabbix.
	planted = "Planted-Engine-7f3a"
	host    = "engines-r1"
	routeA  = "ip route 192.0.2.0/25 Null0"
	routeB  = "ip route 192.0.2.128/25 Null0"
)

// things are what the story is about, real or simulated: the router r1, which
// has the BGP neighbor 10.1.0.6, and a Zabbix.
type things struct {
	provider  string // the block
	running   func() string
	configure func(line string) // by hand
	login     api.Config
}

// story is a life of both resources on one engine.
type story struct {
	*acctest.Workspace
	things
	t     *testing.T
	api   *api.Client
	store *zabbix.Store
}

// The life of a router and of its host in Zabbix, of one configuration with all
// that engines can differ in: ephemeral variables, write-only attributes,
// functions, data sources, saved plans, moved and import blocks, replacement.
func TestLifeOfARouterAndItsHost(t *testing.T) {
	s := newStory(t)
	s.creates()
	s.putsBackWhatWasDoneByHand()
	s.updates()
	s.moves()
	s.imports()
	s.replaces()
	s.destroys()
	for _, file := range []string{"terraform.tfstate", "terraform.tfstate.backup", "events.jsonl"} {
		if strings.Contains(s.Read(file), planted) {
			t.Errorf("the secret is in %s", file)
		}
	}
}

func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{Workspace: acctest.NewWorkspace(t, acctest.Binary(t)), things: newThings(t), t: t}
	s.Env = append(s.Env,
		"TF_VAR_secret="+planted, "PROVISION_EVENTS_FILE=events.jsonl", "PROVISION_ZABBIX_URL="+s.login.URL,
		"PROVISION_ZABBIX_USERNAME="+s.login.Username, "PROVISION_ZABBIX_PASSWORD="+s.login.Password)
	var err error
	if s.api, err = api.New(s.login); err != nil {
		t.Fatal(err)
	}
	s.store = zabbix.NewStore(s.api, zabbix.StoreOptions{})
	remove := func() {
		if h := s.host(); h != nil {
			if err := s.store.Delete(context.WithoutCancel(t.Context()), h.ID); err != nil {
				t.Error(err)
			}
		}
	}
	remove()
	t.Cleanup(remove)
	return s
}

// host is the host as Zabbix has it; nil when there is none.
func (s *story) host() *zabbix.Host {
	s.t.Helper()
	h, err := s.store.FreshByName(context.WithoutCancel(s.t.Context()), host)
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

// configuration writes main.tf: both resources under a label, and what else is
// given.
func (s *story) configuration(label, route, step string, more ...string) {
	s.t.Helper()
	s.Config(append([]string{s.provider, fmt.Sprintf(`
variable "secret" {
  type      = string
  ephemeral = true
}

locals {
  rules = { devices = [{ name = "all", default = true, templates = ["Linux by Zabbix agent"] }] }
}

data "provision_device" "r1" {
  name = "r1"
}

resource "provision_device" %[1]q {
  name   = "r1"
  config = "router bgp 64512\n neighbor 10.1.0.6 password ${var.secret}\nexit\n%[2]s\n"
}

resource "zabbix_agent_host" %[1]q {
  provider      = provision
  host          = %[3]q
  visible_name  = data.provision_device.r1.name
  interface     = { ip = "127.0.0.1" }
  templates     = provider::provision::match(local.rules, { kind = "device", name = "r1" }).templates
  host_groups   = ["Linux servers"]
  tags          = { step = [%[4]q] }
  secret_macros = { "{$ENGINES}" = var.secret }
  on_destroy    = "delete"
}
`, label, route, host, step)}, more...)...)
}

// applies plans, applies that very plan, and plans nothing more. The plan says
// all of these.
func (s *story) applies(says ...string) {
	s.t.Helper()
	plan := s.Must(2, "plan", "-detailed-exitcode", "-out=saved.plan")
	for _, want := range says {
		if !strings.Contains(plan, want) {
			s.t.Errorf("the plan does not say %q:\n%s", want, plan)
		}
	}
	saved := s.Must(0, "show", "-json", "saved.plan")
	out := s.Must(0, "apply", "saved.plan")
	for what, text := range map[string]string{"plan": plan, "saved plan": saved, "apply": out, "next plan": s.Must(0, "plan", "-detailed-exitcode")} {
		if strings.Contains(text, planted) {
			s.t.Errorf("the secret is in the %s:\n%s", what, text)
		}
	}
}

// are checks the router and the host themselves.
func (s *story) are(route, step string) {
	s.t.Helper()
	if now := s.running(); !strings.Contains(now, route) || !strings.Contains(now, "neighbor 10.1.0.6 password "+planted) {
		s.t.Errorf("the router lacks something:\n%s", now)
	}
	h := s.host()
	if h == nil {
		s.t.Fatal("there is no host")
	}
	if len(h.Templates) != 1 || len(h.Tags) != 1 || h.Tags[0].Value != step || len(h.Macros) != 1 {
		s.t.Errorf("the host is %+v", h)
	}
}

func (s *story) creates() {
	s.t.Helper()
	before := s.running()
	s.configuration("r1", routeA, "one")
	s.Must(2, "plan", "-detailed-exitcode")
	if s.running() != before || s.host() != nil {
		s.t.Error("a plan changed something")
	}
	s.applies("2 to add, 0 to change, 0 to destroy", "+ "+routeA, "password <redacted>", "@@ templates + Linux by Zabbix agent")
	s.are(routeA, "one")
}

func (s *story) putsBackWhatWasDoneByHand() {
	s.t.Helper()
	s.configure("no " + routeA)
	answers, err := s.api.Write(s.t.Context(), api.Call{Method: "host.update", Params: map[string]any{"hostid": s.host().ID, "tags": []any{}}})
	if err != nil || answers[0].Err != nil {
		s.t.Fatal(err, answers)
	}
	s.applies("r1: changed outside Terraform", host+": changed outside Terraform", "0 to add, 2 to change, 0 to destroy")
	s.are(routeA, "one")
}

func (s *story) updates() {
	s.t.Helper()
	s.configuration("r1", routeB, "two")
	s.applies("0 to add, 2 to change, 0 to destroy", "+ "+routeB)
	s.are(routeB, "two")
}

func (s *story) moves() {
	s.t.Helper()
	s.configuration("edge", routeB, "two", `
moved {
  from = provision_device.r1
  to   = provision_device.edge
}

moved {
  from = zabbix_agent_host.r1
  to   = zabbix_agent_host.edge
}
`)
	s.applies("0 to add, 0 to change, 0 to destroy", "has moved to")
}

func (s *story) imports() {
	s.t.Helper()
	was := s.host().ID
	s.Must(0, "state", "rm", "provision_device.edge", "zabbix_agent_host.edge")
	s.configuration("edge", routeB, "two", fmt.Sprintf(`
import {
  to = provision_device.edge
  id = "r1"
}

import {
  provider = provision
  to       = zabbix_agent_host.edge
  id       = %q
}
`, host))
	s.applies("2 to import, 0 to add, 2 to change, 0 to destroy")
	s.configuration("edge", routeB, "two")
	s.are(routeB, "two")
	if s.host().ID != was {
		s.t.Error("an import made another host")
	}
}

func (s *story) replaces() {
	s.t.Helper()
	was := s.host().ID
	out := s.Must(0, "apply", "-auto-approve", "-replace=provision_device.edge", "-replace=zabbix_agent_host.edge")
	if !strings.Contains(out, "2 added, 0 changed, 2 destroyed") {
		s.t.Errorf("not replaced:\n%s", out)
	}
	s.are(routeB, "two")
	if s.host().ID == was {
		s.t.Error("the host is the same")
	}
	s.Must(0, "plan", "-detailed-exitcode")
}

func (s *story) destroys() {
	s.t.Helper()
	if out := s.Must(0, "destroy", "-auto-approve"); !strings.Contains(out, "2 destroyed") {
		s.t.Errorf("not destroyed:\n%s", out)
	}
	if s.host() != nil {
		s.t.Error("the host is still there")
	}
	if !strings.Contains(s.running(), routeB) {
		s.t.Error("the router must be left as it is")
	}
}
