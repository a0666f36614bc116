package provider

import "github.com/hashicorp/terraform-plugin-framework/types"

// model is the provider block.
type model struct {
	Credentials     types.Map    `tfsdk:"credentials"`
	SSH             types.Object `tfsdk:"ssh"`
	InventoryFile   types.String `tfsdk:"inventory_file"`
	NetBox          types.Object `tfsdk:"netbox"`
	Nautobot        types.Object `tfsdk:"nautobot"`
	Statuses        types.List   `tfsdk:"statuses"`
	Drivers         types.Map    `tfsdk:"drivers"`
	OnUnreachable   types.String `tfsdk:"on_unreachable"`
	MaxFailures     types.Int64  `tfsdk:"max_failures"`
	MaxSessions     types.Int64  `tfsdk:"max_sessions"`
	Redact          types.List   `tfsdk:"redact"`
	EventsFile      types.String `tfsdk:"events_file"`
	BackupDir       types.String `tfsdk:"backup_dir"`
	BackupRetention types.Int64  `tfsdk:"backup_retention"`
	Zabbix          types.Object `tfsdk:"zabbix"`
}

// credentialModel is an entry of credentials.
type credentialModel struct {
	Username       types.String `tfsdk:"username"`
	Password       types.String `tfsdk:"password"`
	PrivateKey     types.String `tfsdk:"private_key"`
	Passphrase     types.String `tfsdk:"passphrase"`
	EnablePassword types.String `tfsdk:"enable_password"`
	JumpHost       types.String `tfsdk:"jump_host"`
	Port           types.Int64  `tfsdk:"port"`
	HostKey        types.String `tfsdk:"host_key"`
	Options        types.Map    `tfsdk:"options"`
}

// sshModel is the block's ssh.
type sshModel struct {
	KnownHosts     types.List   `tfsdk:"known_hosts"`
	JumpHosts      types.Map    `tfsdk:"jump_hosts"`
	Agent          types.Bool   `tfsdk:"agent"`
	ConnectTimeout types.String `tfsdk:"connect_timeout"`
	CommandTimeout types.String `tfsdk:"command_timeout"`
	Keepalive      types.String `tfsdk:"keepalive"`
}

// jumpHostModel is an entry of ssh.jump_hosts.
type jumpHostModel struct {
	Host        types.String `tfsdk:"host"`
	Port        types.Int64  `tfsdk:"port"`
	Credentials types.String `tfsdk:"credentials"`
	JumpHost    types.String `tfsdk:"jump_host"`
}

// zabbixModel is the block's zabbix.
type zabbixModel struct {
	URL              types.String  `tfsdk:"url"`
	Token            types.String  `tfsdk:"token"`
	Username         types.String  `tfsdk:"username"`
	Password         types.String  `tfsdk:"password"`
	CAFile           types.String  `tfsdk:"ca_file"`
	Headers          types.Map     `tfsdk:"headers"`
	Timeout          types.String  `tfsdk:"timeout"`
	Mappings         types.Dynamic `tfsdk:"mappings"`
	CreateHostGroups types.Bool    `tfsdk:"create_host_groups"`
	Prefetch         types.Bool    `tfsdk:"prefetch"`
	Graveyard        types.Object  `tfsdk:"graveyard"`
	MaxDestroy       types.Int64   `tfsdk:"max_destroy"`
	ConfigRefresh    types.String  `tfsdk:"config_refresh"`
	Defaults         types.Object  `tfsdk:"defaults"`
}

// graveyardModel is zabbix.graveyard.
type graveyardModel struct {
	Group  types.String `tfsdk:"group"`
	Suffix types.String `tfsdk:"suffix"`
}

// zabbixDefaultsModel is zabbix.defaults.
type zabbixDefaultsModel struct {
	AgentPort       types.String `tfsdk:"agent_port"`
	Address         types.String `tfsdk:"address"`
	Use             types.String `tfsdk:"use"`
	Enabled         types.Bool   `tfsdk:"enabled"`
	InventoryMode   types.String `tfsdk:"inventory_mode"`
	Adopt           types.Bool   `tfsdk:"adopt"`
	OnDestroy       types.String `tfsdk:"on_destroy"`
	OnDrift         types.String `tfsdk:"on_drift"`
	TemplateRemoval types.String `tfsdk:"template_removal"`
	WaitForAgent    types.String `tfsdk:"wait_for_agent"`
	TLS             types.Object `tfsdk:"tls"`
	Manage          types.Object `tfsdk:"manage"`
}

// zabbixTLSModel is zabbix.defaults.tls.
type zabbixTLSModel struct {
	Connect     types.String `tfsdk:"connect"`
	Accept      types.List   `tfsdk:"accept"`
	PSKIdentity types.String `tfsdk:"psk_identity"`
	Issuer      types.String `tfsdk:"issuer"`
	Subject     types.String `tfsdk:"subject"`
}
