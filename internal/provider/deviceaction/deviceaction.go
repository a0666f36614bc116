// Package deviceaction is what the actions on a network device have in common:
// which device is meant, who did it in the events, and what is told meanwhile.
package deviceaction

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Device is the part of a configuration that says which device is meant.
type Device struct {
	Name        types.String `tfsdk:"name"`
	Site        types.String `tfsdk:"site"`
	Tenant      types.String `tfsdk:"tenant"`
	Host        types.String `tfsdk:"host"`
	Port        types.Int64  `tfsdk:"port"`
	Driver      types.String `tfsdk:"driver"`
	Credentials types.String `tfsdk:"credentials"`
}

// DeviceAttributes are the attributes of a [Device], which are those of
// provision_device.
func DeviceAttributes() map[string]schema.Attribute {
	some := []validator.String{stringvalidator.LengthAtLeast(1)}
	text := func(what string) schema.Attribute {
		return schema.StringAttribute{Optional: true, Validators: some, MarkdownDescription: what}
	}
	return map[string]schema.Attribute{
		"name":        schema.StringAttribute{Required: true, Validators: some, MarkdownDescription: "Name of the device in the source of truth."},
		"site":        text("Site of the device. Needed only where the source of truth has the name more than once."),
		"tenant":      text("Tenant of the device. Needed only where the source of truth has the name more than once."),
		"host":        text("Address or DNS name. Default: from the source of truth."),
		"driver":      text("Driver that speaks to the device. Default: from the source of truth."),
		"credentials": text("Name of the entry of the provider's `credentials`. Default: as for `provision_device`."),
		"port": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(1, 65535)},
			MarkdownDescription: "TCP port. Default: from the source of truth, the credentials entry, or the driver.",
		},
	}
}

// Ref says which device is meant.
func (d Device) Ref() client.Ref {
	return client.Ref{
		Name:        d.Name.ValueString(),
		Site:        d.Site.ValueString(),
		Tenant:      d.Tenant.ValueString(),
		Host:        d.Host.ValueString(),
		Port:        int(d.Port.ValueInt64()),
		Driver:      d.Driver.ValueString(),
		Credentials: d.Credentials.ValueString(),
	}
}

// Values are the values with their attributes' names.
func (d Device) Values() []planning.Named {
	return []planning.Named{
		{Name: "name", Value: d.Name},
		{Name: "site", Value: d.Site},
		{Name: "tenant", Value: d.Tenant},
		{Name: "host", Value: d.Host},
		{Name: "port", Value: d.Port},
		{Name: "driver", Value: d.Driver},
		{Name: "credentials", Value: d.Credentials},
	}
}

// Triggered marks what is done in ctx as the work of an action.
func Triggered(ctx context.Context) context.Context {
	return eventlog.Triggered(ctx, eventlog.TriggerAction)
}

// Tell tells the person at the terminal of every step as it ends. Each line begins
// with the device's name: Terraform says only which action is meant.
func Tell(send func(action.InvokeProgressEvent)) func(provision.Event) {
	return func(ev provision.Event) { send(action.InvokeProgressEvent{Message: line(ev)}) }
}

// line is a step in one line.
func line(ev provision.Event) string {
	text := fmt.Sprintf("%s: %s: %s", ev.Name, ev.Step, ev.Outcome)
	said := ev.Message
	if ev.Err != nil {
		said = ev.Err.Error()
	}
	if said, _, _ = strings.Cut(said, "\n"); said != "" {
		text += " (" + said + ")"
	}
	return text
}

// Difference is a difference in words, and then itself.
func Difference(d provision.Diff) string {
	added, removed := d.Counts()
	return fmt.Sprintf("%d to add, %d to remove (compared by the %s):\n%s", added, removed, d.By, d)
}
