package zabbixagenthost

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tftype"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// schemaVersion is the version of the state. testdata holds a golden state of
// every version; all of them must be read for ever.
const schemaVersion = 0

// description heads the documentation page of the resource.
const description = "Makes a device or virtual machine of the source of truth, or any other host, a host in Zabbix with one agent interface.\n\n" +
	"`terraform plan` compares what shall be with what Zabbix has and shows it field by field, with what each field will lose. " +
	"`terraform apply` makes exactly that change, or stops before it changes anything; what fails half way is taken back. " +
	"Templates, host groups and proxies are named, never numbered. What is not set here comes from the provider's `mappings`, " +
	"else from its defaults, else it stays what Zabbix has.\n\n" +
	"The name of the type has another beginning than the provider's: write `provider = provision` into the block.\n\n" +
	"Requires Terraform or OpenTofu 1.11 or later, because secrets are write-only. " +
	"Zabbix has no lock: a change is compared with the host right before it is sent, and somebody who changes it in the moment between is not noticed before the check afterwards."

// resourceSchema is the schema of zabbix_agent_host.
func resourceSchema(ctx context.Context) schema.Schema {
	attributes := hostAttributes()
	for _, more := range []map[string]schema.Attribute{fieldAttributes(), tlsAttributes(), behaviourAttributes(), computedAttributes()} {
		maps.Copy(attributes, more)
	}
	return schema.Schema{
		Version:             schemaVersion,
		MarkdownDescription: description,
		Attributes:          attributes,
		Blocks:              map[string]schema.Block{"timeouts": limits().Block(ctx)},
	}
}

// limits are what the timeouts block limits.
func limits() planning.Limits {
	return planning.Limits{
		Create: "Time for the first apply, without `wait_for_agent`. Default 10m.",
		Read:   "Time for reading the host, and for the comparison of a plan. Default 5m.",
		Update: "Time for every other apply, without `wait_for_agent`. Default 10m.",
		Delete: "Time for destroy. Default 10m.",
	}
}

// some are the validators of a text that must not be empty.
func some() []validator.String { return []validator.String{stringvalidator.LengthAtLeast(1)} }

// hostAttributes say which host it is.
func hostAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The hostid.",
		},
		"device": schema.StringAttribute{
			Optional: true, Validators: append(some(), stringvalidator.ConflictsWith(at("virtual_machine"))),
			MarkdownDescription: "Name of a device in the source of truth. Another device is another host and replaces the resource; a new name of the same device does not.",
		},
		"virtual_machine": schema.StringAttribute{
			Optional: true, Validators: some(),
			MarkdownDescription: "Name of a virtual machine in the source of truth, instead of a device. With neither, `host` and `interface` are given here.",
		},
		"site": schema.StringAttribute{
			Optional: true, Validators: some(),
			MarkdownDescription: "Site of the object. Needed only where the source of truth has the name more than once.",
		},
		"tenant": schema.StringAttribute{
			Optional: true, Validators: some(),
			MarkdownDescription: "Tenant of the object. Needed only where the source of truth has the name more than once.",
		},
		"host": schema.StringAttribute{
			Optional: true, Computed: true, Validators: some(),
			MarkdownDescription: "Technical name. Default: the object's name. Another name renames the host in place.",
		},
		"visible_name": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Visible name; `\"\"` is the technical name. Default: what Zabbix has.",
		},
		"description": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Description. Default: what Zabbix has.",
		},
		"enabled": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether the host is monitored. Default: the provider's, else what Zabbix has; a new host is.",
		},
		"interface": schema.SingleNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The one agent interface. What is not set in it comes from the object's address and the provider's defaults. Other interfaces are left alone.",
			Attributes: map[string]schema.Attribute{
				"ip":  schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "IPv4 or IPv6 address."},
				"dns": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "DNS name."},
				"port": schema.StringAttribute{
					Optional: true, Computed: true, Validators: some(),
					MarkdownDescription: "TCP port, or a user macro. Default: the provider's `agent_port`.",
				},
				"use": schema.StringAttribute{
					Optional: true, Computed: true,
					Validators:          []validator.String{stringvalidator.OneOf(string(zabbix.UseIP), string(zabbix.UseDNS))},
					MarkdownDescription: "By what the agent is reached: `ip` or `dns`. Default: the provider's `use`.",
				},
			},
		},
	}
}

// fieldAttributes are the fields in which names of others may stand beside ours.
func fieldAttributes() map[string]schema.Attribute {
	names := []validator.Set{setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))}
	return map[string]schema.Attribute{
		"templates": schema.SetAttribute{
			ElementType: types.StringType, Optional: true, Computed: true, Validators: names,
			MarkdownDescription: "Templates, by technical name. Default: from the mappings.",
		},
		"host_groups": schema.SetAttribute{
			ElementType: types.StringType, Optional: true, Computed: true, Validators: names,
			MarkdownDescription: "Host groups, by name. Default: from the mappings. A group that does not exist is an error unless the provider's `create_host_groups` is true.",
		},
		"tags": schema.MapAttribute{
			ElementType: tagType(), Optional: true, Computed: true,
			Validators: []validator.Map{
				mapvalidator.KeysAre(stringvalidator.LengthAtLeast(1)),
				mapvalidator.ValueSetsAre(setvalidator.SizeAtLeast(1)),
			},
			MarkdownDescription: "Tags: the values of each name, such as `{ site = [\"fra1\"], role = [\"core\", \"edge\"] }`. `[\"\"]` is a tag without a value. Default: from the mappings.",
		},
		"macros": schema.MapNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "User macros by name, such as `{ \"{$LIMIT}\" = { value = \"90\" } }`. Their values are in the state: secrets belong into `secret_macros`.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"value":       schema.StringAttribute{Required: true, MarkdownDescription: "Value; of a vault macro, path and key."},
				"description": schema.StringAttribute{Optional: true, MarkdownDescription: "Description."},
				"type": schema.StringAttribute{
					Optional: true, Validators: []validator.String{stringvalidator.OneOf(macroText, macroVault)},
					MarkdownDescription: "`text` (default) or `vault`.",
				},
			}},
		},
		"secret_macros": schema.MapAttribute{
			ElementType: types.StringType, Optional: true, WriteOnly: true, Sensitive: true,
			MarkdownDescription: "Secret user macros: values by name. They are write-only: never in the plan or in the state, and Zabbix does not give them back. `secret_macros_hash` shows a change. " +
				"One that is no longer named is removed, also when the whole attribute goes; those that others put there stay.",
		},
		"inventory": schema.MapAttribute{
			ElementType: types.StringType, Optional: true, Computed: true,
			MarkdownDescription: "Inventory: values by the API's names of the fields (`location`, `serialno_a`). An empty value clears the field. Default: from the mappings.",
		},
		"inventory_mode": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf(client.InventoryModes()...)},
			MarkdownDescription: "`disabled`, `manual` or `automatic`. Default: the provider's, else `manual` where `inventory` has values and the inventory is disabled, else what Zabbix has.",
		},
		"proxy": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Proxy that monitors the host, by name; `\"\"`: the server itself. Default: from the mappings, else what Zabbix has.",
			Validators:          []validator.String{stringvalidator.ConflictsWith(at("proxy_group"))},
		},
		"proxy_group": schema.StringAttribute{
			Optional: true, Computed: true, Validators: some(),
			MarkdownDescription: "Proxy group that monitors the host, by name (Zabbix 7.0 or later), instead of `proxy`.",
		},
		"manage": manageAttribute(),
	}
}

// manageAttribute says whose the entries of a field are.
func manageAttribute() schema.Attribute {
	one := func(what string) schema.Attribute {
		return schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf(client.Additive, client.Exclusive)},
			MarkdownDescription: what + ": `additive` or `exclusive`.",
		}
	}
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "For each field, `additive` or `exclusive`. Additive: what is named here is added, and removed when it is no longer named; what others added stays and is not in the state. " +
			"Exclusive: only what is named here stays. Default: the provider's `manage`, else `additive`.",
		Attributes: map[string]schema.Attribute{
			"templates":   one("Templates"),
			"host_groups": one("Host groups"),
			"tags":        one("Tags"),
			"macros":      one("Macros, secret ones included"),
			"inventory":   one("Inventory fields"),
		},
	}
}

// tlsAttributes say how agent and server protect their connection.
func tlsAttributes() map[string]schema.Attribute {
	kinds := client.Encryptions()
	return map[string]schema.Attribute{
		"tls": schema.SingleNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Encryption between the agent and the server or proxy. Default: the provider's, else what Zabbix has.",
			Attributes: map[string]schema.Attribute{
				"connect": schema.StringAttribute{
					Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf(kinds...)},
					MarkdownDescription: "How the server connects to the agent: `unencrypted`, `psk` or `certificate`. Default `unencrypted`.",
				},
				"accept": schema.SetAttribute{
					ElementType: types.StringType, Optional: true, Computed: true,
					Validators:          []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(stringvalidator.OneOf(kinds...))},
					MarkdownDescription: "What is accepted from the agent, any of the same three. Default: the same as `connect`.",
				},
				"psk_identity": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Identity of the pre-shared key. It is no secret; one identity has one key."},
				"issuer":       schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Issuer that the agent's certificate must have."},
				"subject":      schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Subject that the agent's certificate must have."},
			},
		},
		"tls_psk": schema.StringAttribute{
			Optional: true, WriteOnly: true, Sensitive: true,
			MarkdownDescription: "Pre-shared key: 32 to 512 hexadecimal digits, an even number. It is write-only; `tls_psk_hash` shows a change. Not set: the key that Zabbix has stays.",
		},
	}
}

// behaviourAttributes say how a run behaves.
func behaviourAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"adopt": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "`true`: a host of that name that exists is taken over by create. Default: the provider's, else `false`: it is an error that names the import command.",
		},
		"on_destroy": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf(client.Destroys()...)},
			MarkdownDescription: "What destroy does. `graveyard`: rename the host, move it to the graveyard's group and disable it; its history stays, and a later create of the same object digs it up. " +
				"`disable`: disable it. `keep`: forget it without connecting. `delete`: delete it with its history. " +
				"It acts from the state: apply a change of it before the destroy. Default: the provider's, else `graveyard`.",
		},
		"template_removal": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf(client.RemovalUnlink, client.RemovalClear)},
			MarkdownDescription: "What becomes of the items of a template that goes: `unlink` leaves them and their history on the host, `clear` removes both. Default: the provider's, else `unlink`.",
		},
		"wait_for_agent": schema.StringAttribute{
			Optional: true, Validators: []validator.String{tftype.PositiveDuration()},
			MarkdownDescription: "After an apply that changed something, wait so long for data from the agent. Without data the apply succeeds with a warning, and the next plan waits again. " +
				"Zabbix needs a minute to report a wrong key: give at least `90s`. " +
				"After a change of the interface, the encryption, the proxy or the status of a host that was there, data count only when Zabbix surely uses the change: see the provider's `config_refresh`. Default: the provider's, else no wait.",
		},
		"on_drift": schema.StringAttribute{
			Optional: true, Computed: true,
			Validators:          []validator.String{stringvalidator.OneOf(planning.DriftRevert, planning.DriftFail)},
			MarkdownDescription: "What to do when somebody else changed what is set here. `revert`: the plan puts it back, and a warning names the fields. `fail`: the plan stops. Default: the provider's, else `revert`.",
		},
		"on_unreachable": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf(client.OnUnreachableError, client.OnUnreachableSkip)},
			MarkdownDescription: "What to do about a host in the state when Zabbix does not answer, or its object is no longer ready in the source of truth. `error`: the plan fails. " +
				"`skip`: the host keeps its state, gets no planned change and a warning `NOT CHECKED`. Default: the provider's `on_unreachable`. On create both are errors.",
		},
		"allow_unreviewed": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "`true`: a plan in which something of the host is not known yet is a warning, and apply changes the host without a reviewed difference. Default `false`: it is an error.",
		},
	}
}

// computedAttributes say what was found and what will be done.
func computedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"object": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The object in the source of truth, as kind and id (`device:42`); the host's name where there is none.",
		},
		"url": schema.StringAttribute{Computed: true, MarkdownDescription: "The host's latest data in Zabbix."},
		"agent_state": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "What Zabbix says of the agent interface: `available`, `unavailable` or `unknown`; `none` without one. With `wait_for_agent`, `available` as soon as data has arrived, and not before where the way to the agent has changed.",
		},
		"matched_rules": schema.MapAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "Why: where each template, host group, proxy, tag and inventory value comes from.",
		},
		"secret_macros_hash": schema.MapAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "Fingerprints of the secret macros by name. Salted and slow, so that they give nothing away.",
		},
		"tls_psk_hash": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Fingerprint of the pre-shared key. Salted and slow, so that it gives nothing away.",
		},
		"removes": schema.MapAttribute{
			ElementType: removesType(), Computed: true,
			MarkdownDescription: "What each field will lose by this apply, additive or exclusive; what others put there is not in the state, so that nothing else would show it. It comes and goes like `diff`.",
		},
		"diff": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "What this apply changes, field by field, without secrets. It comes and goes: a plan sets it when a change is pending, and the next refresh sets it to null. Do not read it in outputs or expressions.",
		},
		"change_id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Ties the apply to the plan: what the host was and what was intended when the plan was made. Comes and goes like `diff`.",
		},
	}
}

// identitySchemaOf is the identity of a zabbix_agent_host.
func identitySchemaOf() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"host": identityschema.StringAttribute{RequiredForImport: true, Description: "Technical name of the host when it came into the state."},
	}}
}
