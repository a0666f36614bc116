package planning

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Limits say, for the documentation, what each timeout of a resource limits and
// what it is when it is not set.
type Limits struct{ Create, Read, Update, Delete string }

// Block is the timeouts block with these limits.
func (l Limits) Block(ctx context.Context) schema.Block {
	const form = " As a duration, such as \"90s\" or \"10m\"."
	return timeouts.Block(ctx, timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: l.Create + form, ReadDescription: l.Read + form,
		UpdateDescription: l.Update + form, DeleteDescription: l.Delete + form,
	})
}

// NoTimeouts is a timeouts block that is not there.
func NoTimeouts() timeouts.Value {
	return timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{
		"create": types.StringType, "read": types.StringType,
		"update": types.StringType, "delete": types.StringType,
	})}
}
