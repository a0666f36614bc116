package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// zabbixAttribute is how Zabbix is reached and what its hosts have in common.
func zabbixAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Zabbix (6.0, 7.0 or later), for `zabbix_agent_host`. Each value also comes from the environment; the configuration wins.",
		Attributes: map[string]schema.Attribute{
			"url": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Address of the frontend, such as `https://zabbix.example.net/zabbix`; `api_jsonrpc.php` is added where it is missing. Environment: `PROVISION_ZABBIX_URL`.",
			},
			"token":    schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "API token, instead of `username` and `password`. Environment: `PROVISION_ZABBIX_TOKEN`."},
			"username": schema.StringAttribute{Optional: true, MarkdownDescription: "User name, with `password`. Environment: `PROVISION_ZABBIX_USERNAME`."},
			"password": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Password. Environment: `PROVISION_ZABBIX_PASSWORD`."},
			"ca_file": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "File of certificates (PEM) of the authorities that may have signed the frontend's. Default: the system's. Environment: `PROVISION_ZABBIX_CA_FILE`.",
			},
			"headers": schema.MapAttribute{
				ElementType: types.StringType, Optional: true, Sensitive: true,
				MarkdownDescription: "HTTP headers that each request carries, for a proxy in front of Zabbix. Environment: `PROVISION_ZABBIX_HEADERS`, as `name=value`, separated by commas.",
			},
			"timeout": schema.StringAttribute{Optional: true, MarkdownDescription: "Time for one request, as a duration. Default `60s`. Environment: `PROVISION_ZABBIX_TIMEOUT`."},
			"mappings": schema.DynamicAttribute{
				Optional: true,
				MarkdownDescription: "Rules that say what a device or virtual machine is monitored with: an object, or `yamldecode(file(\"mappings.yaml\"))`. " +
					"The guide on mappings has its form. Environment: `PROVISION_ZABBIX_MAPPINGS`, the path of a YAML file.",
			},
			"create_host_groups": schema.BoolAttribute{Optional: true, MarkdownDescription: "`true`: host groups that do not exist are made. Default `false`: they are an error. Environment: `PROVISION_ZABBIX_CREATE_HOST_GROUPS`."},
			"prefetch": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "`true` (default): the second host that is read in a short time starts reading all hosts ahead, in few requests. `false`: each host is asked for. Environment: `PROVISION_ZABBIX_PREFETCH`.",
			},
			"graveyard": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Where hosts go with `on_destroy = \"graveyard\"`.",
				Attributes: map[string]schema.Attribute{
					"group":  schema.StringAttribute{Optional: true, MarkdownDescription: "Host group; it is made when it is missing. Default `graveyard`. Environment: `PROVISION_ZABBIX_GRAVEYARD_GROUP`."},
					"suffix": schema.StringAttribute{Optional: true, MarkdownDescription: "Suffix of the technical name. Default `_archived`. Environment: `PROVISION_ZABBIX_GRAVEYARD_SUFFIX`."},
				},
			},
			"max_destroy": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "How many hosts one run may destroy or replace; one more is an error. Default 10. `removed` blocks, and other aliases of the provider, are outside of it; " +
					"so is `on_destroy = \"keep\"`, which destroys nothing. Environment: `PROVISION_ZABBIX_MAX_DESTROY`.",
			},
			"config_refresh": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "How long Zabbix may poll by the former configuration after a change: the server's `CacheUpdateFrequency`, and for hosts of a proxy the proxy's time as well. " +
					"With `wait_for_agent`, data count only after so long where the interface, the encryption, the proxy or the status of a host that was there has changed. " +
					"The API does not tell it. Default: Zabbix's own, `10s` and with a proxy `20s`; before 6.4 `60s` and with a proxy `61m`. Environment: `PROVISION_ZABBIX_CONFIG_REFRESH`.",
			},
			"defaults": zabbixDefaultsAttribute(),
		},
	}
}

// zabbixDefaultsAttribute is what hosts are where nobody else says it.
func zabbixDefaultsAttribute() schema.Attribute {
	text := func(what string) schema.Attribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: what}
	}
	manage := map[string]schema.Attribute{}
	for _, f := range manageFields() {
		manage[f] = text("`additive` or `exclusive`.")
	}
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "What a host is where neither its resource nor the mappings say it. These are all that have a default here, with the meaning that they have in `zabbix_agent_host`; " +
			"every other attribute goes on the resource: the engines drop, without a word, a name that is not listed here. `on_unreachable` is set in the provider block itself.",
		Attributes: map[string]schema.Attribute{
			"agent_port":       text("Port of the agent interface, or a user macro. Default `10050`. Environment: `PROVISION_ZABBIX_AGENT_PORT`."),
			"use":              text("By what agents are reached: `ip`, `dns`, or `auto` (default): by the DNS name if the address has one, and only then. Environment: `PROVISION_ZABBIX_USE`."),
			"address":          text("Which address of the object the agent interface gets: `ipv4`, `ipv6` or `oob` (out of band); an object without it is an error. Default: the primary address. Environment: `PROVISION_ZABBIX_ADDRESS`."),
			"enabled":          schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether hosts are monitored. Default: what Zabbix has; a new host is. Environment: `PROVISION_ZABBIX_ENABLED`."},
			"inventory_mode":   text("`disabled`, `manual` or `automatic`. Environment: `PROVISION_ZABBIX_INVENTORY_MODE`."),
			"adopt":            schema.BoolAttribute{Optional: true, MarkdownDescription: "`true`: hosts that exist are taken over by create. Default `false`: they are an error. A resource with neither an object nor `interface` says it itself, since there may be no host to take over. Environment: `PROVISION_ZABBIX_ADOPT`."},
			"on_destroy":       text("`graveyard` (default), `disable`, `keep` or `delete`. Environment: `PROVISION_ZABBIX_ON_DESTROY`."),
			"on_drift":         text("What to do when somebody else changed what is set: `revert` (default) or `fail`. Environment: `PROVISION_ZABBIX_ON_DRIFT`."),
			"template_removal": text("`unlink` (default) or `clear`. Environment: `PROVISION_ZABBIX_TEMPLATE_REMOVAL`."),
			"wait_for_agent":   text("How long an apply waits for data from the agent. Default: it does not. Environment: `PROVISION_ZABBIX_WAIT_FOR_AGENT`."),
			"tls": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "Encryption.",
				Attributes: map[string]schema.Attribute{
					"connect":      text("`unencrypted`, `psk` or `certificate`. Environment: `PROVISION_ZABBIX_TLS_CONNECT`."),
					"accept":       schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Any of the same. Default: the same as `connect`. Environment: `PROVISION_ZABBIX_TLS_ACCEPT`, separated by commas."},
					"psk_identity": text("Identity of the pre-shared key. Environment: `PROVISION_ZABBIX_TLS_PSK_IDENTITY`."),
					"issuer":       text("Issuer of the agents' certificates. Environment: `PROVISION_ZABBIX_TLS_ISSUER`."),
					"subject":      text("Subject of the agents' certificates. Environment: `PROVISION_ZABBIX_TLS_SUBJECT`."),
				},
			},
			"manage": schema.SingleNestedAttribute{
				Optional: true, Attributes: manage,
				MarkdownDescription: "Whose the entries of a field are. Default: `additive`. Environment: `PROVISION_ZABBIX_MANAGE`, as `templates=exclusive`, separated by commas.",
			},
		},
	}
}
