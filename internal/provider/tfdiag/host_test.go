package tfdiag_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// run is a failed run about a host.
func run(err error) error {
	return &provision.Error{Target: "r1", Driver: "zabbix", Step: provision.StepStage, Outcome: provision.OutcomeNotApplied, Next: "plan again", Err: err}
}

func TestHostErrorsStandAtTheirAttributes(t *testing.T) {
	diags := tfdiag.HostErrors("r1", run(errors.Join(
		&zabbix.FieldError{Field: "templates", Err: errors.New("there is no template \"x\"")},
		fmt.Errorf("wrapped: %w", &zabbix.FieldError{Field: "interface.port", Err: errors.New("no port")}),
	)))
	if len(diags) != 2 {
		t.Fatal(diags)
	}
	for i, want := range []struct {
		at            path.Path
		summary, says string
	}{
		{path.Root("templates"), "r1: invalid templates", "there is no template \"x\"."},
		{path.Root("interface").AtName("port"), "r1: invalid interface.port", "no port."},
	} {
		at, ok := diags[i].(diag.DiagnosticWithPath)
		if !ok || !at.Path().Equal(want.at) || at.Summary() != want.summary || at.Detail() != want.says {
			t.Errorf("got %v", diags[i])
		}
	}
}

func TestHostErrorOfARun(t *testing.T) {
	d := tfdiag.HostErrors("r1", run(context.DeadlineExceeded))[0]
	if d.Summary() != "r1: stage failed" || !strings.HasPrefix(d.Detail(), "Host: r1 (zabbix)\nCause: ") ||
		!strings.Contains(d.Detail(), "zabbix block") || strings.Contains(d.Detail(), "ssh") {
		t.Errorf("%q: %q", d.Summary(), d.Detail())
	}
}

func TestHostErrorOfAHostThatExists(t *testing.T) {
	d := tfdiag.HostErrors("r1", run(fmt.Errorf("%w: there is a host", zabbix.ErrExists)))[0]
	if d.Summary() != "r1: the host exists already" || !strings.Contains(d.Detail(), "moved block") || !strings.Contains(d.Detail(), "tainted") {
		t.Errorf("%q: %q", d.Summary(), d.Detail())
	}
}

func TestHostErrorOfTheClient(t *testing.T) {
	d := tfdiag.HostError("r1", &client.AttributeError{Attribute: "device", Err: fmt.Errorf("r1 is %w", client.ErrNotReady)})
	at, ok := d.(diag.DiagnosticWithPath)
	if !ok || !at.Path().Equal(path.Root("device")) || d.Summary() != "r1: not ready" {
		t.Errorf("%v", d)
	}
	for next, kind := range map[string]error{"url and ca_file": provision.ErrUnreachable, "token": provision.ErrAuth} {
		d := tfdiag.HostError("r1", fmt.Errorf("list: %w", kind))
		if d.Summary() != "r1: open failed" || !strings.Contains(d.Detail(), next) {
			t.Errorf("%q: %q", d.Summary(), d.Detail())
		}
	}
}
