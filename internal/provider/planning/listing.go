package planning

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Filter is an attribute of a data source that lists: what says of what.
func Filter(what string) schema.Attribute {
	return schema.ListAttribute{
		Optional: true, ElementType: types.StringType,
		MarkdownDescription: what + " Any of the list matches; without a list everything does.",
	}
}

// AllowEmpty is the attribute that lets a list be empty; because says why it is
// an error otherwise.
func AllowEmpty(because string) schema.Attribute {
	return schema.BoolAttribute{
		Optional:            true,
		MarkdownDescription: "`true`: no match is an empty map. Default `false`: no match is an error, because " + because + ".",
	}
}
