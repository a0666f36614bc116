package provider_test

import (
	"context"
	"sync/atomic"
	"testing"

	tfprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/provider"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
)

// counted is a driver that counts its open sessions.
type counted struct {
	device.Driver
	open *atomic.Int32
}

func (c counted) Name() string     { return "counted" }
func (c counted) DefaultPort() int { return 22 }

func (c counted) Open(context.Context, device.Device) (device.Session, error) {
	c.open.Add(1)
	return countedSession{open: c.open}, nil
}

type countedSession struct {
	device.Session
	open *atomic.Int32
}

func (s countedSession) Facts(context.Context) (map[string]string, error) { return nil, nil }
func (s countedSession) Alive() bool                                      { return true }

func (s countedSession) Close() error {
	s.open.Add(-1)
	return nil
}

// configure gives the client of a provider whose block is empty.
func configure(t *testing.T, p *provider.Provider) *client.Client {
	t.Helper()
	var schema tfprovider.SchemaResponse
	p.Schema(t.Context(), tfprovider.SchemaRequest{}, &schema)
	typ := schema.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
	null := map[string]tftypes.Value{}
	for name, at := range typ.AttributeTypes {
		null[name] = tftypes.NewValue(at, nil)
	}
	var resp tfprovider.ConfigureResponse
	p.Configure(t.Context(), tfprovider.ConfigureRequest{
		TerraformVersion: "1.11.4",
		Config:           tfsdk.Config{Schema: schema.Schema, Raw: tftypes.NewValue(typ, null)},
	}, &resp)
	if resp.Diagnostics.HasError() {
		t.Fatal(resp.Diagnostics)
	}
	return resp.ResourceData.(*client.Client)
}

func TestCloseEndsEverySession(t *testing.T) {
	drv := counted{open: new(atomic.Int32)}
	p := provider.New("test", []device.Driver{drv}, func() []string {
		return []string{
			"PROVISION_CREDENTIALS_DEFAULT_USERNAME=u", "PROVISION_CREDENTIALS_DEFAULT_PASSWORD=hunter22",
			"PROVISION_CREDENTIALS_DEFAULT_HOST_KEY=SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		}
	})
	for _, host := range []string{"a", "b"} { // as two aliases would
		c := configure(t, p)
		e, err := c.Resolve(t.Context(), client.Ref{Name: host, Host: host, Driver: "counted"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Facts(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if n := drv.open.Load(); n != 2 {
		t.Fatalf("%d sessions are kept", n)
	}
	if err := p.Close(t.Context()); err != nil || drv.open.Load() != 0 {
		t.Errorf("%d sessions are left, %v", drv.open.Load(), err)
	}
}
