package provisiondevice

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// core is what this package asks of the configured provider; *client.Client is
// it. It is an interface so that the plan logic is tested without devices.
type core interface {
	Resolve(ctx context.Context, ref client.Ref) (client.Endpoint, error)
	IntendedConfig(ctx context.Context, e client.Endpoint, intent inventory.Intent) ([]byte, error)
	Run(ctx context.Context, e client.Endpoint, job client.Job) (provision.Result, error)
	Observe(ctx context.Context, e client.Endpoint) (provision.Result, error)
	Facts(ctx context.Context, e client.Endpoint) (map[string]string, error)
	Skipped(ctx context.Context, name, driver string, cause error)
	Warnings() []string
	RunID() string
}

var _ core = (*client.Client)(nil)

// backend is the configured provider as the resource and the data source see
// it. The zero backend is a provider that was not configured.
type backend struct {
	core          core
	onUnreachable string // the provider's default
	hashes        *secret.Hasher
}

// newBackend takes what the provider hands to its types.
func newBackend(data any) (backend, diag.Diagnostics) {
	if b, ok := data.(backend); ok {
		return b, nil
	}
	c, diags := planning.Configured[*client.Client](data)
	if c == nil {
		return backend{}, diags
	}
	return backend{core: c, onUnreachable: c.OnUnreachable, hashes: &c.Hashes}, nil
}

// ready tells, by a diagnostic, when the provider was not configured.
func (b backend) ready() diag.Diagnostics { return planning.Ready(b.core) }
