package zabbixagenthost

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// kept is what the resource keeps in its private state. Zabbix gives no secrets
// back, so that the digests of hosts may stand here as they are.
type kept struct {
	planning.Kept
	// ID is the hostid, and OnDestroy what destroy does: a plan that replaces the
	// resource is given this and no prior state.
	ID        string `json:"id,omitempty"`
	OnDestroy string `json:"on_destroy,omitempty"`
	// Object is the object of the source of truth.
	Object string `json:"object,omitempty"`
	// Seen is the digest of the host as it was last read or left.
	Seen string `json:"seen,omitempty"`
	// Changed are the attributes that somebody else has changed since the last
	// apply.
	Changed []string `json:"changed,omitempty"`
	// Imported tells that nothing in the state was put there by an apply yet.
	Imported bool `json:"imported,omitempty"`
	// Foreign are the fields whose entries in the state an import has found there
	// and no apply has named since: they are not ours.
	Foreign []zabbix.Field `json:"foreign,omitempty"`
	// Farewell is what the plan of a destroy showed; nil in every other plan.
	Farewell *provision.Approval `json:"farewell,omitempty"`
	// Waiting tells that no data from the agent had arrived when the last apply
	// stopped waiting for it.
	Waiting bool `json:"waiting,omitempty"`
	// Reached is when it was changed how the agent is reached and no data have come
	// since that surely tell of it; zero: that is not so.
	Reached time.Time `json:"reached,omitzero"`
}

// newKept makes one with a random salt.
func newKept() kept { return kept{Kept: planning.NewKept()} }

// remembering is k with the process's hashes.
func (b backend) remembering(k kept) kept {
	k.Kept = k.Kept.Remembering(b.hashes)
	return k
}

// left notes how a run left the host: whatever differs from now on is somebody
// else's. named are the fields that it put something into.
func (k kept) left(state model, digest, run string, named map[zabbix.Field]bool) kept {
	foreign := k.Foreign
	if k.Imported {
		foreign = fieldsWithOwnership()
	}
	k.Foreign = slices.DeleteFunc(slices.Clone(foreign), func(f zabbix.Field) bool { return named[f] })
	k.ID, k.OnDestroy, k.Object = state.ID.ValueString(), state.OnDestroy.ValueString(), state.Object.ValueString()
	if digest != "" {
		k.Seen = digest
	}
	k.Run, k.Changed, k.Imported = run, nil, false
	return k
}

// doubts tells that what Zabbix says of an agent may be about how it was reached
// before, while data are still waited for.
func (k kept) doubts() bool { return k.Waiting && !k.Reached.IsZero() }

// loadKept reads our entry; false tells that there was none, and that it is new,
// with a fresh salt.
func loadKept(ctx context.Context, from planning.PrivateReader) (kept, bool, diag.Diagnostics) {
	var k kept
	ok, diags := planning.Load(ctx, from, &k)
	if !ok || len(k.Salt) == 0 {
		return newKept(), false, diags
	}
	return k, true, diags
}

// store writes our entry.
func (k kept) store(ctx context.Context, to planning.PrivateWriter) diag.Diagnostics {
	return planning.Store(ctx, to, k)
}
