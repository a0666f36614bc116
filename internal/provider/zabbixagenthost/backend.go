package zabbixagenthost

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// core is what this package asks of the configured provider; *client.Client is
// it. It is an interface so that the plan logic is tested without Zabbix.
type core interface {
	Subject(ctx context.Context, ref client.HostRef) (client.Subject, error)
	RunHost(ctx context.Context, job client.HostJob) (client.HostResult, error)
	LookAtHost(ctx context.Context, ref zabbix.Ref) (client.HostResult, error)
	WaitForAgent(ctx context.Context, id string, wait client.AgentWait) (client.AgentReport, error)
	NoteHost(f client.Former)
	ClaimHost(name, id, replaces string) error
	ClaimFound(name, id string) error
	ClaimEnd(name, id string) error
	Succeed(name string) (client.Former, bool, error)
	CountDestroy(id, name string, last bool) error
	WriteHostID(ctx context.Context, o *inventory.Object, id string) []string
	HostDefaults() client.HostDefaults
	HostURL(id string) string
	Skipped(ctx context.Context, name, driver string, cause error)
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
	c, diags := planning.Configured[*client.Client](data)
	if c == nil {
		return backend{}, diags
	}
	return backend{core: c, onUnreachable: c.OnUnreachable, hashes: &c.Hashes}, nil
}

// ready tells, by a diagnostic, when the provider was not configured.
func (b backend) ready() diag.Diagnostics { return planning.Ready(b.core) }
