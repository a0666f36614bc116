package server_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	actionschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/netprovision/terraform-provider-provision/internal/provider/server"
)

// one is a provider with one resource, whose Read does something.
type one struct{ read func(context.Context) }

func (one) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "one"
}
func (one) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (one) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (one) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (o one) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return thing{read: o.read} }}
}

type thing struct {
	resource.Resource
	read func(context.Context)
}

func (thing) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "one_thing"
}

func (thing) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{"name": schema.StringAttribute{Required: true}}}
}

func (t thing) Read(ctx context.Context, _ resource.ReadRequest, _ *resource.ReadResponse) {
	t.read(ctx)
}

// request asks to read a thing.
func request(t *testing.T) *tfprotov6.ReadResourceRequest {
	t.Helper()
	object := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"name": tftypes.String}}
	state, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, map[string]tftypes.Value{"name": tftypes.NewValue(tftypes.String, "x")}))
	if err != nil {
		t.Fatal(err)
	}
	return &tfprotov6.ReadResourceRequest{TypeName: "one_thing", CurrentState: &state}
}

type key struct{}

// What is in the context of a call is there during the call, and free after it:
// the framework would keep it.
func TestContextsAreLetGo(t *testing.T) {
	freed := make(chan struct{})
	var late context.Context
	s := server.New(one{read: func(ctx context.Context) {
		if ctx.Value(key{}) == nil {
			t.Error("the call does not see what is in its context")
		}
		late = ctx
	}})
	func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		value := &[1 << 16]byte{}
		runtime.AddCleanup(value, func(done chan struct{}) { close(done) }, freed)
		resp, err := s.ReadResource(context.WithValue(ctx, key{}, value), request(t))
		if err != nil || len(resp.Diagnostics) > 0 {
			t.Fatal(err, resp.Diagnostics)
		}
	}()
	if late.Err() == nil {
		t.Error("the context of a call outlives it")
	}
	deadline := time.After(time.Minute)
	for {
		runtime.GC()
		select {
		case <-freed:
			runtime.KeepAlive(s)
			return
		case <-deadline:
			t.Fatal("what was in the context of a call is kept")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// A call that Terraform cancels, and one that it stops, ends.
func TestCallsAreCancelled(t *testing.T) {
	for name, end := range map[string]func(s tfprotov6.ProviderServer, cancel context.CancelFunc){
		"cancelled": func(_ tfprotov6.ProviderServer, cancel context.CancelFunc) { cancel() },
		"stopped": func(s tfprotov6.ProviderServer, _ context.CancelFunc) {
			if _, err := s.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{}); err != nil {
				t.Error(err)
			}
		},
	} {
		began, ended := make(chan struct{}), make(chan struct{})
		s := server.New(one{read: func(ctx context.Context) {
			close(began)
			<-ctx.Done()
			close(ended)
		}})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, _ = s.ReadResource(ctx, request(t)) }()
		<-began
		end(s, cancel)
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Errorf("%s: the call goes on", name)
		}
		cancel()
	}
}

// What the server does not show is not served: the interface that it embeds names
// neither actions nor lists.
func TestActionsAndListsAreServed(t *testing.T) {
	s := server.New(one{})
	if _, ok := s.(tfprotov6.ActionServer); !ok {
		t.Error("no actions")
	}
	if _, ok := s.(tfprotov6.ListResourceServer); !ok {
		t.Error("no lists")
	}
}

// acting is a provider with one action, which has a write-only attribute.
type acting struct{ one }

func (acting) Actions(context.Context) []func() action.Action {
	return []func() action.Action{func() action.Action { return secretly{} }}
}

type secretly struct{ action.Action }

func (secretly) Metadata(_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = "one_act"
}

func (secretly) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = actionschema.Schema{Attributes: map[string]actionschema.Attribute{
		"secret": actionschema.StringAttribute{Required: true, WriteOnly: true, Validators: []validator.String{stringvalidator.LengthAtLeast(3)}},
	}}
}

// A write-only attribute of an action is taken; what else is wrong is told.
func TestWriteOnlyAttributesOfActions(t *testing.T) {
	s, ok := server.New(acting{}).(tfprotov6.ActionServer)
	if !ok {
		t.Fatal("no actions")
	}
	for value, errors := range map[string]int{"long enough": 0, "x": 1} {
		resp, err := s.ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{
			ActionType: "one_act", Config: &tfprotov6.DynamicValue{JSON: []byte(`{"secret":"` + value + `"}`)},
		})
		if err != nil || len(resp.Diagnostics) != errors {
			t.Errorf("%s: %v, %v", value, err, resp.Diagnostics)
		}
	}
}
