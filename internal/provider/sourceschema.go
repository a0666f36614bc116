package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// netboxAttribute is how NetBox is reached.
func netboxAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "NetBox (3.7 to 4.7) as the source of truth: devices and virtual machines by name, the intended configuration rendered by NetBox. " +
			"Excludes `nautobot` and `inventory_file`. A branch of NetBox is chosen by a header: `headers = { \"X-NetBox-Branch\" = \"...\" }`.",
		Attributes: apiAttributes("NetBox", netboxPrefix, map[string]schema.Attribute{
			"max_renders": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "How many configurations are rendered at once. Default 8. Environment: `PROVISION_NETBOX_MAX_RENDERS`.",
			},
		}),
	}
}

// nautobotAttribute is how Nautobot is reached.
func nautobotAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Nautobot (2.4 to 3.2) as the source of truth: devices and virtual machines by name, the intended configuration from Golden Config. " +
			"Excludes `netbox` and `inventory_file`.",
		Attributes: apiAttributes("Nautobot", nautobotPrefix, map[string]schema.Attribute{
			"location_type": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Location type that is the site of an object: its nearest location of that type. Default `Site`; where there is none, the topmost location. Environment: `PROVISION_NAUTOBOT_LOCATION_TYPE`.",
			},
		}),
	}
}

// apiAttributes are the attributes that both have, with further ones.
func apiAttributes(server, prefix string, more map[string]schema.Attribute) map[string]schema.Attribute {
	env := func(end string) string { return " Environment: `" + prefix + end + "`." }
	text := func(what, end string) schema.Attribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: what + env(end)}
	}
	attributes := map[string]schema.Attribute{
		"url":       text("Address of "+server+", with the path prefix if there is one. Needed here or in the environment.", "URL"),
		"token":     schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "API token. Needed here or in the environment." + env("TOKEN")},
		"ca_file":   text("File of certificates (PEM) of the authorities that may have signed the server's. Default: the system's.", "CA_FILE"),
		"cert_file": text("File of a client certificate (PEM), with `key_file`.", "CERT_FILE"),
		"key_file":  text("File of the client certificate's key (PEM).", "KEY_FILE"),
		"headers": schema.MapAttribute{
			ElementType: types.StringType, Optional: true, Sensitive: true,
			MarkdownDescription: "HTTP headers that each request carries." + env("HEADERS") + " As `name=value`, separated by commas.",
		},
		"timeout": text("Time for one request, as a duration. Default `60s`.", "TIMEOUT"),
		"write_back": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "What an apply writes back, which needs a token that may. Nothing by default. " +
				"What cannot be written back is a warning, never a failed apply.",
			Attributes: map[string]schema.Attribute{
				"journal": schema.BoolAttribute{
					Optional:            true,
					MarkdownDescription: "`true`: each apply that changes something adds one entry to the object's journal (NetBox) or notes (Nautobot): run, actor, what changed without secrets, and the outcome." + env("WRITE_BACK_JOURNAL"),
				},
				"zabbix_host_id": text("Custom field, of type integer or text, that gets the hostid of the object's host in Zabbix.", "WRITE_BACK_ZABBIX_HOST_ID"),
			},
		},
	}
	maps.Copy(attributes, more)
	return attributes
}
