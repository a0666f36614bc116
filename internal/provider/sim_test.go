package provider_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// The provider block, the resource, both drivers and the simulators together.
func TestAccSimulatedDevices(t *testing.T) {
	const base = "frr version 8.4.4\nfrr defaults traditional\nhostname r1\nservice integrated-vtysh-config\n!\n" +
		"interface lo\n ip address 10.0.0.1/32\nexit\n!\nend\n"
	const iface = `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>eth0</name>` +
		`<type xmlns:ianaift="urn:ietf:params:xml:ns:yang:iana-if-type">ianaift:ethernetCsmacd</type></interface></interfaces>`
	sim := acctest.Simulate(t, map[string]string{"r1": base}, map[string]string{"n1": ""})
	config := sim.Provider(t, map[string]string{"events_file": acctest.Quote(filepath.Join(sim.Dir, "events.jsonl"))})
	for name, text := range map[string]string{"r1": "interface lo\n description simulated\nexit\n", "n1": iface} {
		config += fmt.Sprintf("resource \"provision_device\" %q {\n  name   = %q\n  config = %s\n}\n", name, name, acctest.Quote(text))
	}
	t.Setenv("CHECKPOINT_DISABLE", "1")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t),
		Steps: []resource.TestStep{
			{Config: config},
			{Config: config, PlanOnly: true},
		},
	})
	if running := sim.Routers["r1"].Running(); !strings.Contains(running, "description simulated") {
		t.Errorf("r1 runs:\n%s", running)
	}
	if startup := sim.Netconf["n1"].Startup(); !strings.Contains(startup, "eth0") {
		t.Errorf("n1 starts with:\n%s", startup)
	}
}
