package zabbixagenthost

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfmodel"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// ValidateConfig implements resource.ResourceWithValidateConfig: what can be seen
// to be wrong without the provider. Zabbix's own rules are checked at plan.
func (r *Resource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(tfmodel.Get(ctx, req.Config, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(config.validate(ctx)...)
}

// validate tells what is wrong with a configuration.
func (m model) validate(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	if m.Device.IsNull() && m.VirtualMachine.IsNull() && m.Host.IsNull() {
		diags.AddAttributeError(path.Root("host"), "Which host?", "Without device and virtual_machine the technical name is needed: set host.")
	}
	if m.InventoryMode.ValueString() == client.InventoryDisabled && len(m.Inventory.Elements()) > 0 {
		diags.AddAttributeError(path.Root("inventory"), "An inventory that is disabled holds nothing",
			"inventory_mode is \"disabled\". Choose manual or automatic, or leave inventory out.")
	}
	if tls, err := m.TLS.ToTerraformValue(ctx); err == nil && !tls.IsNull() && tls.IsFullyKnown() {
		m.validateTLS(&diags)
	}
	return diags
}

// validateTLS refuses what Zabbix would drop without a word.
func (m model) validateTLS(diags *diag.Diagnostics) {
	t := tlsFrom(m.TLS)
	uses := func(e zabbix.Encryption) bool { return t.Connect == e || slices.Contains(t.Accept, e) }
	at := path.Root("tls")
	if !uses(zabbix.PSK) && t.PSKIdentity != "" {
		diags.AddAttributeError(at.AtName("psk_identity"), "An identity without a pre-shared key", "Neither connect nor accept is \"psk\".")
	}
	if !uses(zabbix.PSK) && !m.TLSPSK.IsNull() {
		diags.AddAttributeError(path.Root("tls_psk"), "A pre-shared key that nothing uses", "Neither tls.connect nor tls.accept is \"psk\".")
	}
	for name, value := range map[string]string{"issuer": t.Issuer, "subject": t.Subject} {
		if !uses(zabbix.Certificate) && value != "" {
			diags.AddAttributeError(at.AtName(name), "A certificate's "+name+" that nothing checks", "Neither connect nor accept is \"certificate\".")
		}
	}
}
