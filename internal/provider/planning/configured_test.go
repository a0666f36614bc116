package planning_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
)

// runner is what a package may ask of the provider.
type runner interface{ RunID() string }

func TestConfigured(t *testing.T) {
	c := &client.Client{}
	if got, diags := planning.Configured[*client.Client](c); got != c || diags != nil {
		t.Errorf("%v, %v", got, diags)
	}
	if got, diags := planning.Configured[runner](c); got != runner(c) || diags != nil || planning.Ready(got) != nil {
		t.Errorf("%v, %v", got, diags)
	}
	for _, data := range []any{nil, "junk"} {
		got, diags := planning.Configured[runner](data)
		if got != nil || diags.HasError() != (data != nil) {
			t.Errorf("%v: %v, %v", data, got, diags)
		}
		if ready := planning.Ready(got); len(ready) != 1 || !strings.Contains(ready[0].Detail(), "not known yet") {
			t.Errorf("%v: %v", data, ready)
		}
	}
}

func TestTimeouts(t *testing.T) {
	block := planning.Limits{Create: "C.", Read: "R.", Update: "U.", Delete: "D."}.Block(t.Context())
	ofBlock := block.Type().TerraformType(context.Background())
	ofNone := planning.NoTimeouts().Type(t.Context()).TerraformType(context.Background())
	if !ofBlock.Equal(ofNone) {
		t.Errorf("a block is %v, none is %v", ofBlock, ofNone)
	}
	for name, a := range block.GetNestedObject().GetAttributes() {
		want := strings.ToUpper(name[:1]) + ". As a duration"
		if !strings.HasPrefix(a.GetDescription(), want) {
			t.Errorf("%s: %q", name, a.GetDescription())
		}
	}
}

func TestListing(t *testing.T) {
	for _, a := range []schema.Attribute{planning.Filter("Sites."), planning.AllowEmpty("of a reason")} {
		if !a.IsOptional() || a.IsComputed() {
			t.Errorf("%+v", a)
		}
		if text := a.GetMarkdownDescription(); !strings.Contains(text, "Sites. Any") && !strings.Contains(text, "because of a reason.") {
			t.Errorf("%q", text)
		}
	}
}

func TestQuery(t *testing.T) {
	for text, a := range map[string]listschema.Attribute{
		"Sites. Any of the list matches; without a list everything does.": planning.Query("Sites."),
		"Tags by name. Any of a list matches; every name must.":           planning.QueryTable("Tags by name."),
	} {
		if !a.IsOptional() || a.IsRequired() || a.GetMarkdownDescription() != text {
			t.Errorf("%q of %+v", a.GetMarkdownDescription(), a)
		}
	}
}
