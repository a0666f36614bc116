package functions

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/mapping"
)

// tagType is a tag of the result.
func tagType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{"name": types.StringType, "value": types.StringType}}
}

// resultTypes is what match returns.
func resultTypes() map[string]attr.Type {
	list := types.ListType{ElemType: types.StringType}
	return map[string]attr.Type{
		"excluded": types.StringType, "rules": list, "templates": list, "host_groups": list,
		"proxy": types.StringType, "proxy_group": types.StringType,
		"tags": types.ListType{ElemType: tagType()}, "inventory": types.MapType{ElemType: types.StringType}, "explain": list,
	}
}

// resultOf is a result as match returns it.
func resultOf(r mapping.Result) types.Object {
	tags := []attr.Value{}
	for _, t := range r.Tags {
		tags = append(tags, types.ObjectValueMust(tagType().AttrTypes, map[string]attr.Value{
			"name": types.StringValue(t.Name), "value": types.StringValue(t.Value),
		}))
	}
	inventory := map[string]attr.Value{}
	for _, k := range r.Inventory {
		inventory[k.Key] = types.StringValue(k.Value)
	}
	return types.ObjectValueMust(resultTypes(), map[string]attr.Value{
		"excluded": text(r.Excluded), "rules": texts(r.Rules), "templates": names(r.Templates), "host_groups": names(r.HostGroups),
		"proxy": text(r.Proxy.Name), "proxy_group": text(r.ProxyGroup.Name),
		"tags": types.ListValueMust(tagType(), tags), "inventory": types.MapValueMust(types.StringType, inventory),
		"explain": texts(r.Explain()),
	})
}

// text is a string that is null when empty.
func text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

func texts(values []string) types.List {
	elements := []attr.Value{}
	for _, v := range values {
		elements = append(elements, types.StringValue(v))
	}
	return types.ListValueMust(types.StringType, elements)
}

func names(values []mapping.Assigned) types.List {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = v.Name
	}
	return texts(list)
}
