package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// logSink writes events to Terraform's log (TF_LOG_PROVIDER=INFO).
func logSink(run eventlog.Run) eventlog.Sink {
	return func(ctx context.Context, ev provision.Event) error {
		r := eventlog.NewRecord(run.In(ctx), ev)
		fields := map[string]any{
			"run_id": r.RunID, "name": r.Name, "driver": r.Driver, "actor": r.Actor, "trigger": r.Trigger,
			"dry_run": r.DryRun, "step": r.Step, "outcome": r.Outcome, "duration_ms": r.DurationMS,
		}
		if r.Message != "" {
			fields["message"] = r.Message
		}
		if ev.Diff != nil {
			fields["diff"] = ev.Diff.String()
		}
		if r.Error == "" {
			tflog.Info(ctx, "step of a run", fields)
			return nil
		}
		fields["error"] = r.Error
		tflog.Warn(ctx, "step of a run", fields)
		return nil
	}
}
