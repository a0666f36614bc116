// Package functions are the provider's functions. They need no configured
// provider and ask nobody.
package functions

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/mapping"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tftype"
)

var _ function.Function = (*Match)(nil)

// The arguments of match, by position.
const (
	argRules  = 0
	argObject = 1
)

// Match is the function match: what mapping rules give an object.
type Match struct{}

// NewMatch makes the function.
func NewMatch() function.Function { return &Match{} }

// Metadata implements function.Function.
func (m *Match) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "match"
}

// Definition implements function.Function.
func (m *Match) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "What mapping rules give an object.",
		MarkdownDescription: "Tries mapping rules on an object: which templates, host groups, proxy, tags and inventory they give it, and where each value " +
			"comes from. It asks neither the source of truth nor Zabbix, so rules can be tested in `terraform console` and by `terraform test`. " +
			"Functions of providers need Terraform 1.8 or later, this provider 1.11.\n\n" +
			"The result is an object: `excluded` (why the object is left out, else null), `rules` (names of the rules, the general ones first), " +
			"`templates`, `host_groups`, `proxy`, `proxy_group` (null when not given), `tags` (a list of `name` and `value`), `inventory` (a map), and " +
			"`explain` (a line for each value that says where it comes from). What Zabbix has, or what a resource sets itself, is not looked at.",
		Parameters: []function.Parameter{
			function.DynamicParameter{
				Name: "rules",
				MarkdownDescription: "The rules: an object with `devices` and `virtual_machines` (lists of rules), `merge`, `tags`, `inventory`, `exclude`. " +
					"Every mistake in them is an error, also two rules of which neither wins for some object.",
			},
			function.DynamicParameter{
				Name: "object",
				MarkdownDescription: "The object: `kind` (`device` or `virtual_machine`) and `name`; as far as there are any `id` (default: the name), `site`, `role`, " +
					"`tenant`, `location`, `platform`, `cluster`, `tags`, `custom_fields`, `config_context`, `status`, `host`, `primary_ip4`, `primary_ip6`, " +
					"`oob_ip`, `dns_name`, `port`, `driver`, `vendor`, `model`, `url`, and `interface_type` (`agent`, the default, or `snmp`). " +
					"Another key is an error.",
			},
		},
		Return: function.ObjectReturn{AttributeTypes: resultTypes()},
	}
}

// Run implements function.Function.
func (m *Match) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var rules, object types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &rules, &object); resp.Error != nil {
		return
	}
	result, err := match(rules, object)
	var unknown *tftype.UnknownError
	var wrong *argumentError
	switch {
	case errors.As(err, &unknown):
		resp.Error = resp.Result.Set(ctx, types.ObjectUnknown(resultTypes()))
	case errors.As(err, &wrong):
		resp.Error = function.NewArgumentFuncError(wrong.position, err.Error())
	case err != nil:
		resp.Error = function.NewFuncError(err.Error())
	default:
		resp.Error = resp.Result.Set(ctx, resultOf(result))
	}
}

// argumentError is an error that is mended in an argument.
type argumentError struct {
	position int64
	err      error
}

// Error implements error.
func (e *argumentError) Error() string { return e.err.Error() }

// Unwrap gives the cause.
func (e *argumentError) Unwrap() error { return e.err }

// match tries rules on an object, both as Terraform has them.
func match(rules, object attr.Value) (mapping.Result, error) {
	plainRules, err := tftype.Plain(rules)
	if err != nil {
		return mapping.Result{}, &argumentError{argRules, err}
	}
	plainObject, err := tftype.Plain(object)
	if err != nil {
		return mapping.Result{}, &argumentError{argObject, err}
	}
	c, err := mapping.Decode(plainRules)
	if err != nil {
		return mapping.Result{}, &argumentError{argRules, err}
	}
	o, err := mapping.DecodeObject(plainObject)
	if err != nil {
		return mapping.Result{}, &argumentError{argObject, err}
	}
	return c.Match(o)
}
