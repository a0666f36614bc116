package tfdiag

import (
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// HostErrors makes the errors of a host: of everything that is mended at an
// attribute one there, else one as a whole.
func HostErrors(name string, err error) diag.Diagnostics {
	fields := zabbix.FieldErrors(err)
	if len(fields) == 0 {
		return diag.Diagnostics{HostError(name, err)}
	}
	var diags diag.Diagnostics
	for _, f := range fields {
		diags.AddAttributeError(attribute(f.Field), name+": invalid "+f.Field, sentence(f.Error()))
	}
	return diags
}

// HostError makes one error of a host, in the form of [Error].
func HostError(name string, err error) diag.Diagnostic {
	summary, detail := host.describe(name, err)
	var at *client.AttributeError
	switch {
	case errors.Is(err, zabbix.ErrExists):
		return diag.NewErrorDiagnostic(name+": the host exists already", detail+existing)
	case errors.As(err, &at):
		return diag.NewAttributeErrorDiagnostic(attribute(at.Attribute), summary, detail)
	}
	return diag.NewErrorDiagnostic(summary, detail)
}

// existing says what else can be behind a host that exists.
const existing = "\nIf the host is in the state under another address, write a moved block. " +
	"If it is this resource, marked as tainted, untaint it, and replace it with -replace where that is wanted."

// attribute is the path of an attribute that is named as "interface.port".
func attribute(dotted string) path.Path {
	parts := strings.Split(dotted, ".")
	at := path.Root(parts[0])
	for _, p := range parts[1:] {
		at = at.AtName(p)
	}
	return at
}
