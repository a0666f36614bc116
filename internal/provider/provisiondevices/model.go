package provisiondevices

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// model is the data source's configuration and result.
type model struct {
	Sites      []string          `tfsdk:"sites"`
	Roles      []string          `tfsdk:"roles"`
	Platforms  []string          `tfsdk:"platforms"`
	Statuses   []string          `tfsdk:"statuses"`
	Tags       []string          `tfsdk:"tags"`
	AllowEmpty types.Bool        `tfsdk:"allow_empty"`
	Devices    map[string]device `tfsdk:"devices"`
}

// device is one device of the result.
type device struct {
	Name     types.String `tfsdk:"name"`
	Host     types.String `tfsdk:"host"`
	Port     types.Int64  `tfsdk:"port"`
	Driver   types.String `tfsdk:"driver"`
	Platform types.String `tfsdk:"platform"`
	Site     types.String `tfsdk:"site"`
	Role     types.String `tfsdk:"role"`
	Status   types.String `tfsdk:"status"`
	Tags     []string     `tfsdk:"tags"`
}

// filter is what the configuration selects.
func (m model) filter() inventory.Filter {
	return inventory.Filter{
		Sites: m.Sites, Roles: m.Roles, Platforms: m.Platforms,
		Statuses: m.Statuses, Tags: m.Tags,
	}
}

// filterText says the filter in words, for an error.
func (m model) filterText() string {
	var parts []string
	for _, f := range []struct {
		name   string
		values []string
	}{
		{"site", m.Sites},
		{"role", m.Roles},
		{"platform", m.Platforms},
		{"status", m.Statuses},
		{"tag", m.Tags},
	} {
		if len(f.values) > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", f.name, strings.Join(f.values, " or ")))
		}
	}
	if len(parts) == 0 {
		return "any name at all"
	}
	return strings.Join(parts, " and ")
}

// set takes over what was found.
func (m *model) set(devices []inventory.Device) {
	m.Devices = make(map[string]device, len(devices))
	for _, d := range devices {
		m.Devices[d.Name] = convert(d)
	}
}

// convert is a device as the map holds it: what is not known is null, and
// there is always a list of tags.
func convert(d inventory.Device) device {
	out := device{
		Name: text(d.Name), Host: text(d.Host), Driver: text(d.Driver), Platform: text(d.Platform),
		Site: text(d.Site), Role: text(d.Role), Status: text(d.Status),
		Port: types.Int64Null(), Tags: append([]string{}, d.Tags...),
	}
	if d.Port != 0 {
		out.Port = types.Int64Value(int64(d.Port))
	}
	return out
}

// text is a string that is null when empty.
func text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
