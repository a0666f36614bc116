// Package servertest speaks to a provider as Terraform does, for what the Terraform
// at hand may be too old for: actions and lists.
package servertest

import (
	"encoding/json"
	"maps"
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/netprovision/terraform-provider-provision/internal/provider/server"
)

// Protocol is a provider that is served and configured.
type Protocol struct {
	t       testing.TB
	server  tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

// New serves a provider and configures it with these attributes.
func New(t testing.TB, p provider.Provider, config map[string]any) Protocol {
	t.Helper()
	s := Protocol{t: t, server: server.New(p)}
	var err error
	if s.schemas, err = s.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil || len(s.schemas.Diagnostics) > 0 {
		t.Fatalf("%v, %v", err, Said(s.schemas.Diagnostics))
	}
	resp, err := s.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.14.0", Config: s.value(s.schemas.Provider, config),
	})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatalf("%v, %v", err, Said(resp.Diagnostics))
	}
	return s
}

// value is a configuration; what is not given is null.
func (s Protocol) value(schema *tfprotov6.Schema, config map[string]any) *tfprotov6.DynamicValue {
	s.t.Helper()
	if schema == nil {
		s.t.Fatal("the provider has no such type")
	}
	whole := map[string]any{}
	for _, a := range schema.Block.Attributes {
		whole[a.Name] = nil
	}
	for _, b := range schema.Block.BlockTypes {
		whole[b.TypeName] = nil
	}
	maps.Copy(whole, config)
	text, err := json.Marshal(whole)
	if err != nil {
		s.t.Fatal(err)
	}
	return &tfprotov6.DynamicValue{JSON: text}
}

// Invoke validates the configuration of an action, plans it and, unless one of the
// two says otherwise, invokes it. It returns the progress and everything else that
// was said.
func (s Protocol) Invoke(kind string, config map[string]any) (progress []string, said string) {
	s.t.Helper()
	said, ok := s.PlanAction(kind, config)
	if !ok {
		return nil, said
	}
	schema := s.schemas.ActionSchemas[kind]
	stream, err := s.actions().InvokeAction(s.t.Context(), &tfprotov6.InvokeActionRequest{ActionType: kind, Config: s.value(schema.Schema, config)})
	if err != nil {
		s.t.Fatal(err)
	}
	for ev := range stream.Events {
		switch ev := ev.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, ev.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			said += Said(ev.Diagnostics)
		}
	}
	return progress, said
}

// PlanAction validates the configuration of an action and plans it. ok tells that
// neither was an error.
func (s Protocol) PlanAction(kind string, config map[string]any) (said string, ok bool) {
	s.t.Helper()
	schema := s.schemas.ActionSchemas[kind]
	if schema == nil {
		s.t.Fatalf("there is no action %s", kind)
	}
	valid, err := s.actions().ValidateActionConfig(s.t.Context(), &tfprotov6.ValidateActionConfigRequest{
		ActionType: kind, Config: s.value(schema.Schema, config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if failed(valid.Diagnostics) {
		return Said(valid.Diagnostics), false
	}
	plan, err := s.actions().PlanAction(s.t.Context(), &tfprotov6.PlanActionRequest{ActionType: kind, Config: s.value(schema.Schema, config)})
	if err != nil {
		s.t.Fatal(err)
	}
	return Said(plan.Diagnostics), !failed(plan.Diagnostics)
}

// actions is the server of actions.
func (s Protocol) actions() tfprotov6.ActionServer {
	a, ok := s.server.(tfprotov6.ActionServer)
	if !ok {
		s.t.Fatal("the provider's server shows no actions")
	}
	return a
}

// failed tells that there is an error.
func failed(diags []*tfprotov6.Diagnostic) bool {
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return true
		}
	}
	return false
}

// Said is everything that diagnostics say, one after the other: "ERROR at name: r1:
// not ready: ...".
func Said(diags []*tfprotov6.Diagnostic) string {
	var b strings.Builder
	for _, d := range diags {
		b.WriteString(d.Severity.String())
		if d.Attribute != nil {
			b.WriteString(" at " + d.Attribute.String())
		}
		b.WriteString(": " + d.Summary + ": " + d.Detail + "\n")
	}
	return b.String()
}

// Listed is one result of a list.
type Listed struct {
	Name     string         // for people
	Identity map[string]any // without what is null
	Resource map[string]any // without what is null; nil when it was not asked for
}

// List validates the configuration of a list and asks for at most limit results, for
// all with 0. It returns them and everything else that was said.
func (s Protocol) List(kind string, config map[string]any, resources bool, limit int64) (found []Listed, said string) {
	s.t.Helper()
	lists, ok := s.server.(tfprotov6.ListResourceServer)
	if !ok {
		s.t.Fatal("the provider's server shows no lists")
	}
	value := s.value(s.schemas.ListResourceSchemas[kind], config)
	valid, err := lists.ValidateListResourceConfig(s.t.Context(), &tfprotov6.ValidateListResourceConfigRequest{TypeName: kind, Config: value})
	if err != nil {
		s.t.Fatal(err)
	}
	if failed(valid.Diagnostics) {
		return nil, Said(valid.Diagnostics)
	}
	stream, err := lists.ListResource(s.t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: kind, Config: value, IncludeResource: resources, Limit: limit,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for r := range stream.Results {
		said += Said(r.Diagnostics)
		if r.Identity == nil {
			continue
		}
		one := Listed{Name: r.DisplayName, Identity: s.plain(r.Identity.IdentityData, s.identity(kind))}
		if r.Resource != nil {
			one.Resource = s.plain(r.Resource, s.schemas.ResourceSchemas[kind].ValueType())
		}
		found = append(found, one)
	}
	return found, said
}

// identity is the type of a resource's identity.
func (s Protocol) identity(kind string) tftypes.Type {
	s.t.Helper()
	all, err := s.server.GetResourceIdentitySchemas(s.t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil || all.IdentitySchemas[kind] == nil {
		s.t.Fatalf("no identity of %s: %v", kind, err)
	}
	return all.IdentitySchemas[kind].ValueType()
}

// plain is an object in plain Go, without what is null.
func (s Protocol) plain(v *tfprotov6.DynamicValue, of tftypes.Type) map[string]any {
	s.t.Helper()
	value, err := v.Unmarshal(of)
	if err != nil {
		s.t.Fatal(err)
	}
	whole, _ := s.simple(value).(map[string]any)
	return whole
}

// simple is a value in plain Go: texts, truths, numbers as texts, lists and maps.
func (s Protocol) simple(v tftypes.Value) any {
	var (
		text   string
		yes    bool
		number big.Float
		list   []tftypes.Value
		table  map[string]tftypes.Value
	)
	switch {
	case v.As(&text) == nil:
		return text
	case v.As(&yes) == nil:
		return yes
	case v.As(&number) == nil:
		return number.String()
	case v.As(&list) == nil:
		all := []any{}
		for _, e := range list {
			all = append(all, s.simple(e))
		}
		return all
	case v.As(&table) == nil:
		all := map[string]any{}
		for name, e := range table {
			if !e.IsNull() {
				all[name] = s.simple(e)
			}
		}
		return all
	}
	s.t.Fatalf("no plain form of %s", v)
	return nil
}
