package provisionzabbixhosts

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// model is the data source's configuration and result.
type model struct {
	HostGroups []string            `tfsdk:"host_groups"`
	Templates  []string            `tfsdk:"templates"`
	Tags       map[string][]string `tfsdk:"tags"`
	AllowEmpty types.Bool          `tfsdk:"allow_empty"`
	Hosts      map[string]host     `tfsdk:"hosts"`
}

// host is one host of the result.
type host struct {
	ID          types.String `tfsdk:"id"`
	Host        types.String `tfsdk:"host"`
	VisibleName types.String `tfsdk:"visible_name"`
	Enabled     types.Bool   `tfsdk:"enabled"`
	HostGroups  []string     `tfsdk:"host_groups"`
	Templates   []string     `tfsdk:"templates"`
	URL         types.String `tfsdk:"url"`
}

// filter is what the configuration selects.
func (m model) filter() client.HostFilter {
	return client.HostFilter{Groups: m.HostGroups, Templates: m.Templates, Tags: client.TagFilter(m.Tags)}
}

// set takes over what was found.
func (m *model) set(hosts []*zabbix.Host, url func(id string) string) {
	m.Hosts = make(map[string]host, len(hosts))
	for _, h := range hosts {
		m.Hosts[h.Name] = host{
			ID: types.StringValue(h.ID), Host: types.StringValue(h.Name), VisibleName: types.StringValue(h.VisibleName),
			Enabled: types.BoolValue(h.Enabled), HostGroups: append([]string{}, h.Groups...), Templates: append([]string{}, h.Templates...),
			URL: types.StringValue(url(h.ID)),
		}
	}
}
