package planning

import (
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Query is an attribute of a list block: what says of what. A query plans nothing,
// so that one without a result is no danger.
func Query(what string) schema.Attribute {
	return schema.ListAttribute{
		Optional: true, ElementType: types.StringType,
		MarkdownDescription: what + " Any of the list matches; without a list everything does.",
	}
}

// QueryTable is an attribute of a list block with lists by names.
func QueryTable(what string) schema.Attribute {
	return schema.MapAttribute{
		Optional: true, ElementType: types.ListType{ElemType: types.StringType},
		MarkdownDescription: what + " Any of a list matches; every name must.",
	}
}
