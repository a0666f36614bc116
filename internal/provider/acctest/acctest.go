// Package acctest helps acceptance tests: the provider inside the test
// process, inventory files, and the lab of real devices.
package acctest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/drivers"
	"github.com/netprovision/terraform-provider-provision/internal/provider"
)

// ProviderFactories are the provider with its own drivers and an environment
// of these variables only (NAME=value). Each call of Terraform gets a provider
// of its own; the test closes them all.
func ProviderFactories(t testing.TB, env ...string) map[string]func() (tfprotov6.ProviderServer, error) {
	t.Helper()
	return Factories(t, drivers.All(), env...)
}

// Factories is ProviderFactories with other drivers.
func Factories(t testing.TB, known []device.Driver, env ...string) map[string]func() (tfprotov6.ProviderServer, error) {
	t.Helper()
	return map[string]func() (tfprotov6.ProviderServer, error){
		"provision": func() (tfprotov6.ProviderServer, error) {
			p := provider.New("test", known, func() []string { return env })
			t.Cleanup(func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				if err := p.Close(ctx); err != nil {
					t.Errorf("closing the provider: %v", err)
				}
			})
			return providerserver.NewProtocol6(p)(), nil
		},
	}
}

// Device is a device of an inventory file; empty fields are left out.
type Device struct {
	Host        string   `yaml:"host,omitempty"`
	Port        int      `yaml:"port,omitempty"`
	Driver      string   `yaml:"driver,omitempty"`
	Platform    string   `yaml:"platform,omitempty"`
	Site        string   `yaml:"site,omitempty"`
	Role        string   `yaml:"role,omitempty"`
	Status      string   `yaml:"status,omitempty"`
	Tags        []string `yaml:"tags,omitempty"`
	Credentials string   `yaml:"credentials,omitempty"`
	Config      *string  `yaml:"config,omitempty"`
	ConfigFile  string   `yaml:"config_file,omitempty"`
}

// Inventory writes an inventory file and returns its path.
func Inventory(t testing.TB, devices map[string]Device) string {
	t.Helper()
	text, err := yaml.Marshal(map[string]any{"devices": devices})
	if err != nil {
		t.Fatal(err)
	}
	return File(t, "inventory.yaml", string(text))
}

// File writes a file into a folder of the test's own and returns its path.
func File(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Provider is a provider block of attributes whose values are HCL
// expressions; Quote makes one of a text.
func Provider(attributes map[string]string) string {
	var b strings.Builder
	b.WriteString("provider \"provision\" {\n")
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		fmt.Fprintf(&b, "  %s = %s\n", name, attributes[name])
	}
	b.WriteString("}\n")
	return b.String()
}

// Quote makes an HCL string of a text: nothing in it is interpolated. Bytes
// that are no UTF-8 become U+FFFD, since no HCL string holds them.
func Quote(text string) string {
	var b strings.Builder
	for _, r := range strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text) {
		switch q := strconv.QuoteRune(r); {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r == '\'' || strconv.IsPrint(r):
			b.WriteRune(r)
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteString(strings.Trim(q, "'"))
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return `"` + b.String() + `"`
}
