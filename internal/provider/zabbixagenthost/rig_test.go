package zabbixagenthost

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// at1 is the resource that the acceptance tests work on.
const at1 = "zabbix_agent_host.r1"

func TestMain(m *testing.M) {
	for name, value := range map[string]string{"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// rig is a Zabbix, a source of truth and a provider block.
type rig struct {
	t      *testing.T
	fake   *zabbixtest.Server // nil on a real Zabbix
	login  client.ZabbixLogin
	super  client.ZabbixLogin // sees and may do everything
	zabbix client.Zabbix      // the block
	source *source

	mu     sync.Mutex
	events []provision.Event
	runs   int
	// clients are the configured providers, one a call of Terraform.
	clients []*client.Client
}

// newRig is a rig on a fake Zabbix, of the version that ZABBIX_TEST_VERSION says
// (7.0 without it): the tests are the same for all.
func newRig(t *testing.T) *rig {
	t.Helper()
	fake := zabbixtest.New(t, zabbixtest.Options{Version: os.Getenv("ZABBIX_TEST_VERSION")})
	fake.AddTemplate(t, zabbixtest.Template{Name: other, Groups: []string{"Templates"}, Items: []zabbixtest.Item{{Key: "proc.num"}}})
	fake.AddProxy(t, "proxy-1")
	r := rigOn(t, client.ZabbixLogin{URL: fake.URL(), Username: zabbixtest.AdminUser, Password: zabbixtest.AdminPassword, Prefetch: true})
	r.fake = fake
	return r
}

// rigOn is a rig on the Zabbix that a super admin's login leads to.
func rigOn(t *testing.T, super client.ZabbixLogin) *rig {
	t.Helper()
	return &rig{
		t: t, source: newSource(), login: super, super: super,
		zabbix: client.Zabbix{URL: "https://zabbix.example.net", MaxDestroy: 10},
	}
}

// open is a Zabbix as a new process has it.
func (r *rig) open() client.Server {
	r.t.Helper()
	server, err := client.OpenZabbix(r.login)
	if err != nil {
		r.t.Fatal(err)
	}
	return server
}

// admin is a Zabbix as somebody else has it.
func (r *rig) admin() client.Server {
	r.t.Helper()
	server, err := client.OpenZabbix(r.super)
	if err != nil {
		r.t.Fatal(err)
	}
	return server
}

// id is the hostid of a host.
func (r *rig) id(name string) string {
	r.t.Helper()
	h := r.host(name)
	if h == nil {
		r.t.Fatalf("there is no host %q", name)
	}
	return h.ID
}

// client is a configured provider.
func (r *rig) client() *client.Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs++
	z := r.zabbix
	z.Server = r.open()
	c := client.New(client.Config{
		Zabbix: &z, Inventory: r.source, Run: eventlog.Run{ID: fmt.Sprintf("run-%d", r.runs), Actor: "tester"},
		Events: []eventlog.Sink{func(_ context.Context, ev provision.Event) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, ev)
			return nil
		}},
	})
	r.clients = append(r.clients, c)
	return c
}

// host reads a host; nil when there is none.
func (r *rig) host(name string) *zabbix.Host {
	r.t.Helper()
	h, err := r.admin().FreshByName(r.t.Context(), name)
	if err != nil {
		r.t.Fatal(err)
	}
	return h
}

// edit changes a host as somebody else does: everything is what f makes of it.
func (r *rig) edit(name string, f func(h *zabbix.Host)) func() {
	return func() {
		r.t.Helper()
		h := r.host(name)
		if h == nil {
			r.t.Fatalf("there is no host %q to edit", name)
		}
		f(h)
		in := zabbix.Intent{
			ID: h.ID, Name: h.Name, VisibleName: &h.VisibleName, Description: &h.Description, Enabled: &h.Enabled, Agent: h.Agent,
			Templates: &h.Templates, Groups: &h.Groups, Tags: &h.Tags, Inventory: &h.Inventory, InventoryMode: &h.InventoryMode,
			Proxy:     &zabbix.Proxy{Name: h.Proxy, Group: h.ProxyGroup},
			Exclusive: map[zabbix.Field]bool{},
		}
		macros, secrets := []zabbix.Macro{}, []zabbix.Secret{}
		for _, m := range h.Macros {
			if m.Kind == zabbix.MacroSecret {
				secrets = append(secrets, zabbix.Secret{Name: m.Name, Value: "somebody else's"})
			} else {
				macros = append(macros, m)
			}
		}
		in.Macros, in.Secrets = &macros, &secrets
		for _, field := range fieldsWithOwnership() {
			in.Exclusive[field] = true
		}
		z := r.zabbix
		z.Server = r.admin()
		c := client.New(client.Config{Zabbix: &z, Run: eventlog.Run{ID: "somebody else", Actor: "somebody else"}})
		if _, err := c.RunHost(context.Background(), client.HostJob{Name: name, Intent: in}); err != nil {
			r.t.Fatal(err)
		}
	}
}

// Metadata implements provider.Provider.
func (r *rig) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "zabbix"
}

// Schema implements provider.Provider.
func (r *rig) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{}
}

// Configure implements provider.Provider.
func (r *rig) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	c := r.client()
	resp.ResourceData, resp.DataSourceData = c, c
}

// Resources implements provider.Provider.
func (r *rig) Resources(context.Context) []func() fwresource.Resource {
	return []func() fwresource.Resource{NewResource}
}

// DataSources implements provider.Provider.
func (r *rig) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{NewDataSource}
}

// accept runs steps through the real terraform.
func (r *rig) accept(steps ...resource.TestStep) {
	r.t.Helper()
	resource.UnitTest(r.t, resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"zabbix": providerserver.NewProtocol6WithError(r),
		},
		Steps: steps,
	})
}

// block is a resource block of a host from a device.
func block(name string, attributes ...string) string {
	return fmt.Sprintf("resource %q %q {\n  %s\n}\n", typeName, name, strings.Join(attributes, "\n  "))
}

// r1 is the host of the device r1.
func r1(attributes ...string) string {
	return block("r1", append([]string{`device = "r1"`}, attributes...)...)
}

// plain is a host r1 without an object, of one group.
func plain(attributes ...string) string {
	return block("r1", append([]string{`host = "r1"`, `interface = { ip = "192.0.2.1" }`, `host_groups = ["Linux servers"]`}, attributes...)...)
}

// applies is a step that must plan this action, and then nothing.
func applies(config string, action plancheck.ResourceActionType, checks ...resource.TestCheckFunc) resource.TestStep {
	return resource.TestStep{
		Config: config,
		ConfigPlanChecks: resource.ConfigPlanChecks{
			PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(at1, action)},
		},
		Check: resource.ComposeTestCheckFunc(checks...),
	}
}

// then changes the world before a step.
func then(change func(), step resource.TestStep) resource.TestStep {
	step.PreConfig = change
	return step
}

// planned adds checks of the plan to a step.
func planned(step resource.TestStep, checks ...plancheck.PlanCheck) resource.TestStep {
	step.ConfigPlanChecks.PreApply = append(step.ConfigPlanChecks.PreApply, checks...)
	return step
}

// refused is a step that must fail with all of these, in this order.
func refused(config string, patterns ...string) resource.TestStep {
	// Terraform wraps long lines: any white space stands for a blank.
	for i, p := range patterns {
		patterns[i] = strings.ReplaceAll(regexp.QuoteMeta(p), " ", `[\s│]+`)
	}
	return resource.TestStep{Config: config, ExpectError: regexp.MustCompile("(?s)" + strings.Join(patterns, ".*"))}
}

// is checks the host of that name in Zabbix.
func (r *rig) is(name string, check func(h *zabbix.Host) string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		h := r.host(name)
		if h == nil {
			return fmt.Errorf("there is no host %q", name)
		}
		if said := check(h); said != "" {
			return fmt.Errorf("host %q: %s", name, said)
		}
		return nil
	}
}

// isNot checks that there is no such host.
func (r *rig) isNot(name string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if r.host(name) != nil {
			return fmt.Errorf("there is a host %q", name)
		}
		return nil
	}
}

// want compares in words; empty when equal.
func want[T comparable](what string, got, want T) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("%s is %v, want %v", what, got, want)
}

// state and stateMissing are checks of the state.
var (
	state        = resource.TestCheckResourceAttr
	stateMissing = resource.TestCheckNoResourceAttr
)

// source is a source of truth in memory.
type source struct{ devices, machines map[string]inventory.Object }

// newSource has a device r1 and a virtual machine vm1.
func newSource() *source {
	return &source{
		devices: map[string]inventory.Object{"r1": {
			Kind: inventory.Device, ID: "42", Name: "r1", Host: "192.0.2.1", Status: "active", Site: "fra1", Role: "core", Platform: "linux", Tags: []string{"edge"},
			CustomFields: map[string]any{"rack": "A4"}, URL: "inventory.yaml:3",
		}},
		machines: map[string]inventory.Object{"vm1": {
			Kind: inventory.VirtualMachine, ID: "7", Name: "vm1", Host: "192.0.2.80", DNSName: "vm1.example.net", Status: "active", Cluster: "c1", Site: "fra1",
		}},
	}
}

func (s *source) of(kind inventory.Kind) map[string]inventory.Object {
	if kind == inventory.VirtualMachine {
		return s.machines
	}
	return s.devices
}

func (s *source) Object(_ context.Context, ref inventory.Ref) (inventory.Object, error) {
	o, ok := s.of(ref.Kind)[ref.Name]
	if !ok {
		return o, fmt.Errorf("%q: %w", ref.Name, inventory.ErrNotFound)
	}
	return o, nil
}

func (s *source) Objects(_ context.Context, kind inventory.Kind, _ inventory.Filter) ([]inventory.Object, error) {
	return slices.Collect(maps.Values(s.of(kind))), nil
}

func (s *source) Config(context.Context, inventory.Object, inventory.Intent) ([]byte, error) {
	return nil, nil
}
