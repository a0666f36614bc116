// Package tfmodel reads configurations, plans and states into models, and writes
// models into plans and states. The framework (1.19) does so too, but it compiles a
// regular expression for every attribute each time: a sixth of the provider's
// processor time in a plan of many resources.
package tfmodel

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Get reads a configuration, a plan or a state that is there into a model: a pointer
// to a struct that has a field for each attribute, of the type of its values, with
// the attribute's name in its tag "tfsdk". What the framework validates in a
// configuration is not validated here again.
func Get[S tfsdk.Config | tfsdk.Plan | tfsdk.State](ctx context.Context, from S, model any) diag.Diagnostics {
	s := tfsdk.State(from)
	values := map[string]tftypes.Value{}
	if err := s.Raw.As(&values); err != nil || s.Raw.IsNull() {
		return bug(path.Empty(), fmt.Sprintf("%s is no object: %v", s.Raw, err))
	}
	types := s.Schema.Type().(attr.TypeWithAttributeTypes).AttributeTypes()
	fields := reflect.ValueOf(model).Elem()
	if n := fields.NumField(); n != len(types) {
		return bug(path.Empty(), fmt.Sprintf("%s has %d fields for %d attributes", fields.Type(), n, len(types)))
	}
	for i := range fields.NumField() {
		name := nameOf(fields, i)
		if err := read(ctx, types[name], values[name], fields.Field(i)); err != nil {
			return bug(path.Root(name), err.Error())
		}
	}
	return nil
}

// read reads one attribute; of is nil when there is none of the name.
func read(ctx context.Context, of attr.Type, value tftypes.Value, field reflect.Value) error {
	if of == nil {
		return errors.New("there is no such attribute")
	}
	v, err := of.ValueFromTerraform(ctx, value)
	if err != nil {
		return err
	}
	if got, want := reflect.TypeOf(v), field.Type(); got != want {
		return fmt.Errorf("it is a %s, not a %s", got, want)
	}
	field.Set(reflect.ValueOf(v))
	return nil
}

// Writer is a plan or a state.
type Writer interface {
	Set(ctx context.Context, value any) diag.Diagnostics
}

// Set writes a model, a pointer as [Get] takes one, into a plan or a state.
func Set(ctx context.Context, to Writer, model any) diag.Diagnostics {
	fields := reflect.ValueOf(model).Elem()
	values := make(map[string]tftypes.Value, fields.NumField())
	types := make(map[string]tftypes.Type, fields.NumField())
	for i := range fields.NumField() {
		name := nameOf(fields, i)
		v, ok := fields.Field(i).Interface().(attr.Value)
		if !ok {
			return bug(path.Root(name), fmt.Sprintf("%s is no attribute", fields.Field(i).Type()))
		}
		value, err := v.ToTerraformValue(ctx)
		if err != nil {
			return bug(path.Root(name), err.Error())
		}
		values[name], types[name] = value, value.Type()
	}
	return to.Set(ctx, tftypes.NewValue(tftypes.Object{AttributeTypes: types}, values))
}

// nameOf is the name of the attribute that a field of a model holds.
func nameOf(fields reflect.Value, i int) string { return fields.Type().Field(i).Tag.Get("tfsdk") }

// bug is the error of what a user cannot cause.
func bug(at path.Path, what string) diag.Diagnostics {
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, "Value Conversion Error",
		"An attribute could not be converted: "+what+". This is a bug in the provider.")}
}
