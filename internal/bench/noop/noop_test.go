package main

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func TestUpdateKeepsEverything(t *testing.T) {
	ctx := context.Background()
	server, err := providerserver.NewProtocol6WithError(noop{})()
	if err != nil {
		t.Fatal(err)
	}
	object := tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"name": tftypes.String, "revision": tftypes.Number, "hash": tftypes.String,
	}}
	state := func(revision int, hash any) *tfprotov6.DynamicValue {
		v, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, map[string]tftypes.Value{
			"name": tftypes.NewValue(tftypes.String, "r1"), "revision": tftypes.NewValue(tftypes.Number, revision),
			"hash": tftypes.NewValue(tftypes.String, hash),
		}))
		if err != nil {
			t.Fatal(err)
		}
		return &v
	}
	none, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, prior := range map[string]*tfprotov6.DynamicValue{"create": &none, "update": state(1, "r1")} {
		resp, err := server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
			TypeName: "noop_device", PriorState: prior, PlannedState: state(2, tftypes.UnknownValue), Config: state(2, nil),
		})
		if err != nil || len(resp.Diagnostics) > 0 {
			t.Fatalf("%s: %v %v", name, err, resp.Diagnostics)
		}
		got, err := resp.NewState.Unmarshal(object)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := state(2, "r1").Unmarshal(object)
		if !got.Equal(want) {
			t.Errorf("%s: state %s, want %s", name, got, want)
		}
	}
}

// A host keeps what is configured, and nothing of it stays unknown.
func TestHostKeepsWhatIsKnown(t *testing.T) {
	object := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"ip": tftypes.String, "dns": tftypes.String}}
	host := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"host": tftypes.String, "id": tftypes.String, "interface": object}}
	of := func(unknown any) tftypes.Value {
		return tftypes.NewValue(host, map[string]tftypes.Value{
			"host": tftypes.NewValue(tftypes.String, "h1"), "id": tftypes.NewValue(tftypes.String, unknown),
			"interface": tftypes.NewValue(object, map[string]tftypes.Value{
				"ip": tftypes.NewValue(tftypes.String, "192.0.2.1"), "dns": tftypes.NewValue(tftypes.String, unknown),
			}),
		})
	}
	got, err := known(of(tftypes.UnknownValue))
	if err != nil || !got.Equal(of(nil)) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestHostHasTheAttributesOfTheRealOne(t *testing.T) {
	server, err := providerserver.NewProtocol6WithError(noop{})()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp.Diagnostics)
	}
	names := map[string]bool{}
	for _, a := range resp.ResourceSchemas["noop_host"].Block.Attributes {
		names[a.Name] = true
	}
	for _, n := range []string{"host", "interface", "templates", "tags", "diff"} {
		if !names[n] {
			t.Errorf("no attribute %s", n)
		}
	}
}

// The list has the attributes of the real one, and as many devices as it is told.
func TestDevicesAreMadeUp(t *testing.T) {
	ctx := context.Background()
	server, err := providerserver.NewProtocol6WithError(noop{})()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(schemas.Diagnostics) > 0 {
		t.Fatal(err, schemas.Diagnostics)
	}
	object := schemas.DataSourceSchemas["noop_devices"].ValueType().(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name, kind := range object.AttributeTypes {
		values[name] = tftypes.NewValue(kind, nil)
	}
	values["size"] = tftypes.NewValue(tftypes.Number, 3)
	config, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: "noop_devices", Config: &config})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp.Diagnostics)
	}
	state, err := resp.State.Unmarshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var list map[string]tftypes.Value
	if err := state.As(&values); err != nil {
		t.Fatal(err)
	}
	if err := values["devices"].As(&list); err != nil || len(list) != 3 || !list["2"].IsFullyKnown() {
		t.Errorf("%d devices, %v", len(list), err)
	}
	var fields map[string]tftypes.Value
	if err := list["2"].As(&fields); err != nil || fields["site"].IsNull() || fields["port"].Type() == nil || fields["tags"].IsNull() {
		t.Errorf("%v, %v", fields, err)
	}
}
